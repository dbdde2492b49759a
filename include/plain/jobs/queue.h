/*
 * plain/jobs/queue.h - opening a queue and enqueueing jobs
 *
 *     plain_jobs *jobs;
 *     plain_request request;
 *     plain_error err;
 *
 *     if (plain_jobs_open("sqlite:plain.db", &jobs, &err) < 0)
 *         return report(&err);
 *     int r = plain_run_in_worker(jobs, &WelcomeUserJob, &(struct welcome_user){.user_id = 42},
 *                                 PLAIN_OPTIONS(.queue = "slow", .retries = PLAIN_INT(3)),
 *                                 &request, &err);
 *     plain_jobs_close(jobs);
 *
 * Threads: a plain_jobs may be used by any number of threads at once. Processes: after fork() every
 * call in the child but plain_jobs_close says PLAIN_E_FORKED; open a handle of its own there. With
 * SQLite that is refused, too, when the parent had a handle open: the child would have none of the
 * locks that SQLite believes it has. Close every handle before fork(), or exec. The same is true of
 * connections to SQLite that the application has opened itself (sqlite.org/howtocorrupt.html).
 * Ownership: everything given is borrowed for the call. The library installs no signal handler,
 * never exits and never prints.
 */
#ifndef PLAIN_JOBS_QUEUE_H
#define PLAIN_JOBS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/class.h>
#include <plain/jobs/compiler.h>
#include <plain/jobs/error.h>
#include <plain/jobs/uuid.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plain_jobs plain_jobs;

/*
 * Opens the queue of a database.
 *
 * url: "sqlite:PATH" (relative to the current directory, made absolute now), "postgresql://..."
 * as libpq reads it, plus ?schema=NAME; NULL: DATABASE_URL of the environment, else
 * "sqlite:plain.db". Blocks while it connects (PostgreSQL: at most 5 s for each host of the URL;
 * SQLite: as long as somebody has the whole file locked, at most 25 s for each of two looks). The
 * schema must be there (`plain migrate`); a SQLite file that does not exist is an error here, not
 * made. On success *out is the caller's, closed with plain_jobs_close().
 * Errors: PLAIN_E_INVALID (PJ307), PLAIN_E_UNREACHABLE (PJ301), PLAIN_E_SCHEMA (PJ302),
 * PLAIN_E_BUSY (PJ305: locked), PLAIN_E_REFUSED (PJ303: on a network file system), PLAIN_E_FORKED
 * (PJ701), PLAIN_E_NOMEM; PLAIN_E_INVALID (PJ306: no such kind of database), PLAIN_E_DB (PJ306: a
 * server that is too old), PLAIN_E_IO (PJ705: libpq.so.5 is missing here, or too old).
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_open(const char *url, plain_jobs **out,
                                                plain_error *err);

/* Closes; NULL is fine. No other thread may be in a call on it. */
PLAIN_EXPORT void plain_jobs_close(plain_jobs *jobs);

/* An integer that may be given or not: zero is a value. */
typedef struct plain_opt_int {
    bool given;
    int32_t value;
} plain_opt_int;

static inline plain_opt_int plain_int(int32_t value)
{
    plain_opt_int given = {true, value};
    return given;
}
#define PLAIN_INT(n) (plain_int(n))

/* Zero means "not given": the class decides. */
typedef struct plain_options {
    size_t size;                 /* sizeof(plain_options); PLAIN_OPTIONS fills it                 */
    const char *queue;           /* 1 to 255 bytes without control characters                     */
    int64_t delay_ms;            /* from now; not negative, at most PLAIN_DELAY_MAX               */
    int64_t start_at;            /* microseconds since 1970 UTC, instead of delay_ms; in the past
                                    means due now, but ahead of what came later                   */
    plain_opt_int priority;      /* -32768 to 32767, higher runs first                            */
    plain_opt_int retries;       /* 0 to 32767: at most retries + 1 attempts                      */
    const char *concurrency_key; /* at most one job of the class with this key is pending or
                                    processing; "" means none even if the class has a default     */
    plain_uuid uuid;             /* of the request; zero: made by the library. Repeating a call
                                    with the same uuid is one job, whatever became of it. In a
                                    transaction of the application in REPEATABLE READ or
                                    SERIALIZABLE that cannot be told: PLAIN_E_ISOLATION (PJ505),
                                    unless its snapshot has the job                               */
    const char *source;          /* where it was enqueued; NULL: source_file:source_line          */
    const char *source_file;
    int source_line;
    int64_t timeout_ms; /* an attempt that runs longer is stopped and recorded as LOST: 1 to
                           PLAIN_DELAY_MAX; the shortest of this, the class's and JOBS_TIMEOUT
                           holds */
} plain_options;

