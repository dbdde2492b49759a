#include <stdio.h>

#include <plain/jobs.h>

struct hello {
    const char *name;
};

static int hello_run(plain_job *job, const void *params)
{
    const struct hello *self = params;

    if (self->name[0] == '\0')
        return plain_job_fail(job, "NoName", "whom shall I greet?");
    printf("Hello, %s! This is attempt %d.\n", self->name, plain_job_attempt(job));
    fflush(stdout);
    return PLAIN_OK;
}

static const plain_param hello_params[] = {
    PLAIN_PARAM(struct hello, name, 0),
    PLAIN_PARAMS_END,
};

const plain_job_class HelloJob = {
    PLAIN_JOB_CLASS(struct hello), .name = "HelloJob",   .doc = "Say hello.",
    .params = hello_params,        .default_retries = 3, .run = hello_run,
};

PLAIN_REGISTER_JOBS(&HelloJob);
