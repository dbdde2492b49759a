/*
 * schedules.c - schedules, and the ledger of their slots
 *
 * Accounting locks the row of the schedule first and looks at the mark under the lock, so that of
 * two workers one writes and the other finds that all is done.
 */
#include "store/postgres/schedules.h"

#include <string.h>

#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"
#include "store/postgres/transaction.h"

/* A row of SQL_SCHEDULE_FIND. */
struct found {
    int64_t now;
    struct schedule_row row;
};

static const struct field find_fields[] = {
    {field_time, offsetof(struct found, now)},
    {field_text, offsetof(struct found, row.definition.name)},
    {field_text, offsetof(struct found, row.definition.hash)},
    {field_text, offsetof(struct found, row.definition.cron)},
    {field_text, offsetof(struct found, row.definition.timezone)},
    {field_int, offsetof(struct found, row.definition.dst)},
    {field_text, offsetof(struct found, row.definition.job_class)},
    {field_time, offsetof(struct found, row.definition.started_at)},
    {field_text, offsetof(struct found, row.definition.started_by)},
    {field_time, offsetof(struct found, row.slot_at)},
    {field_time, offsetof(struct found, row.skip_until)},
    {field_text, offsetof(struct found, row.skip_reason)},
    {field_time, offsetof(struct found, row.paused_at)},
    {field_text, offsetof(struct found, row.paused_by)},
    {field_text, offsetof(struct found, row.pause_reason)},
    {field_time, offsetof(struct found, row.removed_at)},
    {field_uuid, offsetof(struct found, row.last_request)},
    {field_bool, offsetof(struct found, row.is_busy)},
    {field_time, offsetof(struct found, row.ledger_at)},
    {field_text, offsetof(struct found, row.ledger_status)},
    {field_text, offsetof(struct found, row.ledger_reason)},
    {field_text, offsetof(struct found, row.result_status)},
    {field_time, offsetof(struct found, row.result_at)},
};

static int find(struct session *s, const char *name, int most, PGresult **result, plain_error *err)
{
    wire_text(&s->wire, name);
    wire_int4(&s->wire, most);
    session_send(s, SQL_SCHEDULE_FIND);
    return session_sync(s, result, 1, err);
}

int postgres_schedule_find(struct store *store, const char *name, struct arena *a,
                           struct schedule_row *out, int64_t *now, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct found found = {0};
    PGresult *result = NULL;
    int r = session_begin(s, "look at the schedule", err);

    if (r == PLAIN_OK)
        r = find(s, name, 1, &result, err);
    if (r == PLAIN_OK)
        fields_read(result, 0, find_fields, ARRAY_SIZE(find_fields), a, &found);
    session_clear(&result, 1);
    if (r == PLAIN_OK && !arena_ok(a))
        return error_nomem(err);
    *now = found.now;
    *out = found.row;
    return r == PLAIN_OK && !found.row.definition.name ? PLAIN_NONE : r;
}

static int read_rows(const PGresult *result, struct arena *a, struct schedule_row **rows,
                     size_t *count, plain_error *err)
{
    size_t n = (size_t)libpq.PQntuples(result);

    *rows = arena_array(a, n, sizeof(**rows));
    for (size_t i = 0; *rows && i < n; i++) {
        struct found found;

        fields_read(result, (int)i, find_fields, ARRAY_SIZE(find_fields), a, &found);
        if (found.row.definition.name) /* else it is the clock alone */
            (*rows)[(*count)++] = found.row;
    }
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

int postgres_schedule_list(struct store *store, struct arena *a, struct schedule_row **rows,
                           size_t *count, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *result = NULL;
    int r = session_begin(s, "list the schedules", err);

    *count = 0;
    if (r == PLAIN_OK)
        r = find(s, NULL, SCHEDULES_MAX, &result, err);
    if (r == PLAIN_OK)
        r = read_rows(result, a, rows, count, err);
    session_clear(&result, 1);
    return r;
}

/* A statement that returns how many rows it wrote; `otherwise` when it is none. */
static int change(struct session *s, enum sql_name name, int otherwise, plain_error *err)
{
    PGresult *result = NULL;
    int64_t n = 0;

    session_send(s, name);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK)
        field_read(result, 0, 0, field_int64, NULL, &n);
    session_clear(&result, 1);
    return r == PLAIN_OK && n == 0 ? otherwise : r;
}

