/*
 * wake.c - when to look for jobs
 *
 * A worker that finds no more than it asked for marks itself as waiting: from then on an enqueue
 * tells it (on SQLite it is told anyway). What was enqueued by a transaction that had begun before
 * the mark was there tells nobody, so behind the mark the worker looks by itself at 1, 2, 4 ... 500
 * ms, and while such a transaction is still open. After that, looking is the backstop for what was
 * not heard: every half second, and less than once a second when it has been quiet for 5 s. A
 * worker to which much comes takes the mark away: it looks all the time, and telling costs the
 * enqueueing transactions a lock that they share.
 *
 * Looking is one query that writes nothing; only what it finds is claimed. What was told and was
 * not to be had is looked for at once: somebody else has it, or it is held back.
 */
#include "base/clock.h"
#include "base/uuid.h"
#include "worker/state.h"

enum {
    POLL_FIRST_MS = 20,
    POLL_MAX_MS = 500,
    POLL_OPEN_MS = 120,
    POLL_LAST_MS = 20, /* behind the last that is due: what will be is not known yet */
    POLL_CALM_MS = 2000,
    POLL_PATTERN_CALM_MS = 4000, /* with a pattern the queues are asked for, too */
    CALM_MS = 5000,
    STEP_LAST_MS = 512,
    WINDOW_MS = 100,
    BUSY_JOBS = 50 /* found in a window */
};

static bool hears(const struct worker *w)
{
    return atomic_load(&w->listener.hears);
}

static bool needs_marks(const struct worker *w)
{
    return w->lanes->store.store->ops->caps & STORE_IDLE_MARKS;
}

bool wake_cause(const struct worker *w)
{
    return atomic_load(&w->listener.told) != TOLD_NOTHING || wake_change(w) == IDLE_MARK;
}

enum idle_change wake_change(const struct worker *w)
{
    bool is_marked = w->wakeup.is_marked;
    bool may_wait = hears(w) && !w->wakeup.is_busy && !w->likely && !w->options->drain;

    if (!needs_marks(w) || w->stop != STOP_NO || may_wait == is_marked)
        return IDLE_KEEP;
    return may_wait ? IDLE_MARK : IDLE_CLEAR;
}

static bool is_claim_alone(const struct order *o)
{
    return o->idle == IDLE_KEEP && o->end_count == 0 && o->release_count == 0 &&
           o->hooks_done_count == 0 && o->hook_limit == 0 && o->watched_count == 0 && !o->fold;
}

/* Only what the timer or a foreign writer caused is looked at first: of the rest something is
 * probably there. */
void wake_fill(struct worker *w, struct order *o)
{
    long long told = TOLD_NOTHING;

    if (o->limit > 0)
        told = atomic_exchange(&w->listener.told, TOLD_NOTHING);
    o->woken = told != TOLD_NOTHING;
    o->idle = o->limit > 0 ? wake_change(w) : IDLE_KEEP;
    order_claim_told(o, is_claim_alone(o) ? told : TOLD_NOTHING);
    o->look_first = o->limit > 0 && w->empty && !(o->woken && needs_marks(w)) && is_claim_alone(o);
}

bool wake_waits(const struct worker *w)
{
    return hears(w) && !w->likely && wake_change(w) == IDLE_KEEP &&
           (w->wakeup.is_marked || !needs_marks(w));
}

void wake_fill_left(struct worker *w, struct order *o)
{
    o->woken = true;
    o->told = 0; /* it will be known then */
    o->idle = IDLE_KEEP;
    o->look_first = w->empty && !needs_marks(w);
}

static void watch_rate(struct wakeup *u, int64_t now, size_t found)
{
    if (now - u->window_us >= (int64_t)WINDOW_MS * US_PER_MS) {
        u->is_busy = u->found > BUSY_JOBS;
        u->window_us = now;
        u->found = 0;
    }
    u->found += (int64_t)found;
    u->is_busy = u->is_busy || u->found > BUSY_JOBS;
}

static int64_t next_step(struct wakeup *u)
{
    int64_t ms = u->step_ms;

    u->step_ms *= 2;
    return ms;
}

/* How long nobody has to look. */
static int64_t wait_ms(struct worker *w, int64_t now)
{
    struct wakeup *u = &w->wakeup;
    bool is_calm = u->empty_since_us > 0 && now - u->empty_since_us >= (int64_t)CALM_MS * US_PER_MS;
    int64_t calm_ms = w->lanes->store.served.is_open ? POLL_PATTERN_CALM_MS : POLL_CALM_MS;
    int64_t backstop = is_calm ? calm_ms : POLL_MAX_MS;

    if (hears(w) && u->is_marked && u->step_ms <= STEP_LAST_MS)
        return next_step(u);
    if (hears(w) && u->is_marked && u->is_open && !is_calm)
        return POLL_OPEN_MS;
    if (hears(w) && (u->is_marked || !needs_marks(w)))
        return backstop;
    int64_t ms = w->empty && u->poll_ms > 0 ? u->poll_ms * 2 : POLL_FIRST_MS;
    u->poll_ms = ms < backstop ? ms : backstop;
    return u->poll_ms;
}

void wake_reply(struct worker *w, const struct order *o)
{
    struct wakeup *u = &w->wakeup;
    int64_t now = clock_mono_us();

    w->likely = o->told == 0 && o->result.claim_count == o->limit;
    /* What ended while the order was out may have a successor, which it did not see. */
    w->empty = o->result.claim_count == 0 && o->ahead == 0 && w->ended.count == 0;
    if (!w->empty)
        u->empty_since_us = 0;
    else if (u->empty_since_us == 0)
        u->empty_since_us = now;
    if (o->idle != IDLE_KEEP)
        *u = (struct wakeup){.is_marked = o->idle == IDLE_MARK,
                             .is_open = true,
                             .step_ms = 1,
                             .empty_since_us = u->empty_since_us,
                             .is_busy = u->is_busy,
                             .window_us = u->window_us,
                             .found = u->found};
    if (o->look_first)
        u->is_open = o->look.is_open;
    watch_rate(u, now, o->result.claim_count);
    w->poll_at_us = now + clock_jittered(wait_ms(w, now) * US_PER_MS);
    if (o->result.now == STORE_NO_TIME)
        w->poll_at_us = now;
    if (o->result.claim_count > 0)
        w->poll_at_us = clock_earlier(w->poll_at_us, now + (int64_t)POLL_LAST_MS * US_PER_MS);
    if (o->result.next_due != STORE_NO_TIME && o->result.now != STORE_NO_TIME) {
        int64_t wait = o->result.next_due - o->result.now;

        w->poll_at_us = clock_earlier(w->poll_at_us, now + (wait > 0 ? wait : 0));
    }
    store_thread_set_waiting(&w->lanes->store, w->empty);
}

void wake_found(struct worker *w, const struct order *o)
{
    if (o->result.claim_count == 0)
        return;
    w->empty = false;
    w->wakeup.empty_since_us = 0;
    watch_rate(&w->wakeup, clock_mono_us(), o->result.claim_count);
}

void wake_fail(struct worker *w)
{
    w->wakeup.is_marked = false;
    w->empty = false;  /* claim, do not look */
    w->poll_at_us = 0; /* what was told has been taken, and is not told again */
}
