/*
 * verify.h - looking whether the tables keep what the queue guarantees: the same for every store
 *
 * The rows of a table are looked at in slices of ids, from one that is there on, so that no
 * statement is long and only what is wrong needs memory. All of it has to be of one moment: the
 * store makes the transaction.
 */
#ifndef PLAIN_STORE_VERIFY_H
#define PLAIN_STORE_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "store/sql_names.h"
#include "store/store.h"

enum { VERIFY_SLICE = 20000 };

/* What a check looks at: ids above `above` up to `upto`. */
struct verify_slice {
    enum sql_name name;
    int64_t above, upto;
};

/* How a store runs the blocks of verify.sql. */
struct verify_source {
    void *store;
    /* SQL_VERIFY_NEXT: the least id from `from` on; PLAIN_NONE: there is none. */
    int (*next)(void *store, enum job_table table, int64_t from, int64_t *id, plain_error *err);
    /* A check: at most `most` findings into out, of which uuid and job_class are set. */
    int (*rows)(void *store, const struct verify_slice *slice, size_t most, struct arena *a,
                struct finding *out, size_t *count, plain_error *err);
    /* Adds numbers by status. SQL_VERIFY_COUNTERS takes no ids. */
    int (*sums)(void *store, const struct verify_slice *slice, int64_t by_status[JOB_STATUS_COUNT],
                plain_error *err);
};

int verify_run(const struct verify_source *source, struct arena *a, struct finding **findings,
               size_t *count, plain_error *err) PLAIN_MUST_USE;

#endif
