/*
 * workers.c - what operators see of workers, and ask of them
 */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/names.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/sqlite.h"

/* The columns of SQL_LIST_WORKERS. */
enum {
    WORKER_ID,
    WORKER_HOST,
    WORKER_PID,
    WORKER_QUEUES,
    WORKER_CLASSES,
    WORKER_CAPACITY,
    WORKER_LEASE,
    WORKER_VERSION,
    WORKER_WISH,
    WORKER_STARTED,
    WORKER_HEARTBEAT,
    WORKER_IS_STALE,
    WORKER_RUNNING
};

static void read_worker(const struct query *q, struct arena *a, struct worker_view *out)
{
    *out = (struct worker_view){
        .id = column_uuid(q, WORKER_ID),
        .host = column_text(q, WORKER_HOST, a),
        .pid = column_small(q, WORKER_PID),
        .capacity = column_or_minus(q, WORKER_CAPACITY),
        .lease_ms = column_int(q, WORKER_LEASE),
        .version = column_text(q, WORKER_VERSION, a),
        .wish = worker_wish_of(column_text(q, WORKER_WISH, a)),
        .started_at = column_time(q, WORKER_STARTED),
        .last_heartbeat_at = column_time(q, WORKER_HEARTBEAT),
        .stale = column_int(q, WORKER_IS_STALE) != 0,
        .running = column_int(q, WORKER_RUNNING),
        .tells_classes = sqlite3_column_type(q->stmt, WORKER_CLASSES) != SQLITE_NULL,
    };
    names_from_json(column_text(q, WORKER_QUEUES, a), a, &out->queues, &out->queue_count);
    names_from_json(column_text(q, WORKER_CLASSES, a), a, &out->classes, &out->class_count);
}

static int read_workers(struct connection *conn, struct arena *a, struct worker_view *workers,
                        size_t *count, plain_error *err)
{
    struct query q = query_begin(conn, SQL_LIST_WORKERS);

    query_int(&q, 1, clock_wall_us());
    query_int(&q, 2, STORE_WORKERS_MAX);
    while (*count < STORE_WORKERS_MAX && query_row(&q))
        read_worker(&q, a, &workers[(*count)++]);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_workers(struct store *store, struct arena *a, struct worker_view **workers,
                   size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);

    *count = 0;
    *workers = arena_array(a, STORE_WORKERS_MAX, sizeof(**workers));
    if (!*workers)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading the workers of", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_workers(conn, a, *workers, count, err), err);
    return r;
}

/* PLAIN_NONE when no such worker lives. */
static int ask(struct connection *conn, const plain_uuid *worker, enum worker_wish wish,
               const char *by, plain_error *err)
{
    struct query q = query_begin(conn, SQL_ASK_WORKER);
    struct arena a = ARENA_INIT;
    struct audit_row row = {.actor = by, .uuid = *worker, .n = -1};

    row.action = wish == WISH_STOP ? "worker.stop" : "worker.quiet";
    query_uuid(&q, 1, worker);
    query_text(&q, 2, worker_wish_names[wish]);
    bool found = query_row(&q);
    if (found)
        row.target = column_text(&q, 0, &a);
    int r = query_end(&q, err);
    if (r == PLAIN_OK)
        r = found ? audit_note(conn, &row, err) : PLAIN_NONE;
    arena_release(&a);
    return r;
}

int sqlite_ask_worker(struct store *store, const plain_uuid *worker, enum worker_wish wish,
                      const char *by, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "asking a worker of", err);

    if (r != PLAIN_OK)
        return r;
    r = ask(conn, worker, wish, by, err);
    conn->has_asked = r == PLAIN_OK;
    return connection_end(conn, r, err);
}

int sqlite_wish_of_worker(struct store *store, const plain_uuid *worker, enum worker_wish *wish,
                          plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading the workers of", err);

    *wish = WISH_NONE;
    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_WISH_OF_WORKER);
    query_uuid(&q, 1, worker);
    if (query_row(&q))
        *wish = worker_wish_of((const char *)sqlite3_column_text(q.stmt, 0));
    return connection_end(conn, query_end(&q, err), err);
}
