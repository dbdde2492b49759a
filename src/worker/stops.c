/*
 * stops.c - ending a job that does not end by itself
 *
 * A running job is stopped because its time is up, because somebody cancelled it, because its row
 * is gone, or because the worker has to end. Whatever the reason, it goes through the same steps,
 * each with JOBS_STOP_GRACE:
 *
 *     asked     plain_job_cancelled() is true in it; only of what was cancelled, and not of an
 *               executable, which cannot look
 *     told      SIGTERM to the runner's process group. A runner lets it end itself, but for an
 *               executable, which it waits for
 *     killed    SIGKILL to the group
 *
 * The step is the runner's, the reason the work's. From `told` on the runner takes no more jobs and
 * is replaced: a signal that it blocks could still hit the next one. What waits behind the job goes
 * elsewhere first, with its attempt unused. Nothing here waits: stops_check() looks at the clock
 * whenever the pump runs, and stops_next_us() tells it when.
 *
 * What the end means is life.c's: a job that ended before it was told had its end, whatever was
 * under way.
 */
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "worker/state.h"

enum { CLOSING_LEAST_MS = 5000 };

static int64_t shorter(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

int64_t stops_limit_ms(const struct worker *w, const struct work *k)
{
    const struct known_class *class = life_find_class(w, k->claim->job_class);
    int64_t own = k->claim->timeout_ms; /* an INSERT of somebody's may say anything */
    int64_t limit = shorter(own < 0 || own > PLAIN_DELAY_MAX ? 0 : own, w->options->timeout_ms);

    return class ? shorter(limit, class->timeout_ms) : limit;
}

/* The job that the runner has entered and not ended; NULL when there is none. */
static struct work *running(const struct runner *r)
{
    if (!r->progress || r->given.count == 0)
        return NULL;
    uint64_t entered = atomic_load(&r->progress->entered);
    if (atomic_load(&r->progress->ended) >= entered)
        return NULL;
    struct work *k = r->given.head;
    while (k && k->seq < entered)
        k = k->next;
    return k && k->seq == entered ? k : NULL;
}

static int64_t grace_us(const struct runner *r)
{
    return r->worker->options->stop_grace_ms * US_PER_MS;
}

static void tell(struct runner *r)
{
    r->told_us = clock_mono_us();
    child_signal_group(&r->child, SIGTERM);
    r->stop_step = STOP_STEP_TOLD;
    r->stop_at_us = r->told_us + grace_us(r);
    process_close(r);
}

static void ask(struct runner *r, uint64_t seq)
{
    atomic_store(&r->progress->asked, seq);
    r->stop_step = STOP_STEP_ASKED;
    r->stop_at_us = clock_mono_us() + grace_us(r);
}

/* What its modules do when it ends may hang, and it would hold its place for ever. */
void stops_close(struct runner *r)
{
    const int64_t least_us = (int64_t)CLOSING_LEAST_MS * US_PER_MS;
    int64_t patience_us = grace_us(r) > least_us ? grace_us(r) : least_us;

    if (r->state == RUNNER_CLOSING)
        return;
    r->stop_step = STOP_STEP_TOLD;
    r->stop_at_us = clock_mono_us() + patience_us;
    process_close(r);
}

static void kill_group(struct runner *r)
{
    process_kill(r);
    r->stop_step = STOP_STEP_KILLED;
    r->stop_at_us = INT64_MAX; /* its pidfd tells the rest */
}

static void report(const struct runner *r, const struct work *k, enum stop_why why)
{
    static const char *const words[] = {[WHY_TIMEOUT] = "its time is up",
                                        [WHY_CANCELLED] = "it was cancelled",
                                        [WHY_GONE] = "its row is gone",
                                        [WHY_SHUTDOWN] = "the worker ends"};
    char request[PLAIN_UUID_TEXT], token[PLAIN_UUID_TEXT];

    log_event(LOG_INFO, "Stopping job", LOG_TEXT("reason", words[why]),
              LOG_TEXT("job_class", k->claim->job_class),
              LOG_TEXT("job_request_uuid", plain_uuid_format(&k->claim->request_uuid, request)),
              LOG_TEXT("job_process_uuid", plain_uuid_format(&k->claim->token, token)),
              LOG_NUMBER("runner_pid", r->pid));
}

static bool is_executable(const struct worker *w, const struct work *k)
{
    const struct known_class *class = life_find_class(w, k->claim->job_class);

    return class && class->is_executable;
}

/* False when it has ended meanwhile: behind the take-back the runner enters nothing more, so who
 * runs then is who gets the signal. */
static bool begin(struct runner *r, struct work *k, enum stop_why why)
{
    runners_take_back_from(r);
    if (running(r) != k)
        return false;
    k->why = why;
    k->stop_us = clock_mono_us();
    report(r, k, why);
    r->stop_seq = k->seq;
    if (why == WHY_CANCELLED && !is_executable(r->worker, k)) {
        ask(r, k->seq);
    } else {
        atomic_store(&r->progress->asked, k->seq); /* for one that outlives SIGTERM */
        tell(r);
    }
    return true;
}

/* When the time of the job that runs is up; INT64_MAX: never. */
static int64_t timeout_at(const struct runner *r, const struct work *k)
{
    int64_t now = clock_mono_us(), entered = atomic_load(&r->progress->entered_us);

    if (k->limit_ms == 0)
        return INT64_MAX;
    if (entered <= 0 || entered > now) /* a job can write to the page */
        entered = k->since_us;
    return clock_add(entered, k->limit_ms * US_PER_MS);
}

/* The same of one that may be entered at any time, without our hearing of it. */
static int64_t timeout_of_next(const struct runner *r)
{
    if (r->shortest_ms == 0)
        return INT64_MAX;
    return clock_add(clock_mono_us(), r->shortest_ms * US_PER_MS);
}

/* The next step of a stop that is under way. A job that only was asked, and ended, leaves its
 * runner as it was. */
static void go_on(struct runner *r, const struct work *k, int64_t now)
{
    if (r->stop_step == STOP_STEP_ASKED && (!k || k->seq != r->stop_seq))
        r->stop_step = STOP_STEP_NONE;
    else if (r->stop_at_us <= now && r->stop_step == STOP_STEP_ASKED)
        tell(r);
    else if (r->stop_at_us <= now && r->stop_step == STOP_STEP_TOLD) {
        if (!k)
            log_event(LOG_WARNING, "Runner killed", LOG_NUMBER("pid", r->pid),
                      LOG_TEXT("reason", "it had no job and did not end"));
        kill_group(r);
    }
}

static void check(struct runner *r, int64_t now)
{
    struct work *k = running(r);

    if (r->stop_step != STOP_STEP_NONE)
        go_on(r, k, now);
    if (r->stop_step != STOP_STEP_NONE || !k)
        return;
    if (k->why != WHY_NONE)
        (void)begin(r, k, k->why);
    else if (timeout_at(r, k) <= now)
        (void)begin(r, k, WHY_TIMEOUT);
}

/* However the stop began, JOBS_SHUTDOWN_GRACE counts from the first look after it. */
static void check_shutdown(struct worker *w, int64_t now)
{
    if (w->stop == STOP_GRACEFUL && w->stop_now_at_us == 0)
        w->stop_now_at_us = w->options->shutdown_grace_ms > 0
                                ? now + w->options->shutdown_grace_ms * US_PER_MS
                                : INT64_MAX;
    if (w->stop == STOP_GRACEFUL && now >= w->stop_now_at_us) {
        log_event(LOG_WARNING, "Job worker shutdown grace is over",
                  LOG_NUMBER("jobs_running", (int64_t)runners_given(w)));
        w->gives_up = true;
        stops_begin_all(w);
    }
}

void stops_check(struct worker *w)
{
    int64_t now = clock_mono_us();

    for (int i = 0; i < w->runner_count; i++)
        check(&w->runners[i], now);
    check_shutdown(w, now);
}

int64_t stops_next_us(const struct worker *w)
{
    int64_t next = w->stop == STOP_GRACEFUL ? w->stop_now_at_us : INT64_MAX;

    for (int i = 0; i < w->runner_count; i++) {
        const struct runner *r = &w->runners[i];
        const struct work *k = running(r);

        if (r->stop_step != STOP_STEP_NONE) {
            next = clock_earlier(next, r->stop_at_us);
            continue;
        }
        if (k)
            next = clock_earlier(next, timeout_at(r, k));
        if (r->given.count > (k ? 1 : 0))
            next = clock_earlier(next, timeout_of_next(r));
    }
    return next;
}

/* A runner that is still loading has no job to lose. */
static void stop_runner(struct runner *r)
{
    struct work *k;

    if (r->told_us > 0 || r->stop_step == STOP_STEP_KILLED)
        return;
    bool asked = r->stop_step == STOP_STEP_ASKED;

    runners_take_back_from(r); /* so that nothing is entered from here on */
    if (!asked && (k = running(r)) && begin(r, k, WHY_SHUTDOWN))
        return;
    if (r->state == RUNNER_STARTING)
        kill_group(r);
    else if (asked || r->state != RUNNER_DOWN)
        tell(r);
}

void stops_begin_all(struct worker *w)
{
    w->stop = STOP_NOW;
    for (int i = 0; i < w->runner_count; i++)
        stop_runner(&w->runners[i]);
}

void stops_kill_all(struct worker *w)
{
    for (int i = 0; i < w->runner_count; i++)
        kill_group(&w->runners[i]);
}

void stops_take_back_stopped(struct runner *r)
{
    uint64_t entered = r->progress ? atomic_load(&r->progress->entered) : 0;

    for (const struct work *k = r->given.head; k; k = k->next) {
        if (k->why != WHY_NONE && k->seq > entered) {
            runners_take_back_from(r);
            return;
        }
    }
}

void stops_replace(struct runner *r)
{
    if (r->state == RUNNER_READY && r->stop_step == STOP_STEP_NONE) {
        runners_take_back_from(r);
        if (r->given.count == 0)
            tell(r);
    }
}
