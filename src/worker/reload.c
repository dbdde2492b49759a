/*
 * reload.c - changes, builds and generations
 *
 * One step is under way at a time:
 *
 *     RESTING    nothing, until files differ; where sources do, or a module lacks, then
 *     WAITING    for the lock, so that one worker of several builds
 *     BUILDING   the command runs; when it was good
 *     STARTING   a generation that is not ready yet; then, or when a step failed, RESTING
 *
 * What happens meanwhile is noted and looked at when the step is done. `loaded` is what the files
 * were when the newest generation was started, or when the newest attempt failed: only what differs
 * from it counts, so that a build's own modules start nothing, and a failure is told once. Events
 * do not come of everything (a link's target, a folder of another host): so at rest the files are
 * looked at every two seconds too.
 */
#include "worker/reload.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "worker/build_once.h"
#include "worker/generation.h"
#include "worker/keeper.h"
#include "worker/snapshot.h"
#include "worker/stop_signals.h"
#include "worker/watch.h"

enum {
    LOCK_RETRY_MS = 50,
    BUILDS_IN_A_ROW_MAX = 5,
    RESTART_FIRST_MS = 500,
    RESTART_MAX_MS = 30000,
    LOOK_MS = 2000,
    STEADY_MS = 10000 /* a generation that lived so long did not fail at once */
};

enum step { RESTING, WAITING, BUILDING, STARTING };

struct reload {
    const struct reload_options *options;
    uv_loop_t loop;
    struct stop_signals signals;
    uv_timer_t timer; /* the lock, or a restart */
    uv_timer_t look;  /* at the files, whether there was an event or not */
    struct watch *watch;
    struct reload_plan plan;

    enum step step;
    bool changed;      /* something happened during a step */
    int in_a_row;      /* builds, each with files that changed meanwhile */
    uint64_t built;    /* sources of the last good build; 0: there was none of these */
    uint64_t building; /* ... of the one that is wanted, and then under way */
    struct snapshot loaded;
    struct build_once once;
    struct kept builder;

    struct generation_kind kind;
    struct generation *generations; /* the newest first */
    int count;                      /* generations so far */
    unsigned failures;              /* that ended by themselves, in a row */
    bool stopping;
    int status;
    plain_error *err;
};

static void check(struct reload *r);
static void start_generation(struct reload *r);

static void log_error(const char *event, const plain_error *err)
{
    log_event(LOG_ERROR, event, LOG_TEXT("error", err->message), LOG_TEXT("fix", err->fix));
}

/* ---- the end ---- */

static void end_if_alone(struct reload *r)
{
    if (r->stopping && !r->generations && !loop_child_runs(&r->builder.process))
        uv_stop(&r->loop);
}

static void begin_stop(struct reload *r)
{
    r->stopping = true;
    watch_close(r->watch);
    r->watch = NULL;
    (void)uv_timer_stop(&r->timer);
    (void)uv_timer_stop(&r->look);
    child_signal_group(&r->builder.process.child, SIGKILL);
    for (struct generation *g = r->generations; g; g = g->next)
        generation_stop(g);
    end_if_alone(r);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct reload *r = handle->data;

    log_event(LOG_INFO, "Stopping with the worker", LOG_NUMBER("signalnum", number));
    if (!r->stopping) {
        begin_stop(r);
        return;
    }
    for (struct generation *g = r->generations; g; g = g->next)
        generation_hurry(g);
}

static void fail(struct reload *r, int code, const char *how)
{
    r->status = error_set(r->err, code, 0, "", "the worker ended with %s, see above", how);
    begin_stop(r);
}

/* The code whose exit code a worker ended with. */
static int code_of(int exit_code)
{
    static const int codes[] = {PLAIN_E_INVALID, PLAIN_E_UNREACHABLE, PLAIN_E_SCHEMA,
                                PLAIN_E_REFUSED, PLAIN_E_NOMEM};

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        if (error_exit_code(codes[i]) == exit_code)
            return codes[i];
    }
    return PLAIN_E_IO;
}

/* ---- generations ---- */

static void rest(struct reload *r)
{
    r->step = RESTING;
    if (r->changed && !r->stopping)
        check(r);
}

