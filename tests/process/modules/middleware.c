/*
 * middleware.c - a module of middleware, one for each thing that it may do
 *
 * OuterMiddleware and InnerMiddleware append what they see to trace.log.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <plain/jobs.h>

struct how {
    const char *how;
};

static int how_run(plain_job *job, const void *params)
{
    const struct how *self = params;

    if (strcmp(self->how, "fail") == 0)
        return plain_job_fail(job, "HowError", "as told");
    if (strcmp(self->how, "defer") == 0)
        return plain_job_defer(job, 60000, false);
    plain_job_log(job, PLAIN_LOG_INFO, "in the job");
    return strcmp(self->how, "odd") == 0 ? -5 : PLAIN_OK;
}

static const plain_param how_params[] = {
    PLAIN_PARAM_DEFAULT(struct how, how, "\"ok\""),
    PLAIN_PARAMS_END,
};

static const plain_job_class HowJob = {PLAIN_JOB_CLASS(struct how), .name = "HowJob",
                                       .params = how_params, .run = how_run};

static void append(const char *line)
{
    int fd = open("trace.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    (void)!write(fd, line, strlen(line));
    (void)close(fd);
}

static int trace_run(plain_job *job, plain_next *next, void *user)
{
    char line[256];

    (void)snprintf(line, sizeof(line), "%s before %s '%s'\n", (char *)user,
                   plain_job_class_name(job), plain_job_status(job));
    append(line);
    int value = plain_next_run(next);
    (void)snprintf(line, sizeof(line), "%s after %s '%s' '%s'\n", (char *)user,
                   plain_job_status(job), plain_job_error_type(job), plain_job_error_message(job));
    append(line);
    return value;
}

static int swallow_run(plain_job *job, plain_next *next, void *user)
{
    (void)job;
    (void)user;
    (void)!plain_next_run(next);
    return PLAIN_OK;
}

static int spoil_run(plain_job *job, plain_next *next, void *user)
{
    (void)user;
    (void)!plain_next_run(next);
    return plain_job_fail(job, "Spoilt", "it was %s", plain_job_status(job));
}

static int refuse_run(plain_job *job, plain_next *next, void *user)
{
    (void)next;
    (void)user;
    return plain_job_fail(job, "Refused", "not today");
}

static int put_off_run(plain_job *job, plain_next *next, void *user)
{
    (void)next;
    (void)user;
    return plain_job_defer(job, 60000, false);
}

static int twice_run(plain_job *job, plain_next *next, void *user)
{
    (void)job;
    (void)user;
    (void)!plain_next_run(next);
    return plain_next_run(next);
}

static int odd_run(plain_job *job, plain_next *next, void *user)
{
    (void)job;
    (void)user;
    (void)!plain_next_run(next);
    return -7;
}

static char outer[] = "outer", inner[] = "inner";

static const plain_middleware
    OuterMiddleware = {PLAIN_MIDDLEWARE, .name = "OuterMiddleware", .run = trace_run,
                       .user = outer},
    InnerMiddleware = {PLAIN_MIDDLEWARE, .name = "InnerMiddleware", .run = trace_run,
                       .user = inner},
    SwallowMiddleware = {PLAIN_MIDDLEWARE, .name = "SwallowMiddleware", .run = swallow_run},
    SpoilMiddleware = {PLAIN_MIDDLEWARE, .name = "SpoilMiddleware", .run = spoil_run},
    RefuseMiddleware = {PLAIN_MIDDLEWARE, .name = "RefuseMiddleware", .run = refuse_run},
    PutOffMiddleware = {PLAIN_MIDDLEWARE, .name = "PutOffMiddleware", .run = put_off_run},
    TwiceMiddleware = {PLAIN_MIDDLEWARE, .name = "TwiceMiddleware", .run = twice_run},
    OddMiddleware = {PLAIN_MIDDLEWARE, .name = "OddMiddleware", .run = odd_run};

PLAIN_REGISTER(PLAIN_JOBS(&HowJob),
               PLAIN_MIDDLEWARES(&OuterMiddleware, &InnerMiddleware, &SwallowMiddleware,
                                 &SpoilMiddleware, &RefuseMiddleware, &PutOffMiddleware,
                                 &TwiceMiddleware, &OddMiddleware));
