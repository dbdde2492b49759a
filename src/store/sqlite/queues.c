/*
 * queues.c - the queues that have requests
 */
#include "store/sqlite/sqlite.h"

#include "base/error.h"

static int read_names(struct connection *conn, const char *after, size_t limit, struct arena *a,
                      const char **names, size_t *count, plain_error *err)
{
    struct query q = query_begin(conn, SQL_QUEUE_NAMES);

    query_text(&q, 1, after);
    query_int(&q, 2, (int64_t)limit);
    while (*count < limit && query_row(&q))
        names[(*count)++] = column_text(&q, 0, a);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_queue_names(struct store *store, const char *after, size_t limit, struct arena *a,
                       const char *const **names, size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);
    const char **found = arena_array(a, limit, sizeof(*found));

    *count = 0;
    *names = found;
    if (!found)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading the queues of", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_names(conn, after, limit, a, found, count, err), err);
    return r;
}
