/*
 * waiting.c - what waits, and what is in front of it
 */
#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static const struct field waiting_fields[] = {
    {field_text, offsetof(struct waiting, queue)},
    {field_text, offsetof(struct waiting, job_class)},
    {field_int64, offsetof(struct waiting, count)},
    {field_time, offsetof(struct waiting, due_at)},
    {field_text, offsetof(struct waiting, source)},
};

static int read_waiting(const PGresult *result, struct arena *a, struct waiting **rows,
                        size_t *count, plain_error *err)
{
    size_t n = (size_t)libpq.PQntuples(result);

    n = n < STORE_WAITING_MAX ? n : STORE_WAITING_MAX;
    *rows = arena_array(a, n + 1, sizeof(**rows));
    for (size_t i = 0; arena_ok(a) && i < n; i++)
        fields_read(result, (int)i, waiting_fields, ARRAY_SIZE(waiting_fields), a, &(*rows)[i]);
    if (!arena_ok(a))
        return error_nomem(err);
    *count = n;
    return PLAIN_OK;
}

int postgres_waiting(struct store *store, struct arena *a, struct waiting **rows, size_t *count,
                     plain_error *err)
{
    enum { SWITCHES, WAITING, COUNT };
    struct session *s = &postgres_of(store)->session;
    PGresult *results[COUNT] = {NULL};
    int r = session_begin(s, "read what waits", err);

    *count = 0;
    if (r < 0)
        return r;
    session_send(s, SQL_PLAN_SWITCHES);
    wire_int4(&s->wire, STORE_QUEUES_MAX);
    wire_int4(&s->wire, WAITING_LEVELS_MAX);
    wire_int4(&s->wire, WAITING_ROWS_MAX);
    session_send(s, SQL_WAITING_CLASSES);
    r = session_sync(s, results, COUNT, err);
    if (r == PLAIN_OK)
        r = read_waiting(results[WAITING], a, rows, count, err);
    session_clear(results, COUNT);
    return r;
}

int postgres_count_ahead(struct store *store, const plain_uuid *request, int64_t *count,
                         plain_error *err)
{
    enum { SWITCHES, AHEAD, COUNT };
    struct session *s = &postgres_of(store)->session;
    PGresult *results[COUNT] = {NULL};
    int r = session_begin(s, "read what waits", err);

    *count = 0;
    if (r < 0)
        return r;
    session_send(s, SQL_PLAN_SWITCHES);
    wire_uuid(&s->wire, request);
    wire_int4(&s->wire, STORE_AHEAD_MAX);
    session_send(s, SQL_COUNT_AHEAD);
    r = session_sync(s, results, COUNT, err);
    if (r == PLAIN_OK)
        field_read(results[AHEAD], 0, 0, field_int64, NULL, count);
    session_clear(results, COUNT);
    return r;
}
