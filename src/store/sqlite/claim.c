/*
 * claim.c - picking what is due and making processes of it
 *
 * The order is priority (highest first), then due time, then id, over all wished queues together.
 * The index gives that order within one queue and one priority. So picking goes down the levels of
 * priority; at each level there is a cursor per queue, and the cursors are merged. Nothing is
 * sorted, and what is not yet due ends a cursor without being looked at.
 *
 * Rows are moved after all are picked: a cursor must not see its table change.
 */
#include "store/sqlite/claim.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/uuid.h"

enum { ABOVE_ALL_LEVELS = SHRT_MAX + 1, NO_LEVEL = SHRT_MIN - 1 };
enum { CLASSES_MAX = 16 * 1024 * 1024 };

/* The columns of SQL_PICK_JOBS. */
enum {
    PICK_ID,
    PICK_UUID,
    PICK_ROOT,
    PICK_CLASS,
    PICK_PARAMETERS,
    PICK_QUEUE,
    PICK_KEY,
    PICK_SOURCE,
    PICK_PRIORITY,
    PICK_RETRIES,
    PICK_RETRY_ATTEMPT,
    PICK_RUN_NO,
    PICK_CRASH_COUNT,
    PICK_REQUESTED_AT,
    PICK_DUE_AT,
    PICK_TIMEOUT,
    PICK_LOST_COUNT
};

/* One wished queue. */
struct lane {
    const char *queue;
    sqlite3_stmt *stmt;
    struct query cursor; /* over its level */
    int level;           /* the priority at which it stands; NO_LEVEL behind the last */
    bool has_row;
};

struct picking {
    struct connection *connection;
    const struct claim_wish *wish;
    const char *classes; /* the wish's, as JSON */
    int64_t now;
    struct arena *arena;
    struct lane *lanes;
    size_t lane_count;
    struct claim *claims;
    size_t claim_count;
};

const char *names_as_json(const char *const *names, size_t count, struct arena *a)
{
    struct buf b = BUF_INIT(CLASSES_MAX);

    for (size_t i = 0; i < count; i++) {
        buf_putc(&b, i == 0 ? '[' : ',');
        buf_put_json(&b, names[i]);
    }
    buf_putc(&b, ']');
    const char *json = buf_ok(&b) ? arena_strdup(a, b.data) : NULL;
    buf_release(&b);
    return json;
}

/* The statement of the i-th lane, kept from claim to claim. */
static int lane_statement(struct connection *conn, size_t i, sqlite3_stmt **out, plain_error *err)
{
    if (i == conn->pick_count) {
        sqlite3_stmt **grown = mem_grow(conn->picks, i + 1, sizeof(sqlite3_stmt *));
        if (!grown)
            return error_nomem(err);
        conn->picks = grown;
        int r = connection_prepare(conn, SQL_PICK_JOBS, &conn->picks[i], err);
        if (r != PLAIN_OK)
            return r;
        conn->pick_count++;
    }
    *out = conn->picks[i];
    return PLAIN_OK;
}

static bool has_lane(const struct picking *p, const char *queue)
{
    for (size_t i = 0; i < p->lane_count; i++) {
        if (strcmp(p->lanes[i].queue, queue) == 0)
            return true;
    }
    return false;
}

/* Moves a lane down to its next level below this priority. */
static int next_level(struct picking *p, struct lane *lane, int priority, plain_error *err)
{
    struct query q = query_begin(p->connection, SQL_NEXT_PRIORITY);

    query_text(&q, 1, lane->queue);
    query_int(&q, 2, priority);
    lane->level = NO_LEVEL;
    if (query_row(&q) && sqlite3_column_type(q.stmt, 0) != SQLITE_NULL)
        lane->level = column_small(&q, 0);
    return query_end(&q, err);
}

static int make_lanes(struct picking *p, plain_error *err)
{
    int r = PLAIN_OK;

    p->lanes = arena_array(p->arena, p->wish->queue_count, sizeof(*p->lanes));
    if (!p->lanes)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < p->wish->queue_count; i++) {
        struct lane *lane = &p->lanes[p->lane_count];

        if (has_lane(p, p->wish->queues[i]))
            continue;
        lane->queue = p->wish->queues[i];
        r = lane_statement(p->connection, p->lane_count, &lane->stmt, err);
        if (r == PLAIN_OK)
            r = next_level(p, lane, ABOVE_ALL_LEVELS, err);
        p->lane_count++;
    }
    return r;
}

static int highest_level(const struct picking *p)
{
    int highest = NO_LEVEL;

    for (size_t i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].level > highest)
            highest = p->lanes[i].level;
    }
    return highest;
}

static void start_cursor(struct picking *p, struct lane *lane)
{
    lane->cursor = query_on(p->connection, lane->stmt);
    query_text(&lane->cursor, 1, lane->queue);
    query_int(&lane->cursor, 2, lane->level);
    query_int(&lane->cursor, 3, p->now);
    query_text(&lane->cursor, 4, p->classes);
    lane->has_row = query_row(&lane->cursor);
}

/* Resets the statement although rows may be left: nobody wants them. */
static int stop_cursor(struct lane *lane, plain_error *err)
{
    if (query_ok(&lane->cursor))
        lane->cursor.rc = SQLITE_DONE;
    lane->has_row = false;
    return query_end(&lane->cursor, err);
}

static bool is_before(const struct lane *a, const struct lane *b)
{
    int64_t due_a = column_int(&a->cursor, PICK_DUE_AT);
    int64_t due_b = column_int(&b->cursor, PICK_DUE_AT);

    if (due_a != due_b)
        return due_a < due_b;
    return column_int(&a->cursor, PICK_ID) < column_int(&b->cursor, PICK_ID);
}

