/*
 * pick.h - which requests a claim takes
 */
#ifndef PLAIN_STORE_SQLITE_PICK_H
#define PLAIN_STORE_SQLITE_PICK_H

#include "store/sqlite/connection.h"
#include "store/store.h"

/* What is due of the wish, and not paused, in the order in which it is to run: ids[] has room for
 * wish->limit. When there are fewer, *next_due is the next due time in these queues, else
 * STORE_NO_TIME. Inside the transaction of the claim. */
int pick_jobs(struct connection *conn, const struct claim_wish *wish, int64_t now, struct arena *a,
              int64_t *ids, size_t *count, int64_t *next_due, plain_error *err) PLAIN_MUST_USE;

#endif
