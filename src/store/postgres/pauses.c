/*
 * pauses.c - holding queues and classes back
 *
 * See claim_gate in queues.sql, and plainjobs_note_pauses() for claims of one, for what makes a
 * pause hold from its commit on.
 */
#include <string.h>

#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static void field_kind(const struct cell *c, void *out)
{
    const char *queue = pause_kind_names[PAUSE_QUEUE];
    bool is_queue = c->length == strlen(queue) && memcmp(c->bytes, queue, c->length) == 0;

    *(enum pause_kind *)out = is_queue ? PAUSE_QUEUE : PAUSE_CLASS;
}

static const struct field pause_fields[] = {
    {field_kind, offsetof(struct pause, kind)}, {field_text, offsetof(struct pause, name)},
    {field_time, offsetof(struct pause, at)},   {field_text, offsetof(struct pause, reason)},
    {field_text, offsetof(struct pause, by)},
};

static int read_pauses(const PGresult *result, struct arena *a, struct pause **pauses,
                       size_t *count, plain_error *err)
{
    *count = (size_t)libpq.PQntuples(result);
    *pauses = arena_array(a, *count + 1, sizeof(**pauses));
    for (size_t i = 0; *pauses && i < *count; i++)
        fields_read(result, (int)i, pause_fields, ARRAY_SIZE(pause_fields), a, &(*pauses)[i]);
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

int postgres_pauses(struct store *store, struct arena *a, struct pause **pauses, size_t *count,
                    plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int r = session_begin(s, "read the pauses", err);

    *count = 0;
    if (r < 0)
        return r;
    session_send(s, SQL_LIST_PAUSES);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        r = read_pauses(results[0], a, pauses, count, err);
    session_clear(results, 1);
    return r;
}

int postgres_pause(struct store *store, const struct pause *p, bool *is_new, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int r = session_begin(s, "pause", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, pause_kind_names[p->kind]);
    wire_text(&s->wire, p->name);
    wire_text(&s->wire, p->reason);
    wire_text(&s->wire, p->by);
    session_send(s, SQL_PAUSE);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        field_read(results[0], 0, 0, field_bool, NULL, is_new);
    session_clear(results, 1);
    return r;
}

int postgres_resume(struct store *store, enum pause_kind kind, const char *name, const char *by,
                    plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int64_t count = 0;
    int r = session_begin(s, "resume", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, pause_kind_names[kind]);
    wire_text(&s->wire, name);
    wire_text(&s->wire, by);
    session_send(s, SQL_RESUME);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        field_read(results[0], 0, 0, field_int64, NULL, &count);
    session_clear(results, 1);
    return r == PLAIN_OK && count == 0 ? PLAIN_NONE : r;
}
