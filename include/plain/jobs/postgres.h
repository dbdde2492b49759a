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
 * enqueues, rollback does not; outside a transaction each makes its own.
 *
 * schema: where `plain migrate` made the tables; NULL: the connection's current_schema(). The
 * connection is borrowed: it must outlive the handle, and stays open at plain_jobs_close(). The
 * handle belongs to the thread that uses the connection. No prepared statement or setting is left
 * on it. Errors of a statement do not abort the caller's transaction (a savepoint takes them), but
 * for a lost connection; err->transaction_aborted tells.
 *
 * Refused with PLAIN_E_INVALID, field "connection": NULL, not connected, busy with another command,
 * in COPY or pipeline mode, non-blocking, in a failed transaction, client_encoding other than
 * UTF8. PLAIN_E_SCHEMA as plain_jobs_open(). Blocks for one round trip.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_adopt_postgres(struct pg_conn *connection,
                                                          const char *schema, plain_jobs **out,
                                                          plain_error *err);

#ifdef __cplusplus
}
#endif

#endif
