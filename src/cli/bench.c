#include "cli/bench.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <plain/jobs/queue.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/bench_ear.h"
#include "cli/bench_worker.h"
#include "queue/jobs.h"
#include "runner/bench_jobs.h"

enum { CALL_MAX = 100000, PAUSE_MS = 5, LOOK_MS = 1, PATIENCE_S = 30, WARM_UP = 10 };

struct measurement {
    const struct bench_plan *plan;
    const struct bench_place *place;
    struct interrupt *interrupt;
    plain_jobs *jobs;
    struct bench_worker worker;
    struct bench_ear ear;
    int64_t number; /* of the last job that was to tell */
};

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

struct bench_times bench_times_of(int64_t *us, int64_t count)
{
    qsort(us, (size_t)count, sizeof(*us), compare);
    return (struct bench_times){
        .count = count,
        .p50_us = us[count * 50 / 100],
        .p90_us = us[count * 90 / 100],
        .p99_us = us[count * 99 / 100],
        .max_us = us[count - 1],
    };
}

static void say_step(const struct measurement *m, const char *what)
{
    m->plan->step(m->plan->user, what);
}

static int start_worker(struct measurement *m, int processes, bool drain, int64_t *start_us,
                        plain_error *err)
{
    const struct bench_worker_options options = {.url = m->place->url,
                                                 .folder = m->place->folder,
                                                 .config = m->plan->config,
                                                 .processes = processes,
                                                 .drain = drain,
                                                 .verbose = m->plan->verbose};

    return bench_worker_start(&m->worker, &options, m->interrupt, start_us, err);
}

/*
 * Enqueue, drain.
 */

struct batch {
    plain_item *items;
    struct bench_noop *params;
};

static int make_batch(struct batch *b, size_t count, plain_error *err)
{
    b->items = mem_zalloc(count, sizeof(*b->items));
    b->params = mem_zalloc(count, sizeof(*b->params));
    if (!b->items || !b->params)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        b->params[i] = (struct bench_noop){.i = (int64_t)i, .a = "0123456789"};
        b->items[i] = (plain_item){.size = sizeof(plain_item), .params = &b->params[i]};
    }
    return PLAIN_OK;
}

/* A call is one transaction; between calls there is time for a signal. */
static int enqueue_all(struct measurement *m, struct bench_rate *out, plain_error *err)
{
    const int64_t all = m->plan->jobs, most = all < CALL_MAX ? all : CALL_MAX;
    struct batch batch = {0};
    size_t made = 0;
    int r = make_batch(&batch, (size_t)most, err);

    say_step(m, "Enqueueing jobs that do nothing");
    while (r == PLAIN_OK && out->count < all) {
        int64_t n = all - out->count < most ? all - out->count : most, start = clock_mono_us();

        r = plain_run_many(m->jobs, &bench_noop_class, batch.items, (size_t)n, NULL, &made, err);
        out->us += clock_mono_us() - start;
        out->count += (int64_t)made;
        if (r == PLAIN_OK && interrupt_came(m->interrupt))
            r = PLAIN_NONE;
    }
    mem_free(batch.items);
    mem_free(batch.params);
    return r;
}

/* Whether all is recorded, once, and nothing is left. */
static int check_drained(struct measurement *m, plain_error *err)
{
    struct store *store = m->place->store;
    struct store_stats stats;
    int r = store->ops->stats(store, &stats, err);

    if (r == PLAIN_OK && (stats.by_status[JOB_SUCCESSFUL] != m->plan->jobs || stats.pending != 0 ||
                          stats.processing != 0))
        r = error_set(err, PLAIN_E_JOB, 207, "",
                      "the worker of the measurement ended, and of %" PRId64 " jobs %" PRId64
                      " are recorded as successful",
                      m->plan->jobs, stats.by_status[JOB_SUCCESSFUL]);
    return r;
}

static int drain(struct measurement *m, struct bench_figures *out, plain_error *err)
{
    say_step(m, "Draining them");
    int r = start_worker(m, m->plan->processes, true, &out->start_us, err);
    int64_t start = clock_mono_us();
    if (r == PLAIN_OK)
        r = bench_worker_join(&m->worker, err);
    out->drain.us = clock_mono_us() - start;
    out->drain.count = m->plan->jobs;
    return r == PLAIN_OK ? check_drained(m, err) : r;
}

/*
 * Pick-up.
 */

/* Enqueues a job that tells, and waits until it has. */
static int enqueue_and_hear(struct measurement *m, const plain_job_class *cls,
                            plain_request *request, int64_t *entered_us, pid_t *pid,
                            plain_error *err)
{
    const struct bench_told params = {.socket = m->ear.name, .number = ++m->number};
    int r = plain_run_in_worker(m->jobs, cls, &params, NULL, request, err);

    while (r == PLAIN_OK) {
        r = bench_worker_await(&m->worker, m->ear.fd, err);
        if (r == PLAIN_OK && bench_ear_take(&m->ear, m->number, entered_us, pid))
            break;
    }
    return r;
}