#ifndef __cplusplus
#define PLAIN_OPTIONS(...)                                                                         \
    (&(const plain_options){.size = sizeof(plain_options),                                         \
                            .source_file = __FILE__,                                               \
                            .source_line = __LINE__,                                               \
                            __VA_ARGS__})
#endif

/* Who holds a concurrency key. */
enum plain_holder {
    PLAIN_HOLDER_NONE, /* of a skipped job: its class's should_enqueue said no */
    PLAIN_HOLDER_PENDING,
    PLAIN_HOLDER_PROCESSING,
    PLAIN_HOLDER_UNSEEN /* committed after the snapshot of the caller's transaction */
};

/* What an enqueue made, or why it made nothing. 128 bytes for ever. */
typedef struct plain_request {
    plain_uuid uuid;   /* of the request; zero when it was skipped or refused */
    plain_uuid holder; /* PLAIN_SKIPPED: the request that holds the key       */
    int holder_state;  /* enum plain_holder                                   */
    int reserved_int;
    int64_t holder_age_ms; /* since the holder was enqueued                       */
    char reserved[80];
} plain_request;

/*
 * Enqueues a job of a class.
 *
 * params: the class's struct (NULL when it has none). options: NULL for the defaults. request: may
 * be NULL. Talks to the database and returns when the job is committed.
 * Returns PLAIN_OK; PLAIN_SKIPPED when the concurrency key is held (request says by whom); or
 * PLAIN_E_INVALID with the field, before anything is written; PLAIN_E_UNREACHABLE, PLAIN_E_BUSY,
 * PLAIN_E_DB, PLAIN_E_ISOLATION, PLAIN_E_NOMEM, PLAIN_E_FORKED, PLAIN_E_VERSION.
 * After PLAIN_E_UNREACHABLE it may have been committed, or may be yet: call again with
 * request->uuid as options.uuid, and it is one job either way.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_run_in_worker(plain_jobs *jobs, const plain_job_class *cls,
                                                    const void *params,
                                                    const plain_options *options,
                                                    plain_request *request, plain_error *err);

/*
 * The same with the parameters as JSON text: an object {"name": value} (NULL: {}), checked against
 * the class's parameters; unknown names are refused.
 */
PLAIN_EXPORT PLAIN_MUST_USE int
plain_run_in_worker_json(plain_jobs *jobs, const plain_job_class *cls, const char *json,
                         const plain_options *options, plain_request *request, plain_error *err);

/*
 * The same for a class that this program does not have: only the text's form is checked, and the
 * defaults are queue "default", priority 0, retries 0 and no key.
 */
PLAIN_EXPORT PLAIN_MUST_USE int
plain_run_in_worker_by_name(plain_jobs *jobs, const char *name, const char *json,
                            const plain_options *options, plain_request *request, plain_error *err);

/* One job of many. */
typedef struct plain_item {
    size_t size;                  /* sizeof(plain_item) */
    const void *params;           /* the class's struct, or... */
    const char *json;             /* ... an object as JSON text; not both */
    const plain_options *options; /* NULL: the defaults */
} plain_item;

