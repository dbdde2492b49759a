#include "admin/worker_rows.h"

#include "admin/cells.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/uuid.h"
#include "worker/folder.h"
#include "worker/neighbours.h"

int worker_rows(struct store *store, struct arena *a, struct worker_view **workers, size_t *count,
                plain_error *err)
{
    char folder[PATH_MAX];
    int r = store->ops->workers(store, a, workers, count, err);

    if (r == PLAIN_OK && folder_path(store->ops->file(store), folder))
        neighbours_mark_dead(folder, *workers, *count);
    return r;
}

const char *worker_state(const struct worker_view *w)
{
    static const char *const asked[WISH_COUNT] = {
        [WISH_NONE] = "live", [WISH_QUIET] = "quiet", [WISH_STOP] = "stopping"};

    return w->stale ? "stale" : asked[w->wish];
}

static enum paint paint_of(const struct worker_view *w)
{
    if (w->stale)
        return PAINT_RED;
    return w->wish == WISH_NONE ? PAINT_GREEN : PAINT_YELLOW;
}

static void add_names(struct table *t, const char *const *names, size_t count)
{
    struct buf b = BUF_INIT((size_t)64 * 1024);

    for (size_t i = 0; i < count; i++)
        buf_putf(&b, "%s%s", i ? " " : "", names[i]);
    table_add(t, PAINT_NONE, b.data);
    buf_release(&b);
}

static void add_worker(struct table *t, const struct worker_view *w, int64_t now, struct arena *a)
{
    char id[PLAIN_UUID_TEXT];
    const char *place = arena_printf(a, "%s:%d", w->host, w->pid);
    const char *jobs = w->capacity < 0
                           ? arena_printf(a, "%lld", (long long)w->running)
                           : arena_printf(a, "%lld/%d", (long long)w->running, w->capacity);

    table_add(t, PAINT_BOLD, plain_uuid_format(&w->id, id));
    table_add(t, PAINT_NONE, place ? place : "");
    add_names(t, w->queues, w->queue_count);
    table_add(t, PAINT_NONE, jobs ? jobs : "");
    add_duration(t, clock_since(now, w->started_at));
    add_duration(t, clock_since(now, w->last_heartbeat_at));
    table_add(t, PAINT_NONE, w->version ? w->version : "");
    table_add(t, paint_of(w), worker_state(w));
}

void worker_table(struct table *t, struct arena *a, const struct worker_view *workers, size_t count,
                  int64_t now)
{
    static const struct table_column columns[] = {
        {"WORKER", false}, {"HOST:PID", false}, {"QUEUES", false},  {"JOBS", true},
        {"UP", true},      {"HEARTBEAT", true}, {"VERSION", false}, {"STATE", false}};

    table_begin(t, a, columns, ARRAY_SIZE(columns), count);
    for (size_t i = 0; i < count; i++)
        add_worker(t, &workers[i], now, a);
}
