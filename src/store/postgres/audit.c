/* audit.c - what people did; and deleting jobs, which is among it */
#include <string.h>

#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

int postgres_note_in(struct session *s, const struct audit_row *row, plain_error *err)
{
    wire_text(&s->wire, or_empty(row->actor));
    wire_text(&s->wire, row->action);
    wire_text(&s->wire, or_empty(row->target));
    wire_uuid(&s->wire, &row->uuid);
    wire_text(&s->wire, or_empty(row->detail));
    wire_int8_or_null(&s->wire, row->n >= 0, row->n);
    session_send(s, SQL_NOTE);
    return session_sync(s, NULL, 0, err);
}

int postgres_note(struct store *store, const struct audit_row *row, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "write the audit", err);

    return r < 0 ? r : postgres_note_in(s, row, err);
}

static const struct field audit_fields[] = {
    {field_int64, offsetof(struct audit_row, id)},
    {field_time, offsetof(struct audit_row, at)},
    {field_text, offsetof(struct audit_row, actor)},
    {field_text, offsetof(struct audit_row, action)},
    {field_text, offsetof(struct audit_row, target)},
    {field_uuid, offsetof(struct audit_row, uuid)},
    {field_text, offsetof(struct audit_row, detail)},
    {field_int64, offsetof(struct audit_row, n)},
};

static int read_rows(const PGresult *result, struct arena *a, struct audit_row **rows,
                     size_t *count, plain_error *err)
{
    *count = (size_t)libpq.PQntuples(result);
    *rows = arena_array(a, *count + 1, sizeof(**rows));
    for (size_t i = 0; *rows && i < *count; i++)
        fields_read(result, (int)i, audit_fields, ARRAY_SIZE(audit_fields), a, &(*rows)[i]);
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

int postgres_audit(struct store *store, const plain_uuid *uuid, int64_t before_id, int limit,
                   struct arena *a, struct audit_row **rows, size_t *count, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int r = session_begin(s, "read the audit", err);

    *count = 0;
    if (r < 0)
        return r;
    wire_int8(&s->wire, before_id > 0 ? before_id : INT64_MAX);
    wire_uuid(&s->wire, uuid);
    wire_int4(&s->wire, limit);
    session_send(s, SQL_LIST_AUDIT);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        r = read_rows(results[0], a, rows, count, err);
    session_clear(results, 1);
    return r;
}

int postgres_delete_job(struct store *store, const plain_uuid *uuid, const char *by,
                        enum delete_outcome *outcome, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int r = session_begin(s, "delete the job", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, uuid);
    wire_text(&s->wire, by);
    session_send(s, SQL_DELETE_JOB);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK) {
        r = libpq.PQgetisnull(results[0], 0, 0) ? PLAIN_NONE : PLAIN_OK;
        *outcome =
            strcmp(libpq.PQgetvalue(results[0], 0, 0), "asked") == 0 ? DELETE_ASKED : DELETE_DONE;
    }
    session_clear(results, 1);
    return r;
}
