/*
 * orders.c - what goes to the database and when, and what comes back
 *
 * One order is out at a time. It takes every end that has come in, every job that goes back, and
 * a claim for the room there is, in one transaction: so while the database is busy the next batch
 * gathers by itself, and short jobs cost a fraction of a statement each.
 *
 * In a rush (a batch has gathered, or there is room for one and more where the last came from) a
 * second connection has an order of its own meanwhile, so that two processes of the database work.
 * It records nothing but successes of which nothing follows, and claims: whatever may lead to a new
 * request or a hook, and whether nothing is left, is the first one's, which therefore sees it all.
 *
 * The second connection tidies up, too: what ends leave behind now and then, so that new attempts
 * take their place, and what claims leave behind when a worker that has claimed many jobs
 * finds nothing more, so that the next claims do not walk over what is gone.
 *
 * When the database fails, ends stay here and are sent again, with jitter; nothing is claimed that
 * could not be recorded. An end that it refuses for what it says, or a job that it does not take
 * back into the queue, is found by sending each alone, and then waits aside: it keeps neither the
 * others nor the worker's stop waiting. A claim whose answer was lost may have happened: its tokens
 * are released before anything else is claimed.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/uuid.h"
#include "worker/state.h"

enum {
    HOOKS_EVERY_MS = 10000,
    STORE_RETRY_FIRST_MS = 100,
    STORE_RETRY_MAX_MS = 5000,
    FIRST_CLAIM = 50, /* each place costs an attempt token, made, sent and read */
    TIDY_CLAIMED = 5000,
    TIDY_ENDED = 15000, /* with 5,000 and with 30,000 it was worth less */
    TIDY_REST = 20,     /* times as long as it took it is left */
    LOCKED_MS = 100,
    REFUSED_EVERY_MS = 10000,
    FAILING = 3,       /* orders in a row */
    KEPT_MOST = 10,    /* likewise */
    REFUSED_MOST = 16, /* it is not a few rows that the database refuses */
    RUSH_JOBS = 100    /* fewer are not worth a transaction beside the one that is under way */
};

static void take_end(struct lane *l, struct work *k)
{
    l->store.order.ends[l->store.order.end_count++] = k->end;
    work_list_push(&l->recording, k);
}

static void take_ends(struct worker *w, struct lane *l)
{
    struct work *k;

    while (l->store.order.end_count < STORE_END_MAX && (k = work_list_pop(&w->ended)))
        take_end(l, k);
}

static bool is_plain(const struct job_end *e)
{
    return e->status == JOB_SUCCESSFUL && uuid_is_zero(&e->successor) && !e->completing &&
           !e->is_locked;
}

/* The ends of which nothing follows. */
static void take_plain_ends(struct worker *w, struct lane *l)
{
    struct work_list all = w->ended;
    struct work *k;

    w->ended = (struct work_list){0};
    while ((k = work_list_pop(&all))) {
        if (l->store.order.end_count < STORE_END_MAX && is_plain(&k->end))
            take_end(l, k);
        else
            work_list_push(&w->ended, k);
    }
}

static void take_doubtful(struct lane *l)
{
    struct order *o = &l->store.order;

    memcpy(o->releases, l->doubtful, l->doubtful_count * sizeof(*l->doubtful));
    o->release_count = l->doubtful_count;
    o->in_doubt_of = l->doubtful_count > 0 ? l->doubtful_of : (plain_uuid){{0}};
}

/* Nobody will run what the order may have claimed: it goes back to the queue. */
static void doubt(struct worker *w, struct lane *l)
{
    const struct order *o = &l->store.order;

    memcpy(l->doubtful, o->tokens, o->limit * sizeof(*o->tokens));
    l->doubtful_count = o->limit;
    l->doubtful_of = w->identity.id;
}

/* What is taken from there is to go back, and nothing else becomes of it. */
static struct work *pop_returning(struct worker *w)
{
    struct work *k = work_list_pop(&w->returning);

    if (k)
        k->goes_back = true;
    return k;
}

