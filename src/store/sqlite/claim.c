/*
 * claim.c - making processes of what was picked
 *
 * Rows are moved after all are picked: a statement that reads must not see its table change.
 */
#include "store/sqlite/claim.h"

#include "base/buf.h"
#include "base/error.h"
#include "store/sqlite/pick.h"

enum { NAMES_MAX = 16 * 1024 * 1024 };

/* The columns of SQL_DELETE_CLAIMED. */
enum {
    CLAIM_ID,
    CLAIM_UUID,
    CLAIM_ROOT,
    CLAIM_CLASS,
    CLAIM_PARAMETERS,
    CLAIM_QUEUE,
    CLAIM_KEY,
    CLAIM_SOURCE,
    CLAIM_PRIORITY,
    CLAIM_RETRIES,
    CLAIM_RETRY_ATTEMPT,
    CLAIM_RUN_NO,
    CLAIM_CRASH_COUNT,
    CLAIM_REQUESTED_AT,
    CLAIM_DUE_AT,
    CLAIM_TIMEOUT,
    CLAIM_LOST_COUNT
};

const char *names_as_json(const char *const *names, size_t count, struct arena *a)
{
    struct buf b = BUF_INIT(NAMES_MAX);

    buf_putc(&b, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_putc(&b, ',');
        buf_put_json(&b, names[i]);
    }
    buf_putc(&b, ']');
    const char *json = buf_ok(&b) ? arena_strdup(a, b.data) : NULL;
    buf_release(&b);
    return json;
}

static struct claim read_claim(const struct query *q, const plain_uuid *token, struct arena *a)
{
    return (struct claim){
        .token = *token,
        .request_uuid = column_uuid(q, CLAIM_UUID),
        .root_uuid = column_uuid(q, CLAIM_ROOT),
        .job_class = column_text(q, CLAIM_CLASS, a),
        .parameters = column_text(q, CLAIM_PARAMETERS, a),
        .queue = column_text(q, CLAIM_QUEUE, a),
        .concurrency_key = column_text(q, CLAIM_KEY, a),
        .source = column_text(q, CLAIM_SOURCE, a),
        .priority = column_small(q, CLAIM_PRIORITY),
        .retries = column_small(q, CLAIM_RETRIES),
        .retry_attempt = column_small(q, CLAIM_RETRY_ATTEMPT),
        .run_no = column_small(q, CLAIM_RUN_NO),
        .crash_count = column_small(q, CLAIM_CRASH_COUNT),
        .requested_at = column_int(q, CLAIM_REQUESTED_AT),
        .due_at = column_int(q, CLAIM_DUE_AT),
        .id = column_int(q, CLAIM_ID),
        .timeout_ms = column_int(q, CLAIM_TIMEOUT),
        .lost_count = column_small(q, CLAIM_LOST_COUNT),
    };
}

/* The process goes in before the request goes: so its key stays held. */
static int move(struct connection *conn, int64_t id, const plain_uuid *token,
                const plain_uuid *worker, int64_t now, struct arena *a, struct claim *out,
                plain_error *err)
{
    struct query q = query_begin(conn, SQL_CLAIM_JOBS);

    query_int(&q, 1, id);
    query_uuid(&q, 2, token);
    query_int(&q, 3, now);
    query_uuid(&q, 4, worker);
    int r = query_end(&q, err);
    if (r != PLAIN_OK)
        return r;
    q = query_begin(conn, SQL_DELETE_CLAIMED);
    query_int(&q, 1, id);
    if (query_row(&q))
        *out = read_claim(&q, token, a);
    return query_end(&q, err);
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
    const struct claim_wish *wish = c->wish;
    int64_t *ids = arena_array(a, wish->limit, sizeof(*ids));
    bool registered = false;
    size_t count = 0;
    int r = is_registered(conn, c, out->now, &registered, err);

    if (r != PLAIN_OK || !registered)
        return r;
    if (!ids)
        return error_nomem(err);
    r = pick_jobs(conn, wish, out->now, a, ids, &count, &out->next_due, err);
    if (r != PLAIN_OK || count == 0)
        return r;
    struct claim *claims = arena_array(a, count, sizeof(*claims));
    if (!claims)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++)
        r = move(conn, ids[i], &wish->tokens[i], &c->worker->id, out->now, a, &claims[i], err);
    out->claims = claims;
    out->claim_count = count;
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}
