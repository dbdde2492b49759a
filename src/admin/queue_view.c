#include "admin/queue_view.h"

#include <stdlib.h>
#include <string.h>

#include "admin/cells.h"
#include "admin/moment.h"
#include "admin/page_url.h"
#include "admin/worker_rows.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text_width.h"
#include "core/queue_pattern.h"

static int compare_rows(const void *left, const void *right)
{
    return strcmp(((const struct queue_stats *)left)->queue,
                  ((const struct queue_stats *)right)->queue);
}

/* A queue that is paused, or that a worker works for, is shown when it is empty too. One that was
 * not found may be one that was cut off: the database has its own order of names. */
static void add_other(struct queue_view *q, const char *name)
{
    for (size_t i = 0; i < q->count; i++) {
        if (strcmp(q->rows[i].queue, name) == 0)
            return;
    }
    int64_t n = q->is_cut ? QUEUE_NOT_KNOWN : 0;

    q->rows[q->count++] =
        (struct queue_stats){.queue = name, .pending = n, .processing = n, .due_at = STORE_NO_TIME};
}

static int add_others(struct arena *a, struct queue_view *q, plain_error *err)
{
    size_t most = q->count + q->pause_count;

    for (size_t i = 0; i < q->worker_count; i++)
        most += q->workers[i].queue_count;
    struct queue_stats *rows = arena_array(a, most + 1, sizeof(*rows));
    if (!rows)
        return error_nomem(err);
    memcpy(rows, q->rows, q->count * sizeof(*rows));
    q->rows = rows;
    for (size_t i = 0; i < q->pause_count; i++) {
        if (q->pauses[i].kind == PAUSE_QUEUE && !queue_pattern_is_open(q->pauses[i].name))
            add_other(q, q->pauses[i].name);
    }
    for (size_t i = 0; i < q->worker_count; i++) {
        const struct worker_view *w = &q->workers[i];

        for (size_t n = 0; !w->stale && n < w->queue_count; n++) {
            if (!queue_pattern_is_open(w->queues[n]))
                add_other(q, w->queues[n]);
        }
    }
    qsort(q->rows, q->count, sizeof(*q->rows), compare_rows);
    return PLAIN_OK;
}

int queue_view_find(struct store *store, struct arena *a, struct queue_view *q, plain_error *err)
{
    const struct store_ops *ops = store->ops;
    int r = ops->queue_stats(store, a, &q->rows, &q->count, err);

    q->is_cut = q->count == STORE_QUEUES_MAX;
    if (r == PLAIN_OK)
        r = ops->pauses(store, a, &q->pauses, &q->pause_count, err);
    if (r == PLAIN_OK)
        r = worker_rows(store, a, &q->workers, &q->worker_count, err);
    if (r == PLAIN_OK)
        r = ops->now(store, &q->now, err);
    return r == PLAIN_OK ? add_others(a, q, err) : r;
}

int64_t queue_view_workers(const struct queue_view *q, const char *queue)
{
    int64_t n = 0;

    for (size_t i = 0; i < q->worker_count; i++) {
        const struct worker_view *w = &q->workers[i];

        n += !w->stale && w->wish == WISH_NONE &&
             queue_patterns_match(w->queues, w->queue_count, queue);
    }
    return n;
}

static void add_number(struct table *t, int64_t n)
{
    if (n == QUEUE_NOT_KNOWN)
        table_add(t, PAINT_NONE, "?");
    else
        add_count(t, n, STORE_QUEUE_COUNT_MAX);
}

/* `paused 2 h ago by ada@job1: "SES down"` */
static void add_state(struct table *t, const struct pause *p, int64_t now)
{
    enum { REASON_COLUMNS = 255 }; /* by SQL it may be longer */
    struct buf b = BUF_INIT(8192);

    if (p) {
        buf_puts(&b, "paused ");
        put_duration(&b, clock_since(now, p->at));
        buf_puts(&b, " ago");
        if (p->by[0])
            buf_putf(&b, " by %s", p->by);
        if (queue_pattern_is_open(p->name))
            buf_putf(&b, " as %s", p->name);
        if (p->reason[0]) {
            buf_puts(&b, ": \"");
            put_shortened(&b, p->reason, REASON_COLUMNS);
            buf_putc(&b, '"');
        }
    }
    table_add(t, p ? PAINT_YELLOW : PAINT_NONE, b.data);
    buf_release(&b);
}

static void add_queue(struct table *t, const char *queue)
{
    struct buf page = BUF_INIT(4096);

    buf_puts(&page, "requests?queue=");
    put_url_text(&page, queue);
    table_add(t, PAINT_BOLD, queue);
    table_link(t, page.data);
    buf_release(&page);
}

void queue_table(struct table *t, struct arena *a, const struct queue_view *q)
{
    static const struct table_column columns[] = {{"QUEUE", false},     {"PENDING", true},
                                                  {"PROCESSING", true}, {"OLDEST WAITS", true},
                                                  {"WORKERS", true},    {"STATE", false}};

    table_begin(t, a, columns, ARRAY_SIZE(columns), q->count);
    for (size_t i = 0; i < q->count; i++) {
        const struct queue_stats *row = &q->rows[i];

        add_queue(t, row->queue);
        add_number(t, row->pending);
        add_number(t, row->processing);
        add_wait(t, row->due_at, q->now);
        add_count(t, queue_view_workers(q, row->queue), 0);
        add_state(t, pause_find(q->pauses, q->pause_count, PAUSE_QUEUE, row->queue), q->now);
    }
}

bool pause_is_pattern(const struct pause *p)
{
    return p->kind == PAUSE_QUEUE && queue_pattern_is_open(p->name);
}
