/*
 * lease.c - what the loop makes of its lease
 *
 * Jobs are claimed and handed out only while the lease is held. When it is over (the machine slept,
 * the database was away, somebody took the row) others are about to take these jobs over: so first
 * every runner is killed, then what they had is ended or given back by its token (what somebody
 * else did first counts), and only then the worker goes on, under a new id and with new runners.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "worker/state.h"

static void ask(struct worker *w)
{
    const struct worker_row row = {
        .identity = &w->identity,
        .before = w->file.head->ids[1].id,
        .queues = w->options->queues,
        .queue_count = w->options->queue_count,
        .classes = w->class_names,
        .class_count = w->class_count,
        .lease_ms = w->options->lease_ms,
        .capacity = w->options->max_processes,
    };

    w->lease.asked = true;
    lease_thread_register(&w->lease.thread, &row);
}

static void lose(struct worker *w)
{
    w->lease.held = false;
    w->lease.lost = true;
    log_event(LOG_WARNING, "Worker lost its lease", LOG_TEXT("worker_id", w->id_text),
              LOG_NUMBER("jobs_running", (int64_t)runners_given(w)));
    stops_kill_all(w); /* process.c judges their jobs */
}

/* Once nothing of the old lease runs and no order names the old id. */
static void take_new_id(struct worker *w)
{
    if (w->stop != STOP_NO || !runners_all_down(w) || orders_are_out(w))
        return;
    work_list_append(&w->returning, &w->ready); /* a claim that came in last, too */
    w->identity.id = uuid_new();
    (void)plain_uuid_format(&w->identity.id, w->id_text);
    worker_file_set_id(&w->file, &w->identity.id);
    w->lease.lost = false;
    w->wakeup.is_marked = false;
    for (int i = 0; i < w->runner_count; i++)
        w->runners[i].restart_at_us = 0;
    ask(w);
}

/* Quiet is for good: what is running ends, and nothing else begins. */
static void be_quiet(struct worker *w)
{
    w->lease.quiet = true;
    log_event(LOG_INFO, "Job worker is quiet", LOG_TEXT("worker_id", w->id_text),
              LOG_NUMBER("jobs_running", (int64_t)runners_given(w)));
    runners_take_back(w);
    work_list_append(&w->returning, &w->ready);
}

/* The database gives it no jobs from the moment on that the wish was written. */
static void heed_wish(struct worker *w)
{
    enum worker_wish wish = lease_thread_wish(&w->lease.thread);

    if (w->stop != STOP_NO) { /* nothing is left to be wished for */
        lease_thread_tell_stop(&w->lease.thread);
        return;
    }
    if (wish != WISH_NONE && !w->lease.quiet)
        be_quiet(w);
    if (wish == WISH_STOP)
        worker_stop(w);
}

void lease_check(struct worker *w)
{
    enum lease_state state = lease_thread_state(&w->lease.thread, &w->lease.deadline_us);

    if (w->lease.lost) {
        take_new_id(w);
    } else if (state == LEASE_OVER) {
        lose(w);
    } else if (state == LEASE_HELD && !w->lease.held) {
        w->lease.held = true;
        worker_registered(w);
    } else if (state == LEASE_REFUSED && w->stop == STOP_NO) {
        const plain_error refusal = lease_thread_refusal(&w->lease.thread);

        worker_fail(w, &refusal);
    } else if (!w->lease.asked && w->classes_known && w->stop == STOP_NO) {
        ask(w);
    }
    if (atomic_exchange(&w->listener.asked, false))
        lease_thread_ask(&w->lease.thread);
    if (w->lease.held)
        heed_wish(w);
}

int64_t lease_next_us(const struct worker *w)
{
    if (!w->lease.held)
        return INT64_MAX;
    return clock_mono_us() + (w->lease.deadline_us - clock_boot_us());
}
