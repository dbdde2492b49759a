/*
 * enqueue.c - making requests: enqueue, and retry by hand
 *
 * Whether a concurrency key is held is judged by the triggers of the table alone, so that it is the
 * same for us and for an INSERT by hand. The write lock is held: what is read afterwards about the
 * holder is what the trigger saw.
 */
#include "store/sqlite/sqlite.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/sqlite/audit.h"

/* How a trigger's message begins when the key is held. */
static const char key_is_held[] = "PJ501:";

static int64_t start_time(const struct new_request *r, int64_t now)
{
    if (r->start_at != STORE_NO_TIME)
        return r->start_at;
    if (r->delay_us <= 0)
        return STORE_NO_TIME;
    int64_t at = clock_add(now, r->delay_us);
    return at > CLOCK_MAX_US ? CLOCK_MAX_US : at;
}

static int tell_holder(struct connection *conn, const char *job_class, const char *key, int64_t now,
                       plain_request *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_KEY_HOLDER);

    query_text(&q, 1, job_class);
    query_text(&q, 2, key);
    if (query_row(&q)) {
        int64_t age_us = clock_since(now, column_int(&q, 2));

        out->holder = column_uuid(&q, 0);
        out->holder_state = column_int(&q, 1) ? PLAIN_HOLDER_PROCESSING : PLAIN_HOLDER_PENDING;
        out->holder_age_ms = age_us > 0 ? age_us / US_PER_MS : 0;
    }
    int r = query_end(&q, err);
    return r == PLAIN_OK ? PLAIN_SKIPPED : r;
}

/* Runs an INSERT. *is_held: the trigger refused it, and nothing else is wrong. */
static int insert(struct query *q, bool *is_held, plain_error *err)
{
    while (query_row(q))
        continue;
    *is_held = q->rc == SQLITE_CONSTRAINT_TRIGGER &&
               text_starts_with(sqlite3_errmsg(q->connection->db), key_is_held);
    int r = query_end(q, *is_held ? NULL : err);
    q->connection->has_enqueued = q->connection->has_enqueued || r == PLAIN_OK;
    return *is_held ? PLAIN_OK : r;
}

static int insert_request(struct connection *conn, const struct new_request *r, int64_t now,
                          plain_request *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_ENQUEUE);
    bool is_held;

    query_uuid(&q, 1, &r->uuid);
    query_int(&q, 2, now);
    query_text(&q, 3, r->job_class);
    query_text(&q, 4, r->parameters);
    query_int(&q, 5, r->priority);
    query_text(&q, 6, r->source);
    query_text(&q, 7, r->queue);
    query_int(&q, 8, r->retries);
    query_text(&q, 9, r->concurrency_key);
    query_time(&q, 10, start_time(r, now));
    query_positive(&q, 11, r->key_shared ? 1 : -1);
    query_positive(&q, 12, r->timeout_ms > 0 ? r->timeout_ms : -1);
    int result = insert(&q, &is_held, err);
    if (is_held)
        return tell_holder(conn, r->job_class, r->concurrency_key, now, out, err);
    if (result == PLAIN_OK)
        out->uuid = r->uuid;
    return result;
}

int sqlite_find_repeated(struct connection *conn, const struct new_request *r, bool *found,
                         plain_error *err)
{
    *found = false;
    if (!r->may_exist)
        return PLAIN_OK;
    struct query q = query_begin(conn, SQL_FIND_REPEATED);
    query_uuid(&q, 1, &r->uuid);
    *found = query_row(&q) && column_int(&q, 0);
    return query_end(&q, err);
}

int sqlite_insert(struct connection *conn, const struct new_request *r, plain_request *out,
                  plain_error *err)
{
    bool found;
    int result = sqlite_find_repeated(conn, r, &found, err);

    if (result != PLAIN_OK)
        return result;
    if (!found)
        return insert_request(conn, r, clock_wall_us(), out, err);
    out->uuid = r->uuid;
    return PLAIN_OK;
}

int sqlite_enqueue(struct store *store, const struct new_request *r, plain_request *out,
                   plain_error *err)
{
    struct connection *conn = connection_of(store);
    int result = connection_begin(conn, SQL_BEGIN_WRITE, "enqueueing into", err);

    *out = (plain_request){0};
    if (result != PLAIN_OK)
        return result;
    return connection_end(conn, sqlite_insert(conn, r, out, err), err);
}

