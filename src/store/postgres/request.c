/* request.c - making requests: enqueue, retry by hand, and who holds a key that is in the way */
#include <string.h>

#include "base/error.h"
#include "store/postgres/failure.h"
#include "store/postgres/fields.h"
#include "store/postgres/lost.h"
#include "store/postgres/postgres.h"
#include "store/postgres/transaction.h"

/* A key: of a class and text, or of a result's token. */
struct wanted_key {
    const char *job_class, *concurrency_key;
    const plain_uuid *token;
};

static const struct field holder_fields[] = {
    {field_uuid, offsetof(plain_request, holder)},
    {field_int, offsetof(plain_request, holder_state)},
    {field_int64, offsetof(plain_request, holder_age_ms)},
};

/* Who holds the key: PLAIN_SKIPPED and out says so, PLAIN_NONE when nobody does any more. */
static int find_holder(struct session *s, const struct wanted_key *key, plain_request *out,
                       plain_error *err)
{
    PGresult *result = NULL;

    wire_text(&s->wire, key->job_class);
    wire_text(&s->wire, key->concurrency_key);
    wire_uuid(&s->wire, key->token);
    session_send(s, SQL_KEY_HOLDER);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK) {
        r = libpq.PQntuples(result) > 0 ? PLAIN_SKIPPED : PLAIN_NONE;
        if (r == PLAIN_SKIPPED)
            fields_read(result, 0, holder_fields, ARRAY_SIZE(holder_fields), NULL, out);
    }
    session_clear(&result, 1);
    return r;
}

/* Runs the verb, whose PLAIN_SKIPPED means that the key is held. A holder that is gone when it is
 * looked for makes room for a second attempt. */
static int unless_held(struct session *s, int (*verb)(struct session *, void *, plain_error *),
                       void *call, const struct wanted_key *key, plain_request *out,
                       plain_error *err)
{
    enum { ATTEMPTS = 2 };
    int r = PLAIN_NONE;

    for (int i = 0; i < ATTEMPTS && r == PLAIN_NONE; i++) {
        r = verb(s, call, err);
        if (r != PLAIN_SKIPPED)
            return r;
        r = find_holder(s, key, out, err);
    }
    if (r == PLAIN_NONE) {
        out->holder_state = PLAIN_HOLDER_UNSEEN;
        r = PLAIN_SKIPPED;
    }
    return r;
}

void postgres_put_request(struct wire *w, const struct new_request *r)
{
    wire_uuid(w, &r->uuid);
    wire_text(w, r->job_class);
    wire_json(w, r->parameters);
    wire_text(w, r->queue);
    wire_int8_or_null(w, r->delay_us != 0, r->delay_us);
    wire_time(w, r->start_at);
    wire_int4(w, r->priority);
    wire_int4(w, r->retries);
    wire_text(w, r->concurrency_key);
    wire_text(w, r->source);
    wire_int8_or_null(w, r->timeout_ms > 0, r->timeout_ms);
}

int postgres_insert(struct session *s, const struct new_request *r, plain_request *out,
                    plain_error *err)
{
    PGresult *result = NULL;
    bool is_new = !r->may_exist && !r->concurrency_key[0];

    postgres_put_request(&s->wire, r);
    if (!is_new)
        wire_bool(&s->wire, r->may_exist);
    session_send(s, is_new ? SQL_ENQUEUE_NEW : SQL_ENQUEUE);
    int code = session_sync(s, &result, 1, err);
    if (code == PLAIN_OK) {
        field_read(result, 0, 0, field_uuid, NULL, &out->uuid);
        code = libpq.PQgetisnull(result, 0, 0) ? PLAIN_SKIPPED : PLAIN_OK;
    }
    session_clear(&result, 1);
    return code;
}

