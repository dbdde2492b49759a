/*
 * worker.c - start, signals, stop
 *
 * The parent touches as little as possible, so that no job can take it down: it loads no module,
 * runs no user code, and reads what a runner sends as coming from a stranger.
 */
#include "worker/worker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "channel/channel.h"
#include "runner/module.h"
#include "worker/death.h"
#include "worker/folder.h"
#include "worker/state.h"

enum { SHARDS = 64 };

/* Of so many runners one may have its replacement beside it, and one more. */
enum { PROCESSES_PER_SPARE = 4 };

void worker_stop(struct worker *w)
{
    w->stop = STOP_GRACEFUL;
    log_event(LOG_INFO, "Job worker shutdown requested",
              LOG_NUMBER("jobs_running", (int64_t)runners_given(w)));
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct worker *w = handle->data;

    log_event(LOG_INFO, "Job worker shutdown signal received", LOG_NUMBER("signalnum", number));
    if (w->stop == STOP_NO)
        worker_stop(w);
    else if (w->stop == STOP_GRACEFUL)
        stops_begin_all(w);
    else {
        w->gives_up = true;
        stops_kill_all(w);
    }
    pump(w);
}

void worker_fail(struct worker *w, const plain_error *err)
{
    if (w->status == PLAIN_OK) {
        w->status = err->code;
        if (w->err)
            *w->err = *err;
    }
    if (w->stop == STOP_NO)
        w->stop = STOP_GRACEFUL;
}

void worker_described(struct worker *w)
{
    if (!w->classes_known && w->class_count == 0)
        log_event(LOG_WARNING, "No job classes",
                  LOG_TEXT("fix", "set JOBS_MODULES, or put executables into " EXECUTABLES_FOLDER));
    w->classes_known = true;
}

void worker_registered(struct worker *w)
{
    log_event(LOG_INFO, "Worker registered", LOG_TEXT("worker_id", w->id_text));
    if (!w->is_ready && w->options->ready_fd > 0) {
        (void)!write(w->options->ready_fd, "r", 1);
        (void)close(w->options->ready_fd);
    }
    w->is_ready = true;
}

static void on_store(void *user)
{
    orders_reply(user);
    pump(user);
}

static bool is_own_child(pid_t pid, void *user)
{
    const struct worker *w = user;

    for (int i = 0; i < w->runner_count; i++) {
        if (w->runners[i].child.pid == pid)
            return true;
    }
    return w->scheduler.child.child.pid == pid;
}

/* The lease thread has something to tell. */
static void on_lease(void *user)
{
    child_reap_orphans(is_own_child, user);
    pump(user);
}

static int open_store(struct worker *w, struct store **out, plain_error *err)
{
    struct store *s = NULL;
    int version = 0, from, to;

    int r = store_open(w->options->url, STORE_CREATE, &s, err);
    if (r == PLAIN_OK)
        r = s->ops->schema_version(s, &version, err);
    if (r == PLAIN_OK && version == 0 && (s->ops->caps & STORE_FILE))
        r = s->ops->migrate(s, &from, &to, err);
    if (r == PLAIN_OK)
        r = store_check_schema(s, err);
    if (r != PLAIN_OK) {
        store_close(s);
        return r;
    }
    *out = s;
    return PLAIN_OK;
}

static int open_modules(struct worker *w, plain_error *err)
{
    size_t n = w->options->module_count;
    int r = PLAIN_OK;

    w->module_fds = mem_zalloc(n + 1, sizeof(int));
    w->module_copies = mem_zalloc(CHANNEL_FD_MODULES + n, sizeof(int));
    if (!w->module_fds || !w->module_copies)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        w->module_fds[i] = -1;
    for (size_t i = 0; r == PLAIN_OK && i < n; i++)
        r = module_open(w->options->module_paths[i], &w->module_fds[i], err);
    return r;
}

static int make_runners(struct worker *w, plain_error *err)
{
    int count = w->options->max_processes + 1 + w->options->max_processes / PROCESSES_PER_SPARE;

    w->runners = mem_zalloc((size_t)count, sizeof(*w->runners));
    if (!w->runners)
        return error_nomem(err);
    w->runner_count = count;
    for (int i = 0; i < w->runner_count; i++) {
        w->runners[i].worker = w;
        w->runners[i].child.pidfd = -1;
        w->runners[i].channel.fd = -1;
        w->runners[i].output.fd = -1;
        w->runners[i].next_seq = 1;
    }
    return PLAIN_OK;
}

