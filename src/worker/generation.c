#define _GNU_SOURCE
#include "worker/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "worker/reload.h"

enum { NEVER_READY_GRACE_MS = 5000 };

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

static void close_ready(struct generation *g)
{
    if (!g->ready_poll)
        return;
    uv_close((uv_handle_t *)g->ready_poll, free_handle);
    g->ready_poll = NULL;
    (void)close(g->ready_fd);
}

static void read_ready(struct generation *g)
{
    char byte;

    if (!g->ready_poll)
        return;
    ssize_t n = read(g->ready_fd, &byte, 1);
    if (n < 0)
        return; /* not yet */
    close_ready(g);
    if (n == 0)
        return; /* it ended without a word */
    g->ready = true;
    if (g->deadline)
        (void)uv_timer_stop(g->deadline); /* it may have claimed jobs */
    if (!g->told)
        g->kind->ready(g, g->kind->user);
}

static void on_deadline(uv_timer_t *timer)
{
    struct generation *g = timer->data;

    read_ready(g); /* we may be the ones who are late */
    if (!g->ready)
        child_signal_group(&g->process.child, SIGKILL);
}

void generation_stop(struct generation *g)
{
    if (g->told)
        return;
    g->told = true;
    child_signal(&g->process.child, SIGTERM);
    if (g->ready || !(g->deadline = mem_zalloc(1, sizeof(*g->deadline))))
        return;
    (void)uv_timer_init(g->kind->loop, g->deadline);
    g->deadline->data = g;
    uv_update_time(g->kind->loop);
    (void)uv_timer_start(g->deadline, on_deadline, NEVER_READY_GRACE_MS, 0);
}

void generation_hurry(const struct generation *g)
{
    child_signal(&g->process.child, SIGTERM);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_ready(poll->data);
}

static void on_end(struct loop_child *c, const struct child_end *end, void *user)
{
    struct generation *g = user;

    (void)c;
    read_ready(g); /* what it told before */
    close_ready(g);
    g->kind->ended(g, end, g->kind->user);
    if (g->deadline)
        uv_close((uv_handle_t *)g->deadline, free_handle);
    mem_free(g);
}

static int watch_ready(struct generation *g, plain_error *err)
{
    g->ready_poll = mem_zalloc(1, sizeof(*g->ready_poll));
    if (!g->ready_poll)
        return error_nomem(err);
    int failed = uv_poll_init(g->kind->loop, g->ready_poll, g->ready_fd);
    if (failed) {
        mem_free(g->ready_poll);
        g->ready_poll = NULL;
        return error_set(err, PLAIN_E_IO, 705, "", "watching the worker: %s", uv_strerror(failed));
    }
    g->ready_poll->data = g;
    (void)uv_poll_start(g->ready_poll, UV_READABLE | UV_DISCONNECT, on_ready);
    return PLAIN_OK;
}

static int spawn(struct generation *g, plain_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe for the worker");
    const int fds[] = {-1, STDOUT_FILENO, STDERR_FILENO, [GENERATION_READY_FD] = ends[1]};
    const struct child_spec spec = {
        .path = g->kind->program,
        .argv = g->kind->argv,
        .fds = fds,
        .fd_count = ARRAY_SIZE(fds),
        .own_session = true,
        .die_with_parent = true,
    };
    g->ready_fd = ends[0];
    int r = watch_ready(g, err);
    if (r == PLAIN_OK)
        r = loop_child_start(g->kind->loop, &spec, on_end, g, &g->process, err);
    (void)close(ends[1]);
    if (r < 0 && g->ready_poll)
        close_ready(g);
    else if (r < 0)
        (void)close(ends[0]);
    return r;
}

struct generation *generation_start(const struct generation_kind *kind, int number,
                                    plain_error *err)
{
    struct generation *g = mem_zalloc(1, sizeof(*g));

    if (!g) {
        (void)error_nomem(err);
        return NULL;
    }
    *g = (struct generation){.kind = kind, .number = number, .started_us = clock_mono_us()};
    if (spawn(g, err) < 0) {
        mem_free(g);
        return NULL;
    }
    g->pid = (int)g->process.child.pid;
    return g;
}
