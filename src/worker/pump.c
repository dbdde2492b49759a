/*
 * pump.c - what can be done now, and until when to sleep
 */
#include "base/clock.h"
#include "base/log.h"
#include "worker/state.h"

static bool is_drained(struct worker *w)
{
    bool is_empty = w->empty || w->lease.quiet || (w->classes_known && w->class_count == 0);

    return w->options->drain && is_empty && orders_are_done(w) && w->ready.count == 0 &&
           w->asking.count == 0 && rescuer_is_idle(&w->rescuer) && w->hooks.count == 0 &&
           runners_given(w) == 0 && (w->hook_name_count == 0 || w->hooks_at_us > 0);
}

/* Whether all is recorded; or nobody is to wait for that any more, and it stays in the worker's
 * file and row for the next one. */
static bool is_settled(const struct worker *w)
{
    if (w->gives_up && orders_fail(w) && !orders_are_out(w))
        return true;
    return orders_are_done(w) && w->asking.count == 0;
}

static void begin_stop_if_drained(struct worker *w)
{
    if (w->stop == STOP_NO && is_drained(w)) {
        log_event(LOG_INFO, "Job worker drained", LOG_NUMBER("jobs", w->completed));
        w->stop = STOP_GRACEFUL;
        w->is_drained = true;
    }
}

/* While stopping, when the lease is over, and when all runners are in jobs that turned out long:
 * what nobody has entered goes back to the queue, for another worker to take. */
static void return_unstarted(struct worker *w)
{
    struct work *k;

    if (w->lease.lost || (w->ready.count > 0 && runners_are_long(w)))
        work_list_append(&w->returning, &w->ready);
    if (w->stop == STOP_NO)
        return;
    runners_take_back(w);
    work_list_append(&w->returning, &w->ready);
    while (!runners_can_be_asked(w) && (k = work_list_pop(&w->asking)))
        life_delay(w, k, 0);
}

static void report_stats(struct worker *w)
{
    int64_t now = clock_mono_us(), every = w->options->stats_every_ms * US_PER_MS;

    if (every == 0 || now < w->stats_at_us)
        return;
    log_event(LOG_INFO, "Job worker stats",
              LOG_NUMBER("worker_processes", w->options->max_processes),
              LOG_NUMBER("jobs_running", (int64_t)runners_given(w)),
              LOG_NUMBER("jobs_waiting", (int64_t)w->ready.count),
              LOG_NUMBER("jobs_completed", w->completed - w->completed_before));
    w->completed_before = w->completed;
    w->stats_at_us = now + every;
}

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

/* Sleeps until something is due, or an event comes. */
static void arm_timer(struct worker *w)
{
    int64_t now = clock_mono_us(), next = clock_earlier(runners_next_us(w), lease_next_us(w));

    next = clock_earlier(next, stops_next_us(w));
    next = clock_earlier(next, announce_next_us(w));
    next = clock_earlier(next, orders_next_us(w));
    next = clock_earlier(next, scheduler_next_us(w));
    if (w->options->stats_every_ms > 0)
        next = clock_earlier(next, w->stats_at_us);
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
    orders_take_back(w);
    lease_check(w);
    rescue_check(w);
    runners_start(w);
    stops_check(w);
    oversight_decide(w);
    scheduler_check(w);
    runners_unstick(w);
    return_unstarted(w);
    runners_hand_out(w);
    orders_submit(w);
    begin_stop_if_drained(w);
    runners_close_idle(w);
    report_stats(w);
    announce(w);
    arm_timer(w);
    if (w->stop != STOP_NO && runners_all_down(w) && scheduler_is_down(w) && is_settled(w))
        uv_stop(&w->loop);
}
