/*
 * limits.c - a module of jobs that want more than their class allows
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs.h>

struct want {
    int64_t megabytes;
    const char *then; /* what it does when it does not get them */
};

/* Past malloc, which a sanitizer replaces by one that ends the process. */
static void *take(int64_t megabytes)
{
    size_t size = (size_t)megabytes * 1024 * 1024;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    for (size_t i = 0; i < size; i += 4096)
        p[i] = 1;
    return p;
}

static int want_run(plain_job *job, const void *params)
{
    const struct want *self = params;
    char *p = take(self->megabytes);

    if (p) {
        (void)munmap(p, (size_t)self->megabytes * 1024 * 1024);
        return PLAIN_OK;
    }
    if (strcmp(self->then, "crash") == 0)
        *(volatile char *)p = 1;
    if (strcmp(self->then, "abort") == 0)
        abort();
    if (strcmp(self->then, "exit") == 0)
        exit(1);
    if (strcmp(self->then, "odd") == 0)
        return -5;
    return plain_job_fail(job, "NoImage", "cannot load it");
}

static const plain_param want_params[] = {
    PLAIN_PARAM(struct want, megabytes, 0),
    PLAIN_PARAM_DEFAULT(struct want, then, "\"fail\""),
    PLAIN_PARAMS_END,
};

/* What it takes it never gives back. */
static int leak_run(plain_job *job, const void *params)
{
    const struct want *self = params;

    return take(self->megabytes) ? PLAIN_OK : plain_job_fail(job, "NoMemory", "%s", self->then);
}

static const plain_param leak_params[] = {
    PLAIN_PARAM(struct want, megabytes, 0),
    PLAIN_PARAMS_END,
};

static const plain_job_class LeakJob = {PLAIN_JOB_CLASS(struct want), .name = "LeakJob",
                                        .params = leak_params, .run = leak_run};

static const plain_job_class FreeJob = {PLAIN_JOB_CLASS(struct want), .name = "FreeJob",
                                        .params = want_params, .run = want_run};

static const plain_job_class MemoryJob = {
    PLAIN_JOB_CLASS(struct want),        .name = "MemoryJob", .params = want_params,
    .memory_limit = PLAIN_MEGABYTES(64), .run = want_run,
};

struct spin {
    int64_t ms; /* of CPU time */
};

static int spin_run(plain_job *job, const void *params)
{
    const struct spin *self = params;
    const clock_t start = clock();

    (void)job;
    while ((clock() - start) / (CLOCKS_PER_SEC / 1000) < self->ms)
        continue;
    return PLAIN_OK;
}

static const plain_param spin_params[] = {
    PLAIN_PARAM(struct spin, ms, 0),
    PLAIN_PARAMS_END,
};

static const plain_job_class CpuJob = {
    PLAIN_JOB_CLASS(struct spin), .name = "CpuJob", .params = spin_params,
    .cpu_limit_ms = 300,          .run = spin_run,
};

PLAIN_REGISTER_JOBS(&LeakJob, &FreeJob, &MemoryJob, &CpuJob);
