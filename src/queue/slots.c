#include "queue/slots.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "queue/slot_request.h"

/* When a schedule is due. */
struct timing {
    plain_schedule when;
    const char *zone;
    int dst;
};

/* One look at a schedule: what was found, and what is to be written. */
struct slots_look {
    const struct slots_looker *looker;
    const struct schedule *schedule;
    struct schedule_row row;
    int64_t now;
    struct arena arena; /* of the row */
    struct slot slots[SLOT_BATCH_MAX];
    size_t count;
    bool is_waiting; /* the slot behind them has to wait */
    char reason[SLOT_REASON_MAX];
};

static int next_of(const struct timing *t, int64_t after, int64_t *at, plain_error *err)
{
    return plain_schedule_next(&t->when, t->zone, after, t->dst, at, err);
}

static struct timing timing_of(const struct schedule *s)
{
    return (struct timing){s->when, s->timezone, s->dst};
}

static struct schedule_definition definition_of(const struct slots_look *l)
{
    const struct schedule *s = l->schedule;

    return (struct schedule_definition){
        .name = s->name,
        .hash = s->hash,
        .cron = s->cron,
        .timezone = s->timezone,
        .dst = s->dst,
        .job_class = s->entry->name,
        .started_at = l->looker->started_at,
        .started_by = l->looker->started_by,
    };
}

static int find(struct slots_look *l, plain_error *err)
{
    struct store *store = l->looker->store;

    arena_reset(&l->arena);
    return store->ops->schedule_find(store, l->schedule->name, &l->arena, &l->row, &l->now, err);
}

/* ---- what is to become of a slot ---- */

/* From which slot on all are run by PLAIN_MISSED_ALL: the latest missed_max. */
static int first_of_all(const struct slots_look *l, const struct timing *t, int64_t last,
                        int64_t *first, plain_error *err)
{
    int r = PLAIN_OK;

    *first = last;
    for (int i = 1; r == PLAIN_OK && i<l->schedule->missed_max && * first> l->row.slot_at; i++)
        r = plain_schedule_prev(&t->when, t->zone, *first, t->dst, first, err);
    return r;
}

/* The reason why a slot does not run whatever is missed; NULL: none. */
static const char *refusal(struct slots_look *l, int64_t at)
{
    const struct schedule_row *row = &l->row;

    if (row->skip_until != STORE_NO_TIME && at <= row->skip_until)
        return row->skip_reason;
    if (row->paused_at == STORE_NO_TIME)
        return NULL;
    (void)snprintf(l->reason, sizeof(l->reason), "paused by %s%s%s", row->paused_by,
                   *row->pause_reason ? ": " : "", row->pause_reason);
    return l->reason;
}

static struct slot judge_missed(struct slots_look *l, int64_t at, int64_t last,
                                int64_t first_of_all_at)
{
    static const char too_late[] = "missed: more than a minute late";
    static const char replaced[] = "missed: a later one was due";
    static const char too_many[] = "missed: too many others were, too (missed_max)";

    switch (l->schedule->missed) {
    case PLAIN_MISSED_NONE:
        if (l->now - at > (int64_t)SLOTS_GRACE_S * US_PER_S)
            return (struct slot){at, SLOT_SKIPPED, too_late};
        break;
    case PLAIN_MISSED_ALL:
        if (at < first_of_all_at)
            return (struct slot){at, SLOT_SKIPPED, too_many};
        break;
    default:
        if (at < last)
            return (struct slot){at, SLOT_COALESCED, replaced};
    }
    return (struct slot){at, SLOT_RUN, ""};
}

static struct slot judge(struct slots_look *l, int64_t at, int64_t last, int64_t first_of_all_at)
{
    const char *why = refusal(l, at);
    char uuid[PLAIN_UUID_TEXT];

    if (why)
        return (struct slot){at, SLOT_SKIPPED, why};
    struct slot slot = judge_missed(l, at, last, first_of_all_at);
    if (slot.status != SLOT_RUN || !l->row.is_busy)
        return slot;
    if (l->schedule->overlap == PLAIN_OVERLAP_WAIT) {
        l->is_waiting = true;
    } else if (l->schedule->overlap == PLAIN_OVERLAP_SKIP) {
        (void)snprintf(l->reason, sizeof(l->reason), "the job before it, %s, has not ended",
                       plain_uuid_format(&l->row.last_request, uuid));
        return (struct slot){at, SLOT_SKIPPED, l->reason};
    }
    return slot;
}

