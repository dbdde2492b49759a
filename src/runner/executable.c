#define _GNU_SOURCE
#include "runner/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/write_all.h"
#include "core/class.h"
#include "core/executable_class.h"
#include "runner/arguments.h"
#include "runner/environment.h"
#include "runner/fence.h"

enum { PIPE_MOST = 1024 * 1024 };

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
    for (char *nul; (nul = memchr(t->bytes, '\0', t->used));) /* it would end the text */
        *nul = '?';
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
static int open_parameters(struct jtext arguments, int *out, plain_error *err)
{
    int fd = memfd_create("parameters", MFD_CLOEXEC);

    if (fd < 0 || write(fd, arguments.p, arguments.n) != (ssize_t)arguments.n ||
        lseek(fd, 0, SEEK_SET) != 0) {
        (void)error_set_errno(err, PLAIN_E_IO, 705, "parameters", errno, "passing parameters");
        if (fd >= 0)
            (void)close(fd);
        return PLAIN_E_IO;
    }
    *out = fd;
    return PLAIN_OK;
}

/* Reads what is there now, or as much as a pipe holds (pipe(7), pipe-max-size): somebody may write
 * for ever. False at the end of the pipe. */
static bool drain(int fd, struct tail *t)
{
    char chunk[4096];

    for (size_t left = PIPE_MOST / sizeof(chunk); left > 0; left--) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n > 0) {
            tail_add(t, chunk, (size_t)n);
            (void)write_all(STDERR_FILENO, chunk, (size_t)n, -1);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        return n < 0 && errno == EAGAIN;
    }
    return true;
}

/* Follows stderr until the program ends; a grandchild that keeps the pipe open is not waited for.
 */
