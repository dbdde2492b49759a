/*
 * verify.c - the checks of store/verify.h, in one read transaction
 */
#include "store/verify.h"

#include "store/sqlite/sqlite.h"

static int read_next(void *store, enum job_table table, int64_t from, int64_t *id, plain_error *err)
{
    struct query q = query_begin(store, SQL_VERIFY_NEXT);
    bool found = false;

    query_int(&q, 1, (int64_t)table);
    query_int(&q, 2, from);
    if (query_row(&q) && sqlite3_column_type(q.stmt, 0) != SQLITE_NULL) {
        *id = column_int(&q, 0);
        found = true;
    }
    int r = query_end(&q, err);
    return r == PLAIN_OK && !found ? PLAIN_NONE : r;
}

static int read_rows(void *store, const struct verify_slice *slice, size_t most, struct arena *a,
                     struct finding *out, size_t *count, plain_error *err)
{
    struct query q = query_begin(store, slice->name);

    *count = 0;
    query_int(&q, 1, slice->above);
    query_int(&q, 2, slice->upto);
    query_int(&q, 3, (int64_t)most);
    while (*count < most && query_row(&q))
        out[(*count)++] =
            (struct finding){.uuid = column_uuid(&q, 0), .job_class = column_text(&q, 1, a)};
    return query_end(&q, err);
}

static int read_sums(void *store, const struct verify_slice *slice,
                     int64_t by_status[JOB_STATUS_COUNT], plain_error *err)
{
    struct query q = query_begin(store, slice->name);

    if (slice->name == SQL_VERIFY_RESULTS) {
        query_int(&q, 1, slice->above);
        query_int(&q, 2, slice->upto);
    }
    while (query_row(&q)) {
        const char *text = (const char *)sqlite3_column_text(q.stmt, 0);
        enum job_status status;

        if (text && job_status_parse(text, &status))
            by_status[status] += column_int(&q, 1);
    }
    return query_end(&q, err);
}

int sqlite_verify(struct store *store, struct arena *a, struct finding **findings, size_t *count,
                  plain_error *err)
{
    struct connection *conn = connection_of(store);
    const struct verify_source source = {conn, read_next, read_rows, read_sums};
    int r = connection_begin(conn, SQL_BEGIN_READ, "verifying", err);

    *count = 0;
    if (r == PLAIN_OK)
        r = connection_end(conn, verify_run(&source, a, findings, count, err), err);
    return r;
}
