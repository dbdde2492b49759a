/* ruled.c - enqueueing by a class's own rule: lock, count, insert, in one transaction */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"
#include "store/postgres/transaction.h"
#include "store/rule.h"

/* The groups are read once for a key: a rule that asks twice must not see two moments. */
struct tx {
    struct store_tx base; /* first: a struct store_tx * is cast to this */
    char key[PLAIN_NAME_MAX + 1];
    bool is_counted;
    struct rule_group groups[RULE_GROUPS_MAX];
    size_t group_count;
};

static int ask_bool(struct session *s, enum sql_name name, bool *out, plain_error *err)
{
    PGresult *result = NULL;

    session_send(s, name);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK)
        field_read(result, 0, 0, field_bool, NULL, out);
    session_clear(&result, 1);
    return r;
}

static int take_lock(struct session *s, const char *lock, plain_error *err)
{
    bool is_locked = false;

    wire_text(&s->wire, lock);
    int r = ask_bool(s, SQL_RULE_LOCK, &is_locked, err);
    if (r < 0 || is_locked)
        return r;
    (void)error_set(err, PLAIN_E_ISOLATION, 505, "",
                    "cannot enqueue the job: its class's own rule counts jobs, and a transaction "
                    "in REPEATABLE READ or SERIALIZABLE does not see all of them");
    return PLAIN_E_ISOLATION;
}

static int count_groups(struct session *s, const char *job_class, const char *key,
                        const plain_uuid *self, struct tx *tx, plain_error *err)
{
    static const struct field fields[] = {
        {field_int, offsetof(struct rule_group, table)},
        {field_bool, offsetof(struct rule_group, is_retry)},
        {field_bool, offsetof(struct rule_group, is_self)},
        {field_int64, offsetof(struct rule_group, n)},
    };
    static const enum job_table sources[] = {TABLE_REQUEST, TABLE_PROCESS};
    PGresult *result = NULL;

    wire_text(&s->wire, job_class);
    wire_text(&s->wire, key);
    wire_uuid(&s->wire, self);
    session_send(s, SQL_RULE_COUNTS);
    int r = session_sync(s, &result, 1, err);
    tx->group_count = 0;
    for (int i = 0; r == PLAIN_OK && i < libpq.PQntuples(result) && i < RULE_GROUPS_MAX; i++) {
        struct rule_group *g = &tx->groups[tx->group_count++];

        fields_read(result, i, fields, ARRAY_SIZE(fields), NULL, g);
        g->table = (int)sources[g->table];
    }
    session_clear(&result, 1);
    return r;
}

int postgres_count(struct store_tx *base, enum job_table table, const char *job_class,
                   const char *key, unsigned flags, const plain_uuid *self, int64_t *out,
                   plain_error *err)
{
    struct tx *tx = (struct tx *)base;

    if (!tx->is_counted || strcmp(tx->key, key) != 0) {
        int r = count_groups(&postgres_of(base->store)->session, job_class, key, self, tx, err);
        if (r < 0)
            return r;
        tx->is_counted = text_copy(tx->key, sizeof(tx->key), key);
    }
    *out = rule_sum(tx->groups, tx->group_count, table, flags);
    return PLAIN_OK;
}

static int insert_shared(struct session *s, const struct new_request *r, plain_request *out,
                         plain_error *err)
{
    postgres_put_request(&s->wire, r);
    session_send(s, SQL_ENQUEUE_SHARED);
    int code = session_sync(s, NULL, 0, err);
    if (code == PLAIN_OK)
        out->uuid = r->uuid;
    return code;
}

/* look: before the request is made, or afterwards, once more. */
static int find_repeated(struct session *s, const struct new_request *r, enum sql_name look,
                         bool *found, plain_error *err)
{
    *found = false;
    if (!r->may_exist)
        return PLAIN_OK;
    wire_uuid(&s->wire, &r->uuid);
    return ask_bool(s, look, found, err);
}

int postgres_insert_ruled(struct store *store, const struct new_request *request, const char *lock,
                          int (*rule)(struct store_tx *tx, void *user), void *user,
                          plain_request *out, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct tx tx = {.base = {store}};
    bool is_repeated;
    int r = take_lock(s, lock, err);

    if (r == PLAIN_OK)
        r = find_repeated(s, request, SQL_IS_REPEATED, &is_repeated, err);
    if (r < 0)
        return r;
    if (is_repeated) {
        out->uuid = request->uuid;
        return PLAIN_OK;
    }
    r = rule(&tx.base, user);
    if (r <= 0)
        return r < 0 ? r : PLAIN_SKIPPED;
    r = insert_shared(s, request, out, err);
    return r == PLAIN_OK ? find_repeated(s, request, SQL_TAKE_BACK, &is_repeated, err) : r;
}

int postgres_enqueue_ruled(struct store *store, const struct new_request *request, const char *lock,
                           int (*rule)(struct store_tx *tx, void *user), void *user,
                           plain_request *out, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;

    *out = (plain_request){.holder_state = PLAIN_HOLDER_NONE};
    int r = session_begin(s, "enqueue the job by its class's rule", err);
    if (r == PLAIN_OK)
        r = transaction_begin(s, err);
    if (r == PLAIN_OK)
        r = transaction_end(s, postgres_insert_ruled(store, request, lock, rule, user, out, err),
                            err);
    return r;
}
