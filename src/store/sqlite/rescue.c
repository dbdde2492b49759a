/*
 * rescue.c - dead workers and what they had claimed
 *
 * A look reads; only when it finds something does the write lock follow. See lease.sql for why no
 * claim can slip in between.
 */
#include "store/sqlite/sqlite.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"

/* The columns of SQL_FIND_ORPHANS. */
enum {
    ORPHAN_TOKEN,
    ORPHAN_REQUEST,
    ORPHAN_ROOT,
    ORPHAN_CLASS,
    ORPHAN_PARAMETERS,
    ORPHAN_QUEUE,
    ORPHAN_KEY,
    ORPHAN_SOURCE,
    ORPHAN_PRIORITY,
    ORPHAN_RETRIES,
    ORPHAN_RETRY_ATTEMPT,
    ORPHAN_RUN_NO,
    ORPHAN_CRASH_COUNT,
    ORPHAN_REQUESTED_AT,
    ORPHAN_DUE_AT,
    ORPHAN_ID,
    ORPHAN_TIMEOUT,
    ORPHAN_LOST_COUNT,
    ORPHAN_STARTED_AT,
    ORPHAN_WORKER,
    ORPHAN_HOST,
    ORPHAN_PID
};

enum { UUIDS_MAX = 64 * 1024 };

struct rescue {
    struct connection *connection;
    const struct rescue_wish *wish;
    struct arena *arena;
    struct rescue_result *out;
    const char *dead, *living; /* the wish's, as JSON */
};

/* ["0197...", ...] as hex() writes them. */
static const char *uuids_as_json(const plain_uuid *uuids, size_t count, struct arena *a)
{
    struct buf b = BUF_INIT(UUIDS_MAX);

    buf_putc(&b, '[');
    for (size_t i = 0; i < count; i++) {
        buf_puts(&b, i == 0 ? "\"" : ",\"");
        for (size_t k = 0; k < sizeof(uuids[i].bytes); k++)
            buf_putf(&b, "%02X", (unsigned)uuids[i].bytes[k]);
        buf_putc(&b, '"');
    }
    buf_putc(&b, ']');
    const char *json = buf_ok(&b) ? arena_strdup(a, b.data) : NULL;
    buf_release(&b);
    return json;
}

static int look(const struct rescue *x, bool *needed, plain_error *err)
{
    struct connection *conn = x->connection;
    int r = connection_begin(conn, SQL_BEGIN_READ, "looking for dead workers in", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_NEED_RESCUE);
    query_uuid(&q, 1, &x->wish->worker->id);
    query_int(&q, 2, x->out->now);
    query_text(&q, 3, x->dead);
    *needed = query_row(&q) && column_int(&q, 0) != 0;
    r = query_end(&q, err);
    if (r == PLAIN_OK) {
        q = query_begin(conn, SQL_NEXT_LAPSE);
        query_uuid(&q, 1, &x->wish->worker->id);
        query_text(&q, 2, x->dead);
        x->out->next_lapse = query_row(&q) ? column_time(&q, 0) : STORE_NO_TIME;
        r = query_end(&q, err);
    }
    return connection_end(conn, r, err);
}

static int adopt_orphans(const struct rescue *x, plain_error *err)
{
    struct query q = query_begin(x->connection, SQL_ADOPT_ORPHANS);

    query_int(&q, 1, x->wish->lease_ms);
    query_int(&q, 2, x->out->now);
    return query_end(&q, err);
}

static int seize_workers(const struct rescue *x, plain_error *err)
{
    struct query q = query_begin(x->connection, SQL_SEIZE_WORKERS);

    query_uuid(&q, 1, &x->wish->worker->id);
    query_text(&q, 2, x->dead);
    query_text(&q, 3, x->living);
    query_int(&q, 4, RESCUE_LEASE_MS);
    query_int(&q, 5, x->out->now);
    int r = query_end(&q, err);
    x->out->seized = r == PLAIN_OK ? (size_t)sqlite3_changes(x->connection->db) : 0;
    return r;
}

static int hold_workers(const struct rescue *x, plain_error *err)
{
    struct query q = query_begin(x->connection, SQL_HOLD_WORKERS);

    query_uuid(&q, 1, &x->wish->worker->id);
    query_int(&q, 2, x->out->now);
    return query_end(&q, err);
}

static int forget_workers(const struct rescue *x, plain_error *err)
{
    struct query q = query_begin(x->connection, SQL_FORGET_WORKERS);

    query_uuid(&q, 1, &x->wish->worker->id);
    return query_end(&q, err);
}

