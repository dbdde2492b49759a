/* ruled.c - enqueueing by a class's own rule. The write lock is the rule's: nothing that it counts
 * can change before the end of the transaction. */
#include "store/rule.h"
#include "store/sqlite/sqlite.h"

static int count_groups(struct connection *conn, const char *job_class, const char *key,
                        const plain_uuid *self, struct rule_group *groups, size_t *count,
                        plain_error *err)
{
    static const plain_uuid nobody = {{0}};
    static const enum job_table sources[] = {TABLE_REQUEST, TABLE_PROCESS};
    struct query q = query_begin(conn, SQL_RULE_COUNTS);

    *count = 0;
    query_text(&q, 1, job_class);
    query_text(&q, 2, key);
    query_uuid(&q, 3, self ? self : &nobody);
    while (*count < RULE_GROUPS_MAX && query_row(&q))
        groups[(*count)++] = (struct rule_group){
            .table = (int)sources[column_int(&q, 0)],
            .is_retry = column_int(&q, 1),
            .is_self = column_int(&q, 2),
            .n = column_int(&q, 3),
        };
    return query_end(&q, err);
}

int sqlite_count(struct store_tx *tx, enum job_table table, const char *job_class, const char *key,
                 unsigned flags, const plain_uuid *self, int64_t *out, plain_error *err)
{
    struct rule_group groups[RULE_GROUPS_MAX];
    size_t count;
    int r = count_groups(connection_of(tx->store), job_class, key, self, groups, &count, err);

    *out = rule_sum(groups, count, table, flags);
    return r;
}

int sqlite_insert_ruled(struct connection *conn, const struct new_request *r,
                        int (*rule)(struct store_tx *tx, void *user), void *user,
                        plain_request *out, plain_error *err)
{
    struct store_tx tx = {&conn->base};
    struct new_request request = *r;
    bool is_repeated;
    int result = sqlite_find_repeated(conn, &request, &is_repeated, err);

    if (result != PLAIN_OK)
        return result;
    if (is_repeated) {
        out->uuid = request.uuid;
        return PLAIN_OK;
    }
    result = rule(&tx, user);
    if (result <= 0)
        return result < 0 ? result : PLAIN_SKIPPED;
    request.key_shared = true;
    request.may_exist = false;
    return sqlite_insert(conn, &request, out, err);
}

int sqlite_enqueue_ruled(struct store *store, const struct new_request *r, const char *lock,
                         int (*rule)(struct store_tx *tx, void *user), void *user,
                         plain_request *out, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int result = connection_begin(conn, SQL_BEGIN_WRITE, "enqueueing into", err);

    (void)lock;
    *out = (plain_request){0};
    if (result != PLAIN_OK)
        return result;
    return connection_end(conn, sqlite_insert_ruled(conn, r, rule, user, out, err), err);
}
