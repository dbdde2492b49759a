#include "store/postgres/lost.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/postgres/fields.h"

enum { LOOK_FIRST_MS = 2, LOOK_MAX_MS = 200 };

static void drop_first(struct session *s)
{
    s->lost_count--;
    memmove(s->lost, s->lost + 1, s->lost_count * sizeof(*s->lost));
}

void lost_note(struct session *s)
{
    if (s->process.number == 0)
        return;
    if (s->lost_count == SESSION_LOST_MAX)
        drop_first(s);
    s->lost[s->lost_count++] = s->process;
    s->process.number = 0;
}

/* Tells it to end, and whether it was there to be told. */
static int tell(struct session *s, const struct session_process *p, bool *is_there,
                plain_error *err)
{
    PGresult *result = NULL;

    wire_int4(&s->wire, p->number);
    wire_int8(&s->wire, clock_mono_us() - p->connected_us);
    session_send(s, SQL_END_LOST);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK)
        field_read(result, 0, 0, field_bool, NULL, is_there);
    session_clear(&result, 1);
    return r;
}

static int end_first(struct session *s, plain_error *err)
{
    bool is_there = true;
    int r = tell(s, s->lost, &is_there, err);

    for (int64_t ms = LOOK_FIRST_MS; r == PLAIN_OK && is_there;
         ms = clock_earlier(2 * ms, LOOK_MAX_MS)) {
        if (clock_mono_us() + ms * US_PER_MS >= s->deadline_us)
            return session_lose(s, "the process of the connection before does not end", err);
        (void)poll(NULL, 0, (int)ms);
        r = tell(s, s->lost, &is_there, err);
    }
    return r;
}

int lost_end(struct session *s, plain_error *err)
{
    while (s->lost_count > 0) {
        int r = end_first(s, err);

        if (r < 0 && !s->conn)
            return r;
        drop_first(s); /* also when this role may not ask for that: then it is as without it */
    }
    return PLAIN_OK;
}
