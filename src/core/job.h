/*
 * job.h - a running attempt, as run() sees it
 *
 * The runner fills `about` from the worker's frame, calls run() and reads `outcome`. The public
 * accessors (plain/jobs/job.h) read it. One thread.
 */
#ifndef PLAIN_CORE_JOB_H
#define PLAIN_CORE_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/job.h>

#include "base/arena.h"
#include "base/log.h"

/* What run() must return after plain_job_fail() and plain_job_defer(): no errno and no PLAIN_E_. */
enum { JOB_RETURN_FAILED = -1001, JOB_RETURN_DEFERRED = -1002 };

enum { JOB_ERROR_TYPE_MAX = 255, JOB_ERROR_MAX = 64 * 1024 };

enum job_outcome_kind {
    OUTCOME_NONE, /* neither failed nor deferred by its own word, nor settled */
    OUTCOME_FAILED,
    OUTCOME_DEFERRED,
    OUTCOME_SUCCEEDED /* only job_settle() says so */
};

struct job_outcome {
    enum job_outcome_kind kind;
    const char *error_type;    /* failed: never NULL */
    const char *error_message; /* failed: never NULL, clean UTF-8 */
    const char *error;         /* failed: type, message, place and call stack */
    int64_t delay_ms;          /* deferred */
    bool increment_retries;    /* deferred */
    bool is_lost;              /* failed: a signal ended the executable */
};

/* What a running job shares with its worker; seq is the number that it goes by there. */
struct job_page {
    const _Atomic uint64_t *asked; /* the job that is asked to end; NULL: there is no worker */
    _Atomic uint64_t *heard;       /* the job that was told so */
    uint32_t *completing;          /* to be set when it completes in a transaction of its own */
    uint64_t seq;
};

struct plain_job {
    plain_uuid token;
    plain_uuid request_uuid;
    plain_uuid root_uuid;
    plain_uuid worker_id;
    const char *job_class; /* as enqueued: may be an alias */
    const char *queue;
    const char *concurrency_key;
    const char *source;
    int priority;
    int retries;
    int retry_attempt;
    int run_no;
    const plain_job_class *definition; /* NULL for an executable */
    struct arena *arena;               /* lives as long as the attempt */
    bool logs_ids;                     /* its log lines have its uuids */
    struct job_outcome outcome;
    struct job_page page;
};

/* Records a failure; message and trace are cleaned and cut. file may be NULL. */
void job_set_failed(plain_job *job, const char *error_type, const char *file, int line,
                    const char *message, const char *trace);

/* Adds in brackets to the message of a failure why it may have come about; NULL: no memory for it.
 */
void job_add_cause(plain_job *job, const char *cause);

/* Makes a returned value one of PLAIN_OK, JOB_RETURN_FAILED and JOB_RETURN_DEFERRED, and the
 * outcome that which belongs to it. who returned it, for the message when it is neither. */
int job_settle(plain_job *job, int value, const char *who);

/* The attempt that this thread runs, for what it enqueues and logs meanwhile; NULL for none. */
void job_set_current(const plain_job *job);
const plain_uuid *job_current(void); /* its token */

/* log_context_fn: the ids of the attempt that this thread runs. */
size_t job_log_context(struct log_pair *pairs, size_t room);

#endif
