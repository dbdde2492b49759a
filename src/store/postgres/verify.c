/*
 * verify.c - the checks of store/verify.h, in one snapshot
 */
#include "store/verify.h"

#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"
#include "store/postgres/transaction.h"

/* One statement with the values on the wire, with a deadline of its own. */
static int ask(struct session *s, enum sql_name name, PGresult **result, plain_error *err)
{
    session_more_time(s);
    session_send(s, name);
    return session_sync(s, result, 1, err);
}

static int read_next(void *store, enum job_table table, int64_t from, int64_t *id, plain_error *err)
{
    struct session *s = store;
    PGresult *result = NULL;

    wire_int4(&s->wire, (int)table);
    wire_int8(&s->wire, from);
    int r = ask(s, SQL_VERIFY_NEXT, &result, err);
    if (r == PLAIN_OK && libpq.PQgetisnull(result, 0, 0))
        r = PLAIN_NONE;
    else if (r == PLAIN_OK)
        field_read(result, 0, 0, field_int64, NULL, id);
    session_clear(&result, 1);
    return r;
}

static int read_rows(void *store, const struct verify_slice *slice, size_t most, struct arena *a,
                     struct finding *out, size_t *count, plain_error *err)
{
    static const struct field fields[] = {{field_uuid, offsetof(struct finding, uuid)},
                                          {field_text, offsetof(struct finding, job_class)}};
    struct session *s = store;
    PGresult *result = NULL;

    *count = 0;
    wire_int8(&s->wire, slice->above);
    wire_int8(&s->wire, slice->upto);
    wire_int4(&s->wire, (int)most);
    int r = ask(s, slice->name, &result, err);
    for (int i = 0; r == PLAIN_OK && i < libpq.PQntuples(result) && *count < most; i++)
        fields_read(result, i, fields, ARRAY_SIZE(fields), a, &out[(*count)++]);
    session_clear(&result, 1);
    return r;
}

static int read_sums(void *store, const struct verify_slice *slice,
                     int64_t by_status[JOB_STATUS_COUNT], plain_error *err)
{
    struct session *s = store;
    PGresult *result = NULL;

    if (slice->name == SQL_VERIFY_RESULTS) {
        wire_int8(&s->wire, slice->above);
        wire_int8(&s->wire, slice->upto);
    }
    int r = ask(s, slice->name, &result, err);
    for (int i = 0; r == PLAIN_OK && i < libpq.PQntuples(result); i++) {
        enum job_status status;
        int64_t n = 0;

        field_read(result, i, 1, field_int64, NULL, &n);
        if (job_status_parse(libpq.PQgetvalue(result, i, 0), &status))
            by_status[status] += n;
    }
    session_clear(&result, 1);
    return r;
}

static int run(struct session *s, struct arena *a, struct finding **findings, size_t *count,
               plain_error *err)
{
    const struct verify_source source = {s, read_next, read_rows, read_sums};
    PGresult *switches = NULL;
    int r = ask(s, SQL_PLAN_SWITCHES, &switches, err);

    session_clear(&switches, 1);
    return r == PLAIN_OK ? verify_run(&source, a, findings, count, err) : r;
}

int postgres_verify(struct store *store, struct arena *a, struct finding **findings, size_t *count,
                    plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "verify the tables", err);

    *count = 0;
    if (r == PLAIN_OK)
        r = transaction_begin_snapshot(s, err);
    return r == PLAIN_OK ? transaction_end(s, run(s, a, findings, count, err), err) : r;
}
