/*
 * pickup.c - from the call of enqueue to the entry of run, with an idle worker
 *
 *     pickup URL COUNT           prints one line: p50, p90, p99 and the longest, in milliseconds
 *     pickup URL fill:COUNT      enqueues as many jobs that do nothing, and no more
 *     pickup jobs worker ...     its worker, which has to be running
 *
 * The job tells its time by a datagram; both sides read CLOCK_MONOTONIC of one machine.
 */
#include <plain/jobs.h>
#include <plain/jobs/main.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 100000, PAUSE_US = 5000 };

struct pickup {
    const char *socket;
};

static int64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    return at;
}

static int pickup_run(plain_job *job, const void *params)
{
    int64_t entered = now_ns();
    const struct pickup *self = params;
    struct sockaddr_un to = address(self->socket);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)job;
    (void)sendto(fd, &entered, sizeof(entered), 0, (struct sockaddr *)&to, sizeof(to));
    (void)close(fd);
    return PLAIN_OK;
}

static const plain_param pickup_params[] = {PLAIN_PARAM(struct pickup, socket, 0),
                                            PLAIN_PARAMS_END};

static const plain_job_class PickupJob = {
    PLAIN_JOB_CLASS(struct pickup),
    .name = "PickupJob",
    .params = pickup_params,
    .run = pickup_run,
};
static int nothing_run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_job_class NothingJob = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "NothingJob",
    .run = nothing_run,
};

PLAIN_REGISTER_JOBS(&PickupJob, &NothingJob);

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int measure(plain_jobs *jobs, const char *path, int fd, int count)
{
    static double ms[MAX];
    struct pickup params = {path};
    plain_error err;

    for (int i = 0; i < count; i++) {
        int64_t start = now_ns(), entered;

        if (plain_run_in_worker(jobs, &PickupJob, &params, NULL, NULL, &err) < 0) {
            (void)fprintf(stderr, "error[PJ%d]: %s\n", err.pj, err.message);
            return 1;
        }
        if (recv(fd, &entered, sizeof(entered), 0) != sizeof(entered)) {
            (void)fprintf(stderr, "no job came: is its worker running?\n");
            return 1;
        }
        ms[i] = (double)(entered - start) / 1e6;
        (void)usleep(PAUSE_US);
    }
    qsort(ms, (size_t)count, sizeof(*ms), compare);
    (void)printf("%d jobs: p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, longest %.2f ms\n", count,
                 ms[count / 2], ms[count * 9 / 10], ms[count * 99 / 100], ms[count - 1]);
    return 0;
}

static int fill(plain_jobs *jobs, size_t count)
{
    plain_item *items = calloc(count + 1, sizeof(*items));
    plain_error err;
    int r = -1;

    for (size_t i = 0; items && i < count; i++)
        items[i].size = sizeof(plain_item);
    if (items)
        r = plain_run_many(jobs, &NothingJob, items, count, NULL, NULL, &err);
    if (r < 0)
        (void)fprintf(stderr, "cannot enqueue: %s\n", items ? err.message : "out of memory");
    free(items);
    return r < 0;
}

static int fill_and_close(const char *url, const char *count)
{
    plain_jobs *jobs;
    plain_error err;

    if (plain_jobs_open(url, &jobs, &err) < 0) {
        (void)fprintf(stderr, "error[PJ%d]: %s\n", err.pj, err.message);
        return 1;
    }
    int r = fill(jobs, strtoul(count, NULL, 10));
    plain_jobs_close(jobs);
    return r;
}

int main(int argc, char **argv)
{
    int count = argc == 3 ? atoi(argv[2]) : 0;
    char path[64];
    plain_jobs *jobs;
    plain_error err;

    if (argc != 3 || !strchr(argv[1], ':'))
        return plain_main(argc, argv, &plain_module_v1);
    if (strncmp(argv[2], "fill:", 5) == 0)
        return fill_and_close(argv[1], argv[2] + 5);
    if (count < 1 || count > MAX) {
        (void)fprintf(stderr, "usage: pickup URL COUNT\n");
        return 2;
    }
    (void)snprintf(path, sizeof(path), "/tmp/pickup-%d.sock", (int)getpid());
    struct sockaddr_un at = address(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 30}, sizeof(struct timeval));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        plain_jobs_open(argv[1], &jobs, &err) < 0) {
        (void)fprintf(stderr, "cannot open the socket or the queue\n");
        return 1;
    }
    int r = measure(jobs, path, fd, count);
    plain_jobs_close(jobs);
    (void)close(fd);
    (void)unlink(path);
    return r;
}