static void identify(struct worker *w)
{
    w->identity.id = uuid_new();
    w->identity.pid = (int)getpid();
    if (gethostname(w->host, sizeof(w->host) - 1) < 0)
        w->host[0] = '\0';
    w->identity.host = w->host;
    (void)plain_uuid_format(&w->identity.id, w->id_text);
}

static int start_loop(struct worker *w, plain_error *err)
{
    int failed = uv_loop_init(&w->loop);

    if (failed)
        return error_set(err, PLAIN_E_IO, 705, "", "event loop: %s", uv_strerror(failed));
    (void)uv_timer_init(&w->loop, &w->timer);
    w->timer.data = w;
    stop_signals_start(&w->signals, &w->loop, on_signal, w);
    return PLAIN_OK;
}

/* The worker's file, and who looks at those of others. */
static int make_file(struct worker *w, struct store *store, plain_error *err)
{
    const struct worker_options *o = w->options;
    const char *database = store->ops->file(store);
    char identity[STORE_IDENTITY_SIZE], folder[PATH_MAX], path[PATH_MAX + 16];
    int r = store->ops->identify(store, identity, err);

    if (r == PLAIN_NONE) {
        log_event(LOG_WARNING, "Database not identified", LOG_TEXT("reason", err->message));
        (void)snprintf(identity, sizeof(identity), "%s", o->url);
    }
    if (r >= 0)
        r = folder_find(database, folder, err);
    if (r < 0)
        return r;
    (void)snprintf(path, sizeof(path), "%s/w%08x", folder, (unsigned)random_u64());
    r = worker_file_create(&w->file, path, w->runner_count, worker_file_database(identity),
                           o->lease_ms, err);
    if (r < 0)
        return r;
    worker_file_set_id(&w->file, &w->identity.id);
    for (int i = 0; i < w->runner_count; i++)
        w->runners[i].progress = worker_file_part(&w->file, i);
    rescuer_init(&w->rescuer, folder, path, identity, o->heartbeat_interval_ms, o->lease_ms);
    return PLAIN_OK;
}

static int start_lease(struct worker *w, plain_error *err)
{
    const struct lease_terms terms = {.url = w->options->url,
                                      .retention_ms = w->options->retention_ms,
                                      .interval_ms = w->options->heartbeat_interval_ms,
                                      .lease_ms = w->options->lease_ms,
                                      .rescuer = &w->rescuer,
                                      .file = w->file.head};

    return lease_thread_start(&w->lease.thread, &terms, &w->lease_bell, err);
}

/* The store is the first one's; the second opens its own when there is a rush. A file has one
 * writer, so a second one would only wait. */
static int start_lanes(struct worker *w, struct store *store, plain_error *err)
{
    int r = PLAIN_OK;

    w->lanes->store.store = store;
    listener_init(&w->listener, &w->identity.id);
    w->lane_count = store->ops->caps & STORE_FILE ? 1 : LANES_MAX;
    for (int i = 0; r == PLAIN_OK && i < w->lane_count; i++) {
        struct store_thread *t = &w->lanes[i].store;

        t->url = w->options->url;
        t->identity = &w->identity;
        t->shard = (w->identity.id.bytes[15] + i) % SHARDS;
        t->bell = &w->store_bell;
        t->listener = i == 0 ? &w->listener : NULL;
        served_init(&t->served, w->options->queues, w->options->queue_count);
        r = store_thread_start(t, err);
        w->lanes[i].is_started = r == PLAIN_OK;
    }
    if (!w->lanes->is_started)
        store_close(store);
    return r;
}

static void log_start(const struct worker *w)
{
    log_event(LOG_INFO, "Starting Plain worker", LOG_NUMBER("pid", w->identity.pid),
              LOG_TEXT("worker_id", w->id_text), LOG_TEXT("queues", w->options->queues[0]),
              LOG_NUMBER("queue_count", (int64_t)w->options->queue_count),
              LOG_NUMBER("max_processes", w->options->max_processes),
              LOG_NUMBER("max_jobs_per_process", w->options->max_jobs_per_process),
              LOG_NUMBER("max_pending_per_process", w->options->max_pending_per_process),
              LOG_NUMBER("stats_every_ms", w->options->stats_every_ms));
}

static int hang_bells(struct worker *w, plain_error *err)
{
    int r = bell_open(&w->store_bell, &w->loop, on_store, w, err);

    return r < 0 ? r : bell_open(&w->lease_bell, &w->loop, on_lease, w, err);
}

