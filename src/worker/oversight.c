/*
 * oversight.c - what others do to the jobs that this worker runs
 *
 * Somebody may cancel a job, delete its row, or end it since this worker was thought dead; and a
 * job may complete in a transaction of its own. All of that is in the database, and nobody has to
 * tell: twice a second the rows of what has been running for a while are looked at, all in one
 * statement by their tokens, with the next cycle. So short jobs cost nothing, and a wake-up only
 * has to move watch_at_us forward.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "worker/state.h"

enum { WATCH_EVERY_MS = 400, FOLD_EVERY_MS = 60000, FOLD_SOON_MS = 1000, UNDECIDED_MS = 100 };

/* Jobs of these lists, while they are not being stopped already. */
static bool is_watched(const struct work *k)
{
    return k->kind == WORK_JOB && k->why == WHY_NONE && !k->is_recorded;
}

static void take(struct order *o, const struct work_list *l, int64_t claimed_before)
{
    for (const struct work *k = l->head; k && o->watched_count < STORE_END_MAX; k = k->next) {
        if (is_watched(k) && k->since_us <= claimed_before)
            o->watched[o->watched_count++] = k->claim->token;
    }
}

bool oversight_folds(const struct worker *w)
{
    return clock_mono_us() >= w->fold_at_us;
}

/* Never later than it would be: under a steady load there is always a new reason. */
static void fold_soon(struct worker *w)
{
    w->fold_at_us =
        clock_earlier(w->fold_at_us, clock_mono_us() + (int64_t)FOLD_SOON_MS * US_PER_MS);
}

void oversight_take(struct worker *w, struct order *o)
{
    int64_t now = clock_mono_us();

    o->watched_count = 0;
    if (o->fold)
        w->fold_at_us = now + (int64_t)FOLD_EVERY_MS * US_PER_MS;
    if (now < w->watch_at_us)
        return;
    /* From where the last look was full, so that each runner has its turn. */
    for (int i = 0; i < w->runner_count && o->watched_count < STORE_END_MAX; i++) {
        take(o, &w->runners[w->watch_next].given, now - (int64_t)WATCH_EVERY_MS * US_PER_MS / 2);
        w->watch_next = (w->watch_next + 1) % w->runner_count;
    }
    take(o, &w->ready, now - (int64_t)WATCH_EVERY_MS * US_PER_MS / 2);
    w->watch_at_us = now + (int64_t)WATCH_EVERY_MS * US_PER_MS;
}

static struct work *find_in(const struct work_list *l, const plain_uuid *token)
{
    struct work *k = l->head;

    while (k && !uuid_equal(&k->claim->token, token))
        k = k->next;
    return k;
}

/* The job that a runner has, or that waits for one; NULL when it has ended since. */
static struct work *find(const struct worker *w, const plain_uuid *token)
{
    struct work *k = find_in(&w->ready, token);

    for (int i = 0; !k && i < w->runner_count; i++)
        k = find_in(&w->runners[i].given, token);
    return k && k->kind == WORK_JOB ? k : NULL;
}

static void on_watched(struct worker *w, const struct watched_job *job)
{
    char token[PLAIN_UUID_TEXT];
    struct work *k = find(w, &job->token);

    if (!k || k->why != WHY_NONE)
        return;
    if (job->state == WATCH_COMPLETED) {
        k->is_recorded = true;
        fold_soon(w);
        return;
    }
    k->why = job->state == WATCH_CANCELLED ? WHY_CANCELLED : WHY_GONE;
    log_event(LOG_INFO, job->state == WATCH_CANCELLED ? "Job is cancelled" : "Job's row is gone",
              LOG_TEXT("job_class", k->claim->job_class),
              LOG_TEXT("job_process_uuid", plain_uuid_format(&job->token, token)),
              LOG_TEXT("by", job->by ? job->by : ""));
}

/* Those that were not handed out end at once; stops.c sees to the others. */
static void end_waiting(struct worker *w)
{
    struct work_list all = w->ready;
    struct work *k;

    w->ready = (struct work_list){0};
    while ((k = work_list_pop(&all))) {
        if (k->kind == WORK_JOB && k->why != WHY_NONE)
            life_stopped_unstarted(w, k);
        else
            work_list_push(&w->ready, k);
    }
}

void oversight_reply(struct worker *w, const struct order *o)
{
    for (size_t i = 0; i < o->result.watched_count; i++)
        on_watched(w, &o->result.watched[i]);
    if (o->result.watched_count > 0) {
        for (int i = 0; i < w->runner_count; i++)
            stops_take_back_stopped(&w->runners[i]);
        end_waiting(w);
    }
    if (o->result.recorded > 0 || o->result.folded >= STORE_FOLD_MAX)
        fold_soon(w);
}

/* ---- ends that another transaction still decides about: mostly one of the job's own ---- */

static bool is_undecided(const struct order *o, const struct work *k)
{
    for (size_t i = 0; i < o->result.undecided_count; i++) {
        if (uuid_equal(&o->result.undecided[i], &k->end.token))
            return true;
    }
    return false;
}

void oversight_keep_undecided(struct worker *w, struct lane *l)
{
    const struct order *o = &l->store.order;
    struct work_list all = l->recording;
    struct work *k;

    if (o->result.undecided_count == 0)
        return;
    w->undecided_at_us = clock_mono_us() + (int64_t)UNDECIDED_MS * US_PER_MS;
    l->recording = (struct work_list){0};
    while ((k = work_list_pop(&all)))
        work_list_push(is_undecided(o, k) ? &w->undecided : &l->recording, k);
}

/* A runner that sits on an open transaction, of a job that has ended, is replaced. */
static void replace_runner(struct worker *w, const struct work *k, int64_t now)
{
    int64_t since = k->end.ended_at - k->clock.offset_us;

    for (int i = 0; i < w->runner_count; i++) {
        struct runner *r = &w->runners[i];

        if (k->end.completing && r->pid == k->end.runner_pid &&
            now - since > w->options->stop_grace_ms * US_PER_MS)
            stops_replace(r);
    }
}

void oversight_decide(struct worker *w)
{
    int64_t now = clock_mono_us();

    if (w->undecided.count == 0 || now < w->undecided_at_us)
        return;
    for (const struct work *k = w->undecided.head; k; k = k->next)
        replace_runner(w, k, now);
    work_list_append(&w->ended, &w->undecided);
}

static bool has_watched(const struct work_list *l)
{
    const struct work *k = l->head;

    while (k && !is_watched(k))
        k = k->next;
    return k != NULL;
}

int64_t oversight_next_us(const struct worker *w)
{
    bool watches = has_watched(&w->ready);
    int64_t next = w->fold_at_us;

    for (int i = 0; !watches && i < w->runner_count; i++)
        watches = has_watched(&w->runners[i].given);
    if (watches && w->watch_at_us < next)
        next = w->watch_at_us;
    if (w->undecided.count > 0 && w->undecided_at_us < next)
        next = w->undecided_at_us;
    return next;
}
