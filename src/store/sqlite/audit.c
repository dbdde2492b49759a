#include "store/sqlite/audit.h"

#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite/sqlite.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

int audit_note(struct connection *conn, const struct audit_row *row, plain_error *err)
{
    struct query q = query_begin(conn, SQL_NOTE);

    query_int(&q, 1, clock_wall_us());
    query_text(&q, 2, or_empty(row->actor));
    query_text(&q, 3, row->action);
    query_text(&q, 4, or_empty(row->target));
    query_uuid(&q, 5, &row->uuid);
    query_text(&q, 6, or_empty(row->detail));
    query_positive(&q, 7, row->n);
    return query_end(&q, err);
}

int sqlite_note(struct store *store, const struct audit_row *row, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "writing the audit of", err);

    return r == PLAIN_OK ? connection_end(conn, audit_note(conn, row, err), err) : r;
}

/* The columns of SQL_LIST_AUDIT. */
enum {
    AUDIT_ID,
    AUDIT_AT,
    AUDIT_ACTOR,
    AUDIT_ACTION,
    AUDIT_TARGET,
    AUDIT_UUID,
    AUDIT_DETAIL,
    AUDIT_N
};

static struct audit_row read_row(const struct query *q, struct arena *a)
{
    bool counts = sqlite3_column_type(q->stmt, AUDIT_N) != SQLITE_NULL;

    return (struct audit_row){
        .id = column_int(q, AUDIT_ID),
        .at = column_time(q, AUDIT_AT),
        .actor = column_text(q, AUDIT_ACTOR, a),
        .action = column_text(q, AUDIT_ACTION, a),
        .target = column_text(q, AUDIT_TARGET, a),
        .uuid = column_uuid(q, AUDIT_UUID),
        .detail = column_text(q, AUDIT_DETAIL, a),
        .n = counts ? column_int(q, AUDIT_N) : -1,
    };
}

static int read_rows(struct connection *conn, const plain_uuid *uuid, int64_t before_id, int limit,
                     struct arena *a, struct audit_row *rows, size_t *count, plain_error *err)
{
    const plain_uuid none = {{0}};
    struct query q = query_begin(conn, SQL_LIST_AUDIT);

    query_int(&q, 1, before_id > 0 ? before_id : INT64_MAX);
    query_uuid(&q, 2, uuid ? uuid : &none);
    query_int(&q, 3, limit);
    for (int i = 0; i < limit && query_row(&q); i++)
        rows[(*count)++] = read_row(&q, a);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_audit(struct store *store, const plain_uuid *uuid, int64_t before_id, int limit,
                 struct arena *a, struct audit_row **rows, size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);

    *count = 0;
    *rows = arena_array(a, (size_t)limit, sizeof(**rows));
    if (!*rows)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_rows(conn, uuid, before_id, limit, a, *rows, count, err),
                           err);
    return r;
}
