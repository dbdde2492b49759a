/*
 * schedules.c - schedules, and the ledger of their slots
 *
 * The write lock is held from the look at the mark to the new one, so nobody is between.
 */
#include "store/sqlite/schedules.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/sqlite.h"

/* The columns of SQL_SCHEDULE_FIND. */
enum {
    FIND_NAME,
    FIND_HASH,
    FIND_CRON,
    FIND_TIMEZONE,
    FIND_DST,
    FIND_CLASS,
    FIND_STARTED_AT,
    FIND_STARTED_BY,
    FIND_SLOT_AT,
    FIND_SKIP_UNTIL,
    FIND_SKIP_REASON,
    FIND_PAUSED_AT,
    FIND_PAUSED_BY,
    FIND_PAUSE_REASON,
    FIND_REMOVED_AT,
    FIND_LAST_REQUEST,
    FIND_IS_BUSY,
    FIND_LEDGER_AT,
    FIND_LEDGER_STATUS,
    FIND_LEDGER_REASON,
    FIND_RESULT_STATUS,
    FIND_RESULT_AT
};

static void read_row(const struct query *q, struct arena *a, struct schedule_row *out)
{
    *out = (struct schedule_row){
        .definition = {.name = column_text(q, FIND_NAME, a),
                       .hash = column_text(q, FIND_HASH, a),
                       .cron = column_text(q, FIND_CRON, a),
                       .timezone = column_text(q, FIND_TIMEZONE, a),
                       .dst = column_small(q, FIND_DST),
                       .job_class = column_text(q, FIND_CLASS, a),
                       .started_at = column_time(q, FIND_STARTED_AT),
                       .started_by = column_text(q, FIND_STARTED_BY, a)},
        .slot_at = column_time(q, FIND_SLOT_AT),
        .skip_until = column_time(q, FIND_SKIP_UNTIL),
        .skip_reason = column_text(q, FIND_SKIP_REASON, a),
        .paused_at = column_time(q, FIND_PAUSED_AT),
        .paused_by = column_text(q, FIND_PAUSED_BY, a),
        .pause_reason = column_text(q, FIND_PAUSE_REASON, a),
        .removed_at = column_time(q, FIND_REMOVED_AT),
        .last_request = column_uuid(q, FIND_LAST_REQUEST),
        .is_busy = column_int(q, FIND_IS_BUSY),
        .ledger_at = column_time(q, FIND_LEDGER_AT),
        .ledger_status = column_text(q, FIND_LEDGER_STATUS, a),
        .ledger_reason = column_text(q, FIND_LEDGER_REASON, a),
        .result_status = column_text(q, FIND_RESULT_STATUS, a),
        .result_at = column_time(q, FIND_RESULT_AT),
    };
}

static int read_rows(struct connection *conn, const char *name, struct arena *a,
                     struct schedule_row *rows, size_t most, size_t *count, plain_error *err)
{
    struct query q = query_begin(conn, SQL_SCHEDULE_FIND);

    *count = 0;
    query_text(&q, 1, name);
    query_int(&q, 2, (int64_t)most);
    while (*count < most && query_row(&q))
        read_row(&q, a, &rows[(*count)++]);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_schedule_find(struct store *store, const char *name, struct arena *a,
                         struct schedule_row *out, int64_t *now, plain_error *err)
{
    struct connection *conn = connection_of(store);
    size_t count = 0;
    int r = connection_begin(conn, SQL_BEGIN_READ, "looking at a schedule of", err);

    *now = clock_wall_us();
    if (r == PLAIN_OK)
        r = connection_end(conn, read_rows(conn, name, a, out, 1, &count, err), err);
    return r == PLAIN_OK && count == 0 ? PLAIN_NONE : r;
}

int sqlite_schedule_list(struct store *store, struct arena *a, struct schedule_row **rows,
                         size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);

    *count = 0;
    *rows = arena_array(a, SCHEDULES_MAX, sizeof(**rows));
    if (!*rows)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "listing the schedules of", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_rows(conn, NULL, a, *rows, SCHEDULES_MAX, count, err), err);
    return r;
}

