#include "core/job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <plain/jobs/error.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/backtrace.h"

static _Thread_local const plain_job *current;

void job_set_current(const plain_job *job)
{
    current = job;
}

const plain_uuid *job_current(void)
{
    return current ? &current->token : NULL;
}

size_t job_log_context(struct log_pair *pairs, size_t room)
{
    static _Thread_local char request[PLAIN_UUID_TEXT], token[PLAIN_UUID_TEXT];

    if (!current || !current->logs_ids || room < 2)
        return 0;
    pairs[0] = LOG_TEXT("job_request_uuid", plain_uuid_format(&current->request_uuid, request));
    pairs[1] = LOG_TEXT("job_process_uuid", plain_uuid_format(&current->token, token));
    return 2;
}

const plain_uuid *plain_job_uuid(const plain_job *job)
{
    return &job->token;
}

const plain_uuid *plain_job_request_uuid(const plain_job *job)
{
    return &job->request_uuid;
}

const plain_uuid *plain_job_root_uuid(const plain_job *job)
{
    return &job->root_uuid;
}

int plain_job_attempt(const plain_job *job)
{
    return job->retry_attempt + 1;
}

int plain_job_run_no(const plain_job *job)
{
    return job->run_no;
}

int plain_job_retries(const plain_job *job)
{
    return job->retries;
}

int plain_job_priority(const plain_job *job)
{
    return job->priority;
}

const char *plain_job_class_name(const plain_job *job)
{
    return job->job_class;
}

const char *plain_job_queue(const plain_job *job)
{
    return job->queue;
}

const char *plain_job_concurrency_key(const plain_job *job)
{
    return job->concurrency_key;
}

const plain_uuid *plain_job_worker(const plain_job *job)
{
    return &job->worker_id;
}

const plain_job_class *plain_job_definition(const plain_job *job)
{
    return job->definition;
}

const char *plain_job_status(const plain_job *job)
{
    static const char *const words[] = {
        [OUTCOME_NONE] = "",
        [OUTCOME_FAILED] = "ERRORED",
        [OUTCOME_DEFERRED] = "DEFERRED",
        [OUTCOME_SUCCEEDED] = "SUCCESSFUL",
    };

    return job->outcome.is_lost ? "LOST" : words[job->outcome.kind];
}

const char *plain_job_error_type(const plain_job *job)
{
    return job->outcome.error_type ? job->outcome.error_type : "";
}

const char *plain_job_error_message(const plain_job *job)
{
    return job->outcome.error_message ? job->outcome.error_message : "";
}

bool plain_job_cancelled(const plain_job *job)
{
    const struct job_page *page = &job->page;

    if (!page->asked || atomic_load(page->asked) != page->seq)
        return false;
    atomic_store(page->heard, page->seq);
    return true;
}

void *plain_job_alloc(plain_job *job, size_t size)
{
    return arena_try(job->arena, size); /* what the job says of it needs the arena */
}

/* Without the white space at the end: libraries that say what is wrong often end it with a newline.
 */
static size_t length_of(const char *text)
{
    size_t n = strlen(text);

    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return n;
}

/* A copy of n bytes of text as valid UTF-8, at most max; a fixed text when memory is out. */
static const char *clean_copy(struct arena *a, const char *text, size_t n, size_t max)
{
    size_t room = (n < max ? n * 3 : max) + 1; /* an invalid byte becomes three */
    char *copy = arena_alloc(a, room > max + 1 ? max + 1 : room);

    if (!copy)
        return "out of memory";
    (void)utf8_clean(copy, room > max + 1 ? max + 1 : room, text, n);
    return copy;
}

