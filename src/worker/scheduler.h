/*
 * scheduler.h - the child of a worker that sees to schedules: see runner/scheduler.h
 *
 * It is started when there may be schedules: in the settings, in a class, or in the database, whose
 * leftovers are then marked as removed. When it dies it is started again, with back-off, and never
 * under --drain. The loop's thread alone.
 */
#ifndef PLAIN_WORKER_SCHEDULER_H
#define PLAIN_WORKER_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"
#include "worker/loop_child.h"

struct worker;

struct scheduler_child {
    struct loop_child child;
    bool wanted;        /* there may be something to see to */
    int64_t started_at; /* of the worker, by the database's clock */
    int64_t restart_at_us;
    int64_t begun_us;
    unsigned starts, failures;
};

/* Before the store is given away: asks it for the time and for schedules. */
int scheduler_begin(struct worker *w, struct store *store, plain_error *err) PLAIN_MUST_USE;
void scheduler_check(struct worker *w);            /* starts and kills it as is due */
int64_t scheduler_next_us(const struct worker *w); /* when there is something to check again */
bool scheduler_is_down(const struct worker *w);

#endif
