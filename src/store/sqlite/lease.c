/* lease.c - the rows of living workers */
#include "store/sqlite/sqlite.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite/claim.h"

/* Ends a statement that changes the worker's row, and its transaction. PLAIN_NONE when there was no
 * such row. */
static int end_change(struct connection *conn, struct query *q, plain_error *err)
{
    int r = query_end(q, err);
    bool changed = r == PLAIN_OK && sqlite3_changes(conn->db) > 0;

    r = connection_end(conn, r, err);
    return r == PLAIN_OK && !changed ? PLAIN_NONE : r;
}

int sqlite_register_worker(struct store *store, const struct worker_row *row, plain_error *err)
{
    struct connection *conn = connection_of(store);
    struct arena a = ARENA_INIT;
    const char *queues = names_as_json(row->queues, row->queue_count, &a);
    const char *classes = names_as_json(row->classes, row->class_count, &a);
    int r = queues && classes ? connection_begin(conn, SQL_BEGIN_WRITE, "registering with", err)
                              : error_nomem(err);

    if (r == PLAIN_OK) {
        struct query q = query_begin(conn, SQL_REGISTER_WORKER);

        query_uuid(&q, 1, &row->identity->id);
        query_text(&q, 2, row->identity->host);
        query_int(&q, 3, row->identity->pid);
        query_text(&q, 4, queues);
        query_int(&q, 5, row->lease_ms);
        query_text(&q, 6, PLAIN_VERSION);
        query_int(&q, 7, row->capacity);
        query_text(&q, 8, classes);
        query_int(&q, 9, clock_wall_us());
        query_uuid(&q, 10, &row->before);
        r = end_change(conn, &q, err);
    }
    arena_release(&a);
    return r;
}

int sqlite_beat(struct store *store, const plain_uuid *worker, bool stops, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "keeping a lease in", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_BEAT);
    query_uuid(&q, 1, worker);
    query_int(&q, 2, clock_wall_us());
    query_int(&q, 3, stops);
    return end_change(conn, &q, err);
}

int sqlite_leave(struct store *store, const plain_uuid *worker, plain_error *err)
{
    static const enum sql_name parts[] = {SQL_GIVE_UP_RESCUES, SQL_LEAVE};
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "leaving", err);

    if (r != PLAIN_OK)
        return r;
    for (size_t i = 0; r == PLAIN_OK && i < ARRAY_SIZE(parts); i++) {
        struct query q = query_begin(conn, parts[i]);

        query_uuid(&q, 1, worker);
        r = query_end(&q, err);
    }
    return connection_end(conn, r, err);
}