static int start(struct worker *w, plain_error *err)
{
    struct store *store = NULL;

    groups_begin(&w->groups, "", w->id_text + PLAIN_UUID_TEXT - GROUPS_TAG_SIZE); /* its end */
    int r = hang_bells(w, err);
    if (r == PLAIN_OK)
        r = make_runners(w, err);
    if (r == PLAIN_OK)
        r = open_modules(w, err);
    if (r == PLAIN_OK)
        r = open_store(w, &store, err);
    if (r != PLAIN_OK)
        return r;
    r = make_file(w, store, err);
    if (r == PLAIN_OK)
        r = scheduler_begin(w, store, err);
    if (r < 0) {
        store_close(store);
        return r;
    }
    log_start(w); /* its threads log too, and it is the first line */
    r = start_lanes(w, store, err);
    return r < 0 ? r : start_lease(w, err);
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void release(struct worker *w)
{
    stop_signals_block();
    bool has_store = w->lanes->is_started;
    bool settled = has_store && orders_are_done(w) && runners_given(w) == 0 &&
                   w->ready.count + w->asking.count + w->refused.count == 0;

    for (int i = 0; i < w->lane_count; i++) {
        if (w->lanes[i].is_started)
            store_thread_stop(&w->lanes[i].store);
    }
    lease_thread_stop(&w->lease.thread, settled, settled && w->is_drained);
    if (w->file.head)
        rescuer_release(&w->rescuer);
    for (int i = 0; i < w->runner_count; i++)
        process_release(&w->runners[i]);
    uv_walk(&w->loop, close_handle, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&w->loop);
    bell_release(&w->store_bell);
    bell_release(&w->lease_bell);
    struct work_list *lists[] = {&w->ready, &w->asking, &w->ended,    &w->returning, &w->releasing,
                                 &w->hooks, &w->hooked, &w->clearing, &w->undecided, &w->refused};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        work_list_free(lists[i]);
    for (int i = 0; i < w->lane_count; i++)
        work_list_free(&w->lanes[i].recording);
    groups_end(&w->groups);
    worker_file_release(&w->file, settled || !has_store);
    for (size_t i = 0; w->module_fds && i < w->options->module_count; i++) {
        if (w->module_fds[i] >= 0)
            (void)close(w->module_fds[i]);
    }
    for (size_t i = 0; i < w->class_count; i++)
        mem_free(w->classes[i].name);
    mem_free(w->classes);
    mem_free(w->class_names);
    mem_free(w->hook_names);
    mem_free(w->module_fds);
    mem_free(w->module_copies);
    mem_free(w->runners);
}

/* Which kind of limits jobs have here, and why not the better one. */
static void log_limits(const struct worker *w)
{
    const struct groups *g = &w->groups;

    log_event(LOG_INFO, "Job limits",
              LOG_TEXT("memory", g->has_memory ? "control group" : "rlimit"),
              LOG_TEXT("processes", g->on ? "control group" : "process group"),
              LOG_TEXT("reason", g->has_memory ? "" : g->why_not));
}

static void run(struct worker *w)
{
    w->started_us = clock_mono_us();
    w->stats_at_us = w->started_us + w->options->stats_every_ms * US_PER_MS;
    death_begin(w);
    log_limits(w);
    pump(w);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    log_event(LOG_INFO, "Job worker shutdown complete", LOG_NUMBER("jobs", w->completed));
}

int worker_run(const struct worker_options *options, plain_error *err)
{
    struct worker *w = mem_zalloc(1, sizeof(*w));
    struct lane *lanes = mem_zalloc(LANES_MAX, sizeof(*lanes));
    int r;

    if (!w || !lanes) {
        mem_free(w);
        mem_free(lanes);
        return error_nomem(err);
    }
    w->options = options;
    w->lanes = lanes;
    w->err = err;
    w->file.fd = -1;
    w->store_bell = w->lease_bell = BELL_INIT;
    notify_open(&w->notify);
    identify(w);
    mem_keep();
    (void)signal(SIGPIPE, SIG_IGN); /* a log that nobody reads must not end the worker */
    r = start_loop(w, err);
    if (r == PLAIN_OK) {
        r = start(w, err);
        if (r == PLAIN_OK)
            run(w);
        if (r == PLAIN_OK)
            r = w->status;
        release(w);
    }
    notify_close(&w->notify);
    mem_free(lanes);
    mem_free(w);
    return r;
}