/* The slots from the mark on that can be written together: up to a run, or to one that waits. */
static int gather(struct slots_look *l, plain_error *err)
{
    struct timing t = timing_of(l->schedule);
    int64_t at = 0, last = 0, first = 0;
    int r = next_of(&t, l->row.slot_at, &at, err);

    l->count = 0;
    l->is_waiting = false;
    if (r < 0 || at > l->now)
        return r;
    r = plain_schedule_prev(&t.when, t.zone, l->now + 1, t.dst, &last, err);
    if (r == PLAIN_OK && l->schedule->missed == PLAIN_MISSED_ALL)
        r = first_of_all(l, &t, last, &first, err);
    while (r == PLAIN_OK && at <= l->now && l->count < SLOT_BATCH_MAX) {
        struct slot slot = judge(l, at, last, first);

        if (l->is_waiting)
            break;
        l->slots[l->count++] = slot;
        if (slot.status == SLOT_RUN)
            break;
        r = next_of(&t, at, &at, err);
    }
    return r;
}

/* ---- writing ---- */

static struct slot_batch batch_of(const struct slots_look *l, const char *hash)
{
    return (struct slot_batch){
        .schedule = l->schedule->name,
        .hash = hash,
        .from = l->row.slot_at,
        .upto = l->slots[l->count - 1].slot_at,
        .now = l->now,
        .slots = l->slots,
        .count = l->count,
        .keep_from = l->looker->keep_us > 0 ? l->now - l->looker->keep_us : STORE_NO_TIME,
    };
}

static int write_batch(struct slots_look *l, const struct slot_batch *b, struct slots_seen *out,
                       plain_error *err)
{
    struct store *store = l->looker->store;
    enum slot_status became = SLOT_SKIPPED;
    plain_request request;
    int r = store->ops->schedule_account(store, b, l->row.paused_at != STORE_NO_TIME, &became,
                                         &request, err);

    if (r != PLAIN_OK)
        return r;
    for (size_t i = 0; i < b->count; i++)
        out->counts[i + 1 == b->count ? became : b->slots[i].status]++;
    if (became == SLOT_RUN && b->job)
        out->request = request.uuid;
    return PLAIN_OK;
}

/* A job that cannot be made is a slot that is skipped, with the reason. */
static int write_slots(struct slots_look *l, struct slots_seen *out, plain_error *err)
{
    struct slot *last = &l->slots[l->count - 1];
    struct slot_batch b = batch_of(l, l->schedule->hash);
    struct slot_request job;
    plain_error own;
    int r = PLAIN_OK;

    if (last->status != SLOT_RUN)
        return write_batch(l, &b, out, err);
    r = slot_request_make(l->schedule, last->slot_at, &job, &own);
    if (r == PLAIN_OK) {
        b.job = &job.job;
    } else if (r != PLAIN_E_NOMEM) {
        (void)text_copy(l->reason, sizeof(l->reason), own.message);
        *last = (struct slot){last->slot_at, SLOT_SKIPPED, l->reason};
        r = PLAIN_OK;
    }
    if (r == PLAIN_OK)
        r = write_batch(l, &b, out, &own);
    slot_request_release(&job);
    if (r < 0 && err)
        *err = own;
    return r;
}

/* Slots of the definition that is about to be replaced: nobody would see to them later. */
static int skip_replaced(struct slots_look *l, struct slots_seen *out, plain_error *err)
{
    const struct schedule_definition *old = &l->row.definition;
    struct timing t = {.zone = old->timezone, .dst = old->dst};
    int64_t at = l->row.slot_at;

    l->count = 0;
    if (plain_schedule_parse(old->cron, &t.when, NULL) < 0)
        return PLAIN_OK;
    while (l->count < SLOT_BATCH_MAX && next_of(&t, at, &at, NULL) == PLAIN_OK && at <= l->now)
        l->slots[l->count++] = (struct slot){at, SLOT_SKIPPED, "the schedule was changed"};
    if (l->count == 0)
        return PLAIN_OK;
    struct slot_batch b = batch_of(l, old->hash);
    int r = write_batch(l, &b, out, err);
    return r == PLAIN_OK ? PLAIN_NONE : r; /* there may be more */
}