static struct lane *first_lane(const struct picking *p)
{
    struct lane *first = NULL;

    for (size_t i = 0; i < p->lane_count; i++) {
        struct lane *lane = &p->lanes[i];

        if (lane->has_row && (!first || is_before(lane, first)))
            first = lane;
    }
    return first;
}

static struct claim read_claim(const struct query *q, const plain_uuid *token, struct arena *a)
{
    return (struct claim){
        .token = *token,
        .request_uuid = column_uuid(q, PICK_UUID),
        .root_uuid = column_uuid(q, PICK_ROOT),
        .job_class = column_text(q, PICK_CLASS, a),
        .parameters = column_text(q, PICK_PARAMETERS, a),
        .queue = column_text(q, PICK_QUEUE, a),
        .concurrency_key = column_text(q, PICK_KEY, a),
        .source = column_text(q, PICK_SOURCE, a),
        .priority = column_small(q, PICK_PRIORITY),
        .retries = column_small(q, PICK_RETRIES),
        .retry_attempt = column_small(q, PICK_RETRY_ATTEMPT),
        .run_no = column_small(q, PICK_RUN_NO),
        .crash_count = column_small(q, PICK_CRASH_COUNT),
        .requested_at = column_int(q, PICK_REQUESTED_AT),
        .due_at = column_int(q, PICK_DUE_AT),
        .id = column_int(q, PICK_ID),
        .timeout_ms = column_int(q, PICK_TIMEOUT),
        .lost_count = column_small(q, PICK_LOST_COUNT),
    };
}

static int merge_level(struct picking *p, plain_error *err)
{
    const struct claim_wish *wish = p->wish;
    struct lane *lane;

    while (p->claim_count < wish->limit && (lane = first_lane(p))) {
        if (!p->claims)
            p->claims = arena_array(p->arena, wish->limit, sizeof(*p->claims));
        if (!p->claims)
            return error_nomem(err);
        p->claims[p->claim_count] =
            read_claim(&lane->cursor, &wish->tokens[p->claim_count], p->arena);
        p->claim_count++;
        lane->has_row = query_row(&lane->cursor);
    }
    return arena_ok(p->arena) ? PLAIN_OK : error_nomem(err);
}

static int pick_level(struct picking *p, int level, plain_error *err)
{
    for (size_t i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].level == level)
            start_cursor(p, &p->lanes[i]);
    }
    int r = merge_level(p, err);
    for (size_t i = 0; i < p->lane_count; i++) {
        struct lane *lane = &p->lanes[i];

        if (lane->level != level)
            continue;
        int stopped = stop_cursor(lane, r == PLAIN_OK ? err : NULL);
        if (r == PLAIN_OK)
            r = stopped;
        if (r == PLAIN_OK)
            r = next_level(p, lane, level, err);
    }
    return r;
}

static int move(struct connection *conn, const struct claim *claim, const plain_uuid *worker,
                int64_t now, plain_error *err)
{
    struct query q = query_begin(conn, SQL_CLAIM_JOBS);

    query_int(&q, 1, claim->id);
    query_uuid(&q, 2, &claim->token);
    query_int(&q, 3, now);
    query_uuid(&q, 4, worker);
    int r = query_end(&q, err);
    if (r != PLAIN_OK)
        return r;
    q = query_begin(conn, SQL_DELETE_CLAIMED);
    query_int(&q, 1, claim->id);
    return query_end(&q, err);
}

static int find_next_due(const struct picking *p, int64_t *next_due, plain_error *err)
{
    *next_due = STORE_NO_TIME;
    for (size_t i = 0; i < p->lane_count; i++) {
        struct query q = query_begin(p->connection, SQL_NEXT_DUE);

        query_text(&q, 1, p->lanes[i].queue);
        query_int(&q, 2, p->now);
        int64_t due = query_row(&q) ? column_time(&q, 0) : STORE_NO_TIME;
        if (due != STORE_NO_TIME && (*next_due == STORE_NO_TIME || due < *next_due))
            *next_due = due;
        int r = query_end(&q, err);
        if (r != PLAIN_OK)
            return r;
    }
    return PLAIN_OK;
}

/* Whether the worker may claim: see lease.sql. */
static int is_registered(struct connection *conn, const struct cycle *c, int64_t now, bool *yes,
                         plain_error *err)
{
    struct query q = query_begin(conn, SQL_IS_REGISTERED);

    query_uuid(&q, 1, &c->worker->id);
    query_int(&q, 2, now);
    *yes = query_row(&q) && column_int(&q, 0) != 0;
    return query_end(&q, err);
}

int claim_jobs(struct connection *conn, const struct cycle *c, struct arena *a,
               struct cycle_result *out, plain_error *err)
{
    struct picking p = {.connection = conn, .wish = c->wish, .now = out->now, .arena = a};
    bool registered = false;
    int level;
    int r = is_registered(conn, c, out->now, &registered, err);

    if (r != PLAIN_OK || !registered)
        return r;
    p.classes = names_as_json(c->wish->classes, c->wish->class_count, a);
    if (!p.classes)
        return error_nomem(err);
    r = make_lanes(&p, err);
    while (r == PLAIN_OK && p.claim_count < c->wish->limit &&
           (level = highest_level(&p)) != NO_LEVEL)
        r = pick_level(&p, level, err);
    for (size_t i = 0; r == PLAIN_OK && i < p.claim_count; i++)
        r = move(conn, &p.claims[i], &c->worker->id, p.now, err);
    out->claims = p.claims;
    out->claim_count = p.claim_count;
    if (r == PLAIN_OK && p.claim_count < c->wish->limit)
        r = find_next_due(&p, &out->next_due, err);
    return r;
}
