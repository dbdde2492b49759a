/*
 * rescue.c - what becomes of attempts that were lost with their worker: of others, and of our own
 *
 * The file of a dead worker on this host leaves no doubt: what was never entered goes back to the
 * queue as it was; what ended has its end; what was entered is LOST. Without the file (the host is
 * gone) a claimed job may have been entered, so it is LOST too, and says so. All go the way of our
 * own ends, by token: what somebody else did first counts.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "worker/state.h"

/* Losses that were not the job's fault: it does not run for ever all the same. */
enum { LOST_MAX = 10 };

enum { MESSAGE_SIZE = 512 };

/* Says why, counts the loss, and goes on with a retry if one is left. */
static void lose(struct worker *w, struct work *k, const char *why, const char *doubt)
{
    char message[MESSAGE_SIZE];

    k->end.lost_count = k->claim->lost_count < INT_MAX ? k->claim->lost_count + 1 : INT_MAX;
    bool may_retry = k->end.lost_count < LOST_MAX;
    (void)snprintf(message, sizeof(message), "%s%s%s", why, doubt,
                   may_retry ? "" : "; lost with its worker 10 times: no retry");
    life_texts(k, "Lost", message, message);
    life_go_on(w, k, may_retry);
}

void rescue_own(struct runner *r, struct work *k, const struct child_end *how)
{
    char why[MESSAGE_SIZE];

    life_begin_end(r->worker, k, JOB_LOST, r->pid, atomic_load(&r->progress->entered_us),
                   clock_mono_us());
    life_usage_of_dead(r, k, how);
    (void)snprintf(why, sizeof(why), "worker %s lost its lease", r->worker->id_text);
    lose(r->worker, k, why, "");
}

static void lose_with_worker(struct worker *w, struct work *k, const struct rescued *job,
                             int64_t now)
{
    const struct orphan *o = &job->orphan;
    bool by_lease = job->verdict.kind == VERDICT_UNKNOWN;
    char id[PLAIN_UUID_TEXT], why[MESSAGE_SIZE];

    life_begin_end(w, k, JOB_LOST, job->verdict.runner_pid, 0, 0);
    k->end.started_at = o->started_at;
    k->end.ended_at = now > o->started_at ? now : o->started_at;
    if (o->worker_pid > 0)
        (void)snprintf(why, sizeof(why), "worker %s on %.255s (pid %d) %s",
                       plain_uuid_format(&o->worker_id, id), o->worker_host, o->worker_pid,
                       by_lease ? "lost its lease" : "was killed");
    else
        (void)snprintf(why, sizeof(why), "worker %s lost its lease",
                       plain_uuid_format(&o->worker_id, id));
    lose(w, k, why, by_lease ? "; the job may not have started" : "");
}

static void end_as_told(struct worker *w, struct work *k, const struct verdict *v)
{
    const struct frame_end f = frame_end_noted(v->frame, v->frame_length, &v->how, &v->times);

    life_end_as(w, k, v->runner_pid, &f);
}

static void succeed(struct worker *w, struct work *k, const struct verdict *v)
{
    life_begin_end(w, k, JOB_SUCCESSFUL, v->runner_pid, v->times.started_us, v->times.ended_us);
    k->end.cpu_us = v->times.cpu_us;
    k->end.max_rss_kb = v->times.max_rss_kb;
    life_finish(w, k);
}

/* What the dead worker had read of its output. */
static char *output_of(const struct rescued *job)
{
    struct tail t = TAIL_INIT(PROGRESS_OUTPUT_SIZE);

    if (!job->output)
        return NULL;
    t.total = job->output_missing;
    tail_add(&t, job->output, job->output_size);
    char *text = tail_text(&t);
    tail_release(&t);
    return text;
}

static void settle(struct worker *w, struct work *k, const struct rescued *job, int64_t now)
{
    k->output = output_of(job);
    k->completing = job->completing;
    switch (job->verdict.kind) {
    case VERDICT_UNENTERED:
        work_list_push(&w->returning, k);
        break;
    case VERDICT_SUCCEEDED:
        succeed(w, k, &job->verdict);
        break;
    case VERDICT_ENDED:
        end_as_told(w, k, &job->verdict);
        break;
    case VERDICT_ENTERED:
    case VERDICT_UNKNOWN:
        if (job->orphan.started_at ==
            STORE_NO_TIME) /* the Python package's: claimed, not started */
            work_list_push(&w->returning, k);
        else
            lose_with_worker(w, k, job, now);
        break;
    }
}

static bool stands_in(const struct work_list *l, const plain_uuid *token)
{
    for (const struct work *k = l->head; k; k = k->next) {
        if (uuid_equal(&k->claim->token, token))
            return true;
    }
    return false;
}

/* Nobody has seen it: it is being given back. */
static bool is_doubtful(const struct lane *l, const plain_uuid *token)
{
    for (size_t i = 0; i < l->doubtful_count; i++) {
        if (uuid_equal(&l->doubtful[i], token))
            return true;
    }
    return false;
}

/* Whether its end is refused; or it was claimed under an earlier id of this very worker, and its
 * end or return is only not written yet. */
static bool is_in_hand(const struct worker *w, const struct orphan *o)
{
    const struct work_list *const lists[] = {&w->ended,     &w->undecided, &w->returning,
                                             &w->releasing, &w->asking,    &w->ready};
    bool found = stands_in(&w->refused, &o->claim.token); /* whosever it was */

    if (found || !uuid_equal(&o->worker_id, &w->file.head->ids[1].id))
        return found;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        found = found || stands_in(lists[i], &o->claim.token);
    for (int i = 0; i < w->lane_count; i++)
        found = found || stands_in(&w->lanes[i].recording, &o->claim.token) ||
                is_doubtful(&w->lanes[i], &o->claim.token);
    for (int i = 0; i < w->runner_count; i++) /* one that is asked for the retry's delay */
        found = found || stands_in(&w->runners[i].given, &o->claim.token);
    return found;
}

/* Makes works of what is to be settled. */
static void settle_all(struct worker *w, struct rescue_batch *b, struct work *works,
                       struct batch *batch)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->count; i++) {
        if (!is_in_hand(w, &b->jobs[i].orphan))
            b->jobs[kept++] = b->jobs[i];
    }
    w->rescue_left = batch->refs = kept;
    for (size_t i = 0; i < kept; i++) {
        works[i] = (struct work){.batch = batch,
                                 .claim = &b->jobs[i].orphan.claim,
                                 .clock = b->clock,
                                 .since_us = clock_mono_us(),
                                 .rescued = true};
        settle(w, &works[i], &b->jobs[i], b->now);
    }
}

void rescue_check(struct worker *w)
{
    struct rescue_batch b;

    if (!w->lease.held || !rescuer_take(&w->rescuer, &b))
        return;
    struct batch *batch = mem_zalloc(1, sizeof(*batch));
    struct work *works = arena_array(&b.arena, b.count, sizeof(*works));
    bool able = batch && works;
    if (able) {
        batch->arena = b.arena;
        settle_all(w, &b, works, batch);
    }
    if (!able || w->rescue_left == 0) { /* they are found again, if need be */
        arena_release(able ? &batch->arena : &b.arena);
        mem_free(batch);
        rescuer_settled_later(&w->rescuer);
    }
}

void rescue_settled(struct worker *w, const struct work *k)
{
    if (!k->rescued || --w->rescue_left > 0)
        return;
    w->poll_at_us = 0; /* what was rescued may be due */
    w->empty = false;
    rescuer_settled(&w->rescuer);
    lease_thread_wake(&w->lease.thread);
}
