/*
 * pump.c - what goes to the database and when, and what comes back
 *
 * One order is out at a time. It takes every end that has come in, every job that goes back, and
 * a claim for the room there is, in one transaction: so while the database is busy the next batch
 * gathers by itself, and short jobs cost a fraction of a statement each.
 *
 * When the database fails, ends stay here and are sent again, with jitter; nothing is claimed that
 * could not be recorded. A claim whose answer was lost may have happened: its tokens are released
 * before anything else is claimed.
 */
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/uuid.h"
#include "worker/state.h"

enum { HOOKS_EVERY_MS = 10000, STORE_RETRY_FIRST_MS = 100, STORE_RETRY_MAX_MS = 5000 };

/* ms, up to a quarter less: so that workers that were started together do not stay together. */
static int64_t jittered_us(int64_t ms)
{
    int64_t us = ms * US_PER_MS;

    return us - (int64_t)(random_u64() % (uint64_t)(us / 4 + 1));
}

static void take_ends(struct worker *w, struct order *o)
{
    size_t most = w->one_by_one ? 1 : STORE_END_MAX;
    struct work *k;

    o->end_count = 0;
    while (o->end_count < most && (k = work_list_pop(&w->ended))) {
        o->ends[o->end_count++] = k->end;
        work_list_push(&w->recording, k);
    }
}

static void take_releases(struct worker *w, struct order *o)
{
    struct work *k;

    memcpy(o->releases, w->doubtful, w->doubtful_count * sizeof(*w->doubtful));
    o->release_count = w->doubtful_count;
    while (o->release_count < ARRAY_SIZE(o->releases) && (k = work_list_pop(&w->returning))) {
        o->releases[o->release_count++] = k->claim->token;
        work_list_push(&w->releasing, k);
    }
}

static void take_hooked(struct worker *w, struct order *o)
{
    struct work *k;

    o->hooks_done_count = 0;
    while (o->hooks_done_count < STORE_HOOK_MAX && (k = work_list_pop(&w->hooked))) {
        o->hooks_done[o->hooks_done_count++] = k->claim->token;
        work_list_push(&w->clearing, k);
    }
}

/* Whether this worker may look for hooks: now and then, since another may have died with one. */
static bool hooks_wanted(const struct worker *w)
{
    return w->stop == STOP_NO && w->hook_name_count > 0 && w->hooks.count == 0;
}

static size_t claim_limit(const struct worker *w, const struct order *o)
{
    bool cause = w->likely || o->end_count > 0 || wake_cause(w) || clock_mono_us() >= w->poll_at_us;

    if (w->stop != STOP_NO || !w->lease.held || w->lease.quiet || w->class_count == 0 || !cause ||
        w->doubtful_count > 0 || w->one_by_one)
        return 0;
    size_t room = runners_room(w);
    return room < STORE_CLAIM_MAX ? room : STORE_CLAIM_MAX;
}

static void submit(struct worker *w)
{
    struct order *o = &w->store->order;

    if (w->store->busy || clock_mono_us() < w->retry_at_us)
        return;
    take_ends(w, o);
    take_releases(w, o);
    take_hooked(w, o);
    oversight_take(w, o);
    o->limit = claim_limit(w, o);
    o->hook_limit = hooks_wanted(w) && clock_mono_us() >= w->hooks_at_us ? STORE_HOOK_MAX : 0;
    wake_fill(w, o);
    if (o->end_count + o->release_count + o->limit + o->hooks_done_count + o->hook_limit +
            o->watched_count + o->fold ==
        0)
        return;
    w->store->wish.classes = w->class_names;
    w->store->wish.class_count = w->class_count;
    o->hook_classes = w->hook_names;
    o->hook_class_count = w->hook_name_count;
    store_thread_submit(w->store);
}

bool pump_idle(const struct worker *w)
{
    return !w->store->busy && w->ended.count == 0 && w->returning.count == 0 &&
           w->hooked.count == 0 && w->undecided.count == 0 && w->doubtful_count == 0;
}