static void on_ready(struct generation *g, void *user)
{
    struct reload *r = user;

    for (struct generation *old = g->next; old; old = old->next)
        generation_stop(old);
    log_event(LOG_INFO, g->number == 1 ? "Worker is ready" : "Worker reloaded",
              LOG_NUMBER("generation", g->number), LOG_NUMBER("worker_pid", g->pid));
    if (r->step == STARTING)
        rest(r);
}

static void on_restart(uv_timer_t *timer)
{
    start_generation(timer->data);
}

static void restart_later(struct reload *r)
{
    unsigned shift = r->failures < 6 ? r->failures : 6;
    int64_t delay = (int64_t)RESTART_FIRST_MS << shift;

    delay = delay > RESTART_MAX_MS ? RESTART_MAX_MS : delay;
    r->failures++;
    log_event(LOG_WARNING, "Worker starts again", LOG_NUMBER("delay_ms", delay));
    uv_update_time(&r->loop);
    (void)uv_timer_start(&r->timer, on_restart, (uint64_t)delay, 0);
}

/* Whether one works, or is about to. */
static bool has_worker(const struct reload *r)
{
    for (const struct generation *g = r->generations; g; g = g->next) {
        if (!g->told)
            return true;
    }
    return false;
}

/* A generation ended that nobody had told to. */
static void ended_by_itself(struct reload *r, const struct generation *g,
                            const struct child_end *end)
{
    char how[64];

    (void)child_end_text(end, how, sizeof(how));
    if (g->ready && end->exit_code == 0) { /* somebody stopped the worker itself */
        begin_stop(r);
        return;
    }
    log_event(LOG_ERROR, "Worker ended", LOG_NUMBER("generation", g->number),
              LOG_NUMBER("worker_pid", g->pid), LOG_TEXT("how", how));
    if (has_worker(r)) {
        if (!g->ready)
            log_event(LOG_ERROR, "Reload failed, the old code goes on", LOG_TEXT("how", how));
        return;
    }
    bool broken_files = !g->ready && end->exit_code == error_exit_code(PLAIN_E_INVALID);
    if (broken_files)
        log_event(LOG_WARNING, "Waiting for a change", LOG_NUMBER("generation", g->number));
    else if (!g->ready && r->count == 1)
        fail(r, code_of(end->exit_code), how);
    else if (r->step == RESTING || r->step == STARTING)
        restart_later(r);
}

static void unlink_generation(struct reload *r, struct generation *g)
{
    struct generation **at = &r->generations;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
}

static void on_end(struct generation *g, const struct child_end *end, void *user)
{
    struct reload *r = user;
    bool was_starting = r->step == STARTING && r->generations == g;

    unlink_generation(r, g);
    if (clock_mono_us() - g->started_us > (int64_t)STEADY_MS * US_PER_MS)
        r->failures = 0;
    if (r->stopping)
        end_if_alone(r);
    else if (!g->told)
        ended_by_itself(r, g, end);
    else
        log_event(LOG_INFO, "Old worker has ended", LOG_NUMBER("generation", g->number),
                  LOG_NUMBER("worker_pid", g->pid));
    if (was_starting)
        rest(r);
}

/* One that was started and is not ready yet is overtaken. */
static void start_generation(struct reload *r)
{
    plain_error err;

    (void)uv_timer_stop(&r->timer);
    if (r->generations && !r->generations->ready)
        generation_stop(r->generations);
    struct generation *g = generation_start(&r->kind, r->count + 1, &err);
    if (!g) {
        log_error("Worker not started", &err);
        if (!has_worker(r))
            restart_later(r);
        rest(r);
        return;
    }
    g->next = r->generations;
    r->generations = g;
    r->count++;
    r->step = STARTING;
}

/* ---- builds ---- */

static void ask_for_build(struct reload *r);

static int look(struct reload *r, plain_error *err)
{
    struct snapshot now = SNAPSHOT_INIT;
    int result = watch_look(r->watch, r->plan.files, r->plan.file_count, &now, err);

    if (result == PLAIN_OK) {
        snapshot_release(&r->loaded);
        r->loaded = now;
    }
    return result;
}

