#include "runner/attempt.h"

#include <stdio.h>
#include <string.h>

#include <plain/jobs/error.h>

#include "base/log.h"
#include "core/params.h"
#include "runner/executable.h"

/* run() said neither OK nor used plain_job_fail or plain_job_defer rightly. */
static void set_bad_return(plain_job *job, int value)
{
    char text[128];

    if (job->outcome.kind == OUTCOME_FAILED)
        return; /* its words are better than ours */
    (void)snprintf(text, sizeof(text), "run returned %d without plain_job_fail", value);
    job_set_failed(job, "BadReturn", NULL, 0, text, "");
}

static enum attempt_result judge(plain_job *job, int value)
{
    if (value == PLAIN_OK)
        return ATTEMPT_SUCCESSFUL;
    if (value == JOB_RETURN_DEFERRED && job->outcome.kind == OUTCOME_DEFERRED)
        return ATTEMPT_DEFERRED;
    if (value != JOB_RETURN_FAILED || job->outcome.kind != OUTCOME_FAILED)
        set_bad_return(job, value);
    return ATTEMPT_FAILED;
}

static enum attempt_result run_class(const plain_job_class *cls, plain_job *job, const char *stored)
{
    const void *params = NULL;
    plain_error err;

    if (params_decode(cls, stored, job->arena, &params, &err) < 0) {
        job_set_failed(job, "InvalidParameters", NULL, 0, err.message, "");
        return ATTEMPT_FAILED;
    }
    job->definition = cls;
    return judge(job, cls->run(job, params));
}

void attempt_run(const struct job_entry *entry, plain_job *job, const char *stored,
                 struct attempt *out)
{
    *out = (struct attempt){.exit_code = -1, .exit_signal = -1, .cpu_us = -1, .max_rss_kb = -1};
    if (entry->path)
        executable_run(entry, job, stored, out);
    else
        out->result = run_class(entry->cls, job, stored);
}

int64_t attempt_retry_delay(const struct job_entry *entry, const char *stored, int attempt)
{
    struct arena a = ARENA_INIT;
    const void *params = NULL;
    int64_t delay = 0;

    if (entry && entry->cls && entry->cls->calculate_retry_delay &&
        params_decode(entry->cls, stored, &a, &params, NULL) == PLAIN_OK)
        delay = entry->cls->calculate_retry_delay(entry->cls, params, attempt);
    arena_release(&a);
    if (delay < 0)
        return 0;
    return delay > PLAIN_DELAY_MAX ? PLAIN_DELAY_MAX : delay;
}

static void log_hook(const struct frame_hook *f, const char *why)
{
    char token[PLAIN_UUID_TEXT];

    log_event(LOG_ERROR, "Job.on_aborted failed", LOG_TEXT("job_class", f->job.job_class),
              LOG_TEXT("job_process_uuid", plain_uuid_format(&f->job.token, token)),
              LOG_TEXT("error", why));
}

void attempt_aborted(const struct job_entry *entry, const struct frame_hook *f)
{
    struct arena a = ARENA_INIT;
    const void *params = NULL;
    plain_error err;
    const plain_aborted result = {
        .size = sizeof(result),
        .status = f->status,
        .error_type = f->error_type,
        .error_message = f->error_message,
        .job_class = f->job.job_class,
        .queue = f->job.queue,
        .concurrency_key = f->job.concurrency_key,
        .uuid = f->job.token,
        .request_uuid = f->job.request_uuid,
        .root_uuid = f->job.root_uuid,
        .retries = f->job.retries,
        .retry_attempt = f->job.retry_attempt,
        .run_no = f->job.run_no,
        .will_retry = f->will_retry,
    };

    if (!entry || !entry->cls || !entry->cls->on_aborted)
        return;
    if (params_decode(entry->cls, f->job.parameters, &a, &params, &err) < 0)
        log_hook(f, err.message);
    else if (entry->cls->on_aborted(entry->cls, params, &result) < 0)
        log_hook(f, "it returned a negative value");
    arena_release(&a);
}