static void read_orphan(const struct query *q, struct arena *a, struct orphan *o)
{
    o->claim = (struct claim){
        .token = column_uuid(q, ORPHAN_TOKEN),
        .request_uuid = column_uuid(q, ORPHAN_REQUEST),
        .root_uuid = column_uuid(q, ORPHAN_ROOT),
        .job_class = column_text(q, ORPHAN_CLASS, a),
        .parameters = column_text(q, ORPHAN_PARAMETERS, a),
        .queue = column_text(q, ORPHAN_QUEUE, a),
        .concurrency_key = column_text(q, ORPHAN_KEY, a),
        .source = column_text(q, ORPHAN_SOURCE, a),
        .priority = column_small(q, ORPHAN_PRIORITY),
        .retries = column_small(q, ORPHAN_RETRIES),
        .retry_attempt = column_small(q, ORPHAN_RETRY_ATTEMPT),
        .run_no = column_small(q, ORPHAN_RUN_NO),
        .crash_count = column_small(q, ORPHAN_CRASH_COUNT),
        .requested_at = column_int(q, ORPHAN_REQUESTED_AT),
        .due_at = column_int(q, ORPHAN_DUE_AT),
        .id = column_int(q, ORPHAN_ID),
        .timeout_ms = column_int(q, ORPHAN_TIMEOUT),
        .lost_count = column_small(q, ORPHAN_LOST_COUNT),
    };
    o->started_at = column_time(q, ORPHAN_STARTED_AT);
    o->worker_id = column_uuid(q, ORPHAN_WORKER);
    o->worker_host = column_text(q, ORPHAN_HOST, a);
    o->worker_pid = column_small(q, ORPHAN_PID);
}

static int find_orphans(const struct rescue *x, plain_error *err)
{
    struct rescue_result *out = x->out;

    if (x->wish->limit == 0)
        return PLAIN_OK;
    out->orphans = arena_array(x->arena, x->wish->limit, sizeof(*out->orphans));
    if (!out->orphans)
        return error_nomem(err);
    struct query q = query_begin(x->connection, SQL_FIND_ORPHANS);
    query_uuid(&q, 1, &x->wish->worker->id);
    query_int(&q, 2, (int64_t)x->wish->limit);
    while (out->orphan_count < x->wish->limit && query_row(&q))
        read_orphan(&q, x->arena, &out->orphans[out->orphan_count++]);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(x->arena) ? error_nomem(err) : r;
}

static int find_unfinished(const struct rescue *x, plain_error *err)
{
    struct rescue_result *out = x->out;
    struct query q = query_begin(x->connection, SQL_NEXT_LAPSE);

    query_uuid(&q, 1, &x->wish->worker->id);
    query_text(&q, 2, x->dead);
    out->unfinished = arena_array(x->arena, x->wish->dead_count, sizeof(*out->unfinished));
    while (query_row(&q)) {
        plain_uuid id = column_uuid(&q, 1);

        out->next_lapse = column_time(&q, 0);
        if (out->unfinished && out->unfinished_count < x->wish->dead_count && !uuid_is_zero(&id))
            out->unfinished[out->unfinished_count++] = id;
    }
    return query_end(&q, err);
}

static int run_rescue(const struct rescue *x, plain_error *err)
{
    int r = adopt_orphans(x, err);

    if (r == PLAIN_OK)
        r = seize_workers(x, err);
    if (r == PLAIN_OK)
        r = hold_workers(x, err);
    if (r == PLAIN_OK)
        r = forget_workers(x, err);
    if (r == PLAIN_OK)
        r = find_orphans(x, err);
    if (r == PLAIN_OK)
        r = find_unfinished(x, err);
    return r;
}

int sqlite_rescue(struct store *store, const struct rescue_wish *wish, struct arena *a,
                  struct rescue_result *out, plain_error *err)
{
    struct rescue x = {.connection = connection_of(store), .wish = wish, .arena = a, .out = out};
    bool needed = false;

    *out = (struct rescue_result){.next_lapse = STORE_NO_TIME, .now = clock_wall_us()};
    x.dead = uuids_as_json(wish->dead, wish->dead_count, a);
    x.living = uuids_as_json(wish->living, wish->living_count, a);
    int r = x.dead && x.living ? look(&x, &needed, err) : error_nomem(err);
    if (r != PLAIN_OK || !needed)
        return r;
    r = connection_begin(x.connection, SQL_BEGIN_WRITE, "rescuing jobs in", err);
    if (r != PLAIN_OK)
        return r;
    out->now = clock_wall_us(); /* the lock may have been waited for */
    r = connection_end(x.connection, run_rescue(&x, err), err);
    if (r != PLAIN_OK)
        *out = (struct rescue_result){.next_lapse = STORE_NO_TIME};
    return r;
}
