/*
 * bound.h - where in each queue the last claim ended
 *
 * In front of that place the claim index holds dead entries of what was claimed, which a walk from
 * the top would read again each time. A bound also hides rows that come in before it: retries, late
 * commits, rows that another worker gave back. So it is forgotten every 100 ms, after each claim
 * that found less than it wanted, and after errors and releases.
 *
 * While another claim of the worker is under way, what lies right behind the bound is what that one
 * takes: it has locked it, or its rows are dead soon, and a walk over a thousand of them to claim a
 * hundred takes longer than the claim. So the walk begins behind as many ids, as far as they are
 * due at the same moment, as what was enqueued by one statement is. Where it was wrong, the rows
 * between are hidden like those before the bound, and as long.
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
    int64_t from_id; /* where the next claim begins */
};

struct bounds {
    struct bound *items; /* in the order of the queues of the last wish */
    size_t count;
    int64_t reset_us; /* by the monotonic clock */
};

void bounds_release(struct bounds *b);

/* Makes items fit these queues, and forgets what is too old. ahead: rows that another claim may be
 * taking behind each bound. False when memory is out. */
bool bounds_prepare(struct bounds *b, const char *const *queues, size_t count, size_t ahead);

/* Moves each queue's bound to its last claim; claims are in the order in which they are to run. */
void bounds_advance(struct bounds *b, const struct claim *claims, size_t count);

void bounds_forget(struct bounds *b);

#endif
