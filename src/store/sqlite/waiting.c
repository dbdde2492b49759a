/*
 * waiting.c - what waits, and what is in front of it
 */
#include "store/sqlite/sqlite.h"

#include <limits.h>

#include "base/clock.h"
#include "base/error.h"

struct collecting {
    struct connection *connection;
    struct arena *arena;
    int64_t now;
    struct waiting *rows;
    size_t count;
};

static int collect_level(struct collecting *c, const char *queue, int priority, plain_error *err)
{
    struct query q = query_begin(c->connection, SQL_WAITING_CLASSES);

    query_text(&q, 1, queue);
    query_int(&q, 2, priority);
    query_int(&q, 3, c->now);
    query_int(&q, 4, WAITING_ROWS_MAX);
    while (c->count < STORE_WAITING_MAX && query_row(&q)) {
        c->rows[c->count++] = (struct waiting){
            .queue = queue,
            .job_class = column_text(&q, 0, c->arena),
            .count = column_int(&q, 1),
            .due_at = column_int(&q, 2),
            .source = column_text(&q, 3, c->arena),
        };
    }
    if (query_ok(&q))
        q.rc = SQLITE_DONE; /* rows may be left that there is no room for */
    return query_end(&q, err);
}

static int collect_queue(struct collecting *c, const char *queue, plain_error *err)
{
    int level = SHRT_MAX + 1, r = PLAIN_OK;

    for (int i = 0; r == PLAIN_OK && i < WAITING_LEVELS_MAX; i++) {
        struct query q = query_begin(c->connection, SQL_NEXT_PRIORITY);

        query_text(&q, 1, queue);
        query_int(&q, 2, level);
        bool found = query_row(&q) && sqlite3_column_type(q.stmt, 0) != SQLITE_NULL;
        level = found ? column_small(&q, 0) : level;
        r = query_end(&q, err);
        if (r != PLAIN_OK || !found)
            break;
        r = collect_level(c, queue, level, err);
    }
    return r;
}

static int collect(struct collecting *c, plain_error *err)
{
    const char *queues[STORE_QUEUES_MAX];
    struct query q = query_begin(c->connection, SQL_QUEUE_NAMES);
    size_t count = 0;

    query_text(&q, 1, "");
    query_int(&q, 2, STORE_QUEUES_MAX);
    while (count < STORE_QUEUES_MAX && query_row(&q))
        queues[count++] = column_text(&q, 0, c->arena);
    int r = query_end(&q, err);
    for (size_t i = 0; r == PLAIN_OK && arena_ok(c->arena) && i < count; i++)
        r = collect_queue(c, queues[i], err);
    return r == PLAIN_OK && !arena_ok(c->arena) ? error_nomem(err) : r;
}

int sqlite_waiting(struct store *store, struct arena *a, struct waiting **rows, size_t *count,
                   plain_error *err)
{
    struct connection *conn = connection_of(store);
    struct collecting c = {.connection = conn, .arena = a, .now = clock_wall_us()};

    *count = 0;
    *rows = c.rows = arena_array(a, STORE_WAITING_MAX, sizeof(*c.rows));
    if (!c.rows)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading what waits in", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, collect(&c, err), err);
    *count = r == PLAIN_OK ? c.count : 0;
    return r;
}

int sqlite_count_ahead(struct store *store, const plain_uuid *request, int64_t *count,
                       plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading what waits in", err);

    *count = 0;
    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_COUNT_AHEAD);
    query_uuid(&q, 1, request);
    query_int(&q, 2, clock_wall_us());
    query_int(&q, 3, STORE_AHEAD_MAX);
    if (query_row(&q))
        *count = column_int(&q, 0);
    return connection_end(conn, query_end(&q, err), err);
}
