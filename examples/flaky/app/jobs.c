/*
 * jobs.c - a job that fails a few times, and waits longer before each retry
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <plain/jobs.h>

struct flaky {
    int failures; /* how many attempts fail */
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int flaky_run(plain_job *job, const void *params)
{
    const struct flaky *self = params;
    int attempt = plain_job_attempt(job);

    printf("%" PRId64 " attempt %d\n", now_ms(), attempt);
    fflush(stdout);
    if (attempt <= self->failures)
        return plain_job_fail(job, "NotYet", "attempt %d of %d fails", attempt, self->failures + 1);
    return PLAIN_OK;
}

/* 500 ms, 1 s, 2 s, ... and an hour at most, from the end of the attempt that failed. */
static int64_t back_off(const plain_job_class *self, const void *params, int attempt)
{
    int64_t delay = attempt < 20 ? INT64_C(500) << (attempt - 1) : PLAIN_HOURS(1);

    (void)self;
    (void)params;
    return delay < PLAIN_HOURS(1) ? delay : PLAIN_HOURS(1);
}

static const plain_param flaky_params[] = {
    PLAIN_PARAM_DEFAULT(struct flaky, failures, "2"),
    PLAIN_PARAMS_END,
};

const plain_job_class FlakyJob = {
    PLAIN_JOB_CLASS(struct flaky),
    .name = "FlakyJob",
    .doc = "Fail a few times, then succeed.",
    .params = flaky_params,
    .run = flaky_run,
    .default_retries = 3,
    .calculate_retry_delay = back_off,
};

PLAIN_REGISTER_JOBS(&FlakyJob);
