/*
 * runners.c - which runner gets which job
 *
 * A runner has room for one job, and ahead of it for about start_ahead_ms of work where jobs are
 * very short (by the moving average): so a thousand no-op jobs need no thousand round trips, and
 * a job of a second never waits behind another while a runner is free. What does wait behind a job
 * that turned out long is taken back and given to another runner, with the same attempt token; to
 * the queue, for another worker, when all runners are in long jobs.
 *
 * There are more places for runners than max_processes: one that is near its end, because it has
 * had all the jobs that it may have or is being stopped, is replaced while it still runs its last.
 * So the number of processes is no bound of what runs at once; the number of those with jobs is.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/statm.h"
#include "worker/state.h"

enum {
    AHEAD_MAX = 1000,
    UNSENT_MAX = 1024 * 1024,
    LOADS_MS = 5000, /* who loads for longer is not waited for */
    SLOW_MS = 30000  /* and is told of then */
};

static int64_t ahead(const struct worker *w)
{
    int64_t n = 0;

    if (w->average_us > 0)
        n = w->options->start_ahead_ms * US_PER_MS / w->average_us;
    if (n > AHEAD_MAX)
        n = AHEAD_MAX;
    if (w->options->max_pending_per_process >= 0 && n > w->options->max_pending_per_process)
        n = w->options->max_pending_per_process;
    return n;
}

static int64_t lifetime_left(const struct runner *r)
{
    int64_t most = r->worker->options->max_jobs_per_process;

    if (r->is_heavy)
        return 0;
    return most == 0 ? INT64_MAX : most - r->handed;
}

void runners_weigh(struct runner *r, int64_t peak_kb)
{
    int64_t most = r->worker->options->max_rss_kb;

    if (most == 0 || peak_kb <= most || r->is_heavy)
        return;
    int64_t now_kb = statm_bytes(r->child.pid, STATM_RESIDENT) / 1024;
    if (now_kb <= most) /* it has given back what its job took */
        return;
    r->is_heavy = true;
    log_event(LOG_INFO, "Runner replaced", LOG_NUMBER("pid", r->pid), LOG_NUMBER("rss_kb", now_kb));
}

/* When the job that runs will have run longer than what may wait behind one; INT64_MAX: none does.
 */
static int64_t long_at(const struct runner *r)
{
    if (r->given.count == 0 || !r->progress)
        return INT64_MAX;
    int64_t patience = 2 * r->worker->options->start_ahead_ms * US_PER_MS;
    uint64_t entered = atomic_load(&r->progress->entered);

    if (entered < r->given.head->seq || atomic_load(&r->progress->ended) >= entered)
        return clock_mono_us() + patience; /* it is loading, just woken, or between two jobs */
    return atomic_load(&r->progress->entered_us) + patience;
}

static bool is_long(const struct runner *r)
{
    int64_t at = long_at(r);

    return at != INT64_MAX && at <= clock_mono_us();
}

static size_t room(const struct runner *r)
{
    if (r->state != RUNNER_READY || r->stop_step != STOP_STEP_NONE)
        return 0;
    if (progress_next_free(r->progress, r->next_seq) == 0) /* its ends wait for the database */
        return 0;
    if (process_unsent(r) > UNSENT_MAX) /* so many jobs with as many parameters as there may be */
        return 0;
    int64_t free_places = 1 + ahead(r->worker) - (int64_t)r->given.count;
    int64_t left = lifetime_left(r);
    int64_t n = free_places < left ? free_places : left;
    return n > 0 && !is_long(r) ? (size_t)n : 0;
}

/* How many runners without jobs may have some. */
static int idle_allowed(const struct worker *w)
{
    int busy = 0;

    for (int i = 0; i < w->runner_count; i++)
        busy += w->runners[i].given.count > 0;
    return w->options->max_processes - busy;
}

size_t runners_room(const struct worker *w)
{
    size_t total = 0, waiting = w->ready.count + w->asking.count + w->hooks.count;
    int allowed = idle_allowed(w);

    for (int i = 0; i < w->runner_count; i++) {
        const struct runner *r = &w->runners[i];
        size_t n = room(r);

        if (n > 0 && r->given.count == 0 && allowed-- <= 0)
            continue;
        total += n;
    }
    return total > waiting ? total - waiting : 0;
}

/* The number of the runner with the fewest jobs among those with room; -1: none has room. */
static int least_loaded(const struct worker *w)
{
    bool may_be_idle = idle_allowed(w) > 0;
    int best = -1;

    for (int i = 0; i < w->runner_count; i++) {
        const struct runner *r = &w->runners[i];

        if (room(r) > 0 && (r->given.count > 0 || may_be_idle) &&
            (best < 0 || r->given.count < w->runners[best].given.count))
            best = i;
    }
    return best;
}

