/*
 * plain/jobs/operators.h - what an operator does: hold queues back, ask workers to end, retry and
 * delete jobs
 *
 * `plain jobs pause`, `resume`, `quiet`, `stop`, `retry` and `delete` call these functions;
 * cancelling is in queue.h.
 *
 *     if (plain_jobs_pause_queue(jobs, "mail", "SES is down", "deploy script", &err) < 0)
 *         return report(&err);
 *     ...
 *     if (plain_jobs_resume_queue(jobs, "mail", "deploy script", &err) < 0)
 *         return report(&err);
 *
 * Each is one transaction; on an adopted handle it happens in the application's. What changes
 * something is written into the audit in the same transaction: see `plain jobs audit`. by says
 * there who did it: up to 255 bytes of text without control characters, NULL for nobody. Everything
 * given is borrowed for the call. Threads, fork() and handles: as queue.h says.
 *
 * Every function may also return PLAIN_E_INVALID (PJ105, with the field) before anything is
 * written, PLAIN_E_UNREACHABLE, PLAIN_E_TIMEOUT, PLAIN_E_BUSY, PLAIN_E_DB, PLAIN_E_NOMEM,
 * PLAIN_E_FORKED, and PLAIN_E_REFUSED (PJ505) inside of a should_enqueue. Repeating a call is
 * harmless.
 */
#ifndef PLAIN_JOBS_OPERATORS_H
#define PLAIN_JOBS_OPERATORS_H

#include <stdbool.h>

#include <plain/jobs/compiler.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>
#include <plain/jobs/uuid.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Holds a queue back: when this has returned, no worker claims a job of it, until it is resumed.
 * Jobs can be enqueued all the same; what was claimed before runs to its end.
 *
 * queue: its name, which need not be there yet; "mail*" for every queue whose name begins with
 * "mail", also those that come later; "*" for all. reason: why, for others to read, as by; NULL for
 * none. PLAIN_NONE when it was paused under this name already: then it keeps since when and by
 * whom, and takes the reason if one is given. PJ201 for a `*` that is not at the end.
 *
 * On an adopted handle it holds when the application's transaction is committed. PLAIN_E_ISOLATION
 * (PJ505) on PostgreSQL in REPEATABLE READ and SERIALIZABLE, which do not see all workers. Claims
 * of all queues wait for the end of that, so keep it short; on SQLite all writers do.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_pause_queue(plain_jobs *jobs, const char *queue,
                                                       const char *reason, const char *by,
                                                       plain_error *err);

/* The same for the jobs of a class, in whatever queue: its name as it stands in the requests, which
 * is no pattern. */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_pause_class(plain_jobs *jobs, const char *job_class,
                                                       const char *reason, const char *by,
                                                       plain_error *err);

/*
 * Ends a pause; workers start what waited at once. queue: as it was paused.
 *
 * PLAIN_NONE when it was not paused. PLAIN_E_REFUSED (PJ206) when it is not, but a pattern that
 * takes it in is: then it goes on waiting; err->message names the pattern.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_resume_queue(plain_jobs *jobs, const char *queue,
                                                        const char *by, plain_error *err);

/* The same for a class. */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_resume_class(plain_jobs *jobs, const char *job_class,
                                                        const char *by, plain_error *err);

/*
 * Asks a worker to take no more jobs: from the return on it is given none. It hears of it within a
 * second, on whatever host (behind a connection pooler, and after a call inside of a transaction of
 * the application's own on SQLite, with its next heartbeat); then it gives back what it had not
 * started, and finishes what runs. It stays until it is stopped; there is no way back.
 *
 * worker: its id as `plain jobs workers` shows it, the beginning or the end of that (at least 4
 * characters), or "host:pid". id (may be NULL): which it was. PLAIN_E_NOT_FOUND (PJ205) when there
 * is none, or its jobs are being rescued; PJ201 when more than one is meant.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_quiet_worker(plain_jobs *jobs, const char *worker,
                                                        const char *by, plain_uuid *id,
                                                        plain_error *err);

/* The same, and then it ends, as after SIGTERM: what runs finishes first, within
 * JOBS_SHUTDOWN_GRACE. */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_stop_worker(plain_jobs *jobs, const char *worker,
                                                       const char *by, plain_uuid *id,
                                                       plain_error *err);

/*
 * Enqueues the job of an attempt that has ended again, now: the same class, parameters, queue,
 * priority, retries and key, one attempt further; linked with what it continues. should_enqueue is
 * not asked, the key is.
 *
 * uuid: of the attempt, or of a request of the job, whose last attempt is then meant. request (may
 * be NULL): what was made. PLAIN_SKIPPED when the key is held (request says by whom).
 * PLAIN_E_REFUSED (PJ503) when the job is pending or running, or the attempt was continued before:
 * so repeating it is one job. An attempt whose continuation was purged, or deleted with its result,
 * can be continued again. PLAIN_E_NOT_FOUND (PJ502) when there is nothing of this uuid.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_retry(plain_jobs *jobs, const plain_uuid *uuid,
                                                 const char *by, plain_request *request,
                                                 plain_error *err);

/*
 * Deletes what uuid stands for, for good:
 *
 * - an attempt that has ended: its result, and nothing else of the job;
 * - a request, an attempt that runs, or a job's first request: the job. One that is pending is
 * gone, with the results of its attempts, and its concurrency key is free; on_aborted is not
 * called. One that runs is stopped as by plain_jobs_cancel(), *running (may be NULL) is then true,
 * and its CANCELLED result stays, to be deleted later. Of one that has ended all results are gone.
 *
 * To end a job and keep a result that says so, cancel it. What is stored is counted right
 * afterwards, and what ended in the last hour and day still counts. PLAIN_E_NOT_FOUND (PJ502) when
 * there is nothing of this uuid, as after it was deleted.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_delete(plain_jobs *jobs, const plain_uuid *uuid,
                                                  const char *by, bool *running, plain_error *err);

#ifdef __cplusplus
}
#endif

#endif
