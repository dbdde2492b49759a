/*
 * plain/jobs/sqlite.h - enqueueing inside a transaction of the application's own (SQLite)
 *
 *     sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
 *     ... INSERT INTO users ...
 *     plain_jobs_adopt_sqlite(db, &jobs, &err);
 *     plain_run_in_worker(jobs, &WelcomeUserJob, &params, NULL, &request, &err);
 *     plain_jobs_close(jobs);
 *     sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);   the job exists with the user, or not at all
 */
#ifndef PLAIN_JOBS_SQLITE_H
#define PLAIN_JOBS_SQLITE_H

#include <plain/jobs/compiler.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;

/*
 * A handle on a connection of the application. Enqueues happen in its transaction: commit
 * enqueues, rollback does not; outside a transaction each makes its own (BEGIN IMMEDIATE).
 *
 * The connection is borrowed: it must outlive the handle, and stays open at plain_jobs_close(). The
 * handle belongs to the thread that uses the connection. No statement outlives a call, and
 * sqlite3_last_insert_rowid() is as it was before it; sqlite3_changes() is not. Hooks, authorizer
 * and busy handler are left alone: the connection's own busy handler decides how long a lock is
 * waited for, its synchronous pragma when a commit is on the disk. A read transaction that cannot
 * become a writer gives PLAIN_E_BUSY with "use BEGIN IMMEDIATE". err->transaction_aborted tells
 * when SQLite has undone the whole transaction, as when the disk is full, and when it has to be
 * rolled back, since somebody wrote behind what it has read.
 *
 * On a SQLite library with the WAL-reset bug (3.7.0 to 3.51.2) a wal_autocheckpoint above 0 of the
 * connection is set to 0; a wal_hook of the application's own must not checkpoint. See the guide.
 *
 * Refused with PLAIN_E_INVALID, field "connection": NULL, a database in memory, a read-only one, an
 * encoding other than UTF-8, triggers that are switched off, an interrupted connection.
 * PLAIN_E_SCHEMA as plain_jobs_open().
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_adopt_sqlite(struct sqlite3 *connection,
                                                        plain_jobs **out, plain_error *err);

/* plain_job_complete_in() in this connection's transaction. */
PLAIN_EXPORT PLAIN_MUST_USE int
plain_job_complete_in_sqlite(plain_job *job, struct sqlite3 *connection, plain_error *err);

#ifdef __cplusplus
}
#endif

#endif