/* Jobs to their places among those that were claimed since; one that is to be stopped ends here. */
void runners_put_home(struct worker *w, struct work_list *all)
{
    struct work_list jobs = {0};
    struct work_list *const homes[] = {
        [WORK_JOB] = &jobs, [WORK_ASK] = &w->asking, [WORK_HOOK] = &w->hooks};
    struct work *k;

    while ((k = work_list_pop(all))) {
        if (k->kind == WORK_JOB) {
            progress_forget(k->noted);
            k->noted = NULL;
        }
        if (k->kind == WORK_JOB && k->why != WHY_NONE)
            life_stopped_unstarted(w, k);
        else
            work_list_push(homes[k->kind], k);
    }
    work_list_merge(&w->ready, &jobs);
}

/* Somebody's INSERT may hold more than a runner reads: it ends here. */
static struct work *pop_fitting(struct worker *w, struct work_list *l)
{
    struct work *k;
    size_t size;

    while ((k = work_list_pop(l)) && (size = process_frame_size(k)) > CHANNEL_TEXT_MAX)
        life_too_large(w, k, size, CHANNEL_TEXT_MAX);
    return k;
}

/* What is to be handed out next: questions first, since an end waits for the answer. */
static struct work *next_work(struct worker *w)
{
    struct work *k = pop_fitting(w, &w->asking);

    if (!k && w->stop == STOP_NO)
        k = pop_fitting(w, &w->hooks);
    if (!k && w->stop == STOP_NO)
        k = pop_fitting(w, &w->ready);
    return k;
}

void runners_hand_out(struct worker *w)
{
    struct work *k;
    bool given = false;
    int best;

    if (w->lease.lost)
        return;
    while ((best = least_loaded(w)) >= 0 && (k = next_work(w))) {
        struct runner *r = &w->runners[best];

        r->handed += k->kind == WORK_JOB;
        process_give(r, k);
        given = true;
    }
    for (int i = 0; given && i < w->runner_count; i++) {
        if (process_unsent(&w->runners[i]) > 0)
            process_flush(&w->runners[i]);
    }
}

/* Jobs that were handed out and not entered are the worker's again. */
void runners_take_back_from(struct runner *r)
{
    if (r->given.count == 0 || !r->progress)
        return;
    uint64_t entered = progress_revoke(r->progress, r->next_seq);
    struct work_list kept = {0}, back = {0};
    struct work *k;

    while ((k = work_list_pop(&r->given))) {
        if (k->seq > entered && k->kind == WORK_JOB)
            r->handed--;
        work_list_push(k->seq <= entered ? &kept : &back, k);
    }
    r->given = kept;
    runners_put_home(r->worker, &back);
}

void runners_take_back(struct worker *w)
{
    for (int i = 0; i < w->runner_count; i++)
        runners_take_back_from(&w->runners[i]);
}

void runners_unstick(struct worker *w)
{
    for (int i = 0; i < w->runner_count; i++) {
        struct runner *r = &w->runners[i];

        if (r->is_heavy || (r->given.count > 1 && is_long(r))) {
            process_settle_succeeded(r);
            runners_take_back_from(r);
        }
    }
}

/* Whether it will have jobs for a while, or soon: one that waits for its next start counts too, so
 * that nobody starts instead of it. */
static bool has_future(const struct runner *r, int64_t now)
{
    switch (r->state) {
    case RUNNER_DOWN:
        return r->restart_at_us > now;
    case RUNNER_STARTING:
        return r->stop_step < STOP_STEP_TOLD;
    case RUNNER_READY:
        return r->stop_step < STOP_STEP_TOLD && lifetime_left(r) > 0;
    case RUNNER_CLOSING:
        break;
    }
    return false;
}

/* It has died more than once in a row, or loads for so long that jobs are better off elsewhere. */
static bool is_in_trouble(const struct runner *r, int64_t now)
{
    return (r->state == RUNNER_DOWN && r->failures > 1) ||
           (r->state == RUNNER_STARTING && now - r->starting_us >= (int64_t)LOADS_MS * US_PER_MS);
}

bool runners_are_long(const struct worker *w)
{
    int64_t now = clock_mono_us();

    for (int i = 0; i < w->runner_count; i++) {
        const struct runner *r = &w->runners[i];

        if (has_future(r, now) && !is_long(r) && !is_in_trouble(r, now))
            return false;
    }
    return true;
}

/* It has nothing to do but answer how long a retry has to wait, or is about to. */
static bool answers(const struct runner *r)
{
    bool asked = r->given.head && r->given.head->kind == WORK_ASK;

    return asked || (r->state == RUNNER_READY && r->given.count == 0 && room(r) > 0);
}

