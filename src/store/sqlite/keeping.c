/*
 * keeping.c - deleting what is old or unwanted, in slices; the figures beside the counts; the clock
 */
#include "store/sqlite/sqlite.h"

#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite/audit.h"

/* Runs a DELETE whose parameters are a bound and the size of a slice, as a transaction. */
static int delete_slice(struct connection *conn, enum sql_name name, const char *doing,
                        int64_t bound, int most, int64_t *deleted, plain_error *err)
{
    int r = connection_begin(conn, SQL_BEGIN_WRITE, doing, err);

    *deleted = 0;
    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, name);
    query_int(&q, 1, bound);
    query_int(&q, 2, most);
    r = query_end(&q, err);
    int64_t changes = sqlite3_changes(conn->db);
    r = connection_end(conn, r, err);
    if (r == PLAIN_OK)
        *deleted = changes;
    return r;
}

int sqlite_clear(struct store *store, int64_t before, int most, int64_t *deleted, plain_error *err)
{
    return delete_slice(connection_of(store), SQL_CLEAR_RESULTS, "clearing results of", before,
                        most, deleted, err);
}

/* What comes in later is not purged: there would be no end to it. */
static int last_request(struct connection *conn, int64_t *id, plain_error *err)
{
    int r = connection_begin(conn, SQL_BEGIN_READ, "purging", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_LAST_REQUEST);
    *id = query_row(&q) ? column_int(&q, 0) : 0;
    return connection_end(conn, query_end(&q, err), err);
}

/* For verify: what was not continued before this may be gone. row: for the audit, or NULL. */
static int note_purge(struct connection *conn, const struct audit_row *row, plain_error *err)
{
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "purging", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_DUTY_DONE);
    query_text(&q, 1, "purge");
    query_int(&q, 2, clock_wall_us());
    r = query_end(&q, err);
    if (r == PLAIN_OK && row)
        r = audit_note(conn, row, err);
    return connection_end(conn, r, err);
}

int sqlite_purge(struct store *store, const char *by, int64_t *requests, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int64_t last = 0, deleted = STORE_SLICE;
    int r = last_request(conn, &last, err);

    *requests = 0;
    if (r == PLAIN_OK)
        r = note_purge(conn, NULL, err);
    while (r == PLAIN_OK && deleted == STORE_SLICE) {
        r = delete_slice(conn, SQL_PURGE_REQUESTS, "purging", last, STORE_SLICE, &deleted, err);
        *requests += deleted;
    }
    const struct audit_row row = {
        .actor = by, .action = "purge", .target = "*", .detail = "pending", .n = *requests};
    const struct audit_row *noted = *requests > 0 ? &row : NULL;
    if (r == PLAIN_OK)
        return note_purge(conn, noted, err);
    if (noted) /* what was done so far is told all the same, if that works */
        (void)note_purge(conn, noted, NULL);
    return r;
}

/* The file has no clock but its host's. */
int sqlite_now(struct store *store, int64_t *us, plain_error *err)
{
    (void)store;
    (void)err;
    *us = clock_wall_us();
    return PLAIN_OK;
}

int sqlite_ended_since(struct store *store, int64_t since, int64_t by_status[JOB_STATUS_COUNT],
                       plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "counting the jobs of", err);

    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        by_status[i] = 0;
    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_COUNT_SINCE);
    query_int(&q, 1, since);
    while (query_row(&q)) {
        const char *name = (const char *)sqlite3_column_text(q.stmt, 0);
        enum job_status status;

        if (name && job_status_parse(name, &status))
            by_status[status] += column_int(&q, 1);
    }
    return connection_end(conn, query_end(&q, err), err);
}

static int read_queues(struct connection *conn, struct arena *a, struct queue_stats *queues,
                       size_t *count, plain_error *err)
{
    struct query q = query_begin(conn, SQL_COUNT_QUEUES);

    query_int(&q, 1, STORE_QUEUE_COUNT_MAX);
    query_int(&q, 2, STORE_QUEUES_MAX);
    while (*count < STORE_QUEUES_MAX && query_row(&q)) {
        queues[(*count)++] = (struct queue_stats){
            .queue = column_text(&q, 0, a),
            .pending = column_int(&q, 1),
            .processing = column_int(&q, 2),
            .due_at = column_time(&q, 3),
        };
    }
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_queue_stats(struct store *store, struct arena *a, struct queue_stats **queues,
                       size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);

    *count = 0;
    *queues = arena_array(a, STORE_QUEUES_MAX, sizeof(**queues));
    if (!*queues)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "counting the jobs of", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_queues(conn, a, *queues, count, err), err);
    return r;
}

int sqlite_take_duty(struct store *store, const char *name, const plain_uuid *holder, int64_t ms,
                     plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "keeping house in", err);
    int64_t now = clock_wall_us();

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_TAKE_DUTY);
    query_text(&q, 1, name);
    query_uuid(&q, 2, holder);
    query_int(&q, 3, now);
    query_int(&q, 4, now + ms * US_PER_MS);
    r = query_end(&q, err);
    bool taken = sqlite3_changes(conn->db) > 0;
    r = connection_end(conn, r, err);
    return r == PLAIN_OK && !taken ? PLAIN_NONE : r;
}
