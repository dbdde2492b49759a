/*
 * keyed.c - jobs of which no two of one key may run at once; see test_kill_loops.py
 *
 * Each holds a lock on a file of its key while it runs, which ends with its process: who does not
 * get it runs beside another, and writes "O ..." to trace.log before its "S ...". The last word of
 * a line is the key.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs.h>

struct keyed {
    int64_t ms;
};

static void trace(const plain_job *job, char what)
{
    char request[PLAIN_UUID_TEXT], line[160];
    int n = snprintf(line, sizeof(line), "%c %s %d %d %s\n", what,
                     plain_uuid_format(plain_job_request_uuid(job), request),
                     plain_job_attempt(job), (int)getpid(), plain_job_concurrency_key(job));
    int fd = open("trace.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, line, (size_t)n) != (ssize_t)n)
        abort();
    (void)close(fd);
}

static int keyed_run(plain_job *job, const void *params)
{
    const struct keyed *self = params;
    struct timespec left = {.tv_sec = self->ms / 1000, .tv_nsec = self->ms % 1000 * 1000000};
    char path[64];

    (void)snprintf(path, sizeof(path), "%s.lock", plain_job_concurrency_key(job));
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock < 0)
        abort();
    if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        trace(job, 'O');
    trace(job, 'S');
    while (nanosleep(&left, &left) != 0)
        continue;
    trace(job, 'E');
    (void)close(lock);
    return PLAIN_OK;
}

static const plain_param keyed_params[] = {PLAIN_PARAM(struct keyed, ms, 0), PLAIN_PARAMS_END};

static const plain_job_class KeyedJob = {
    PLAIN_JOB_CLASS(struct keyed),
    .name = "KeyedJob",
    .params = keyed_params,
    .run = keyed_run,
};

PLAIN_REGISTER_JOBS(&KeyedJob);
