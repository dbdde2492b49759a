/*
 * adopt.h - a session on a connection of the application
 *
 * session.c hands its calls on to here when the connection is not its own. Such a connection is
 * used as the application left it: blocking, outside of pipeline mode, by unnamed statements that
 * name every table with its schema, so nothing that was set or prepared matters, and nothing is
 * left behind. What is sent between two syncs is a savepoint in the application's transaction, or a
 * transaction of our own (BEGIN to COMMIT) when it has none. The waiting is the application's: its
 * lock_timeout, statement_timeout and keep-alives decide how long.
 */
#ifndef PLAIN_STORE_POSTGRES_ADOPT_H
#define PLAIN_STORE_POSTGRES_ADOPT_H

#include "store/postgres/session.h"

/* Checks the connection and learns the schema. PLAIN_E_INVALID, field "connection" or "schema". On
 * an error nothing is left to release. */
int adopted_session_open(struct session *s, PGconn *conn, const char *schema, plain_error *err);

/* session_begin(), session_send() and session_sync(). */
int adopted_session_begin(struct session *s, plain_error *err);
void adopted_session_send(struct session *s, enum sql_name name);
int adopted_session_sync(struct session *s, PGresult **results, size_t count, plain_error *err);

/* Ends what the first statement began: `result` PLAIN_OK keeps it, all else undoes it. Returns
 * result, or why it could not be kept. */
int adopted_session_end(struct session *s, int result, plain_error *err);

#endif