/*
 * Enqueues many jobs of a class in one transaction: all of them, or none.
 *
 * results: count of them, or NULL; results[i] tells what became of items[i]: its uuid, or, where
 * its key was held (also by an earlier item), the holder. *enqueued (may be NULL): how many were
 * made. A bad item leaves nothing of the call; err->message names the first one by its number from
 * 0; one uuid for two items is bad too. A class with its own should_enqueue is refused
 * (PLAIN_E_INVALID): its rule counts one at a time. Returns PLAIN_OK also when some or all were
 * skipped. After PLAIN_E_UNREACHABLE it may have been committed: call again with the uuids of
 * results as options.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_run_many(plain_jobs *jobs, const plain_job_class *cls,
                                               const plain_item *items, size_t count,
                                               plain_request *results, size_t *enqueued,
                                               plain_error *err);

/*
 * Cancels the job that uuid belongs to: a request's, an attempt's, or the first request's.
 *
 * A pending job, also one that waits for its retry, becomes CANCELLED at once. A running one is
 * asked to end (plain_job_cancelled() in it becomes true within a second, wherever it runs), then
 * stopped; *running (may be NULL) is then true. Either way it is not retried, and on_aborted of its
 * class is called. One that ends by itself first keeps its end. by (may be NULL) is recorded: up to
 * 255 bytes. PLAIN_NONE when it had ended; PLAIN_E_NOT_FOUND (PJ502) when there is no such job.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_jobs_cancel(plain_jobs *jobs, const plain_uuid *uuid,
                                                  const char *by, bool *running, plain_error *err);

/*
 * Ends a running job SUCCESSFUL in a transaction of the application: call it in run(), last before
 * COMMIT. What the job wrote in the transaction and its end then commit together: whatever is
 * killed, and however often the job is retried, it is done exactly once. Return PLAIN_OK from run
 * after the commit; what run returns then changes nothing any more.
 *
 * jobs: an adopted handle; postgres.h and sqlite.h have a call that adopts for it.
 * PLAIN_E_REFUSED (PJ507, err->transaction_aborted) when the attempt is not running any more: roll
 * back. When the COMMIT fails, or its answer is lost, fail the job: it is retried only when it was
 * not committed. Keep the transaction short: what it has locked waits for it, on SQLite everything.
 * Under `plain jobs run` it does nothing.
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_job_complete_in(plain_job *job, plain_jobs *jobs,
                                                      plain_error *err);

/* SQL text and values that enqueue one job through any other driver or an ORM. */
typedef struct plain_statement {
    const char *sql;           /* PostgreSQL: $1 ...; SQLite: ?1 ... */
    const char *const *values; /* count of them, as text; NULL is SQL's NULL */
    size_t count;
} plain_statement;

/*
 * Makes the statement that enqueues a job: execute it in a transaction of your own. It returns one
 * row with the uuid, or (PostgreSQL) NULL when the concurrency key is held; on SQLite a held key
 * fails the statement with "PJ501", and a uuid that was used before gives no row. Each value stands
 * once in the text, in order. Executing it twice is one job: for that PostgreSQL refuses it (PJ505)
 * in REPEATABLE READ and SERIALIZABLE, unless NULL is bound to the last value, the uuid; each time
 * is a job then. dialect: "postgresql" or "sqlite". schema: PostgreSQL's, NULL for the search path.
 * Talks to no database. On success *out is the caller's, freed with plain_statement_free(). A class
 * with its own should_enqueue is refused (PLAIN_E_INVALID).
 */
PLAIN_EXPORT PLAIN_MUST_USE int plain_enqueue_statement(const char *dialect, const char *schema,
                                                        const plain_job_class *cls,
                                                        const void *params,
                                                        const plain_options *options,
                                                        plain_statement **out, plain_error *err);
PLAIN_EXPORT void plain_statement_free(plain_statement *statement); /* NULL is fine */

#ifndef __cplusplus
/* Defines CLASS_run_in_worker(jobs, &params, options, request, err), checked by the compiler. */
#define PLAIN_JOB_TYPED(cls, structure)                                                            \
    PLAIN_MUST_USE PLAIN_MAYBE_UNUSED static inline int cls##_run_in_worker(                       \
        plain_jobs *jobs, const structure *params, const plain_options *options,                   \
        plain_request *request, plain_error *err)                                                  \
    {                                                                                              \
        return plain_run_in_worker(jobs, &cls, params, options, request, err);                     \
    }
#endif

#ifdef __cplusplus
}
#endif

#endif