static bool has_other_times(const struct slots_look *l)
{
    const struct schedule_definition *old = &l->row.definition;

    return *old->cron &&
           (strcmp(old->cron, l->schedule->cron) != 0 ||
            strcmp(old->timezone, l->schedule->timezone) != 0 || old->dst != l->schedule->dst);
}

/* Whether the row says what this worker says; PLAIN_NONE: something was written, look again. */
static int agree(struct slots_look *l, struct slots_seen *out, plain_error *err)
{
    struct store *store = l->looker->store;
    const struct schedule_definition *row = &l->row.definition, mine = definition_of(l);
    bool is_same = strcmp(row->hash, mine.hash) == 0;

    if (is_same && l->row.removed_at == STORE_NO_TIME && row->started_at >= mine.started_at)
        return PLAIN_OK;
    if (!is_same && row->started_at >= mine.started_at) {
        out->state = SLOTS_SUPERSEDED;
        (void)text_copy(out->by, sizeof(out->by), row->started_by);
        return PLAIN_OK;
    }
    if (!is_same && has_other_times(l)) {
        int r = skip_replaced(l, out, err);
        if (r != PLAIN_OK)
            return r;
    }
    int r = store->ops->schedule_declare(store, &mine, l->now, err);
    return r < 0 ? r : PLAIN_NONE;
}

static int see_once(struct slots_look *l, struct slots_seen *out, plain_error *err)
{
    int r = find(l, err);

    out->state = SLOTS_FINE;
    out->now = l->now;
    if (r == PLAIN_NONE) {
        const struct schedule_definition mine = definition_of(l);

        r = l->looker->store->ops->schedule_declare(l->looker->store, &mine, l->now, err);
        return r < 0 ? r : PLAIN_NONE;
    }
    if (r == PLAIN_OK)
        r = agree(l, out, err);
    if (r != PLAIN_OK || out->state == SLOTS_SUPERSEDED)
        return r;
    if (l->row.paused_at != STORE_NO_TIME) {
        out->state = SLOTS_PAUSED;
        (void)text_copy(out->by, sizeof(out->by), l->row.paused_by);
    }
    r = gather(l, err);
    if (r < 0 || l->count == 0) {
        if (l->is_waiting)
            out->state = SLOTS_WAITING;
        return r;
    }
    r = write_slots(l, out, err);
    return r < 0 ? r : PLAIN_NONE;
}

int slots_see(const struct slots_looker *looker, const struct schedule *s, struct slots_seen *out,
              plain_error *err)
{
    struct slots_look l = {.looker = looker, .schedule = s, .arena = ARENA_INIT};
    struct timing t = timing_of(s);
    int r;

    *out = (struct slots_seen){0};
    do
        r = see_once(&l, out, err);
    while (r == PLAIN_NONE || r == PLAIN_SKIPPED);
    int64_t after = out->state != SLOTS_SUPERSEDED && l.row.slot_at > l.now ? l.row.slot_at : l.now;
    if (r == PLAIN_OK && out->state == SLOTS_WAITING)
        out->next_at = l.now + (int64_t)SLOTS_WAIT_S * US_PER_S;
    else if (r == PLAIN_OK)
        r = next_of(&t, after, &out->next_at, err);
    arena_release(&l.arena);
    return r;
}

int slots_forget_others(const struct slots_looker *looker, const struct schedules *mine,
                        plain_error *err)
{
    struct store *store = looker->store;
    struct arena a = ARENA_INIT;
    struct schedule_row *rows;
    size_t count = 0;
    int64_t now = 0;
    int r = store->ops->now(store, &now, err);

    if (r == PLAIN_OK)
        r = store->ops->schedule_list(store, &a, &rows, &count, err);
    for (size_t i = 0; r >= 0 && i < count; i++) {
        if (rows[i].removed_at == STORE_NO_TIME && !schedules_find(mine, rows[i].definition.name))
            r = store->ops->schedule_remove(store, rows[i].definition.name, looker->started_at, now,
                                            err);
    }
    arena_release(&a);
    return r < 0 ? r : PLAIN_OK;
}

int slots_run_by_hand(struct store *store, const struct schedule *s, const char *by,
                      plain_request *request, plain_error *err)
{
    struct slot_request job;
    int r = slot_request_make(s, STORE_NO_TIME, &job, err);

    if (r == PLAIN_OK)
        r = store->ops->schedule_run(store, s->name, &job.job, by, request, err);
    slot_request_release(&job);
    return r;
}
