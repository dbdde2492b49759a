/*
 * bound.h - where in each queue the last claim ended
 *
 * In front of that place the claim index holds dead entries of what was claimed, which a walk from
 * the top would read again each time. A bound also hides rows that come in before it: retries, late
 * commits, rows that another worker gave back. So it is forgotten every 100 ms, after each claim
 * that found less than it wanted, and after errors and releases.
 */
#ifndef PLAIN_STORE_POSTGRES_BOUND_H
#define PLAIN_STORE_POSTGRES_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum { BOUND_MAX_AGE_MS = 100 };

struct bound {
    char *queue;
    int priority;
    int64_t due_at;
    int64_t id;
};

struct bounds {
    struct bound *items; /* in the order of the queues of the last wish */
    size_t count;
    int64_t reset_us; /* by the monotonic clock */
};

void bounds_release(struct bounds *b);

/* Makes items fit these queues, and forgets what is too old. False when memory is out. */
bool bounds_prepare(struct bounds *b, const char *const *queues, size_t count);

/* Moves each queue's bound to its last claim; claims are in the order in which they are to run. */
void bounds_advance(struct bounds *b, const struct claim *claims, size_t count);

void bounds_forget(struct bounds *b);

#endif