static void take_release(struct worker *w, struct order *o, struct work *k)
{
    o->releases[o->release_count++] = k->claim->token;
    work_list_push(&w->releasing, k);
}

static void take_releases(struct worker *w, struct order *o)
{
    struct work *k;

    while (o->release_count < ARRAY_SIZE(o->releases) && (k = pop_returning(w)))
        take_release(w, o, k);
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

/* No more than runners can begin at once: each has its lease from now on. */
static size_t hook_room(const struct worker *w)
{
    size_t room = runners_room(w);

    return room < STORE_HOOK_MAX ? room : STORE_HOOK_MAX;
}

/* Whether this worker may look for hooks: now and then, since another may have died with one. */
static bool hooks_wanted(const struct worker *w)
{
    return w->stop == STOP_NO && w->hook_name_count > 0 && w->hooks.count == 0 && hook_room(w) > 0;
}

/* Not while it could not be recorded how they end. */
static bool may_claim(const struct worker *w)
{
    return w->stop == STOP_NO && w->lease.held && !w->lease.quiet && w->class_count > 0 &&
           !w->one_by_one && w->refused.count < REFUSED_MOST;
}

/* How many jobs an order may claim; a claim that is out may fill its room. Many only behind a claim
 * that was filled: what a waiting worker is told of is mostly one. */
static size_t claim_limit(const struct worker *w, const struct lane *l)
{
    size_t room = runners_room(w), taken = 0, most = w->likely ? STORE_CLAIM_MAX : FIRST_CLAIM;

    if (!may_claim(w) || l->doubtful_count > 0)
        return 0;
    for (int i = 0; i < w->lane_count; i++)
        taken += w->lanes[i].store.busy ? w->lanes[i].store.order.limit : 0;
    room = room > taken ? room - taken : 0;
    return room < most ? room : most;
}

static bool has_cause(const struct worker *w, const struct order *o)
{
    return w->likely || o->end_count > 0 || wake_cause(w) || clock_mono_us() >= w->poll_at_us;
}

static bool may_submit(const struct lane *l)
{
    return !l->store.busy && clock_mono_us() >= l->retry_at_us;
}

/* How many jobs others that are out may claim right behind the last of ours. Each just once: the
 * next claim of ours begins behind them anyway. */
static size_t claims_ahead(const struct worker *w, struct lane *l)
{
    size_t ahead = 0;

    for (int i = 0; i < w->lane_count; i++) {
        const struct lane *other = &w->lanes[i];

        if (other == l || !other->store.busy || l->passed[i] == other->claims)
            continue;
        ahead += other->store.order.limit;
        l->passed[i] = other->claims;
    }
    return ahead;
}

/* The last of what an order needs. */
static void prepare(struct worker *w, struct lane *l)
{
    l->store.order.ahead = 0;
    if (l->store.order.limit > 0) {
        l->store.order.ahead = claims_ahead(w, l);
        l->claims++;
    }
    l->store.wish.classes = w->class_names;
    l->store.wish.class_count = w->class_count;
}

static void send_order(struct worker *w, struct lane *l)
{
    prepare(w, l);
    store_thread_submit(&l->store);
}

static enum tidy_what find_untidy(const struct worker *w)
{
    const struct untidy *u = &w->untidy;

    if (w->stop != STOP_NO || !w->lanes->store.store->ops->tidy)
        return TIDY_NOTHING;
    if (u->ended >= TIDY_ENDED && clock_mono_us() >= u->ended_at_us)
        return TIDY_PROCESSES;
    return u->claimed >= TIDY_CLAIMED && w->empty ? TIDY_REQUESTS : TIDY_NOTHING;
}

static void submit_tidying(struct worker *w, struct lane *l, enum tidy_what what)
{
    *(what == TIDY_REQUESTS ? &w->untidy.claimed : &w->untidy.ended) = 0;
    l->store.order.tidy = what;
    l->store.order.limit = 0;
    send_order(w, l);
}

/* An order of the second connection. */
static void submit_more(struct worker *w, struct lane *l)
{
    struct order *o = &l->store.order;

    if (!may_submit(l) || w->one_by_one)
        return;
    enum tidy_what untidy = l->doubtful_count == 0 ? find_untidy(w) : TIDY_NOTHING;
    if (untidy != TIDY_NOTHING) {
        submit_tidying(w, l, untidy);
        return;
    }
    o->end_count = 0;
    size_t limit = w->likely ? claim_limit(w, l) : 0;
    if (l->doubtful_count == 0 && w->ended.count + limit < RUSH_JOBS)
        return;
    take_plain_ends(w, l);
    take_doubtful(l);
    o->limit = limit;
    if (o->end_count + o->release_count + o->limit > 0)
        send_order(w, l);
}

/* A worker that waits has the first one claim as soon as that hears of something. */
static void leave_claim(struct worker *w, struct lane *l)
{
    struct order *o = &l->store.order;

    o->limit = wake_waits(w) ? claim_limit(w, l) : 0;
    if (o->limit == 0)
        return;
    wake_fill_left(w, o);
    prepare(w, l);
    store_thread_leave(&l->store);
}

void orders_take_back(struct worker *w)
{
    store_thread_take_back(&w->lanes->store);
}

static bool retries_refused(const struct worker *w)
{
    return w->refused.count > 0 && clock_mono_us() >= w->refused_at_us;
}

/* Which end, or which job that goes back, is sent without anything else; NULL: none. */
static struct work *pop_alone(struct worker *w)
{
    if (w->one_by_one)
        return w->ended.count > 0 ? work_list_pop(&w->ended) : pop_returning(w);
    return retries_refused(w) ? work_list_pop(&w->refused) : NULL;
}

static void submit_alone(struct worker *w, struct lane *l, struct work *k)
{
    struct order *o = &l->store.order;

    o->end_count = o->release_count = o->limit = o->hooks_done_count = o->hook_limit =
        o->watched_count = 0;
    o->in_doubt_of = (plain_uuid){{0}};
    o->fold = o->woken = o->look_first = false;
    o->told = 0;
    o->idle = IDLE_KEEP;
    o->is_alone = true;
    if (k->goes_back)
        take_release(w, o, k);
    else
        take_end(l, k);
    send_order(w, l);
}

static void submit_first(struct worker *w, struct lane *l)
{
    struct order *o = &l->store.order;
    struct work *k;

    if (!may_submit(l))
        return;
    if ((k = pop_alone(w))) {
        submit_alone(w, l, k);
        return;
    }
    o->is_alone = false;
    o->end_count = 0;
    o->fold = oversight_folds(w);
    if (!o->fold) /* each writes counters in their order: in one transaction two workers could block
                   */
        take_ends(w, l);
    take_doubtful(l);
    /* Not beside doubtful ones: those settle up to which token this worker has claimed, and what it
     * rescued may have tokens of any kind. */
    if (!o->fold && uuid_is_zero(&o->in_doubt_of))
        take_releases(w, o);
    take_hooked(w, o);
    oversight_take(w, o);
    o->limit = has_cause(w, o) ? claim_limit(w, l) : 0;
    o->hook_limit = hooks_wanted(w) && clock_mono_us() >= w->hooks_at_us ? hook_room(w) : 0;
    wake_fill(w, o);
    if (o->end_count + o->release_count + o->limit + o->hooks_done_count + o->hook_limit +
            o->watched_count + o->fold ==
        0) {
        leave_claim(w, l);
        return;
    }
    o->hook_classes = w->hook_names;
    o->hook_class_count = w->hook_name_count;
    send_order(w, l);
}

void orders_submit(struct worker *w)
{
    submit_first(w, w->lanes);
    for (int i = 1; i < w->lane_count; i++)
        submit_more(w, &w->lanes[i]);
}

int64_t orders_next_us(const struct worker *w)
{
    int64_t now = clock_mono_us(), next = INT64_MAX;

    for (int i = 0; i < w->lane_count; i++) {
        if (!w->lanes[i].store.busy && now < w->lanes[i].retry_at_us)
            next = clock_earlier(next, w->lanes[i].retry_at_us);
    }
    if (!may_submit(w->lanes))
        return next;
    next = clock_earlier(next, oversight_next_us(w));
    if (w->refused.count > 0)
        next = clock_earlier(next, w->refused_at_us);
    if (claim_limit(w, w->lanes) > 0)
        next = clock_earlier(next, w->poll_at_us);
    if (hooks_wanted(w))
        next = clock_earlier(next, w->hooks_at_us);
    return next;
}

bool orders_are_out(const struct worker *w)
{
    bool is_out = false;

    for (int i = 0; i < w->lane_count; i++)
        is_out = is_out || w->lanes[i].store.busy;
    return is_out;
}

static bool has_doubts(const struct worker *w)
{
    bool has = false;

    for (int i = 0; i < w->lane_count; i++)
        has = has || w->lanes[i].doubtful_count > 0;
    return has;
}

/* Of the first one's orders: it takes all that the other leaves. One that failed once may be about
 * to be sent again in parts. */
bool orders_fail(const struct worker *w)
{
    return w->lanes->is_away || w->lanes->failures >= FAILING || w->lanes->kept >= KEPT_MOST;
}

bool orders_are_done(const struct worker *w)
{
    return !orders_are_out(w) && w->ended.count == 0 && w->returning.count == 0 &&
           w->hooked.count == 0 && w->undecided.count == 0 && !has_doubts(w);
}

/* ---- answers ---- */

/* The database's clock against ours, from the quickest exchange of late: `now` was read between
 * sent and replied. A slower exchange tells less, until what is known has grown old. */
static void learn_clock(struct worker *w, const struct order *o)
{
    int64_t took = o->replied_us - o->sent_us + 1;

    if (o->result.now == STORE_NO_TIME)
        return;
    const struct db_clock seen = {.offset_us = o->result.now - o->replied_us, .slack_us = took};

    if (w->clock.slack_us == 0 || took <= w->clock.slack_us || !clocks_agree(&seen, &w->clock))
        w->clock = seen;
    else
        w->clock.slack_us += w->clock.slack_us / 8 + 1;
}

/* After a look the next is some time away, unless there was more, or one of ours is not recorded.
 */
static void set_hooks_at(struct worker *w, const struct order *o)
{
    bool ours_waits = w->hooks_at_us == 0 && w->ended.count > 0;

    if (!ours_waits && o->result.hook_count < o->hook_limit)
        w->hooks_at_us = clock_mono_us() + clock_jittered((int64_t)HOOKS_EVERY_MS * US_PER_MS);
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

static bool is_kept(const struct order *o, const plain_uuid *token)
{
    for (size_t i = 0; i < o->result.kept_count; i++) {
        if (uuid_equal(&o->result.kept[i], token))
            return true;
    }
    return false;
}

/* The claims in doubt that were not settled, since somebody has locked a row, stay so. */
static void keep_doubtful(struct lane *l)
{
    const struct order *o = &l->store.order;
    size_t doubtful = 0;

    for (size_t i = 0; i < l->doubtful_count; i++) {
        if (is_kept(o, &l->doubtful[i]))
            l->doubtful[doubtful++] = l->doubtful[i];
    }
    l->doubtful_count = doubtful;
    l->doubtful_of = (plain_uuid){{0}}; /* it is settled: they were claimed */
}

/* What did not go back, for the same reason, is tried again. */
static void keep_locked(struct worker *w, struct lane *l)
{
    const struct order *o = &l->store.order;
    struct work_list all = w->releasing;
    struct work *k;

    if (!o->is_alone) /* they are in no order that is */
        keep_doubtful(l);
    l->kept = o->result.kept_count > 0 ? l->kept + 1 : 0;
    if (l->kept == 0)
        return;
    l->retry_at_us = clock_mono_us() + (int64_t)LOCKED_MS * US_PER_MS;
    if (l != w->lanes)
        return;
    w->releasing = (struct work_list){0};
    while ((k = work_list_pop(&all)))
        work_list_push(is_kept(o, &k->claim->token) ? &w->returning : &w->releasing, k);
}

static bool has_more_alone(const struct worker *w)
{
    return w->ended.count + w->returning.count > 0;
}

static void on_success(struct worker *w, struct lane *l)
{
    struct order *o = &l->store.order;
    size_t known = o->result.ended + o->result.recorded + o->result.undecided_count;

    if (known < o->end_count)
        log_event(LOG_WARNING, "Ends were superseded",
                  LOG_NUMBER("count", (int64_t)(o->end_count - known)));
    if (l->failures > 0)
        log_event(LOG_INFO, "Database is back", LOG_NUMBER("failures", l->failures));
    l->failures = 0;
    l->is_away = false;
    /* What goes back is due, and a claim on the other connection may have missed it. */
    if (l->doubtful_count > 0 && o->result.kept_count == 0 && !o->is_alone) {
        w->empty = false;
        w->poll_at_us = 0;
    }
    keep_locked(w, l);
    oversight_keep_undecided(w, l);
    settle(w, &l->recording);
    /* One that somebody has locked would be tried for as long: the others go on. */
    w->one_by_one =
        w->one_by_one && (o->result.kept_count > 0 ? w->ended.count > 0 : has_more_alone(w));
    if (o->is_alone) /* another may be as well */
        w->refused_at_us = 0;
    if (l == w->lanes) {
        settle(w, &w->releasing);
        work_list_free(&w->clearing);
    }
    if (o->limit > 0 && l == w->lanes)
        wake_reply(w, o);
    else if (o->limit > 0)
        wake_found(w, o);
    if (o->hook_limit > 0)
        set_hooks_at(w, o);
    if (o->hook_limit + o->hooks_done_count > 0)
        w->hooks_refused = 0;
    learn_clock(w, o);
    oversight_reply(w, o);
    w->untidy.claimed += o->result.claim_count;
    w->untidy.ended += o->result.ended;
    if (!work_take(&w->ready, &w->hooks, &o->arena, &o->result, &w->clock))
        doubt(w, l); /* no memory for them */
}

static void forget_words(struct work *k)
{
    struct job_end *e = &k->end;

    k->worded = mem_alloc(sizeof(*k->worded));
    if (k->worded)
        *k->worded = *e;
    e->error_type = e->status == JOB_SUCCESSFUL ? NULL : "Unrecordable";
    e->error_message = NULL;
    e->error = "the database refused the error's text";
    e->output = NULL;
}

static void log_refusal(const struct work *k, const char *event, const char *why)
{
    char token[PLAIN_UUID_TEXT];

    log_event(LOG_ERROR, event, LOG_TEXT("job_class", k->claim->job_class),
              LOG_TEXT("job_process_uuid", plain_uuid_format(&k->claim->token, token)),
              LOG_TEXT("error", why));
}

/* It was not for its words: a trigger or a constraint of somebody's, mostly. Another time it may be
 * taken, with them. */
static void put_aside(struct worker *w, struct work *k)
{
    if (k->worded)
        k->end = *k->worded;
    rescue_settled(w, k); /* so that others are rescued */
    k->rescued = false;
    work_list_push(&w->refused, k);
    w->refused_at_us = clock_mono_us() + clock_jittered((int64_t)REFUSED_EVERY_MS * US_PER_MS);
    w->one_by_one = w->one_by_one && has_more_alone(w);
}

/* The end that was sent alone. Without its words it is tried once more. */
static bool on_refused_end(struct worker *w, const char *why)
{
    struct work *k = w->ended.head;

    if (++k->refusals == 1) {
        forget_words(k);
        return false;
    }
    if (k->refusals == 2)
        log_refusal(k, "End not recorded", why);
    put_aside(w, work_list_pop(&w->ended));
    return true;
}

/* The same of a job that was to go back. */
static bool on_refused_release(struct worker *w, const char *why)
{
    struct work *k = work_list_pop(&w->returning);

    if (++k->refusals == 1)
        log_refusal(k, "Job not put back", why);
    put_aside(w, k);
    return true;
}

/* True: what is refused waits aside, and nothing is wrong with the others. */
static bool on_refused(struct worker *w, const struct order *o)
{
    if (!o->is_alone) {
        w->one_by_one = true;
        return false;
    }
    return o->end_count > 0 ? on_refused_end(w, o->err.message)
                            : on_refused_release(w, o->err.message);
}

/* An order without works that is refused may be for its hooks: the next ones have none for a while.
 * That those which were called are not noted lets them be called again, when their lease is over.
 */
static void on_refused_hooks(struct worker *w, const char *why)
{
    if (log_takes_time(++w->hooks_refused))
        log_event(LOG_ERROR, "Hooks not settled", LOG_TEXT("error", why),
                  LOG_NUMBER("failures", w->hooks_refused));
    work_list_free(&w->hooked);
    w->hooks_at_us = clock_mono_us() + clock_jittered((int64_t)HOOKS_EVERY_MS * US_PER_MS);
}

/* One row that an application's transaction holds must not keep all others from being recorded. */
static void mark_locked(struct work_list *ends)
{
    for (struct work *k = ends->head; k; k = k->next)
        k->end.is_locked = true;
}

/* What was sent is before the rest again. */
static void restore(struct work_list *home, struct work_list *sent)
{
    work_list_append(sent, home);
    *home = *sent;
    *sent = (struct work_list){0};
}

static void on_failure(struct worker *w, struct lane *l)
{
    struct order *o = &l->store.order;
    unsigned shift = l->failures < 6 ? l->failures : 6;
    int64_t delay = clock_earlier((int64_t)STORE_RETRY_FIRST_MS << shift, STORE_RETRY_MAX_MS);
    bool had_works = l->recording.count > 0 || (l == w->lanes && w->releasing.count > 0);
    bool had_hooks = l == w->lanes && o->hooks_done_count + o->hook_limit > 0;

    if (o->err.code == PLAIN_E_BUSY)
        mark_locked(&l->recording);
    restore(&w->ended, &l->recording);
    if (l == w->lanes) {
        restore(&w->returning, &w->releasing);
        restore(&w->hooked, &w->clearing);
    }
    if (o->limit > 0 && o->result.is_sent &&
        (o->err.code == PLAIN_E_UNREACHABLE || o->err.code == PLAIN_E_TIMEOUT))
        doubt(w, l);
    if (!o->err.retryable && had_works && on_refused(w, o)) {
        l->failures = 0;
        return;
    }
    if (!o->err.retryable && had_hooks && !had_works) {
        on_refused_hooks(w, o->err.message);
        return;
    }
    if (log_takes_time(++l->failures))
        log_event(LOG_ERROR, "Database failed", LOG_TEXT("error", o->err.message),
                  LOG_NUMBER("failures", l->failures),
                  LOG_NUMBER("ends_kept", (int64_t)w->ended.count));
    l->is_away = o->err.code == PLAIN_E_UNREACHABLE || o->err.code == PLAIN_E_TIMEOUT;
    wake_fail(w);
    l->retry_at_us = clock_mono_us() + clock_jittered(delay * US_PER_MS);
}

/* If not, it is as well another time. An old snapshot of somebody's keeps everything where it is:
 * then it is for nothing, and takes longer each time. */
static void on_tidied(struct worker *w, const struct order *o)
{
    if (o->tidy == TIDY_PROCESSES)
        w->untidy.ended_at_us = o->replied_us + TIDY_REST * (o->replied_us - o->sent_us);
    if (o->status < 0)
        log_event(LOG_WARNING, "Database not tidied", LOG_TEXT("error", o->err.message));
}

void orders_reply(struct worker *w)
{
    orders_take_back(w);
    for (int i = 0; i < w->lane_count; i++) {
        struct lane *l = &w->lanes[i];

        if (!store_thread_done(&l->store))
            continue;
        if (l->store.order.tidy != TIDY_NOTHING)
            on_tidied(w, &l->store.order);
        else if (l->store.order.status < 0)
            on_failure(w, l);
        else
            on_success(w, l);
        l->store.order.tidy = TIDY_NOTHING;
        arena_reset(&l->store.order.arena);
    }
}
