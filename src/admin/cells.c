#include "admin/cells.h"

#include <stdio.h>

#include "admin/moment.h"
#include "base/clock.h"
#include "store/store.h"

void add_count(struct table *t, int64_t n, int64_t most)
{
    char number[32];

    (void)snprintf(number, sizeof(number), "%s%lld", most && n >= most ? "\xE2\x89\xA5 " : "",
                   (long long)n);
    table_add(t, PAINT_NONE, number);
}

void add_duration(struct table *t, int64_t us)
{
    struct buf b = BUF_INIT(64);

    put_duration(&b, us);
    table_add(t, PAINT_NONE, b.data);
    buf_release(&b);
}

void add_wait(struct table *t, int64_t due_at, int64_t now)
{
    if (due_at != STORE_NO_TIME && due_at <= now)
        add_duration(t, clock_since(now, due_at));
    else
        table_add(t, PAINT_NONE, "");
}