int postgres_schedule_declare(struct store *store, const struct schedule_definition *d,
                              int64_t slot_at, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "declare the schedule", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, d->name);
    wire_text(&s->wire, d->hash);
    wire_text(&s->wire, d->cron);
    wire_text(&s->wire, d->timezone);
    wire_int4(&s->wire, d->dst);
    wire_text(&s->wire, d->job_class);
    wire_time(&s->wire, d->started_at);
    wire_text(&s->wire, d->started_by);
    wire_time(&s->wire, slot_at);
    return change(s, SQL_SCHEDULE_DECLARE, PLAIN_SKIPPED, err);
}

int postgres_schedule_remove(struct store *store, const char *name, int64_t started_at, int64_t now,
                             plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "mark the schedule as removed", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, name);
    wire_time(&s->wire, started_at);
    wire_time(&s->wire, now);
    return change(s, SQL_SCHEDULE_REMOVE, PLAIN_NONE, err);
}

int postgres_schedule_pause(struct store *store, const char *name, const char *by,
                            const char *reason, int64_t now, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "pause the schedule", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, name);
    wire_text(&s->wire, by);
    wire_text(&s->wire, reason);
    wire_time(&s->wire, now);
    return change(s, SQL_SCHEDULE_PAUSE, PLAIN_SKIPPED, err);
}

int postgres_schedule_resume(struct store *store, const char *name, const char *by, int64_t now,
                             plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "resume the schedule", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, name);
    wire_time(&s->wire, now);
    wire_text(&s->wire, by);
    return change(s, SQL_SCHEDULE_RESUME, PLAIN_NONE, err);
}

/* ---- accounting ---- */

struct mark {
    int64_t slot_at;
    const char *hash;
    bool is_paused;
};

static const struct field mark_fields[] = {
    {field_time, offsetof(struct mark, slot_at)},
    {field_text, offsetof(struct mark, hash)},
    {field_bool, offsetof(struct mark, is_paused)},
};

/* PLAIN_SKIPPED when the row is not what was found before. */
static int check_mark(struct session *s, const struct slot_batch *b, bool paused, struct arena *a,
                      plain_error *err)
{
    PGresult *result = NULL;
    struct mark mark = {.hash = NULL};

    wire_text(&s->wire, b->schedule);
    session_send(s, SQL_SCHEDULE_LOCK);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK && libpq.PQntuples(result) > 0)
        fields_read(result, 0, mark_fields, ARRAY_SIZE(mark_fields), a, &mark);
    session_clear(&result, 1);
    if (r != PLAIN_OK)
        return r;
    bool same = mark.hash && mark.slot_at == b->from && strcmp(mark.hash, b->hash) == 0 &&
                mark.is_paused == paused;
    return same ? PLAIN_OK : PLAIN_SKIPPED;
}

/* A slot as it is written. */
struct written {
    int64_t slot_at;
    const char *status, *reason;
};

/* *is_new: the slot that is to run was not in the ledger. */
static int put_slots(struct session *s, const struct slot_batch *b, bool *is_new, plain_error *err)
{
    struct written rows[SLOT_BATCH_MAX];
    PGresult *result = NULL;

    for (size_t i = 0; i < b->count; i++)
        rows[i] = (struct written){b->slots[i].slot_at, slot_status_names[b->slots[i].status],
                                   b->slots[i].reason};
    wire_text(&s->wire, b->schedule);
    wire_array(&s->wire, &wire_time_items, &rows->slot_at, b->count, sizeof(*rows));
    wire_array(&s->wire, &wire_text_items, &rows->status, b->count, sizeof(*rows));
    wire_array(&s->wire, &wire_text_items, &rows->reason, b->count, sizeof(*rows));
    wire_time(&s->wire, b->job ? b->slots[b->count - 1].slot_at : STORE_NO_TIME);
    wire_uuid(&s->wire, b->job ? &b->job->request->uuid : NULL);
    session_send(s, SQL_SCHEDULE_SLOT);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK)
        field_read(result, 0, 0, field_bool, NULL, is_new);
    session_clear(&result, 1);
    return r;
}

