/*
 * slice.h - how many rows a slice of housekeeping takes: at most STORE_SLICE, and what fits 50 ms
 *
 * Whoever deletes much does so in slices with a rest in between, so that others get their turn. How
 * long a row takes is found out on the way.
 */
#ifndef PLAIN_QUEUE_SLICE_H
#define PLAIN_QUEUE_SLICE_H

#include <stdint.h>

#include "store/store.h"

enum { SLICE_MS = 50, SLICE_LEAST = 10, SLICE_FIRST = 100 };

struct slice {
    int rows; /* for the next one */
};

#define SLICE_INIT                                                                                 \
    {                                                                                              \
        .rows = SLICE_FIRST                                                                        \
    }

/* After a slice of all its rows: how long it took. */
void slice_took(struct slice *s, int64_t us);

/* Deletes one slice of the results that were created before `before`. *more: there may be others.
 * *deleted counts on. */
int slice_clear(struct slice *s, struct store *store, int64_t before, int64_t *deleted, bool *more,
                plain_error *err) PLAIN_MUST_USE;

#endif
