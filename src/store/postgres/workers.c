/*
 * workers.c - what operators see of workers, and ask of them
 */
#include <string.h>

#include "base/error.h"
#include "store/names.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

/* A row as it comes: lists are JSON, the wish is a word. */
struct worker_line {
    struct worker_view view;
    const char *queues, *classes, *wish;
};

static const struct field worker_fields[] = {
    {field_uuid, offsetof(struct worker_line, view.id)},
    {field_text, offsetof(struct worker_line, view.host)},
    {field_int, offsetof(struct worker_line, view.pid)},
    {field_text, offsetof(struct worker_line, queues)},
    {field_text, offsetof(struct worker_line, classes)},
    {field_int, offsetof(struct worker_line, view.capacity)},
    {field_int64, offsetof(struct worker_line, view.lease_ms)},
    {field_text, offsetof(struct worker_line, view.version)},
    {field_text, offsetof(struct worker_line, wish)},
    {field_time, offsetof(struct worker_line, view.started_at)},
    {field_time, offsetof(struct worker_line, view.last_heartbeat_at)},
    {field_bool, offsetof(struct worker_line, view.stale)},
    {field_int64, offsetof(struct worker_line, view.running)},
};

static int read_workers(const PGresult *result, struct arena *a, struct worker_view **workers,
                        size_t *count, plain_error *err)
{
    *count = (size_t)libpq.PQntuples(result);
    *workers = arena_array(a, *count + 1, sizeof(**workers));
    for (size_t i = 0; arena_ok(a) && i < *count; i++) {
        struct worker_line line = {0};
        struct worker_view *w = &line.view;

        fields_read(result, (int)i, worker_fields, ARRAY_SIZE(worker_fields), a, &line);
        w->wish = worker_wish_of(line.wish);
        w->tells_classes = line.classes != NULL;
        names_from_json(line.queues, a, &w->queues, &w->queue_count);
        names_from_json(line.classes, a, &w->classes, &w->class_count);
        (*workers)[i] = *w;
    }
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

int postgres_workers(struct store *store, struct arena *a, struct worker_view **workers,
                     size_t *count, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int r = session_begin(s, "read the workers", err);

    *count = 0;
    if (r < 0)
        return r;
    wire_int4(&s->wire, STORE_WORKERS_MAX);
    session_send(s, SQL_LIST_WORKERS);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        r = read_workers(results[0], a, workers, count, err);
    session_clear(results, 1);
    return r;
}

int postgres_ask_worker(struct store *store, const plain_uuid *worker, enum worker_wish wish,
                        const char *by, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int64_t count = 0;
    int r = session_begin(s, "ask the worker", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, worker);
    wire_text(&s->wire, worker_wish_names[wish]);
    wire_text(&s->wire, by);
    session_send(s, SQL_ASK_WORKER);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        field_read(results[0], 0, 0, field_int64, NULL, &count);
    session_clear(results, 1);
    return r == PLAIN_OK && count == 0 ? PLAIN_NONE : r;
}

int postgres_wish_of_worker(struct store *store, const plain_uuid *worker, enum worker_wish *wish,
                            plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct arena memory = ARENA_INIT;
    PGresult *results[1] = {NULL};
    const char *text = NULL;
    int r = session_begin(s, "read the workers", err);

    *wish = WISH_NONE;
    if (r < 0)
        return r;
    wire_uuid(&s->wire, worker);
    session_send(s, SQL_WISH_OF_WORKER);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK && libpq.PQntuples(results[0]) > 0)
        field_read(results[0], 0, 0, field_text, &memory, &text);
    *wish = worker_wish_of(text);
    session_clear(results, 1);
    arena_release(&memory);
    return r;
}