void job_set_failed(plain_job *job, const char *error_type, const char *file, int line,
                    const char *message, const char *trace)
{
    struct job_outcome *o = &job->outcome;
    struct buf all = BUF_INIT((size_t)2 * JOB_ERROR_MAX);

    *o = (struct job_outcome){.kind = OUTCOME_FAILED};
    o->error_type = clean_copy(job->arena, error_type, length_of(error_type), JOB_ERROR_TYPE_MAX);
    o->error_message = clean_copy(job->arena, message, length_of(message), JOB_ERROR_MAX);
    buf_putf(&all, "%s: %s\n", o->error_type, o->error_message);
    if (file)
        buf_putf(&all, "  at %s:%d\n", file, line);
    buf_puts(&all, trace);
    o->error =
        buf_ok(&all) ? clean_copy(job->arena, all.data, all.len, JOB_ERROR_MAX) : o->error_message;
    buf_release(&all);
}

/* It said neither OK nor used plain_job_fail or plain_job_defer rightly. */
static void set_bad_return(plain_job *job, int value, const char *who)
{
    char text[PLAIN_NAME_MAX + 64];

    if (job->outcome.kind == OUTCOME_FAILED)
        return; /* its words are better than ours */
    (void)snprintf(text, sizeof(text), "%s returned %d without plain_job_fail", who, value);
    job_set_failed(job, "BadReturn", NULL, 0, text, "");
}

void job_add_cause(plain_job *job, const char *cause)
{
    struct job_outcome *o = &job->outcome;

    if (!cause)
        return;
    const char *message = arena_printf(job->arena, "%s (%s)", o->error_message, cause);
    size_t n = strlen(o->error);
    const char *between = n > 0 && o->error[n - 1] == '\n' ? "" : "\n";
    const char *error = arena_printf(job->arena, "%s%s(%s)", o->error, between, cause);
    if (message && error) {
        o->error_message = message;
        o->error = error;
    }
}

int job_settle(plain_job *job, int value, const char *who)
{
    if (value == PLAIN_OK) {
        job->outcome = (struct job_outcome){.kind = OUTCOME_SUCCEEDED};
        return value;
    }
    if (value == JOB_RETURN_DEFERRED && job->outcome.kind == OUTCOME_DEFERRED)
        return value;
    if (value != JOB_RETURN_FAILED || job->outcome.kind != OUTCOME_FAILED)
        set_bad_return(job, value, who);
    return JOB_RETURN_FAILED;
}

int plain_job_fail_at(plain_job *job, const char *file, int line, const char *error_type,
                      const char *fmt, ...)
{
    int before = errno; /* the job's, for who looks at it after run */
    const char *message;
    char trace[4096];
    va_list ap;
    char text[4096];

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof(text)) {
        char *whole = arena_alloc(job->arena, (size_t)n + 1);

        if (whole) {
            va_start(ap, fmt);
            (void)vsnprintf(whole, (size_t)n + 1, fmt, ap);
            va_end(ap);
        }
        message = whole ? whole : text;
    } else {
        message = n < 0 ? fmt : text;
    }
    (void)backtrace_write(trace, sizeof(trace), 2); /* without itself and us */
    job_set_failed(job, error_type && *error_type ? error_type : "Error", file, line, message,
                   trace);
    errno = before;
    return JOB_RETURN_FAILED;
}

int plain_job_defer(plain_job *job, int64_t delay_ms, bool increment_retries)
{
    if (delay_ms < 0 || delay_ms > PLAIN_DELAY_MAX) {
        char text[96];

        (void)snprintf(text, sizeof(text), "plain_job_defer: delay_ms is %lld, must be 0 to %lld",
                       (long long)delay_ms, (long long)PLAIN_DELAY_MAX);
        job_set_failed(job, "InvalidDelay", NULL, 0, text, "");
        return JOB_RETURN_FAILED;
    }
    job->outcome = (struct job_outcome){
        .kind = OUTCOME_DEFERRED, .delay_ms = delay_ms, .increment_retries = increment_retries};
    return JOB_RETURN_DEFERRED;
}

void plain_job_log(const plain_job *job, int level, const char *fmt, ...)
{
    static const enum log_level levels[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR};
    const plain_job *before = current;
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    current = job; /* whatever thread this is */
    log_event(levels[level >= 0 && level <= PLAIN_LOG_ERROR ? level : PLAIN_LOG_INFO], text,
              LOG_TEXT("job_class", job->job_class));
    current = before;
}
