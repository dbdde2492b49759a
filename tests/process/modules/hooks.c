/* hooks.c - a job that dies, and an on_aborted that writes down what it was told */
#include <plain/jobs.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct doomed {
    const char *file;  /* where on_aborted writes a line */
    bool die_in_hook;  /* the first call of the hook kills its runner */
    bool fail_in_hook; /* it returns a negative value */
    bool sleeps;       /* says so in FILE.started, and waits to be killed */
    bool fails; /* says so likewise, waits for FILE.go, makes FILE.done, ends with an error */
};

static void make(const char *name)
{
    FILE *f = fopen(name, "w");

    if (f)
        (void)fclose(f);
}

static int doomed_run(plain_job *job, const void *params)
{
    const struct doomed *p = params;
    char name[512];

    (void)snprintf(name, sizeof(name), "%s.started", p->file);
    if (p->sleeps || p->fails)
        make(name);
    if (p->sleeps)
        (void)sleep(60);
    if (!p->fails)
        abort();
    (void)snprintf(name, sizeof(name), "%s.go", p->file);
    while (access(name, F_OK) < 0)
        (void)usleep(10000);
    (void)snprintf(name, sizeof(name), "%s.done", p->file);
    make(name);
    return plain_job_fail(job, "TestError", "as it was asked to");
}

static int doomed_on_aborted(const plain_job_class *self, const void *params,
                             const plain_aborted *result)
{
    const struct doomed *p = params;
    char root[PLAIN_UUID_TEXT];
    FILE *f = fopen(p->file, "a");

    if (!f)
        return -1;
    (void)fprintf(f, "%s %s attempt=%d/%d retry=%d root=%s\n", self->name, result->status,
                  result->retry_attempt + 1, result->retries + 1, result->will_retry,
                  plain_uuid_format(&result->root_uuid, root));
    long written = ftell(f);
    (void)fclose(f);
    if (p->die_in_hook && written < 200)
        _exit(9);
    return p->fail_in_hook ? -1 : PLAIN_OK;
}

static const plain_param doomed_params[] = {
    PLAIN_PARAM(struct doomed, file, 0),
    PLAIN_PARAM(struct doomed, die_in_hook, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct doomed, fail_in_hook, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct doomed, sleeps, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct doomed, fails, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

const plain_job_class DoomedJob = {
    PLAIN_JOB_CLASS(struct doomed),  .name = "DoomedJob",
    .params = doomed_params,         .run = doomed_run,
    .on_aborted = doomed_on_aborted,
};

PLAIN_REGISTER_JOBS(&DoomedJob);
