#include "runner/bench_jobs.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs/error.h>
#include <plain/jobs/job.h>

#include "base/clock.h"
#include "base/text.h"

static int noop_run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static void tell(const struct bench_told *self, int64_t entered_us)
{
    const struct bench_message message = {.number = self->number, .entered_us = entered_us};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(self->socket);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    (void)text_copy(to.sun_path + 1, sizeof(to.sun_path) - 1, self->socket);
    (void)sendto(fd, &message, sizeof(message), MSG_NOSIGNAL, (struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
    (void)close(fd);
}

static int pickup_run(plain_job *job, const void *params)
{
    int64_t entered_us = clock_mono_us();

    (void)job;
    tell(params, entered_us);
    return PLAIN_OK;
}

static int victim_run(plain_job *job, const void *params)
{
    const struct timespec while_alive = {.tv_nsec = 5000000};

    tell(params, clock_mono_us());
    while (!plain_job_cancelled(job))
        (void)nanosleep(&while_alive, NULL);
    return PLAIN_OK;
}

static const plain_param noop_params[] = {PLAIN_PARAM(struct bench_noop, i, 0),
                                          PLAIN_PARAM(struct bench_noop, a, 0), PLAIN_PARAMS_END};
static const plain_param told_params[] = {PLAIN_PARAM(struct bench_told, socket, 0),
                                          PLAIN_PARAM(struct bench_told, number, 0),
                                          PLAIN_PARAMS_END};

const plain_job_class bench_noop_class = {
    PLAIN_JOB_CLASS(struct bench_noop),
    .name = "BenchNoopJob",
    .params = noop_params,
    .run = noop_run,
};

const plain_job_class bench_pickup_class = {
    PLAIN_JOB_CLASS(struct bench_told),
    .name = "BenchPickupJob",
    .params = told_params,
    .run = pickup_run,
};

const plain_job_class bench_victim_class = {
    PLAIN_JOB_CLASS(struct bench_told),
    .name = "BenchVictimJob",
    .params = told_params,
    .run = victim_run,
};

const plain_module bench_module = {
    .size = sizeof(plain_module),
    .abi = PLAIN_MODULE_ABI,
    .jobs = (const plain_job_class *const[]){&bench_noop_class, &bench_pickup_class,
                                             &bench_victim_class, NULL},
};
