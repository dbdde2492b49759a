/*
 * plain/jobs/postgres.h - enqueueing inside a transaction of the application's own (PostgreSQL)
 *
 *     PQclear(PQexec(conn, "BEGIN"));
 *     ... INSERT INTO users ...
 *     plain_jobs_adopt_postgres(conn, NULL, &jobs, &err);
 *     plain_run_in_worker(jobs, &WelcomeUserJob, &params, NULL, &request, &err);
 *     plain_jobs_close(jobs);
 *     PQclear(PQexec(conn, "COMMIT"));              the job exists with the user, or not at all
 */
#ifndef PLAIN_JOBS_POSTGRES_H
#define PLAIN_JOBS_POSTGRES_H

#include <plain/jobs/compiler.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pg_conn; /* PGconn of libpq */

/*
 * A handle on a connection of the application. Enqueues happen in its transaction: commit
 * enqueues, rollback does not; outside a transaction each makes its own (READ COMMITTED).
 *
 * schema: where `plain migrate` made the tables; NULL: the connection's current_schema(). The
 * connection is borrowed: it must outlive the handle, and stays open at plain_jobs_close(). The
 * handle belongs to the thread that uses the connection. No prepared statement or setting is left
 * on it; a statement that was prepared without a name does not survive, as with any PQexec. Calls
 * block as long as the connection's own settings say (lock_timeout, statement_timeout).
 *
 * Errors of a statement do not abort the caller's transaction (a savepoint takes them).
 * err->transaction_aborted tells when it must be rolled back all the same: the connection was lost,
 * or the transaction cannot be serialized (SQLSTATE 40001).
 *
 * Refused with PLAIN_E_INVALID, field "connection", here and at each later call: NULL, not
 * connected, busy with another command, in COPY or pipeline mode, non-blocking, in a failed
 * transaction, client_encoding other than UTF8, a server older than 13; and here only: triggers
 * that are switched off by session_replication_role. PLAIN_E_SCHEMA as plain_jobs_open(). Talks to
 * the server, in the transaction if there is one. PLAIN_E_IO: libpq.so.5 is not installed, or older
 * than 14; the connection must have been made by it, not by a libpq that is linked statically.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_adopt_postgres(struct pg_conn *connection,
                                                          const char *schema, plain_jobs **out,
                                                          plain_error *err);

/* plain_job_complete_in() in this connection's transaction; schema as above. */
PLAIN_EXPORT PLAIN_MUST_USE int plain_job_complete_in_postgres(plain_job *job,
                                                               struct pg_conn *connection,
                                                               const char *schema,
                                                               plain_error *err);

#ifdef __cplusplus
}
#endif

#endif
