#include "store/postgres/lost.h"

#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/postgres/fields.h"

enum { LOOK_FIRST_MS = 2, LOOK_MAX_MS = 200 };

void lost_note(struct session *s)
{
    s->lost = s->process;
}

/* Tells it to end, and whether it was there to be told. */
static int tell(struct session *s, bool *is_there, plain_error *err)
{
    int64_t age_us = clock_mono_us() - s->lost.connected_us;
    PGresult *result = NULL;

    wire_int4(&s->wire, s->lost.number);
    wire_int8(&s->wire, age_us);
    session_send(s, SQL_END_LOST);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK)
        field_read(result, 0, 0, field_bool, NULL, is_there);
    session_clear(&result, 1);
    return r;
}

int lost_end(struct session *s, plain_error *err)
{
    bool is_there = s->lost.number > 0;
    int64_t wait_ms = LOOK_FIRST_MS;

    while (is_there) {
        int r = tell(s, &is_there, err);

        if (r < 0)
            return r;
        if (!is_there)
            break;
        if (clock_mono_us() + wait_ms * US_PER_MS >= s->deadline_us)
            return session_lose(s, "the process of the connection before does not end", err);
        (void)poll(NULL, 0, (int)wait_ms);
        wait_ms = wait_ms * 2 < LOOK_MAX_MS ? wait_ms * 2 : LOOK_MAX_MS;
    }
    s->lost = (struct session_process){0};
    return PLAIN_OK;
}
