/*
 * plain/jobs/class.h - job classes, and how a program registers them
 *
 *     static int welcome_user_run(plain_job *job, const void *params)
 *     {
 *         const struct welcome_user *self = params;
 *         if (mail_send_welcome(self->user_id, self->locale) < 0)
 *             return plain_job_fail(job, "SmtpError", "mail server said: %s", mail_error());
 *         return PLAIN_OK;
 *     }
 *
 *     const plain_job_class WelcomeUserJob = {
 *         PLAIN_JOB_CLASS(struct welcome_user),
 *         .name = "WelcomeUserJob",
 *         .params = welcome_user_params,
 *         .default_retries = 3,
 *         .run = welcome_user_run,
 *     };
 *     PLAIN_JOB_TYPED(WelcomeUserJob, struct welcome_user)
 *     PLAIN_REGISTER_JOBS(&WelcomeUserJob);
 *
 * A class is a constant of the program: it is never copied and must outlive every use. Its
 * functions are called in the process that enqueues (the default_..._for functions) or in a runner
 * (run, calculate_retry_delay), by one thread of it at a time for a given job, and may be called by
 * several threads of an application at once. They return: a C++ exception that leaves one passes
 * through C that cannot clean up behind it. In a runner it ends the attempt LOST; out of
 * should_enqueue it keeps the handle for ever.
 *
 * What an option of the call says beats the function, the function beats the constant.
 */
#ifndef PLAIN_JOBS_CLASS_H
#define PLAIN_JOBS_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/compiler.h>
#include <plain/jobs/params.h>
#include <plain/jobs/uuid.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plain_job plain_job;
typedef struct plain_job_class plain_job_class;
typedef struct plain_middleware plain_middleware;

/* Milliseconds; n may have a fraction, what is less than one is cut. */
#define PLAIN_SECONDS(n) ((int64_t)((n)*INT64_C(1000)))
#define PLAIN_MINUTES(n) PLAIN_SECONDS((n)*INT64_C(60))
#define PLAIN_HOURS(n)   PLAIN_MINUTES((n)*INT64_C(60))
#define PLAIN_DAYS(n)    PLAIN_HOURS((n)*INT64_C(24))

#define PLAIN_MEGABYTES(n) ((int64_t)((n)*INT64_C(1048576)))

/* Limits of a request. */
#define PLAIN_NAME_MAX       255   /* bytes of a class, queue or key  */
#define PLAIN_PRIORITY_MAX   32767 /* priorities are -32768 to 32767   */
#define PLAIN_RETRIES_MAX    32767
#define PLAIN_PARAMETERS_MAX (1024 * 1024)      /* bytes of JSON                   */
#define PLAIN_DELAY_MAX      PLAIN_DAYS(365000) /* ms; a later start is refused     */

/* Runs one attempt. PLAIN_OK: SUCCESSFUL; plain_job_fail(): ERRORED; plain_job_defer(): DEFERRED;
 * any other value: ERRORED, "run returned -5 without plain_job_fail". */
typedef int plain_run_fn(plain_job *job, const void *params);

/* Writes a text into out (PLAIN_NAME_MAX + 1 bytes) and returns its length, as snprintf does; a
 * negative value or a text that does not fit refuses the enqueue. */
typedef int plain_text_for_fn(const plain_job_class *self, const void *params, char *out,
                              size_t out_size);
typedef int plain_int_for_fn(const plain_job_class *self, const void *params);

/* Milliseconds from the end of the failed attempt to the next; attempt is that of the one that
 * failed, from 1. Saturates at PLAIN_DELAY_MAX; a negative value counts as 0. */
typedef int64_t plain_retry_delay_fn(const plain_job_class *self, const void *params, int attempt);

/* What a class's own rule can ask in the transaction of an enqueue. */
typedef struct plain_enqueue_tx plain_enqueue_tx;

enum plain_count_flags {
    PLAIN_COUNT_RETRIES = 1, /* with requests and attempts that are retries            */
    PLAIN_COUNT_SELF = 2     /* with the job in which this enqueue is being made, if any */
};

/* The exact number of requests (pending) or processes (claimed or running) of the class with this
 * key, all counts of one key of one moment, in the enqueue's transaction and under its lock. key ""
 * counts those without a key that were enqueued by the rule, not past it (by name, or from SQL).
 * Negative when the database failed: then the enqueue fails, whatever the rule returns. */
PLAIN_EXPORT PLAIN_MUST_USE int64_t plain_count_requested(plain_enqueue_tx *tx, const char *key,
                                                          unsigned flags);
PLAIN_EXPORT PLAIN_MUST_USE int64_t plain_count_processing(plain_enqueue_tx *tx, const char *key,
                                                           unsigned flags);

/* The class's own rule: 1 admits the job, 0 skips it, negative fails the enqueue. Asked when a job
 * is enqueued, never for its retry or deferral: an admitted job keeps its place. Replaces the
 * default (at most one with the key), so such a class takes no key row; its rule runs under a lock
 * that is held to the end of the transaction, and is refused (PLAIN_E_ISOLATION) in REPEATABLE READ
 * and SERIALIZABLE, where no count can be trusted. It cannot enqueue anything itself, and has to be
 * quick: on PostgreSQL the whole call has 25 s, and a transaction of ours that stands still for 60
 * s is ended by the server. key is "" when the job has none. */
typedef int plain_should_enqueue_fn(const plain_job_class *self, plain_enqueue_tx *tx,
                                    const void *params, const char *key);

