/*
 * queues.c - the queues that have requests
 */
#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static int read_names(const PGresult *result, struct arena *a, const char *const **names,
                      size_t *count, plain_error *err)
{
    size_t n = (size_t)libpq.PQntuples(result);
    const char **found = arena_array(a, n + 1, sizeof(*found));

    for (size_t i = 0; found && i < n; i++)
        field_read(result, (int)i, 0, field_text, a, &found[i]);
    if (!arena_ok(a))
        return error_nomem(err);
    *names = found;
    *count = n;
    return PLAIN_OK;
}

int postgres_queue_names(struct store *store, const char *after, size_t limit, struct arena *a,
                         const char *const **names, size_t *count, plain_error *err)
{
    enum { SWITCHES, NAMES, COUNT };
    struct session *s = &postgres_of(store)->session;
    PGresult *results[COUNT] = {NULL};
    int r = session_begin(s, "read the queues", err);

    *count = 0;
    if (r < 0)
        return r;
    session_send(s, SQL_PLAN_SWITCHES);
    wire_text(&s->wire, after);
    wire_int4(&s->wire, (int)limit);
    session_send(s, SQL_QUEUE_NAMES);
    r = session_sync(s, results, COUNT, err);
    if (r == PLAIN_OK)
        r = read_names(results[NAMES], a, names, count, err);
    session_clear(results, COUNT);
    return r;
}
