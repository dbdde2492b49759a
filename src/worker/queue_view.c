#include "worker/queue_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/queue_pattern.h"
#include "worker/worker_rows.h"

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
