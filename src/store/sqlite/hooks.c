#include "store/sqlite/hooks.h"

#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite/claim.h"

/* The columns of SQL_TAKE_HOOKS. */
enum {
    HOOK_TOKEN,
    HOOK_REQUEST,
    HOOK_ROOT,
    HOOK_CLASS,
    HOOK_PARAMETERS,
    HOOK_QUEUE,
    HOOK_KEY,
    HOOK_SOURCE,
    HOOK_PRIORITY,
    HOOK_RETRIES,
    HOOK_RETRY_ATTEMPT,
    HOOK_RUN_NO,
    HOOK_STATUS,
    HOOK_ERROR_TYPE,
    HOOK_ERROR_MESSAGE,
    HOOK_WILL_RETRY
};

int sqlite_hooks_want(struct connection *conn, const plain_uuid *token, int64_t now,
                      plain_error *err)
{
    struct query q = query_begin(conn, SQL_WANT_HOOKS);

    query_uuid(&q, 1, token);
    query_int(&q, 2, now);
    return query_end(&q, err);
}

int sqlite_hooks_done(struct connection *conn, const struct cycle *c, plain_error *err)
{
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < c->hooks_done_count; i++) {
        struct query q = query_begin(conn, SQL_HOOKS_DONE);

        query_uuid(&q, 1, &c->hooks_done[i]);
        r = query_end(&q, err);
    }
    return r;
}

static void read_hook(const struct query *q, struct arena *a, struct hook *h)
{
    const char *status = column_text(q, HOOK_STATUS, a);

    h->claim = (struct claim){
        .token = column_uuid(q, HOOK_TOKEN),
        .request_uuid = column_uuid(q, HOOK_REQUEST),
        .root_uuid = column_uuid(q, HOOK_ROOT),
        .job_class = column_text(q, HOOK_CLASS, a),
        .parameters = column_text(q, HOOK_PARAMETERS, a),
        .queue = column_text(q, HOOK_QUEUE, a),
        .concurrency_key = column_text(q, HOOK_KEY, a),
        .source = column_text(q, HOOK_SOURCE, a),
        .priority = column_small(q, HOOK_PRIORITY),
        .retries = column_small(q, HOOK_RETRIES),
        .retry_attempt = column_small(q, HOOK_RETRY_ATTEMPT),
        .run_no = column_small(q, HOOK_RUN_NO),
    };
    (void)job_status_parse(status ? status : "", &h->status);
    h->error_type = column_text(q, HOOK_ERROR_TYPE, a);
    h->error_message = column_text(q, HOOK_ERROR_MESSAGE, a);
    h->will_retry = column_int(q, HOOK_WILL_RETRY) != 0;
}

int sqlite_hooks_take(struct connection *conn, const struct cycle *c, struct arena *a,
                      struct cycle_result *out, plain_error *err)
{
    const char *classes = names_as_json(c->hook_classes, c->hook_class_count, a);

    out->hooks = arena_array(a, c->hook_limit, sizeof(*out->hooks));
    if (!classes || !out->hooks)
        return error_nomem(err);
    struct query q = query_begin(conn, SQL_TAKE_HOOKS);
    query_text(&q, 1, classes);
    query_int(&q, 2, (int64_t)c->hook_limit);
    query_int(&q, 3, out->now);
    query_int(&q, 4, out->now + (int64_t)HOOK_LEASE_S * US_PER_S);
    while (query_row(&q) && out->hook_count < c->hook_limit)
        read_hook(&q, a, &out->hooks[out->hook_count++]);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}
