#define _GNU_SOURCE
#include "worker/scheduler.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "runner/scheduler.h"
#include "worker/state.h"

enum { RESTART_FIRST_MS = 200, RESTART_MAX_MS = 30 * 1000, CALM_S = 60, NAME_SIZE = 300 };

static bool has_settings(void)
{
    const struct schedule_sources s = scheduler_handed_over();

    return strcmp(s.sections, "[]") != 0 || *s.setting;
}

int scheduler_begin(struct worker *w, struct store *store, plain_error *err)
{
    struct scheduler_child *c = &w->scheduler;
    struct arena a = ARENA_INIT;
    struct schedule_row *rows;
    size_t count = 0;
    int r = store->ops->now(store, &c->started_at, err);

    c->wanted = has_settings();
    if (r == PLAIN_OK && !c->wanted)
        r = store->ops->schedule_list(store, &a, &rows, &count, err);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++)
        c->wanted = c->wanted || rows[i].removed_at == STORE_NO_TIME;
    arena_release(&a);
    return r;
}

static void on_end(struct loop_child *child, const struct child_end *end, void *user)
{
    struct worker *w = user;
    struct scheduler_child *c = &w->scheduler;
    char how[64];

    (void)child;
    if (end->exit_code == SCHEDULER_NOTHING_TO_DO) {
        c->wanted = false;
    } else if (w->stop == STOP_NO) {
        int64_t now = clock_mono_us();
        if (now - c->begun_us > (int64_t)CALM_S * US_PER_S)
            c->failures = 0;
        unsigned shift = c->failures < 8 ? c->failures : 8;
        int64_t delay = (int64_t)RESTART_FIRST_MS << shift;

        c->failures++;
        c->restart_at_us =
            now + (delay < RESTART_MAX_MS ? delay : (int64_t)RESTART_MAX_MS) * US_PER_MS;
        log_event(LOG_ERROR, "Scheduler ended",
                  LOG_TEXT("how", child_end_text(end, how, sizeof(how))));
    }
    pump(w);
}

/* Our environment and the database's URL, which no job is to find there. */
static const char **environment(const char *url, char **variable)
{
    size_t n = 0;

    while (environ[n])
        n++;
    const char **list = mem_zalloc(n + 2, sizeof(*list));
    size_t size = strlen(SCHEDULER_URL) + strlen(url) + 2;
    *variable = mem_zalloc(size, 1);
    if (!list || !*variable) {
        mem_free(list);
        mem_free(*variable);
        *variable = NULL;
        return NULL;
    }
    (void)snprintf(*variable, size, "%s=%s", SCHEDULER_URL, url);
    for (size_t i = 0; i < n; i++)
        list[i] = environ[i];
    list[n] = *variable;
    return list;
}

/* execve's types; it changes nothing. */
union strings {
    const char **given;
    char *const *wanted;
};

static int spawn(struct worker *w, const char **argv, const char **envp, int *fds, plain_error *err)
{
    const struct worker_options *o = w->options;
    const union strings arguments = {.given = argv}, variables = {.given = envp};
    const struct child_spec spec = {
        .path = "/proc/self/exe",
        .argv = arguments.wanted,
        .envp = variables.wanted,
        .fds = fds,
        .fd_count = SCHEDULER_FD_MODULES + o->module_count,
        .own_session = true,
        .die_with_parent = true,
    };

    fds[0] = -1;
    fds[1] = STDOUT_FILENO;
    fds[2] = STDERR_FILENO;
    for (size_t i = 0; i < o->module_count; i++)
        fds[SCHEDULER_FD_MODULES + i] = w->module_fds[i];
    return loop_child_start(&w->loop, &spec, on_end, w, &w->scheduler.child, err);
}

/* Its words; false when there is no memory for them. */
static bool put_arguments(const struct worker *w, const char **argv, const char *const *head,
                          size_t head_count)
{
    const struct worker_options *o = w->options;

    if (!argv)
        return false;
    for (size_t i = 0; i < head_count; i++)
        argv[i] = head[i];
    for (size_t i = 0; i < o->module_count; i++)
        argv[head_count + i] = o->module_paths[i];
    return true;
}

static int start(struct worker *w, plain_error *err)
{
    const struct worker_options *o = w->options;
    struct scheduler_child *c = &w->scheduler;
    char started_at[32], name[NAME_SIZE], starts[16], *url = NULL;
    const char *const head[] = {"plain", SCHEDULER_COMMAND, started_at, name, starts};
    const char **argv = mem_zalloc(ARRAY_SIZE(head) + o->module_count + 1, sizeof(*argv));
    const char **envp = environment(o->url, &url);
    int *fds = mem_zalloc(SCHEDULER_FD_MODULES + o->module_count, sizeof(*fds));
    int r = PLAIN_E_NOMEM;

    (void)snprintf(started_at, sizeof(started_at), "%" PRId64, c->started_at);
    (void)snprintf(name, sizeof(name), "%s:%d", w->host, w->identity.pid);
    (void)snprintf(starts, sizeof(starts), "%u", c->starts++);
    c->begun_us = clock_mono_us();
    if (envp && fds && put_arguments(w, argv, head, ARRAY_SIZE(head)))
        r = spawn(w, argv, envp, fds, err);
    else
        (void)error_nomem(err);
    mem_free(argv);
    mem_free(envp);
    mem_free(url);
    mem_free(fds);
    return r;
}

static bool may_start(const struct worker *w)
{
    return w->scheduler.wanted && w->classes_known && w->stop == STOP_NO && !w->options->drain &&
           !loop_child_runs(&w->scheduler.child);
}

void scheduler_check(struct worker *w)
{
    struct scheduler_child *c = &w->scheduler;
    plain_error err;

    if (w->stop != STOP_NO && loop_child_runs(&c->child))
        child_signal_group(&c->child.child, SIGKILL);
    if (!may_start(w) || clock_mono_us() < c->restart_at_us)
        return;
    if (start(w, &err) < 0) {
        log_event(LOG_ERROR, "Scheduler not started", LOG_TEXT("error", err.message));
        c->restart_at_us = clock_mono_us() + (int64_t)RESTART_MAX_MS * US_PER_MS;
    }
}

int64_t scheduler_next_us(const struct worker *w)
{
    return may_start(w) ? w->scheduler.restart_at_us : INT64_MAX;
}

bool scheduler_is_down(const struct worker *w)
{
    return !loop_child_runs(&w->scheduler.child);
}