/* Ends a transaction of one statement; `otherwise` when it changed no row. row: what is noted when
 * it did; NULL for nothing. */
static int end_change(struct connection *conn, struct query *q, int otherwise,
                      const struct audit_row *row, plain_error *err)
{
    int r = query_end(q, err);
    int changes = sqlite3_changes(conn->db);

    if (r == PLAIN_OK && changes > 0 && row)
        r = audit_note(conn, row, err);
    r = connection_end(conn, r, err);
    return r == PLAIN_OK && changes == 0 ? otherwise : r;
}

int sqlite_schedule_declare(struct store *store, const struct schedule_definition *d,
                            int64_t slot_at, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "declaring a schedule in", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_SCHEDULE_DECLARE);
    query_text(&q, 1, d->name);
    query_text(&q, 2, d->hash);
    query_text(&q, 3, d->cron);
    query_text(&q, 4, d->timezone);
    query_int(&q, 5, d->dst);
    query_text(&q, 6, d->job_class);
    query_int(&q, 7, d->started_at);
    query_text(&q, 8, d->started_by);
    query_int(&q, 9, slot_at);
    return end_change(conn, &q, PLAIN_SKIPPED, NULL, err);
}

int sqlite_schedule_remove(struct store *store, const char *name, int64_t started_at, int64_t now,
                           plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "marking a schedule in", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_SCHEDULE_REMOVE);
    query_text(&q, 1, name);
    query_int(&q, 2, started_at);
    query_int(&q, 3, now);
    return end_change(conn, &q, PLAIN_NONE, NULL, err);
}

int sqlite_schedule_pause(struct store *store, const char *name, const char *by, const char *reason,
                          int64_t now, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "pausing a schedule of", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_SCHEDULE_PAUSE);
    query_text(&q, 1, name);
    query_text(&q, 2, by);
    query_text(&q, 3, reason);
    query_int(&q, 4, now);
    const struct audit_row row = {
        .actor = by, .action = "schedule.pause", .target = name, .detail = reason, .n = -1};
    return end_change(conn, &q, PLAIN_SKIPPED, &row, err);
}

int sqlite_schedule_resume(struct store *store, const char *name, const char *by, int64_t now,
                           plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "resuming a schedule of", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_SCHEDULE_RESUME);
    query_text(&q, 1, name);
    query_int(&q, 2, now);
    const struct audit_row row = {
        .actor = by, .action = "schedule.resume", .target = name, .n = -1};
    return end_change(conn, &q, PLAIN_NONE, &row, err);
}

/* ---- accounting ---- */

static bool has_hash(const struct query *q, const char *hash)
{
    const char *found = (const char *)sqlite3_column_text(q->stmt, 1);

    return found && strcmp(found, hash) == 0;
}

/* PLAIN_SKIPPED when the row is not what was found before. */
static int check_mark(struct connection *conn, const struct slot_batch *b, bool paused,
                      plain_error *err)
{
    struct query q = query_begin(conn, SQL_SCHEDULE_LOCK);

    query_text(&q, 1, b->schedule);
    bool same = query_row(&q) && column_int(&q, 0) == b->from && has_hash(&q, b->hash) &&
                (column_int(&q, 2) != 0) == paused;
    int r = query_end(&q, err);
    return r == PLAIN_OK && !same ? PLAIN_SKIPPED : r;
}

/* *is_new: it was not in the ledger. */
static int put_slot(struct connection *conn, const struct slot_batch *b, const struct slot *slot,
                    const plain_uuid *request, bool *is_new, plain_error *err)
{
    static const plain_uuid none = {{0}};
    struct query q = query_begin(conn, SQL_SCHEDULE_SLOT);

    query_text(&q, 1, b->schedule);
    query_int(&q, 2, slot->slot_at);
    query_int(&q, 3, b->now);
    query_text(&q, 4, slot_status_names[slot->status]);
    query_text(&q, 5, slot->reason);
    query_uuid(&q, 6, request ? request : &none);
    int r = query_end(&q, err);
    *is_new = sqlite3_changes(conn->db) > 0;
    return r;
}

