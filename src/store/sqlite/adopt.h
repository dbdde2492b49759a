/*
 * adopt.h - a connection of the application
 *
 * connection.c hands the begin and end of a call on to here when the connection is not its own.
 * What a call does is a savepoint in the application's transaction, or a transaction of our own
 * when it has none. No statement outlives the call, so that the application can close, detach and
 * change its schema as it likes; sqlite3_last_insert_rowid() is put back. Nothing else of the
 * connection is touched: its busy handler decides how long a lock is waited for, its synchronous
 * pragma when a commit is on the disk.
 */
#ifndef PLAIN_STORE_SQLITE_ADOPT_H
#define PLAIN_STORE_SQLITE_ADOPT_H

#include "store/sqlite/connection.h"

/* connection_begin() and connection_end(). */
int adopted_connection_begin(struct connection *conn, enum sql_name how,
                             plain_error *err) PLAIN_MUST_USE;
int adopted_connection_end(struct connection *conn, int result, plain_error *err) PLAIN_MUST_USE;

#endif
