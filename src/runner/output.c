#define _GNU_SOURCE
#include "runner/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"

/* How long a worker that was stopped in the middle of a read may keep a runner. */
enum { READER_PATIENCE_US = 100 * 1000 };

static int standard_error = STDERR_FILENO, sentinel = -1;

/* Whether the descriptor is still the pipe: a job may have closed it and opened something else. */
static bool has_pipe(const struct output *o)
{
    struct stat now;

    return fstat(CHANNEL_FD_OUTPUT, &now) == 0 && S_ISFIFO(now.st_mode) && now.st_ino == o->inode;
}

/* Passes on what is in the pipe now, or as much as the worker has left of it. False: it is gone. */
static bool pass_on(struct output *o)
{
    static char chunk[64 * 1024];
    int now = 0;

    if (!has_pipe(o) || ioctl(CHANNEL_FD_OUTPUT, FIONREAD, &now) < 0)
        return false;
    for (size_t n = (size_t)now; n > 0;) {
        ssize_t got = read(CHANNEL_FD_OUTPUT, chunk, n < sizeof(chunk) ? n : sizeof(chunk));

        if (got <= 0)
            break;
        frame_put_output(&o->channel->out, &(struct frame_output){
                                               .seq = o->seq, .bytes = chunk, .size = (size_t)got});
        n -= (size_t)got;
    }
    (void)channel_flush(o->channel);
    return true;
}

static void await_reader(const struct output *o)
{
    int64_t deadline = clock_mono_us() + READER_PATIENCE_US;

    while (atomic_load(&o->progress->reading) && clock_mono_us() < deadline)
        (void)sched_yield();
}

/* One call for all descriptors, since it comes behind each job. */
bool output_take(struct output *o)
{
    struct pollfd files[] = {{.fd = STDIN_FILENO},
                             {.fd = STDOUT_FILENO},
                             {.fd = STDERR_FILENO},
                             {.fd = CHANNEL_FD_OUTPUT, .events = POLLIN},
                             {.fd = o->channel->sentinel, .events = POLLIN}};
    int before = errno, n;
    bool has_all = true;
    short seen;

    do
        n = poll(files, ARRAY_SIZE(files), 0);
    while (n < 0 && errno == EINTR); /* a signal of the job's, if it has a handler */
    if (n < 0 || (files[3].revents & POLLIN))
        has_all = pass_on(o);
    if (atomic_load(&o->progress->reading))
        await_reader(o);
    errno = before;
    seen = files[0].revents | files[1].revents | files[2].revents | files[3].revents;
    has_all = has_all && n >= 0 && !(seen & POLLNVAL);
    return has_all && (files[4].revents == POLLIN || channel_is_ours(o->channel));
}

static void on_record(enum log_level level, const char *event, const struct log_pair *pairs,
                      size_t count, void *user)
{
    struct output *o = user;
    struct frame_log record = {
        .seq = o->seq, .level = (int32_t)level, .event = event, .count = count};

    if (gettid() != o->thread) {
        log_to_logfmt(level, event, pairs, count, &standard_error);
        return;
    }
    if (count > 0)
        memcpy(record.pairs, pairs, count * sizeof(*pairs));
    output_take(o);
    frame_put_log(&o->channel->out, &record);
    (void)channel_flush(o->channel);
    atomic_fetch_add(&o->progress->logged, 1);
}

/* A child that held the reading end would never learn that nobody reads any more; one with the
 * channel could speak for the runner. */
static void close_in_child(void)
{
    (void)close(CHANNEL_FD_OUTPUT);
    (void)close(CHANNEL_FD);
    (void)close(sentinel);
}

void output_start(struct output *o, struct channel *channel, struct progress *progress)
{
    struct stat pipe = {0};

    (void)fstat(CHANNEL_FD_OUTPUT, &pipe);
    (void)fcntl(CHANNEL_FD_OUTPUT, F_SETFD, FD_CLOEXEC);
    *o = (struct output){
        .channel = channel, .progress = progress, .inode = pipe.st_ino, .thread = gettid()};
    sentinel = channel->sentinel;
    (void)pthread_atfork(NULL, NULL, close_in_child);
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    log_set_sink(on_record, o);
}