/* Why and how an attempt ended that never came to its own end. Borrowed for the call. */
typedef struct plain_aborted {
    size_t size;
    const char *status; /* "LOST" or "CANCELLED" */
    const char *error_type, *error_message;
    const char *job_class, *queue, *concurrency_key;
    plain_uuid uuid, request_uuid, root_uuid;
    int retries, retry_attempt, run_no;
    bool will_retry; /* a successor is in the queue already */
} plain_aborted;

/* Called in a runner after an attempt ended LOST or CANCELLED and that was committed: at least
 * once, by any worker that has the class. It cannot change the result; plain_job_fail and friends
 * are not for it. A negative value is logged. */
typedef int plain_on_aborted_fn(const plain_job_class *self, const void *params,
                                const plain_aborted *result);

/* What becomes of slots that nobody saw to in time, since no worker was up. */
enum plain_missed {
    PLAIN_MISSED_LAST, /* the last of them runs, the others are coalesced with it */
    PLAIN_MISSED_NONE, /* a slot that is more than a minute late is skipped       */
    PLAIN_MISSED_ALL   /* each of them runs, the latest schedule_missed_max       */
};

/* What becomes of a slot when the job of the one before is still pending or running. */
enum plain_overlap {
    PLAIN_OVERLAP_ALLOW, /* it runs all the same                             */
    PLAIN_OVERLAP_SKIP,  /* it is skipped                                    */
    PLAIN_OVERLAP_WAIT   /* it stays due until that job has ended            */
};

struct plain_job_class {
    size_t size; /* these three are filled by PLAIN_JOB_CLASS */
    size_t param_size;
    size_t params_size; /* of the parameters' struct, 0 for a job without parameters */

    const char *name;          /* 1 to 255 bytes of UTF-8 without control characters */
    const char *doc;           /* one line for lists, may be NULL */
    const plain_param *params; /* NULL: no parameters */
    plain_run_fn *run;

    const char *default_queue; /* NULL: "default" */
    int default_priority;
    int default_retries;
    const char *default_concurrency_key; /* NULL: none */

    plain_text_for_fn *default_queue_for;
    plain_int_for_fn *default_priority_for;
    plain_int_for_fn *default_retries_for;
    plain_text_for_fn *default_concurrency_key_for;

    plain_retry_delay_fn *calculate_retry_delay; /* NULL: at once */

    const char *const *aliases; /* names under which old requests may wait; NULL-terminated */
    void *data;                 /* yours: plain_job_definition(job)->data */

    plain_should_enqueue_fn *should_enqueue; /* NULL: at most one job with the same key */
    plain_text_for_fn *enqueue_lock; /* name of the lock of should_enqueue; NULL: "class::key" */
    plain_on_aborted_fn *on_aborted; /* NULL: nothing */

    /* An attempt that runs longer is stopped and recorded as LOST; 0: none. The shortest of this,
     * the request's and JOBS_TIMEOUT holds. */
    int64_t timeout_ms;
    /* Bytes of memory that an attempt may take beyond what its runner has when it starts, at least
     * 1 MiB, and CPU time that it may use; 0: no limit. Beyond the first, allocating fails with
     * ENOMEM, or where runners have control groups the attempt is LOST; beyond the second it is
     * LOST. The result says which limit it was. */
    int64_t memory_limit;
    int64_t cpu_limit_ms;

    /* When a worker is to enqueue it by itself: cron text or a macro as plain/jobs/schedule.h has
     * them, "0 9 * * *"; NULL: never. The schedule bears the name of the class. */
    const char *schedule;
    const char *schedule_timezone;   /* "Europe/Berlin"; NULL: the setting TIME_ZONE */
    const char *schedule_parameters; /* a JSON object; NULL: none */
    int schedule_dst;                /* PLAIN_DST_... of plain/jobs/schedule.h */
    int schedule_missed;             /* enum plain_missed */
    int schedule_missed_max;         /* of PLAIN_MISSED_ALL: most slots that are run; 0: 100 */
    int schedule_overlap;            /* enum plain_overlap */
};

#define PLAIN_JOB_CLASS(structure)                                                                 \
    .size = sizeof(plain_job_class), .param_size = sizeof(plain_param),                            \
    .params_size = sizeof(structure)

/* For a job without parameters. */
#define PLAIN_JOB_CLASS_EMPTY                                                                      \
    .size = sizeof(plain_job_class), .param_size = sizeof(plain_param), .params_size = 0

/* What a module (app/jobs.so) or a program offers. `plain` looks up one symbol, plain_module_v1. */
#define PLAIN_MODULE_ABI 1u

typedef struct plain_module {
    size_t size;
    unsigned abi;
    const plain_job_class *const *jobs;        /* NULL-terminated; NULL: none */
    const plain_middleware *const *middleware; /* likewise: see plain/jobs/middleware.h */
} plain_module;

#ifndef __cplusplus
/* Defines plain_module_v1 with the classes whose addresses are given. Once in a module. */
#define PLAIN_REGISTER_JOBS(...)                                                                   \
    PLAIN_EXPORT extern const plain_module plain_module_v1;                                        \
    const plain_module plain_module_v1 = {                                                         \
        .size = sizeof(plain_module),                                                              \
        .abi = PLAIN_MODULE_ABI,                                                                   \
        .jobs = (const plain_job_class *const[]){__VA_ARGS__, NULL},                               \
    }
#endif

#ifdef __cplusplus
}
#endif

#endif