int postgres_tell_holder(struct session *s, const struct new_request *r, plain_request *out,
                         plain_error *err)
{
    const struct wanted_key key = {r->job_class, r->concurrency_key, NULL};
    int code = find_holder(s, &key, out, err);

    if (code == PLAIN_NONE) {
        out->holder_state = PLAIN_HOLDER_UNSEEN;
        code = PLAIN_SKIPPED;
    }
    return code;
}

struct enqueue_call {
    const struct new_request *request;
    plain_request *out;
};

static int try_enqueue(struct session *s, void *call, plain_error *err)
{
    const struct enqueue_call *c = call;

    return postgres_insert(s, c->request, c->out, err);
}

/* A single statement cannot choose its level: behind a pooler it has that of the database, in which
 * a uuid that may exist could be refused. Elsewhere the connection has ours. */
static int enqueue_in_block(struct session *s, struct enqueue_call *call,
                            const struct wanted_key *key, plain_error *err)
{
    int r = transaction_begin(s, err);

    if (r < 0)
        return r;
    r = unless_held(s, try_enqueue, call, key, call->out, err);
    return transaction_end(s, r, err);
}

int postgres_enqueue(struct store *store, const struct new_request *r, plain_request *out,
                     plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct enqueue_call call = {r, out};
    struct wanted_key key = {r->job_class, r->concurrency_key, NULL};

    *out = (plain_request){.holder_state = PLAIN_HOLDER_NONE};
    int code = session_begin(s, "enqueue the job", err);
    if (code < 0)
        return code;
    if (r->may_exist && (code = lost_end(s, err)) < 0)
        return code;
    if (r->may_exist && s->pooled.is)
        return enqueue_in_block(s, &call, &key, err);
    return unless_held(s, try_enqueue, &call, &key, out, err);
}

struct retry_call {
    const plain_uuid *token, *new_uuid;
    const char *by;
    plain_request *out;
};

static int refuse_retry(const plain_uuid *successor, plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    (void)error_set(err, PLAIN_E_REFUSED, 503, "", "cannot retry the job: request %s continues it",
                    plain_uuid_format(successor, text));
    error_fix(err, "see where it stands with `plain jobs show %s`", text);
    return PLAIN_E_REFUSED;
}

/* The row of retry_result: the request that continued the result before, and the one made now. */
static int read_retry(const PGresult *result, plain_request *out, plain_error *err)
{
    enum { BEFORE, MADE };

    if (libpq.PQntuples(result) == 0)
        return PLAIN_NONE;
    if (!libpq.PQgetisnull(result, 0, MADE)) {
        field_read(result, 0, MADE, field_uuid, NULL, &out->uuid);
        return PLAIN_OK;
    }
    field_read(result, 0, BEFORE, field_uuid, NULL, &out->uuid);
    return refuse_retry(&out->uuid, err);
}

static int try_retry(struct session *s, void *call, plain_error *err)
{
    const struct retry_call *c = call;
    PGresult *result = NULL;
    plain_error own;

    wire_uuid(&s->wire, c->token);
    wire_uuid(&s->wire, c->new_uuid);
    wire_text(&s->wire, c->by);
    session_send(s, SQL_RETRY_RESULT);
    int r = session_sync(s, &result, 1, &own);
    if (r == PLAIN_OK)
        r = read_retry(result, c->out, &own);
    else if (strcmp(own.sqlstate, SQLSTATE_KEY_HELD) == 0)
        r = PLAIN_SKIPPED;
    if (r < 0 && err)
        *err = own;
    session_clear(&result, 1);
    return r;
}

int postgres_retry(struct store *store, const plain_uuid *token, const plain_uuid *new_uuid,
                   const char *by, plain_request *out, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct retry_call call = {token, new_uuid, by, out};
    struct wanted_key key = {NULL, NULL, token};

    *out = (plain_request){.holder_state = PLAIN_HOLDER_NONE};
    int r = session_begin(s, "retry the job", err);
    if (r < 0)
        return r;
    return unless_held(s, try_retry, &call, &key, out, err);
}