static int enqueue_job(struct connection *conn, const struct slot_job *job, plain_request *out,
                       plain_error *err)
{
    *out = (plain_request){0};
    if (job->rule)
        return sqlite_insert_ruled(conn, job->request, job->rule, job->user, out, err);
    return sqlite_insert(conn, job->request, out, err);
}

static int set_last(struct connection *conn, const char *name, const plain_uuid *request,
                    plain_error *err)
{
    struct query q = query_begin(conn, SQL_SCHEDULE_LAST);

    query_text(&q, 1, name);
    query_uuid(&q, 2, request);
    return query_end(&q, err);
}

static int skip_slot(struct connection *conn, const struct slot_batch *b, const struct slot *slot,
                     const plain_request *held, plain_error *err)
{
    char reason[SLOT_REASON_MAX];
    struct query q = query_begin(conn, SQL_SCHEDULE_SKIP);

    slot_refusal(b->job, held, reason);
    query_text(&q, 1, b->schedule);
    query_int(&q, 2, slot->slot_at);
    query_text(&q, 3, reason);
    return query_end(&q, err);
}

/* The run: its row first, which is what makes it one. */
static int run_slot(struct connection *conn, const struct slot_batch *b, const struct slot *slot,
                    enum slot_status *became, plain_request *request, plain_error *err)
{
    bool is_new;
    int r = put_slot(conn, b, slot, &b->job->request->uuid, &is_new, err);

    *became = SLOT_RUN;
    if (r != PLAIN_OK || !is_new)
        return r;
    r = enqueue_job(conn, b->job, request, err);
    if (r == PLAIN_OK)
        return set_last(conn, b->schedule, &request->uuid, err);
    if (r != PLAIN_SKIPPED)
        return r;
    *became = SLOT_SKIPPED;
    request->uuid = (plain_uuid){{0}};
    return skip_slot(conn, b, slot, request, err);
}

static int move_mark(struct connection *conn, const struct slot_batch *b, plain_error *err)
{
    struct query q = query_begin(conn, SQL_SCHEDULE_MOVE);

    query_text(&q, 1, b->schedule);
    query_int(&q, 2, b->upto);
    int r = query_end(&q, err);
    if (r != PLAIN_OK || b->keep_from == STORE_NO_TIME)
        return r;
    q = query_begin(conn, SQL_SCHEDULE_FORGET);
    query_text(&q, 1, b->schedule);
    query_int(&q, 2, b->keep_from);
    query_int(&q, 3, STORE_SLICE);
    return query_end(&q, err);
}

static int account(struct connection *conn, const struct slot_batch *b, bool paused,
                   enum slot_status *became, plain_request *request, plain_error *err)
{
    int r = check_mark(conn, b, paused, err);

    for (size_t i = 0; r == PLAIN_OK && i < b->count; i++) {
        bool ignored;

        *became = b->slots[i].status;
        if (b->slots[i].status == SLOT_RUN)
            r = run_slot(conn, b, &b->slots[i], became, request, err);
        else
            r = put_slot(conn, b, &b->slots[i], NULL, &ignored, err);
    }
    return r == PLAIN_OK ? move_mark(conn, b, err) : r;
}

int sqlite_schedule_account(struct store *store, const struct slot_batch *b, bool paused,
                            enum slot_status *became, plain_request *request, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "accounting for a schedule in", err);

    *request = (plain_request){0};
    if (r != PLAIN_OK)
        return r;
    return connection_end(conn, account(conn, b, paused, became, request, err), err);
}

int sqlite_schedule_run(struct store *store, const char *name, const struct slot_job *job,
                        const char *by, plain_request *request, plain_error *err)
{
    struct connection *conn = connection_of(store);
    struct audit_row row = {.actor = by, .action = "schedule.run", .target = name, .n = -1};
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "running a schedule of", err);

    *request = (plain_request){0};
    if (r != PLAIN_OK)
        return r;
    r = enqueue_job(conn, job, request, err);
    if (r == PLAIN_OK)
        r = set_last(conn, name, &request->uuid, err);
    row.uuid = request->uuid;
    if (r == PLAIN_OK)
        r = audit_note(conn, &row, err);
    return connection_end(conn, r, err);
}