static int pick_up_once(struct measurement *m, int64_t *us, plain_error *err)
{
    plain_request request;
    int64_t start = clock_mono_us(), entered = start;
    pid_t pid;
    int r = enqueue_and_hear(m, &bench_pickup_class, &request, &entered, &pid, err);

    *us = entered > start ? entered - start : 0;
    /* The worker records its end, and is idle again. */
    if (r == PLAIN_OK && interrupt_wait(m->interrupt, -1, -1, PAUSE_MS) == INTERRUPT_CAME)
        r = PLAIN_NONE;
    return r;
}

static int pick_up(struct measurement *m, struct bench_times *out, plain_error *err)
{
    int64_t us[BENCH_TIMES_MAX], unused;
    int r;

    say_step(m, "Enqueueing one at a time for an idle worker");
    r = start_worker(m, m->plan->processes, false, &unused, err);
    for (int i = 0; r == PLAIN_OK && i < WARM_UP; i++)
        r = pick_up_once(m, &unused, err);
    for (int64_t i = 0; r == PLAIN_OK && i < m->plan->pickups; i++)
        r = pick_up_once(m, &us[i], err);
    bench_worker_stop(&m->worker);
    if (r == PLAIN_OK)
        *out = bench_times_of(us, m->plan->pickups);
    return r;
}

/*
 * From the death of a runner to the result.
 */

/* PLAIN_SKIPPED as long as there is no result. */
static int look_for_end(struct measurement *m, const plain_uuid *uuid, plain_error *err)
{
    struct store *store = m->place->store;
    struct arena arena = ARENA_INIT;
    struct job_row *rows = NULL;
    size_t count = 0;
    int r = store->ops->find(store, uuid, 1, &arena, &rows, &count, err);

    if (r == PLAIN_NONE)
        r = error_set(err, PLAIN_E_JOB, 207, "", "a job of the measurement has vanished");
    else if (r == PLAIN_OK && rows[count - 1].table != TABLE_RESULT)
        r = PLAIN_SKIPPED;
    else if (r == PLAIN_OK && rows[count - 1].status != JOB_LOST)
        r = error_set(err, PLAIN_E_JOB, 207, "",
                      "a job of the measurement whose runner was killed ended %s",
                      job_status_names[rows[count - 1].status]);
    arena_release(&arena);
    return r;
}

static int await_end(struct measurement *m, const plain_uuid *uuid, plain_error *err)
{
    int64_t until = clock_mono_us() + (int64_t)PATIENCE_S * US_PER_S;
    int r;

    while ((r = look_for_end(m, uuid, err)) == PLAIN_SKIPPED) {
        if (interrupt_wait(m->interrupt, -1, -1, LOOK_MS) == INTERRUPT_CAME)
            return PLAIN_NONE;
        if (clock_mono_us() > until)
            return error_set(err, PLAIN_E_JOB, 207, "",
                             "a job whose runner was killed has no result after %d s", PATIENCE_S);
    }
    return r;
}

/* The job before it ends well in the new runner: one that fails time and again would be started
 * with a delay. */
static int kill_one(struct measurement *m, int64_t *us, plain_error *err)
{
    int64_t unused;
    plain_request request;
    pid_t pid = 0;
    int r = enqueue_and_hear(m, &bench_pickup_class, &request, &unused, &pid, err);

    if (r == PLAIN_OK)
        r = enqueue_and_hear(m, &bench_victim_class, &request, &unused, &pid, err);
    if (r != PLAIN_OK)
        return r;
    int64_t start = clock_mono_us();
    (void)kill(pid, SIGKILL); /* who told us: it waits for this */
    r = await_end(m, &request.uuid, err);
    *us = clock_mono_us() - start;
    return r;
}

static int kill_runners(struct measurement *m, struct bench_times *out, plain_error *err)
{
    int64_t us[BENCH_TIMES_MAX], unused;
    int r;

    say_step(m, "Killing runners in their jobs");
    r = start_worker(m, 1, false, &unused, err);
    for (int64_t i = 0; r == PLAIN_OK && i < m->plan->victims; i++)
        r = kill_one(m, &us[i], err);
    bench_worker_stop(&m->worker);
    if (r == PLAIN_OK)
        *out = bench_times_of(us, m->plan->victims);
    return r;
}

static int measure(struct measurement *m, struct bench_figures *out, plain_error *err)
{
    int r = enqueue_all(m, &out->enqueue, err);

    if (r == PLAIN_OK)
        r = drain(m, out, err);
    bench_worker_stop(&m->worker);
    if (r == PLAIN_OK)
        r = pick_up(m, &out->pickup, err);
    if (r == PLAIN_OK)
        r = kill_runners(m, &out->lost, err);
    return r;
}

int bench_run(const struct bench_plan *plan, const struct bench_place *place,
              struct interrupt *interrupt, struct bench_figures *out, plain_error *err)
{
    struct measurement m = {.plan = plan,
                            .place = place,
                            .interrupt = interrupt,
                            .worker.child.pidfd = -1,
                            .ear.fd = -1};

    *out = (struct bench_figures){0};
    int r = bench_ear_open(&m.ear, err);
    if (r == PLAIN_OK)
        r = jobs_open(place->url, 0, &m.jobs, err);
    if (r == PLAIN_OK)
        r = measure(&m, out, err);
    plain_jobs_close(m.jobs);
    bench_ear_close(&m.ear);
    return r;
}
