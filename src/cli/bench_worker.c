#define _GNU_SOURCE
#include "cli/bench_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "core/settings.h"
#include "runner/bench_jobs.h"
#include "runner/runner.h"
#include "worker/reload.h"

enum { ANSWER_MS = 30 * 1000, STOP_MS = 1500 };

/* The URL may hold a password: no command line is to show it. */
static int set_environment(const struct bench_worker_options *options, plain_error *err)
{
    if (setenv("DATABASE_URL", options->url, 1) != 0 ||
        (options->folder && setenv("RUNTIME_DIRECTORY", options->folder, 1) != 0) ||
        (!options->verbose && setenv("PLAIN_LOG_LEVEL", "ERROR", 1) != 0))
        return error_nomem(err);
    return PLAIN_OK;
}

/* NULL-terminated; NULL when memory is out. */
static char *const *make_words(const struct bench_worker_options *options, struct arena *a)
{
    const struct {
        bool given;
        const char *word;
    } words[] = {
        {true, "plain"},
        {true, BENCH_WORKER_COMMAND},
        {options->config != NULL, "--config"},
        {options->config != NULL, options->config},
        {options->verbose, "--verbose"},
        {true, "jobs"},
        {true, "worker"},
        {true, "--stats-every=0"},
        {true, arena_printf(a, "--max-processes=%d", options->processes)},
        {options->drain, "--drain"},
    };
    char **list = arena_array(a, ARRAY_SIZE(words) + 1, sizeof(*list));
    size_t n = 0;

    for (size_t i = 0; list && i < ARRAY_SIZE(words); i++) {
        if (words[i].given)
            list[n++] = arena_strdup(a, words[i].word);
    }
    return arena_ok(a) ? list : NULL;
}

static int spawn(struct bench_worker *w, const struct bench_worker_options *options, int ready_fd,
                 plain_error *err)
{
    const int fds[] = {-1, STDERR_FILENO, STDERR_FILENO, [GENERATION_READY_FD] = ready_fd};
    struct arena a = ARENA_INIT;
    const struct child_spec spec = {
        .path = "/proc/self/exe",
        .argv = make_words(options, &a),
        .fds = fds,
        .fd_count = ARRAY_SIZE(fds),
        .own_session = true, /* Ctrl-C is for us alone */
        .die_with_parent = true,
    };
    int r = spec.argv ? set_environment(options, err) : error_nomem(err);

    if (r == PLAIN_OK)
        r = child_spawn(&spec, &w->child, err);
    arena_release(&a);
    return r;
}

static int failed(const char *how, plain_error *err)
{
    return error_set(err, PLAIN_E_JOB, 207, "", "the worker of the measurement %s", how);
}

/* Once its pidfd is readable. */
static int judge_end(struct bench_worker *w, bool is_expected, plain_error *err)
{
    struct child_end end = {0};
    char cause[64], how[96];

    while (!child_reap(&w->child, true, &end))
        (void)poll(NULL, 0, 1);
    if (is_expected && end.exit_code == 0)
        return PLAIN_OK;
    (void)snprintf(how, sizeof(how), "ended by itself, with %s",
                   child_end_text(&end, cause, sizeof(cause)));
    return failed(how, err);
}

int bench_worker_await(struct bench_worker *w, int fd, plain_error *err)
{
    switch (interrupt_wait(w->interrupt, fd, w->child.pidfd, ANSWER_MS)) {
    case INTERRUPT_FIRST:
        return PLAIN_OK;
    case INTERRUPT_SECOND:
        return judge_end(w, false, err);
    case INTERRUPT_TIMEOUT:
        return failed("took no job within 30 s", err);
    case INTERRUPT_CAME:
        break;
    }
    return PLAIN_NONE;
}

int bench_worker_join(struct bench_worker *w, plain_error *err)
{
    if (interrupt_wait(w->interrupt, w->child.pidfd, -1, -1) == INTERRUPT_FIRST)
        return judge_end(w, true, err);
    return PLAIN_NONE;
}

static int await_ready(struct bench_worker *w, int fd, plain_error *err)
{
    char byte;
    int r = bench_worker_await(w, fd, err);

    if (r != PLAIN_OK || read(fd, &byte, 1) == 1)
        return r;
    r = bench_worker_join(w, err); /* it closed it without a word: it ends */
    return r == PLAIN_OK ? failed("ended before it could take jobs", err) : r;
}

int bench_worker_start(struct bench_worker *w, const struct bench_worker_options *options,
                       struct interrupt *interrupt, int64_t *start_us, plain_error *err)
{
    int64_t start = clock_mono_us();
    int ends[2];

    *w = (struct bench_worker){.child = {.pidfd = -1}, .interrupt = interrupt};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe for the worker");
    int r = spawn(w, options, ends[1], err);
    (void)close(ends[1]);
    if (r == PLAIN_OK)
        r = await_ready(w, ends[0], err);
    (void)close(ends[0]);
    *start_us = clock_mono_us() - start;
    return r;
}

static bool has_ended(struct bench_worker *w, int ms)
{
    struct pollfd p = {.fd = w->child.pidfd, .events = POLLIN};
    struct child_end end;

    (void)poll(&p, 1, ms);
    return child_reap(&w->child, true, &end);
}

/* Told twice it waits for no job; a worker that is killed leaves its file behind. */
void bench_worker_stop(struct bench_worker *w)
{
    static const int signals[] = {SIGTERM, SIGTERM, SIGKILL};

    for (size_t i = 0; i < ARRAY_SIZE(signals) && w->child.pid != 0; i++) {
        child_signal(&w->child, signals[i]);
        if (has_ended(w, STOP_MS))
            return;
    }
    while (w->child.pid != 0 && !has_ended(w, STOP_MS))
        continue;
}

int bench_worker_hand_over(plain_error *err)
{
    const char *middleware = settings_table[SETTING_JOBS_MIDDLEWARE].fallback;

    if (setenv(RUNNER_BENCH, "1", 1) != 0 || setenv(RUNNER_MIDDLEWARE, middleware, 1) != 0)
        return error_nomem(err);
    return PLAIN_OK;
}
