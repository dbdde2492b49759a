#include "runner/attempt.h"

#include <errno.h>

#include <plain/jobs/error.h>

#include "base/log.h"
#include "base/text.h"
#include "core/class.h"
#include "core/params.h"
#include "runner/executable.h"
#include "runner/limits.h"

/* What runs at the heart of the chain. */
struct heart {
    const struct job_entry *entry;
    const char *stored;
    struct attempt *out;
    bool short_of_memory; /* it had a limit, and the last thing that failed was ENOMEM */
};

static int run_class(struct heart *heart, plain_job *job)
{
    const plain_job_class *cls = heart->entry->cls;
    const struct class_limits limits = class_limits(cls);
    const void *params = NULL;
    plain_error err;

    if (params_decode(cls, heart->stored, job->arena, &params, &err) < 0) {
        job_set_failed(job, "InvalidParameters", NULL, 0, err.message, "");
        return JOB_RETURN_FAILED;
    }
    limits_begin(&limits);
    errno = 0;
    int value = cls->run(job, params);
    heart->short_of_memory = limits_memory_reached(&limits);
    limits_end(&limits);
    return value;
}

static int run_heart(plain_job *job, void *context)
{
    struct heart *heart = context;

    if (heart->entry->path)
        return executable_run(heart->entry, job, heart->stored, heart->out);
    return run_class(heart, job);
}

static enum attempt_result result_of(const plain_job *job, int value)
{
    if (value == PLAIN_OK)
        return ATTEMPT_SUCCESSFUL;
    if (value == JOB_RETURN_DEFERRED)
        return ATTEMPT_DEFERRED;
    return job->outcome.is_lost ? ATTEMPT_LOST : ATTEMPT_FAILED;
}

static void note_memory_limit(plain_job *job, int64_t bytes)
{
    char size[TEXT_SIZE_SIZE];

    job_add_cause(job,
                  arena_printf(job->arena, "memory limit of %s reached", text_size(bytes, size)));
}

void attempt_run(const struct job_entry *entry, const struct middleware_chain *chain,
                 plain_job *job, const char *stored, struct attempt *out)
{
    struct heart heart = {.entry = entry, .stored = stored, .out = out};

    *out = (struct attempt){.exit_code = -1, .exit_signal = -1, .cpu_us = -1, .max_rss_kb = -1};
    job->definition = entry->path ? NULL : entry->cls;
    out->result = result_of(job, middleware_run(chain, job, run_heart, &heart));
    if (heart.short_of_memory && out->result == ATTEMPT_FAILED)
        note_memory_limit(job, class_limits(entry->cls).memory);
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

    plain_on_aborted_fn *on_aborted = entry ? class_on_aborted(entry->cls) : NULL;

    if (!on_aborted)
        return;
    if (params_decode(entry->cls, f->job.parameters, &a, &params, &err) < 0)
        log_hook(f, err.message);
    else if (on_aborted(entry->cls, params, &result) < 0)
        log_hook(f, "it returned a negative value");
    arena_release(&a);
}
