/*
 * death.h - what killed a runner, in words
 */
#ifndef PLAIN_WORKER_DEATH_H
#define PLAIN_WORKER_DEATH_H

#include "base/child.h"
#include "worker/state.h"

struct death {
    const char *type; /* of the error */
    char message[160];
};

/* Killings for want of memory count from here on. */
void death_begin(struct worker *w);

/* What was killed in a runner that lives on is accounted for by now; was_killed: the worker's count
 * too, where runners have no group of their own. */
void death_settle(struct runner *r, bool was_killed);

/* A limit of the job's class that was reached, memory that the system did not have, or else just
 * how the process ended. Once for each death. */
struct death death_of(struct runner *r, const struct work *k, const struct child_end *how);

#endif
