/*
 * plain/jobs/job.h - what a running job can ask and say
 *
 * A plain_job exists while run() runs, in the runner's process, and belongs to the thread that runs
 * it. All strings and pointers from it live until run returns.
 */
#ifndef PLAIN_JOBS_JOB_H
#define PLAIN_JOBS_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/class.h>
#include <plain/jobs/compiler.h>
#include <plain/jobs/uuid.h>

#ifdef __cplusplus
extern "C" {
#endif

/* This attempt: fresh for every claim. The token that its end has to name. */
PLAIN_EXPORT const plain_uuid *plain_job_uuid(const plain_job *job);
/* The request that this attempt was claimed from. */
PLAIN_EXPORT const plain_uuid *plain_job_request_uuid(const plain_job *job);
/* The first request of this job: stable over retries and deferrals. An idempotency key. */
PLAIN_EXPORT const plain_uuid *plain_job_root_uuid(const plain_job *job);
/* 1 for the first attempt; does not rise on a deferral. */
PLAIN_EXPORT int plain_job_attempt(const plain_job *job);
/* 1 for the first time that the job runs; rises on retries and deferrals. */
PLAIN_EXPORT int plain_job_run_no(const plain_job *job);
PLAIN_EXPORT int plain_job_retries(const plain_job *job);
PLAIN_EXPORT int plain_job_priority(const plain_job *job);
/* As it was enqueued: may be an alias of the class, or the name of an executable. */
PLAIN_EXPORT const char *plain_job_class_name(const plain_job *job);
PLAIN_EXPORT const char *plain_job_queue(const plain_job *job);
PLAIN_EXPORT const char *plain_job_concurrency_key(const plain_job *job); /* "" if none */
PLAIN_EXPORT const plain_uuid *plain_job_worker(const plain_job *job);    /* the worker's id */
/* The class that is running: its data is what several classes with one run() differ by. NULL for an
 * executable, which only middleware can meet. */
PLAIN_EXPORT const plain_job_class *plain_job_definition(const plain_job *job);

/*
 * Says why the attempt fails and returns the value that run must return. error_type is a short name
 * ("SmtpError"), the message is for people. Both are copied, made valid UTF-8 and cut at 255 bytes
 * and 64 KiB. The file, line and call stack are recorded. Called twice, the last one counts.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_job_fail_at(plain_job *job, const char *file, int line,
                                                  const char *error_type, const char *fmt, ...)
    PLAIN_PRINTF(5, 6);
#define plain_job_fail(job, ...) plain_job_fail_at((job), __FILE__, __LINE__, __VA_ARGS__)

/*
 * Ends the attempt DEFERRED and enqueues the job again after delay_ms (0 to PLAIN_DELAY_MAX), with
 * the same queue, priority, retries and key. With increment_retries it counts as a failed attempt,
 * and ends ERRORED "retries exhausted" when none is left. Returns the value that run must return.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_job_defer(plain_job *job, int64_t delay_ms,
                                                bool increment_retries);

/* What the attempt has come to, for middleware after plain_next_run: "SUCCESSFUL", "ERRORED",
 * "DEFERRED", or "LOST" for an executable that a signal ended; "" before. Type and message are
 * those of the error, "" when there is none. */
PLAIN_EXPORT const char *plain_job_status(const plain_job *job);
PLAIN_EXPORT const char *plain_job_error_type(const plain_job *job);
PLAIN_EXPORT const char *plain_job_error_message(const plain_job *job);

/*
 * Whether the attempt is to end. Costs two reads of memory, so a loop can ask every time round; any
 * thread of the runner may ask. A job that somebody cancelled is asked first: when it learns so it
 * cleans up and returns whatever it likes, and ends CANCELLED. If it does not within
 * JOBS_STOP_GRACE, SIGTERM goes to its process group, and SIGKILL after as long again. For any
 * other reason (its time is up, its row is gone, the worker stops now) SIGTERM comes at once: only
 * a job that handles SIGTERM gets to see true then.
 */
PLAIN_EXPORT bool plain_job_cancelled(const plain_job *job);

/* Memory that lives until the attempt ends: zeroed, NULL when out of memory. */
PLAIN_EXPORT void *plain_job_alloc(plain_job *job, size_t size);

enum plain_log_level { PLAIN_LOG_DEBUG, PLAIN_LOG_INFO, PLAIN_LOG_WARNING, PLAIN_LOG_ERROR };

/* Writes one line to the worker's log, with the class, and with the ids of the job where
 * AppLoggerMiddleware is used. */
PLAIN_EXPORT void plain_job_log(const plain_job *job, int level, const char *fmt, ...)
    PLAIN_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