static void follow(struct child *c, int fd, struct tail *t, struct fence *fence,
                   struct child_end *end)
{
    struct pollfd p[2] = {{.fd = c->pidfd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    while (!child_reap(c, false, end)) {
        if (poll(p, 2, fence_watch_cpu(fence)) < 0 && errno != EINTR)
            break;
        if (p[1].revents && !drain(fd, t))
            p[1].fd = -1;
    }
    if (p[1].fd >= 0)
        (void)drain(fd, t);
}

/* Whoever wrote it believes in another delay than the one that holds. */
static void warn_of_delay(const plain_job *job, const char *last, int64_t delay_ms)
{
    log_event(LOG_WARNING, "Delay of a deferral not understood",
              LOG_TEXT("job_class", job->job_class), LOG_TEXT("text", last),
              LOG_TEXT("reason", "what stands behind defer is no length of time"),
              LOG_NUMBER("delay_ms", delay_ms),
              LOG_TEXT("fix", "write it as in `defer 30s`, in ms, s, m, h or d"));
}

/* "defer 30s" as the last line of stderr; else what the section says. */
static int64_t defer_delay(const plain_job_class *cls, const plain_job *job, const char *last)
{
    static const char word[] = "defer ";
    int64_t delay;

    if (text_starts_with(last, word) && text_parse_duration_ms(last + strlen(word), &delay))
        return delay < PLAIN_DELAY_MAX ? delay : PLAIN_DELAY_MAX;
    delay = executable_class_defer_ms(cls, EXECUTABLE_DEFER_MS);
    if (text_starts_with(last, word) || strcmp(last, "defer") == 0)
        warn_of_delay(job, last, delay);
    return delay;
}

/* What a signal meant: its type, and more of it in words. */
static const char *kind_of_death(const plain_job_class *cls, const struct child_end *end,
                                 const struct fence *fence, char *how, size_t size)
{
    const struct class_limits limits = class_limits(cls);
    char signal_text[64], bytes[TEXT_SIZE_SIZE];

    (void)child_end_text(end, signal_text, sizeof(signal_text));
    if (limits.cpu_ms > 0 && (end->exit_signal == SIGXCPU || fence->cpu_reached)) {
        (void)snprintf(how, size, "CPU limit of %.15g s reached", (double)limits.cpu_ms / MS_PER_S);
        return "CpuLimit";
    }
    if (fence->memory_reached) {
        (void)snprintf(how, size, "memory limit of %s reached; killed by %s",
                       text_size(limits.memory, bytes), signal_text);
        return "MemoryLimit";
    }
    if (end->exit_signal == SIGKILL && fence->was_short_of_memory) {
        (void)snprintf(how, size, "out of memory: killed by %s", signal_text);
        return "OutOfMemory";
    }
    (void)snprintf(how, size, "killed by %s", signal_text);
    return "Killed";
}

/* A program that was refused memory says so in its own words, or has come near its limit. What its
 * children came up against the kernel has counted. */
static void add_limits(plain_job *job, const struct class_limits *limits, const struct fence *fence,
                       int64_t max_rss_kb, const char *words)
{
    char size[TEXT_SIZE_SIZE];
    bool near = max_rss_kb >= limits->memory / 1024 * 3 / 4;

    if (fence->cpu_reached)
        job_add_cause(job, arena_printf(job->arena, "CPU limit of %.15g s reached",
                                        (double)limits->cpu_ms / MS_PER_S));
    if (fence->memory_reached)
        job_add_cause(job, arena_printf(job->arena, "memory limit of %s reached",
                                        text_size(limits->memory, size)));
    else if (limits->memory > 0 && !fence->memory_is_group &&
             (near || strcasestr(words, "memory") || strcasestr(words, "bad_alloc")))
        job_add_cause(job, arena_printf(job->arena, "it has a memory limit of %s",
                                        text_size(limits->memory, size)));
}

static int set_outcome(const plain_job_class *cls, plain_job *job, const struct child_end *end,
                       const struct fence *fence, struct tail *t, struct attempt *out)
{
    const struct class_limits limits = class_limits(cls);
    char how[128], message[4400];
    const char *last = tail_last_line(t);

    out->exit_code = end->exit_code;
    out->exit_signal = end->exit_signal;
    out->cpu_us = end->cpu_us;
    out->max_rss_kb = end->max_rss_kb;
    if (end->exit_code == 0)
        return PLAIN_OK;
    if (end->exit_code == EXECUTABLE_EXIT_DEFER) {
        job->outcome =
            (struct job_outcome){.kind = OUTCOME_DEFERRED, .delay_ms = defer_delay(cls, job, last)};
        return JOB_RETURN_DEFERRED;
    }
    (void)child_end_text(end, how, sizeof(how));
    if (end->exit_signal >= 0) {
        const char *type = kind_of_death(cls, end, fence, how, sizeof(how));

        (void)snprintf(message, sizeof(message), "%s%s%s", how, *last ? ": " : "", last);
        job_set_failed(job, type, NULL, 0, message, t->bytes);
        job->outcome.is_lost = true;
        return JOB_RETURN_FAILED;
    }
    (void)snprintf(message, sizeof(message), "%s", *last ? last : how);
    job_set_failed(job, "ExitStatus", NULL, 0, message, t->bytes);
    add_limits(job, &limits, fence, end->max_rss_kb, t->bytes);
    return JOB_RETURN_FAILED;
}

static int set_not_started(plain_job *job, const char *type, const plain_error *err)
{
    job_set_failed(job, type, NULL, 0, err->message, "");
    return JOB_RETURN_FAILED;
}

/* The pipe that is our stdout, opened anew: whoever makes that one not block, as node(1) does, and
 * ends without another word, leaves it so for nobody else. -1: it is no pipe, or nobody reads it.
 */
static int reopen_stdout(void)
{
    struct stat st;

    if (fstat(STDOUT_FILENO, &st) != 0 || !S_ISFIFO(st.st_mode))
        return -1;
    int fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, 0);
    return fd;
}

/* Starts it with its parameters on stdin and a pipe of ours as its stderr, whose other end is
 * *report. */
static int start(const struct job_entry *entry, plain_job *job, struct jtext arguments,
                 const struct fence *fence, struct child *c, int *report, plain_error *err)
{
    char *own[] = {arena_strdup(job->arena, entry->path), NULL};
    char *const *argv = entry->argv ? entry->argv : own;
    char *const *envp = environment_make(job, entry->cls, arguments);
    int ends[2], input = -1;

    if (!own[0] || !envp)
        return error_nomem(err);
    int r = open_parameters(arguments, &input, err);
    if (r < 0)
        return r;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        r = error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe for %s", entry->path);
        (void)close(input);
        return r;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int own_stdout = reopen_stdout();
    int fds[] = {input, own_stdout >= 0 ? own_stdout : STDOUT_FILENO, ends[1]};
    const struct child_spec spec = {.path = entry->path,
                                    .argv = argv,
                                    .envp = envp,
                                    .fds = fds,
                                    .fd_count = ARRAY_SIZE(fds),
                                    .limits = fence->limits,
                                    .limit_count = fence->limit_count,
                                    .die_with_parent = true};
    r = child_spawn(&spec, c, err);
    (void)close(input);
    (void)close(ends[1]);
    if (own_stdout >= 0)
        (void)close(own_stdout);
    if (r < 0)
        (void)close(ends[0]);
    *report = ends[0];
    return r;
}

/* SIGTERM to the group is for the executable: what it does then, and how it ends, is for us to see.
 * Only in a runner, which has a worker that sees to its end in any case. */
static void pass_over_sigterm(const plain_job *job, struct sigaction *before)
{
    const struct sigaction ignored = {.sa_handler = SIG_IGN};

    if (job->page.asked)
        (void)sigaction(SIGTERM, &ignored, before);
}

/* With the handler that a module may have installed for all of its jobs. */
static void take_sigterm(const plain_job *job, const struct sigaction *before)
{
    if (job->page.asked)
        (void)sigaction(SIGTERM, before, NULL);
}

int executable_run(const struct job_entry *entry, plain_job *job, const char *stored,
                   struct attempt *out)
{
    struct child_end end = {-1, -1, -1, -1};
    struct tail t = {.used = 0};
    struct jtext arguments;
    struct fence fence;
    struct sigaction sigterm;
    struct child c;
    plain_error err;
    int report = -1;

    if (arguments_make(entry->cls, stored, job->arena, &arguments, &err) < 0)
        return set_not_started(job, "InvalidParameters", &err);
    pass_over_sigterm(job, &sigterm);
    const struct class_limits limits = class_limits(entry->cls);
    fence_begin(&fence, &limits);
    int r = start(entry, job, arguments, &fence, &c, &report, &err);
    if (r == PLAIN_OK) {
        follow(&c, report, &t, &fence, &end);
        (void)close(report);
    }
    fence_end(&fence);
    take_sigterm(job, &sigterm);
    return r < 0 ? set_not_started(job, "CannotStart", &err)
                 : set_outcome(entry->cls, job, &end, &fence, &t, out);
}
