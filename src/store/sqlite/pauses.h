/*
 * pauses.h - the pauses, inside a transaction
 */
#ifndef PLAIN_STORE_SQLITE_PAUSES_H
#define PLAIN_STORE_SQLITE_PAUSES_H

#include "store/pause.h"
#include "store/sqlite/connection.h"

int pauses_read(struct connection *conn, struct arena *a, struct pause **pauses, size_t *count,
                plain_error *err) PLAIN_MUST_USE;

#endif
