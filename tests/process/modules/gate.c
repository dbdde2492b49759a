/* gate.c - a job that says of which build it is, and runs until it may end */
#include <plain/jobs.h>

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#ifndef BUILD
#define BUILD 1
#endif

struct gate {
    const char *name; /* ends when a file of this name exists; NULL: at once */
};

static void append(const char *what, const char *name)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "%s %s %d\n", what, name, BUILD);
    int fd = open("trace.log", O_WRONLY | O_APPEND | O_CREAT, 0666);

    (void)!write(fd, line, (size_t)n);
    (void)close(fd);
}

static int gate_run(plain_job *job, const void *params)
{
    const struct gate *self = params;
    const char *name = self->name ? self->name : "-";

    (void)job;
    append("S", name);
    while (self->name && access(self->name, F_OK) != 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    append("E", name);
    return PLAIN_OK;
}

static const plain_param gate_params[] = {
    PLAIN_PARAM(struct gate, name, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

const plain_job_class GateJob = {
    PLAIN_JOB_CLASS(struct gate),
    .name = "GateJob",
    .params = gate_params,
    .run = gate_run,
};

PLAIN_REGISTER_JOBS(&GateJob);