static bool is_drained(struct worker *w)
{
    return w->options->drain && w->empty && pump_idle(w) && w->ready.count == 0 &&
           w->asking.count == 0 && rescuer_is_idle(&w->rescuer) && w->hooks.count == 0 &&
           runners_given(w) == 0 && (w->hook_name_count == 0 || w->hooks_at_us > 0);
}

static void begin_stop_if_drained(struct worker *w)
{
    if (w->stop == STOP_NO && is_drained(w)) {
        log_event(LOG_INFO, "Job worker drained", LOG_NUMBER("jobs", w->completed));
        w->stop = STOP_GRACEFUL;
    }
}

/* While stopping, and when the lease is over, jobs that nobody has entered go back to the queue. */
static void return_unstarted(struct worker *w)
{
    struct work *k;

    if (w->lease.lost)
        work_list_append(&w->returning, &w->ready);
    if (w->stop == STOP_NO)
        return;
    runners_take_back(w);
    work_list_append(&w->returning, &w->ready);
    while (runners_all_down(w) && (k = work_list_pop(&w->asking)))
        life_delay(w, k, 0);
}

static void report_stats(struct worker *w)
{
    int64_t now = clock_mono_us(), every = w->options->stats_every_ms * US_PER_MS;

    if (every == 0 || now < w->stats_at_us)
        return;
    log_event(LOG_INFO, "Job worker stats", LOG_NUMBER("worker_processes", w->runner_count),
              LOG_NUMBER("jobs_running", (int64_t)runners_given(w)),
              LOG_NUMBER("jobs_waiting", (int64_t)w->ready.count),
              LOG_NUMBER("jobs_completed", w->completed - w->completed_before));
    w->completed_before = w->completed;
    w->stats_at_us = now + every;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

/* Sleeps until something is due, or an event comes. */
static void arm_timer(struct worker *w)
{
    int64_t now = clock_mono_us(), next = min64(runners_next_us(w), lease_next_us(w));

    next = min64(next, stops_next_us(w));
    next = min64(next, announce_next_us(w));
    if (!w->store->busy && now >= w->retry_at_us)
        next = min64(next, oversight_next_us(w));
    next = min64(next, scheduler_next_us(w));
    if (w->options->stats_every_ms > 0)
        next = min64(next, w->stats_at_us);
    if (!w->store->busy) {
        bool blocked = now < w->retry_at_us;

        if (blocked)
            next = min64(next, w->retry_at_us);
        else if (w->stop == STOP_NO && w->lease.held && !w->lease.quiet && runners_room(w) > 0)
            next = min64(next, w->poll_at_us);
        if (!blocked && hooks_wanted(w))
            next = min64(next, w->hooks_at_us);
    }
    if (next == INT64_MAX) {
        (void)uv_timer_stop(&w->timer);
        return;
    }
    uint64_t ms = next <= now ? 1 : (uint64_t)((next - now + US_PER_MS - 1) / US_PER_MS);
    uv_update_time(&w->loop);
    (void)uv_timer_start(&w->timer, on_timer, ms, 0);
}

void pump(struct worker *w)
{
    lease_check(w);
    rescue_check(w);
    runners_start(w);
    stops_check(w);
    oversight_decide(w);
    scheduler_check(w);
    runners_unstick(w);
    return_unstarted(w);
    runners_hand_out(w);
    submit(w);
    begin_stop_if_drained(w);
    runners_close_idle(w);
    report_stats(w);
    announce(w);
    arm_timer(w);
    if (w->stop != STOP_NO && runners_all_down(w) && scheduler_is_down(w) && pump_idle(w) &&
        w->asking.count == 0)
        uv_stop(&w->loop);
}

/* ---- answers ---- */

/* The database's clock against ours, from the quickest exchange of late: `now` was read between
 * sent and replied. A slower exchange tells less, until what is known has grown old. */
static void learn_clock(struct worker *w, const struct order *o)
{
    int64_t took = o->replied_us - o->sent_us + 1;

    if (w->clock.slack_us == 0 || took <= w->clock.slack_us)
        w->clock = (struct db_clock){.offset_us = o->result.now - o->replied_us, .slack_us = took};
    else
        w->clock.slack_us += w->clock.slack_us / 8 + 1;
}

/* After a look the next is some time away, unless there was more, or one of ours is not recorded.
 */
static void set_hooks_at(struct worker *w, const struct order *o)
{
    bool ours_waits = w->hooks_at_us == 0 && w->ended.count > 0;

    if (!ours_waits && o->result.hook_count < STORE_HOOK_MAX)
        w->hooks_at_us = clock_mono_us() + jittered_us(HOOKS_EVERY_MS);
}

/* They stand in the database now, or somebody else was first. */
static void settle(struct worker *w, struct work_list *l)
{
    struct work *k;

    while ((k = work_list_pop(l))) {
        progress_forget(k->noted);
        rescue_settled(w, k);
        work_free(k);
    }
}

static void on_success(struct worker *w, struct order *o)
{
    size_t known = o->result.ended + o->result.recorded + o->result.undecided_count;

    if (known < o->end_count)
        log_event(LOG_WARNING, "Ends were superseded",
                  LOG_NUMBER("count", (int64_t)(o->end_count - known)));
    if (w->store_failures > 0)
        log_event(LOG_INFO, "Database is back", LOG_NUMBER("failures", w->store_failures));
    w->store_failures = 0;
    w->doubtful_count = 0;
    oversight_keep_undecided(w, o);
    settle(w, &w->recording);
    settle(w, &w->releasing);
    if (w->ended.count == 0)
        w->one_by_one = false;
    work_list_free(&w->clearing);
    if (o->limit > 0)
        wake_reply(w, o);
    if (o->hook_limit > 0)
        set_hooks_at(w, o);
    learn_clock(w, o);
    oversight_reply(w, o);
    if (!work_take(&w->ready, &w->hooks, &o->arena, &o->result, &w->clock)) {
        memcpy(w->doubtful, o->tokens, o->limit * sizeof(*o->tokens));
        w->doubtful_count = o->limit; /* no memory for them: back to the queue */
    }
}

/* An end that the database refuses for what it says is recorded without its words. */
static void on_refused(struct worker *w, const struct order *o)
{
    if (o->end_count > 1) {
        w->one_by_one = true;
        return;
    }
    struct work *k = w->ended.head;
    k->end.error_type = k->end.status == JOB_SUCCESSFUL ? NULL : "Unrecordable";
    k->end.error_message = NULL;
    k->end.error = "the database refused the error's text";
    k->end.output = NULL;
    w->one_by_one = true;
}

static void on_failure(struct worker *w, struct order *o)
{
    unsigned shift = w->store_failures < 6 ? w->store_failures : 6;
    int64_t delay = min64((int64_t)STORE_RETRY_FIRST_MS << shift, STORE_RETRY_MAX_MS);

    work_list_append(&w->recording, &w->ended); /* in the old order */
    w->ended = w->recording;
    w->recording = (struct work_list){0};
    work_list_append(&w->returning, &w->releasing);
    work_list_append(&w->hooked, &w->clearing);
    if (o->limit > 0 && (o->err.code == PLAIN_E_UNREACHABLE || o->err.code == PLAIN_E_TIMEOUT)) {
        memcpy(w->doubtful, o->tokens, o->limit * sizeof(*o->tokens));
        w->doubtful_count = o->limit;
    }
    if (!o->err.retryable && o->end_count > 0)
        on_refused(w, o);
    if ((w->store_failures & (w->store_failures - 1)) == 0) /* the 1st, 2nd, 4th, 8th ... */
        log_event(LOG_ERROR, "Database failed", LOG_TEXT("error", o->err.message),
                  LOG_NUMBER("failures", w->store_failures + 1),
                  LOG_NUMBER("ends_kept", (int64_t)w->ended.count));
    w->store_failures++;
    wake_fail(w);
    w->retry_at_us = clock_mono_us() + jittered_us(delay);
}

void pump_reply(struct worker *w)
{
    struct order *o = &w->store->order;

    if (!store_thread_done(w->store))
        return;
    if (o->status < 0)
        on_failure(w, o);
    else
        on_success(w, o);
    arena_reset(&o->arena);
    pump(w);
}
