/*
 * worker_rows.h - the workers of a database, as people are told of them
 */
#ifndef PLAIN_ADMIN_WORKER_ROWS_H
#define PLAIN_ADMIN_WORKER_ROWS_H

#include "admin/table.h"
#include "base/arena.h"
#include "store/store.h"

/* As the store's verb workers(), but one of this host that was killed is stale at once: its file
 * says so, long before its lease is over. */
int worker_rows(struct store *store, struct arena *a, struct worker_view **workers, size_t *count,
                plain_error *err) PLAIN_MUST_USE;

/* "live", "quiet", "stopping" or "stale". */
const char *worker_state(const struct worker_view *w);

/* A line for each worker. */
void worker_table(struct table *t, struct arena *a, const struct worker_view *workers, size_t count,
                  int64_t now);

#endif