/* Files and settings as they are by now; a plain.conf that is wrong leaves those before. */
static void catch_up(struct reload *r)
{
    plain_error err;

    r->changed = false;
    if (r->options->plan(r->options->user, &r->plan, &err) < 0)
        log_error("Settings not read anew", &err);
    if (look(r, &err) < 0)
        log_error("Files not looked at", &err);
}

/* Files have changed during one more build. Who changed them cannot be told: somebody who went on
 * writing is owed a build, but one that writes them itself would go on for ever. */
static bool is_enough(struct reload *r)
{
    if (++r->in_a_row < BUILDS_IN_A_ROW_MAX)
        return false;
    log_event(LOG_WARNING, "Files change with every build", LOG_NUMBER("builds", r->in_a_row));
    return true;
}

/* The modules are those of the sources that we saw. */
static void built(struct reload *r)
{
    r->built = r->building;
    catch_up(r);
    if (r->plan.build && snapshot_sources(&r->loaded) != r->building && !is_enough(r)) {
        r->building = snapshot_sources(&r->loaded);
        ask_for_build(r);
        return;
    }
    r->in_a_row = 0;
    start_generation(r);
}

/* A build that fails may have written modules all the same: that is no reason for the next. What
 * else is different somebody has changed, and it counts. */
static void pass_over_build(struct reload *r)
{
    struct snapshot before = r->loaded;
    plain_error err;

    r->loaded = (struct snapshot)SNAPSHOT_INIT;
    bool pass = look(r, &err) == PLAIN_OK &&
                (snapshot_is_same_but_modules(&before, &r->loaded) || is_enough(r));
    struct snapshot dropped = pass ? before : r->loaded;
    if (pass)
        r->in_a_row = 0;
    else
        r->loaded = before;
    snapshot_release(&dropped);
}

static void build_failed(struct reload *r, const char *how)
{
    log_event(LOG_ERROR, has_worker(r) ? "Build failed, the old code goes on" : "Build failed",
              LOG_TEXT("how", how));
    pass_over_build(r);
    if (has_worker(r))
        rest(r);
    else
        start_generation(r);
}

static void on_build_end(struct loop_child *c, const struct child_end *end, void *user)
{
    struct reload *r = user;
    char how[64];
    bool good = end->exit_code == 0;

    (void)c;
    if (r->stopping) {
        build_once_drop(&r->once);
        end_if_alone(r);
        return;
    }
    build_once_done(&r->once, r->building, good);
    if (good)
        built(r);
    else
        build_failed(r, child_end_text(end, how, sizeof(how)));
}

static void build(struct reload *r)
{
    char *const *argv = r->plan.build;
    const struct keeper_spec command = {
        .path = strcmp(argv[0], "plain") == 0 ? r->options->program : argv[0],
        .argv = argv,
        .out = STDERR_FILENO,
        .err_out = STDERR_FILENO,
    };
    plain_error err;

    log_event(LOG_INFO, "Building", LOG_TEXT("command", argv[0]));
    r->step = BUILDING;
    if (keeper_start(&r->loop, &command, on_build_end, r, &r->builder, &err) < 0) {
        build_once_drop(&r->once);
        log_error("Build not started", &err);
        build_failed(r, "no process");
    }
}

/* What was saved while another worker built is what we want by now. */
static void on_lock_timer(uv_timer_t *timer)
{
    struct reload *r = timer->data;

    if (r->changed) {
        catch_up(r);
        r->building = snapshot_sources(&r->loaded);
    }
    if (r->plan.build)
        ask_for_build(r);
    else
        start_generation(r);
}

/* However it ends, a generation is started behind it when there is none: a restart that is due
 * would only take its step away. */
static void ask_for_build(struct reload *r)
{
    (void)uv_timer_stop(&r->timer);
    r->step = WAITING;
    switch (build_once_ask(&r->once, r->building)) {
    case BUILD_WAIT:
        uv_update_time(&r->loop);
        (void)uv_timer_start(&r->timer, on_lock_timer, LOCK_RETRY_MS, 0);
        break;
    case BUILD_OURS:
        build(r);
        break;
    case BUILD_MADE:
        built(r);
        break;
    case BUILD_BROKEN:
        build_failed(r, "the error that another worker shows");
        break;
    }
}

/* ---- changes ---- */

