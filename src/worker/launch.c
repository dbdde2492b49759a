/*
 * launch.c - starting a runner's process
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "runner/runner.h"
#include "worker/state.h"

static int open_socket(struct runner *r, int *theirs, plain_error *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a socket for a runner");
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    channel_init(&r->channel, pair[0]);
    *theirs = pair[1];
    return PLAIN_OK;
}

static int spawn(struct runner *r, int socket, int output, plain_error *err)
{
    const struct worker_options *o = r->worker->options;
    const char **argv = mem_zalloc(RUNNER_MODULES_AT + o->module_count + 1, sizeof(*argv));
    char place[16], group[GROUPS_PATH_SIZE];
    int *fds = r->worker->module_copies;
    int result;

    if (!argv)
        return error_nomem(err);
    argv[0] = "plain";
    argv[1] = RUNNER_COMMAND;
    argv[2] = r->worker->id_text;
    (void)snprintf(place, sizeof(place), "%d", (int)(r - r->worker->runners));
    argv[3] = place;
    argv[RUNNER_GROUP_AT] = groups_path(&r->worker->groups, r->group, group);
    for (size_t i = 0; i < o->module_count; i++) {
        argv[RUNNER_MODULES_AT + i] = o->module_paths[i];
        fds[CHANNEL_FD_MODULES + i] = r->worker->module_fds[i];
    }
    fds[0] = -1;
    fds[1] = fds[2] = output;
    fds[CHANNEL_FD] = socket;
    fds[CHANNEL_FD_FILE] = r->worker->file.fd;
    fds[CHANNEL_FD_OUTPUT] = r->output.fd;
    union {
        const char **given;
        char *const *wanted; /* execve's type; it changes nothing */
    } arguments = {.given = argv};
    struct child_spec spec = {
        .path = "/proc/self/exe",
        .argv = arguments.wanted,
        .fds = fds,
        .fd_count = CHANNEL_FD_MODULES + o->module_count,
        .group = r->group > 0 ? group : NULL,
        .own_group = true,
        .die_with_parent = true,
    };
    result = child_spawn(&spec, &r->child, err);
    mem_free(argv);
    return result;
}

static int watch(struct runner *r, uv_poll_t **poll, int fd, int events, uv_poll_cb callback,
                 plain_error *err)
{
    *poll = mem_zalloc(1, sizeof(**poll));
    if (!*poll)
        return error_nomem(err);
    int failed = uv_poll_init(&r->worker->loop, *poll, fd);
    if (failed) {
        mem_free(*poll);
        *poll = NULL;
        return error_set(err, PLAIN_E_IO, 705, "", "watching a runner: %s", uv_strerror(failed));
    }
    (*poll)->data = r;
    (void)uv_poll_start(*poll, events, callback);
    return PLAIN_OK;
}

/* In a group of its own where there are any. What can be started only without one is the end of
 * them, and of no runner. */
static int spawn_in_group(struct runner *r, int socket, int output, plain_error *err)
{
    struct groups *g = &r->worker->groups;

    r->group = groups_make(g);
    int result = spawn(r, socket, output, err);
    if (result == PLAIN_OK || r->group == 0)
        return result;
    groups_drop(g, r->group);
    r->group = 0;
    const plain_error first = *err;
    result = spawn(r, socket, output, err);
    if (result == PLAIN_OK) {
        groups_give_up(g, "a runner could not enter its control group");
        log_event(LOG_WARNING, "Control groups not used", LOG_TEXT("error", first.message));
    }
    return result;
}

static int watch_all(struct runner *r, plain_error *err)
{
    int result = watch(r, &r->output.poll, r->output.fd, UV_READABLE, output_readable, err);

    if (result == PLAIN_OK)
        result = watch(r, &r->channel_poll, r->channel.fd, UV_READABLE, process_readable, err);
    if (result == PLAIN_OK)
        result = watch(r, &r->exit_poll, r->child.pidfd, UV_READABLE, process_exited, err);
    return result;
}

static void give_up(struct runner *r)
{
    struct child_end end;

    process_kill(r);
    while (r->child.pid != 0 && !child_reap(&r->child, true, &end))
        (void)usleep(1000);
    process_release(r);
}

int process_start(struct runner *r, plain_error *err)
{
    const struct process_mark nobody = {0};
    int socket = -1, output = -1;

    int result = open_socket(r, &socket, err);
    if (result < 0)
        return result;
    progress_begin(r->progress, r->next_seq, &nobody);
    result = output_open(r, &output, err);
    if (result == PLAIN_OK)
        result = spawn_in_group(r, socket, output, err);
    if (result == PLAIN_OK)
        result = watch_all(r, err);
    (void)close(socket);
    if (output >= 0)
        (void)close(output);
    if (result < 0) {
        give_up(r);
        return result;
    }
    r->pid = r->child.pid;
    r->progress->runner = process_mark_of(r->pid);
    r->handed = 0;
    r->is_heavy = false;
    r->killed_before = 0;
    r->stop_step = STOP_STEP_NONE;
    r->told_us = 0;
    r->starting_us = clock_mono_us();
    r->is_slow_told = false;
    r->state = RUNNER_STARTING;
    return PLAIN_OK;
}