bool runners_can_be_asked(const struct worker *w)
{
    int64_t now = clock_mono_us();
    bool may_start = false, starts = false;

    if (w->stop != STOP_GRACEFUL || w->lease.lost)
        return !runners_all_down(w);
    for (int i = 0; i < w->runner_count; i++) {
        const struct runner *r = &w->runners[i];

        if (answers(r) || (r->state == RUNNER_STARTING && !is_in_trouble(r, now)))
            return true;
        starts = starts || r->state == RUNNER_STARTING;
        may_start =
            may_start || (r->state == RUNNER_DOWN && r->restart_at_us <= now && r->failures <= 1);
    }
    return may_start && !starts; /* one is tried, not one after another */
}

/* One that hangs while it loads would be looked for in vain: nothing has failed. */
static void tell_slow(struct runner *r, int64_t now)
{
    if (r->state != RUNNER_STARTING || r->is_slow_told ||
        now - r->starting_us < (int64_t)SLOW_MS * US_PER_MS)
        return;
    r->is_slow_told = true;
    log_event(LOG_WARNING, "Runner not ready", LOG_NUMBER("pid", r->pid),
              LOG_NUMBER("seconds", SLOW_MS / MS_PER_S),
              LOG_TEXT("fix", "see what its modules do while they are loaded"));
}

/* When a runner that is starting is looked at again. */
static int64_t starting_at(const struct runner *r)
{
    if (r->state != RUNNER_STARTING || r->is_slow_told)
        return INT64_MAX;
    bool awaited =
        r->worker->ready.count + r->worker->asking.count > 0 && !is_in_trouble(r, clock_mono_us());

    return r->starting_us + (int64_t)(awaited ? LOADS_MS : SLOW_MS) * US_PER_MS;
}

static int missing_to_ask(const struct worker *w)
{
    if (w->asking.count == 0)
        return 0;
    for (int i = 0; i < w->runner_count; i++) {
        if (answers(&w->runners[i]) || w->runners[i].state == RUNNER_STARTING)
            return 0;
    }
    return 1;
}

/* How many are to be started. */
static int missing(const struct worker *w, int64_t now)
{
    int n = w->options->max_processes;

    if (w->lease.lost || w->stop == STOP_NOW)
        return 0;
    if (w->stop != STOP_NO)
        return missing_to_ask(w);
    for (int i = 0; i < w->runner_count; i++)
        n -= has_future(&w->runners[i], now);
    return n;
}

void runners_start(struct worker *w)
{
    int64_t now = clock_mono_us();
    int wanted = missing(w, now);
    plain_error err;

    for (int i = 0; i < w->runner_count; i++)
        tell_slow(&w->runners[i], now);
    for (int i = 0; i < w->runner_count && wanted > 0; i++) {
        struct runner *r = &w->runners[i];

        if (r->state != RUNNER_DOWN || r->restart_at_us > now)
            continue;
        if (i > 0 && !w->classes_known) /* the first one may find that the modules are broken */
            continue;
        wanted--;
        if (process_start(r, &err) < 0) {
            r->restart_at_us = now + US_PER_S;
            log_event(LOG_ERROR, "Runner not started", LOG_TEXT("error", err.message));
        }
    }
}

void runners_close_idle(struct worker *w)
{
    for (int i = 0; i < w->runner_count; i++) {
        struct runner *r = &w->runners[i];
        bool used_up = r->state == RUNNER_READY && lifetime_left(r) <= 0;

        bool ends = w->stop != STOP_NO && w->asking.count == 0 && r->state != RUNNER_DOWN;

        if (r->given.count == 0 && (used_up || ends))
            stops_close(r);
    }
}

bool runners_all_down(const struct worker *w)
{
    for (int i = 0; i < w->runner_count; i++) {
        if (w->runners[i].state != RUNNER_DOWN)
            return false;
    }
    return true;
}

size_t runners_given(const struct worker *w)
{
    size_t n = 0;

    for (int i = 0; i < w->runner_count; i++)
        n += w->runners[i].given.count;
    return n;
}

int64_t runners_next_us(const struct worker *w)
{
    int64_t next = INT64_MAX, now = clock_mono_us();
    bool wanted = missing(w, now) > 0;

    for (int i = 0; i < w->runner_count; i++) {
        const struct runner *r = &w->runners[i];
        int64_t at = long_at(r);

        /* What waits behind it, or with the worker, is to be found another place. */
        if (r->given.count < 2 && (w->ready.count == 0 || at <= now))
            at = INT64_MAX;
        at = clock_earlier(at, starting_at(r));
        if (r->state == RUNNER_DOWN && w->stop == STOP_NO && !w->lease.lost &&
            (i == 0 || w->classes_known) && (wanted || r->restart_at_us > now))
            at = r->restart_at_us;
        next = at < next ? at : next;
    }
    return next;
}
