/*
 * transaction.h - one transaction over several syncs, for what has to look at a result half-way
 *
 *     r = session_begin(s, "enqueue many jobs", err);
 *     if (r == PLAIN_OK)
 *         r = transaction_begin(s, err);
 *     if (r == PLAIN_OK)
 *         r = transaction_end(s, work(s, err), err);
 */
#ifndef PLAIN_STORE_POSTGRES_TRANSACTION_H
#define PLAIN_STORE_POSTGRES_TRANSACTION_H

#include "store/postgres/session.h"

/* READ COMMITTED, or a savepoint in the transaction of an adopted connection. On an error there is
 * none to end. */
int transaction_begin(struct session *s, plain_error *err);

/* The same, read-only, for what has to be of one moment. */
int transaction_begin_snapshot(struct session *s, plain_error *err);

/* result is that of the work inside. PLAIN_OK commits; all else undoes it and is returned. */
int transaction_end(struct session *s, int result, plain_error *err);

#endif
