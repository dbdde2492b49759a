/*
 * queue_view.h - the queues of a database: what waits, what runs, what is paused, who works for it
 */
#ifndef PLAIN_ADMIN_QUEUE_VIEW_H
#define PLAIN_ADMIN_QUEUE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/table.h"
#include "base/arena.h"
#include "store/pause.h"
#include "store/store.h"

enum { QUEUE_NOT_KNOWN = -1 }; /* a number of a queue that may have been cut off */

struct queue_view {
    struct queue_stats *rows; /* by name */
    size_t count;
    bool is_cut; /* there may be more queues with jobs than rows */
    struct pause *pauses;
    size_t pause_count;
    struct worker_view *workers;
    size_t worker_count;
    int64_t now;
};

/* Queues that have jobs, are paused, or are served by name. */
int queue_view_find(struct store *store, struct arena *a, struct queue_view *q,
                    plain_error *err) PLAIN_MUST_USE;

/* Workers that would take a job of this queue now. */
int64_t queue_view_workers(const struct queue_view *q, const char *queue);

/* A line for each queue. Pauses of classes, and of patterns without a queue, are not in it. */
void queue_table(struct table *t, struct arena *a, const struct queue_view *q);

/* Whether it pauses queues by a pattern: of them there may be none yet. */
bool pause_is_pattern(const struct pause *p);

#endif