static int enqueue_job(struct store *store, const struct slot_job *job, plain_request *out,
                       plain_error *err)
{
    struct session *s = &postgres_of(store)->session;

    *out = (plain_request){.holder_state = PLAIN_HOLDER_NONE};
    if (job->rule)
        return postgres_insert_ruled(store, job->request, job->lock, job->rule, job->user, out,
                                     err);
    int r = postgres_insert(s, job->request, out, err);
    return r == PLAIN_SKIPPED ? postgres_tell_holder(s, job->request, out, err) : r;
}

static int set_last(struct session *s, const char *name, const plain_uuid *request,
                    plain_error *err)
{
    wire_text(&s->wire, name);
    wire_uuid(&s->wire, request);
    session_send(s, SQL_SCHEDULE_LAST);
    return session_sync(s, NULL, 0, err);
}

static int skip_slot(struct session *s, const struct slot_batch *b, const plain_request *held,
                     plain_error *err)
{
    char reason[SLOT_REASON_MAX];

    slot_refusal(b->job, held, reason);
    wire_text(&s->wire, b->schedule);
    wire_time(&s->wire, b->slots[b->count - 1].slot_at);
    wire_text(&s->wire, reason);
    session_send(s, SQL_SCHEDULE_SKIP);
    return session_sync(s, NULL, 0, err);
}

/* The run, whose row is new: that is what makes it one. */
static int run_slot(struct store *store, const struct slot_batch *b, enum slot_status *became,
                    plain_request *request, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = enqueue_job(store, b->job, request, err);

    if (r == PLAIN_OK)
        return set_last(s, b->schedule, &request->uuid, err);
    if (r != PLAIN_SKIPPED)
        return r;
    *became = SLOT_SKIPPED;
    request->uuid = (plain_uuid){{0}};
    return skip_slot(s, b, request, err);
}

static int move_mark(struct session *s, const struct slot_batch *b, plain_error *err)
{
    wire_text(&s->wire, b->schedule);
    wire_time(&s->wire, b->upto);
    session_send(s, SQL_SCHEDULE_MOVE);
    if (b->keep_from != STORE_NO_TIME) {
        wire_text(&s->wire, b->schedule);
        wire_time(&s->wire, b->keep_from);
        wire_int4(&s->wire, STORE_SLICE);
        session_send(s, SQL_SCHEDULE_FORGET);
    }
    return session_sync(s, NULL, 0, err);
}

static int account(struct store *store, const struct slot_batch *b, bool paused,
                   enum slot_status *became, plain_request *request, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct arena a = ARENA_INIT;
    bool is_new = false;
    int r = check_mark(s, b, paused, &a, err);

    arena_release(&a);
    if (r == PLAIN_OK && b->count > 0) {
        *became = b->slots[b->count - 1].status;
        r = put_slots(s, b, &is_new, err);
    }
    if (r == PLAIN_OK && is_new)
        r = run_slot(store, b, became, request, err);
    return r == PLAIN_OK ? move_mark(s, b, err) : r;
}

int postgres_schedule_account(struct store *store, const struct slot_batch *b, bool paused,
                              enum slot_status *became, plain_request *request, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "account for the schedule", err);

    *request = (plain_request){0};
    if (r == PLAIN_OK)
        r = transaction_begin(s, err);
    if (r == PLAIN_OK)
        r = transaction_end(s, account(store, b, paused, became, request, err), err);
    return r;
}

int postgres_schedule_run(struct store *store, const char *name, const struct slot_job *job,
                          const char *by, plain_request *request, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct audit_row row = {.actor = by, .action = "schedule.run", .target = name, .n = -1};
    int r = session_begin(s, "run the schedule", err);

    *request = (plain_request){0};
    if (r == PLAIN_OK)
        r = transaction_begin(s, err);
    if (r != PLAIN_OK)
        return r;
    /* In front of the job's key, as for a slot: so one waits for the other. */
    wire_text(&s->wire, name);
    session_send(s, SQL_SCHEDULE_LOCK);
    r = session_sync(s, NULL, 0, err);
    if (r == PLAIN_OK)
        r = enqueue_job(store, job, request, err);
    if (r == PLAIN_OK)
        r = set_last(s, name, &request->uuid, err);
    row.uuid = request->uuid;
    if (r == PLAIN_OK)
        r = postgres_note_in(s, &row, err);
    return transaction_end(s, r, err);
}
