#include "queue/request.h"

#include "base/error.h"
#include "base/uuid.h"
#include "core/class.h"

int request_check_class(const plain_job_class *cls, plain_error *err)
{
    if (!cls)
        return error_set(err, PLAIN_E_INVALID, 110, "cls", "the job class is NULL");
    return class_check(cls, err);
}

struct new_request request_of(const char *job_class, const char *stored,
                              const struct enqueue_values *values)
{
    bool is_given = !uuid_is_zero(&values->uuid);

    return (struct new_request){
        .uuid = is_given ? values->uuid : uuid_new(),
        .may_exist = is_given,
        .job_class = job_class,
        .parameters = stored,
        .queue = values->queue,
        .concurrency_key = values->concurrency_key,
        .source = values->source,
        .priority = values->priority,
        .retries = values->retries,
        .delay_us = values->delay_us,
        .start_at = values->start_at,
        .timeout_ms = values->timeout_ms,
    };
}

int request_told_again(int r, plain_error *err)
{
    if (r >= 0 || r == PLAIN_E_UNREACHABLE)
        return r;
    if (err) {
        err->code = PLAIN_E_UNREACHABLE;
        err->pj = 301;
        err->retryable = true;
        error_prefix(err, "the answer was lost; asked again: ");
        error_fix(err, "call again with the uuid that this call has returned: it is one job, even "
                       "if this call has enqueued it");
    }
    return PLAIN_E_UNREACHABLE;
}
