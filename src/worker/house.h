/*
 * house.h - keeping house: a worker deletes the results that are past JOBS_RESULTS_RETENTION
 *
 * One worker at a time, by the duty "clear", a lease in a row of its own; the others look again
 * later. In slices, with a rest of four times as long behind each, so it never takes more than a
 * fifth of the time; on the lease's thread, between heartbeats, so no claim waits for it.
 */
#ifndef PLAIN_WORKER_HOUSE_H
#define PLAIN_WORKER_HOUSE_H

#include <stdint.h>

#include "queue/slice.h"

struct house {
    int64_t retention_ms; /* 0: results are kept for ever */
    int64_t due_us;       /* of the next step; clock_boot_us() */
    int64_t deleted;      /* since this worker last had nothing to do */
    struct slice slice;
};

void house_init(struct house *h, int64_t retention_ms);
/* When the next step is due; INT64_MAX: never. */
int64_t house_next_us(const struct house *h);
/* Takes the duty, if nobody has it, and deletes one slice. What fails is tried again later. */
void house_step(struct house *h, struct store *store, const plain_uuid *worker);

#endif