const char *sqlite_enqueue_sql(void)
{
    return sql_sqlite[SQL_ENQUEUE_STATEMENT];
}

/* What the attempt that is to be continued was. Its texts live in arena. */
struct attempt {
    plain_uuid continued_by;
    int retry_attempt;
    const char *job_class;
    const char *concurrency_key;
    plain_uuid root_uuid;
};

static int find_attempt(struct connection *conn, const plain_uuid *token, struct arena *a,
                        struct attempt *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_FIND_RESULT);

    query_uuid(&q, 1, token);
    bool found = query_row(&q);
    if (found)
        *out = (struct attempt){
            .continued_by = column_uuid(&q, 0),
            .retry_attempt = column_small(&q, 1),
            .job_class = column_text(&q, 2, a),
            .concurrency_key = column_text(&q, 3, a),
            .root_uuid = column_uuid(&q, 4),
        };
    int r = query_end(&q, err);
    if (r != PLAIN_OK)
        return r;
    if (!arena_ok(a))
        return error_nomem(err);
    return found ? PLAIN_OK : PLAIN_NONE;
}

static int link_retry(struct connection *conn, const plain_uuid *token, const plain_uuid *request,
                      plain_error *err)
{
    struct query q = query_begin(conn, SQL_LINK_RETRY);

    query_uuid(&q, 1, token);
    query_uuid(&q, 2, request);
    return query_end(&q, err);
}

static int note_retry(struct connection *conn, const struct attempt *attempt, const char *by,
                      plain_error *err)
{
    const struct audit_row row = {.actor = by,
                                  .action = "job.retry",
                                  .target = attempt->job_class,
                                  .uuid = attempt->root_uuid,
                                  .n = -1};

    return audit_note(conn, &row, err);
}

static int continue_attempt(struct connection *conn, const plain_uuid *token,
                            const struct attempt *attempt, const plain_uuid *new_uuid,
                            const char *by, plain_request *out, plain_error *err)
{
    int64_t now = clock_wall_us();
    bool is_held;
    int r = link_retry(conn, token, new_uuid, err);

    if (r < 0)
        return r;
    struct query q = query_begin(conn, SQL_INSERT_SUCCESSOR);
    query_uuid(&q, 1, token);
    query_uuid(&q, 2, new_uuid);
    query_int(&q, 3, now);
    query_time(&q, 4, STORE_NO_TIME);
    query_int(&q, 5, attempt->retry_attempt < INT16_MAX ? attempt->retry_attempt + 1 : INT16_MAX);
    query_int(&q, 6, 0); /* who retries by hand knows of the crashes: counted anew */
    query_int(&q, 7, 0);
    r = insert(&q, &is_held, err);
    if (is_held)
        return tell_holder(conn, attempt->job_class, attempt->concurrency_key, now, out, err);
    if (r == PLAIN_OK)
        out->uuid = *new_uuid;
    return r == PLAIN_OK ? note_retry(conn, attempt, by, err) : r;
}

static int retry_locked(struct connection *conn, const plain_uuid *token,
                        const plain_uuid *new_uuid, const char *by, struct arena *a,
                        plain_request *out, plain_error *err)
{
    struct attempt attempt;
    char text[PLAIN_UUID_TEXT];
    int r = find_attempt(conn, token, a, &attempt, err);

    if (r != PLAIN_OK)
        return r;
    if (uuid_is_zero(&attempt.continued_by))
        return continue_attempt(conn, token, &attempt, new_uuid, by, out, err);
    out->uuid = attempt.continued_by;
    return error_set(err, PLAIN_E_REFUSED, 503, "",
                     "the attempt has been continued already, by "
                     "request %s",
                     plain_uuid_format(&attempt.continued_by, text));
}

int sqlite_retry(struct store *store, const plain_uuid *token, const plain_uuid *new_uuid,
                 const char *by, plain_request *out, plain_error *err)
{
    struct connection *conn = connection_of(store);
    struct arena a = ARENA_INIT;
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "retrying a job of", err);

    *out = (plain_request){0};
    if (r == PLAIN_OK)
        r = connection_end(conn, retry_locked(conn, token, new_uuid, by, &a, out, err), err);
    arena_release(&a);
    return r;
}