static void act(struct reload *r, bool must_build)
{
    if (r->plan.build && must_build) {
        r->building = snapshot_sources(&r->loaded);
        ask_for_build(r);
    } else {
        start_generation(r);
    }
}

/* Takes what the files are now as loaded, and says whether it is anything else than before. */
static bool take_difference(struct reload *r, plain_error *err)
{
    struct snapshot before = r->loaded;

    r->loaded = (struct snapshot)SNAPSHOT_INIT;
    if (look(r, err) < 0) {
        r->loaded = before;
        log_error("Files not looked at", err);
        return false;
    }
    const char *path = snapshot_difference(&before, &r->loaded);
    if (path)
        log_event(LOG_INFO, "Files changed", LOG_TEXT("path", path));
    snapshot_release(&before);
    return path != NULL;
}

static void check(struct reload *r)
{
    plain_error err;

    r->changed = false;
    if (!take_difference(r, &err))
        return;
    r->failures = 0;
    if (r->options->plan(r->options->user, &r->plan, &err) < 0) {
        log_error("Reload failed, the old code goes on", &err);
        return;
    }
    if (look(r, &err) < 0) /* the plan may name other files than the one before */
        log_error("Files not looked at", &err);
    act(r, snapshot_sources(&r->loaded) != r->built || snapshot_lacks_module(&r->loaded));
}

static void on_change(void *user)
{
    struct reload *r = user;

    r->changed = true;
    if (r->step == RESTING || r->step == STARTING)
        check(r);
}

/* A difference of which no event told. Gathered like events: somebody may be writing. */
static void on_look(uv_timer_t *timer)
{
    struct reload *r = timer->data;
    struct snapshot now = SNAPSHOT_INIT;

    if (r->step != RESTING)
        return;
    if (snapshot_take(r->plan.files, r->plan.file_count, NULL, NULL, &now, NULL) == PLAIN_OK &&
        snapshot_difference(&r->loaded, &now))
        watch_note(r->watch);
    snapshot_release(&now);
}

/* ---- start ---- */

static int start_loop(struct reload *r, plain_error *err)
{
    int failed = uv_loop_init(&r->loop);

    if (failed)
        return error_set(err, PLAIN_E_IO, 705, "", "event loop: %s", uv_strerror(failed));
    (void)uv_timer_init(&r->loop, &r->timer);
    r->timer.data = r;
    (void)uv_timer_init(&r->loop, &r->look);
    r->look.data = r;
    stop_signals_start(&r->signals, &r->loop, on_signal, r);
    return PLAIN_OK;
}

static int start(struct reload *r, plain_error *err)
{
    int result = watch_open(&r->loop, on_change, r, &r->watch, err);

    if (result == PLAIN_OK)
        result = r->options->plan(r->options->user, &r->plan, err);
    if (result < 0)
        return result;
    build_once_look(&r->once);
    result = look(r, err);
    if (result < 0)
        return result;
    log_event(LOG_INFO, "Watching files", LOG_NUMBER("files", (int64_t)r->loaded.count));
    bool stale = snapshot_is_stale(&r->loaded);
    r->built = stale ? 0 : snapshot_sources(&r->loaded);
    (void)uv_timer_start(&r->look, on_look, LOOK_MS, LOOK_MS);
    act(r, stale);
    return PLAIN_OK;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void release(struct reload *r)
{
    stop_signals_block();
    watch_close(r->watch);
    uv_walk(&r->loop, close_handle, NULL);
    (void)uv_run(&r->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&r->loop);
    snapshot_release(&r->loaded);
}

int reload_run(const struct reload_options *options, plain_error *err)
{
    struct reload *r = mem_zalloc(1, sizeof(*r));

    if (!r)
        return error_nomem(err);
    r->options = options;
    r->kind = (struct generation_kind){.loop = &r->loop,
                                       .program = options->program,
                                       .argv = options->argv,
                                       .ready = on_ready,
                                       .ended = on_end,
                                       .user = r};
    r->err = err;
    r->once.fd = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    int result = start_loop(r, err);
    if (result == PLAIN_OK) {
        result = start(r, err);
        if (result == PLAIN_OK)
            (void)uv_run(&r->loop, UV_RUN_DEFAULT);
        if (result == PLAIN_OK)
            result = r->status;
        release(r);
    }
    mem_free(r);
    return result;
}
