#define _GNU_SOURCE
#include "runner/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "core/params.h"

/* The end of what it wrote to stderr: enough for a message, however much it writes. */
struct tail {
    char bytes[4096];
    size_t used;
};

static void tail_add(struct tail *t, const char *p, size_t n)
{
    size_t room = sizeof(t->bytes) - 1;

    if (n >= room) {
        memcpy(t->bytes, p + n - room, room);
        t->used = room;
    } else {
        size_t keep = t->used + n > room ? room - n : t->used;

        memmove(t->bytes, t->bytes + t->used - keep, keep);
        memcpy(t->bytes + keep, p, n);
        t->used = keep + n;
    }
    t->bytes[t->used] = '\0';
}

/* The last line that is not blank; "" when there is none. */
static const char *tail_last_line(struct tail *t)
{
    while (t->used > 0 && strchr(" \t\r\n", t->bytes[t->used - 1]))
        t->bytes[--t->used] = '\0';
    char *newline = strrchr(t->bytes, '\n');
    return newline ? newline + 1 : t->bytes;
}

/* A file in memory that holds the parameters: it needs no second process to write a pipe. */
static int parameters_fd(const char *stored, plain_error *err)
{
    const char *text = NULL;
    size_t length = 0;

    if (params_kwargs(stored, &text, &length, err) < 0)
        return -1;
    int fd = memfd_create("parameters", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0) {
        (void)error_set_errno(err, PLAIN_E_IO, 705, "parameters", errno, "passing parameters");
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

/* Reads what is there now: false at the end of the pipe. */
static bool drain(int fd, struct tail *t)
{
    char chunk[4096];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n > 0) {
            tail_add(t, chunk, (size_t)n);
            (void)!write(STDERR_FILENO, chunk, (size_t)n);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        return n < 0 && errno == EAGAIN;
    }
}

/* Follows stderr until the program ends; a grandchild that keeps the pipe open is not waited for.
 */
static void follow(struct child *c, int fd, struct tail *t, struct child_end *end)
{
    struct pollfd p[2] = {{.fd = c->pidfd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    while (!child_reap(c, false, end)) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents && !drain(fd, t))
            p[1].fd = -1;
    }
    if (p[1].fd >= 0)
        (void)drain(fd, t);
}

static void set_outcome(plain_job *job, const struct child_end *end, struct tail *t,
                        struct attempt *out)
{
    char how[64], message[4400];
    const char *last = tail_last_line(t);

    out->exit_code = end->exit_code;
    out->exit_signal = end->exit_signal;
    out->cpu_us = end->cpu_us;
    out->max_rss_kb = end->max_rss_kb;
    if (end->exit_code == 0) {
        out->result = ATTEMPT_SUCCESSFUL;
        return;
    }
    if (end->exit_code == EXECUTABLE_EXIT_DEFER) {
        out->result = ATTEMPT_DEFERRED;
        job->outcome =
            (struct job_outcome){.kind = OUTCOME_DEFERRED, .delay_ms = EXECUTABLE_DEFER_MS};
        return;
    }
    (void)child_end_text(end, how, sizeof(how));
    bool killed = end->exit_signal >= 0;
    if (killed)
        (void)snprintf(message, sizeof(message), "killed by %s%s%s", how, *last ? ": " : "", last);
    else
        (void)snprintf(message, sizeof(message), "%s", *last ? last : how);
    job_set_failed(job, killed ? "Killed" : "ExitStatus", NULL, 0, message, t->bytes);
    out->result = killed ? ATTEMPT_LOST : ATTEMPT_FAILED;
}

static void set_not_started(plain_job *job, const plain_error *err, struct attempt *out)
{
    job_set_failed(job, "CannotStart", NULL, 0, err->message, "");
    out->result = ATTEMPT_FAILED;
}

void executable_run(const struct job_entry *entry, plain_job *job, const char *stored,
                    struct attempt *out)
{
    char *argv[] = {arena_strdup(job->arena, entry->path), NULL};
    struct child_end end = {-1, -1, -1, -1};
    struct tail t = {.used = 0};
    struct child c;
    plain_error err;
    int report[2];

    int input = parameters_fd(stored, &err);
    if (input < 0) {
        set_not_started(job, &err, out);
        return;
    }
    if (!argv[0] || pipe2(report, O_CLOEXEC) < 0) {
        (void)error_set_errno(&err, PLAIN_E_IO, 705, "", errno, "a pipe for %s", entry->path);
        (void)close(input);
        set_not_started(job, &err, out);
        return;
    }
    (void)fcntl(report[0], F_SETFL, O_NONBLOCK);
    int fds[] = {input, STDOUT_FILENO, report[1]};
    struct child_spec spec = {
        .path = entry->path, .argv = argv, .fds = fds, .fd_count = 3, .die_with_parent = true};
    int r = child_spawn(&spec, &c, &err);
    (void)close(input);
    (void)close(report[1]);
    if (r == PLAIN_OK) {
        follow(&c, report[0], &t, &end);
        set_outcome(job, &end, &t, out);
    } else {
        set_not_started(job, &err, out);
    }
    (void)close(report[0]);
}
