/* rows.c - reading for people: lists, the whole life of a job, counts */
#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static void read_status(const struct cell *c, void *out)
{
    if (!c->bytes || !job_status_parse(c->bytes, out))
        *(enum job_status *)out = JOB_ERRORED;
}

static void read_table(const struct cell *c, void *out)
{
    int n;

    field_int(c, &n);
    *(enum job_table *)out = (enum job_table)n;
}

/* The columns of every statement in rows.sql that gives job rows. */
static const struct field row_fields[] = {
    {read_table, offsetof(struct job_row, table)},
    {field_int64, offsetof(struct job_row, id)},
    {field_uuid, offsetof(struct job_row, request_uuid)},
    {field_uuid, offsetof(struct job_row, token)},
    {field_uuid, offsetof(struct job_row, root_uuid)},
    {field_uuid, offsetof(struct job_row, retry_of)},
    {field_uuid, offsetof(struct job_row, retry_request_uuid)},
    {field_uuid, offsetof(struct job_row, worker_id)},
    {field_text, offsetof(struct job_row, job_class)},
    {field_text, offsetof(struct job_row, parameters)},
    {field_text, offsetof(struct job_row, queue)},
    {field_text, offsetof(struct job_row, concurrency_key)},
    {field_bool, offsetof(struct job_row, key_shared)},
    {field_text, offsetof(struct job_row, source)},
    {field_int, offsetof(struct job_row, priority)},
    {field_int, offsetof(struct job_row, retries)},
    {field_int, offsetof(struct job_row, retry_attempt)},
    {field_int, offsetof(struct job_row, run_no)},
    {field_int, offsetof(struct job_row, crash_count)},
    {field_time, offsetof(struct job_row, requested_at)},
    {field_time, offsetof(struct job_row, start_at)},
    {field_time, offsetof(struct job_row, claimed_at)},
    {field_time, offsetof(struct job_row, started_at)},
    {field_time, offsetof(struct job_row, ended_at)},
    {read_status, offsetof(struct job_row, status)},
    {field_text, offsetof(struct job_row, error)},
    {field_text, offsetof(struct job_row, error_type)},
    {field_text, offsetof(struct job_row, error_message)},
    {field_text, offsetof(struct job_row, fingerprint)},
    {field_text, offsetof(struct job_row, worker_host)},
    {field_int, offsetof(struct job_row, worker_pid)},
    {field_int, offsetof(struct job_row, runner_pid)},
    {field_int, offsetof(struct job_row, exit_code)},
    {field_int, offsetof(struct job_row, exit_signal)},
    {field_int64, offsetof(struct job_row, cpu_us)},
    {field_int64, offsetof(struct job_row, max_rss_kb)},
    {field_text, offsetof(struct job_row, output)},
    {field_time, offsetof(struct job_row, cancel_at)},
    {field_text, offsetof(struct job_row, cancel_by)},
};

static int read_rows(const PGresult *result, struct arena *a, struct job_row **rows, size_t *count,
                     plain_error *err)
{
    size_t n = (size_t)libpq.PQntuples(result);
    struct job_row *all = arena_array(a, n, sizeof(*all));

    for (size_t i = 0; i < n && arena_ok(a); i++)
        fields_read(result, (int)i, row_fields, ARRAY_SIZE(row_fields), a, &all[i]);
    if (!arena_ok(a))
        return error_nomem(err);
    *rows = all;
    *count = n;
    return PLAIN_OK;
}

/* Runs the statement whose parameters stand in the wire. */
static int query_rows(struct session *s, enum sql_name name, struct arena *a, struct job_row **rows,
                      size_t *count, plain_error *err)
{
    PGresult *result = NULL;

    session_send(s, name);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK)
        r = read_rows(result, a, rows, count, err);
    session_clear(&result, 1);
    return r;
}

int postgres_list(struct store *store, enum job_table table, const struct row_filter *filter,
                  struct arena *a, struct job_row **rows, size_t *count, plain_error *err)
{
    static const enum sql_name names[] = {
        [TABLE_REQUEST] = SQL_LIST_REQUESTS,
        [TABLE_PROCESS] = SQL_LIST_PROCESSES,
        [TABLE_RESULT] = SQL_LIST_RESULTS,
    };
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "list jobs", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, filter->job_class);
    wire_text(&s->wire, filter->queue);
    wire_int8(&s->wire, filter->before_id ? filter->before_id : INT64_MAX);
    wire_int4(&s->wire, filter->limit);
    if (table == TABLE_RESULT)
        wire_text(&s->wire, filter->status);
    return query_rows(s, names[table], a, rows, count, err);
}

int postgres_find(struct store *store, const plain_uuid *uuid, size_t most, struct arena *a,
                  struct job_row **rows, size_t *count, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "find the job", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, uuid);
    wire_int8(&s->wire, most ? (int64_t)most : INT64_MAX);
    r = query_rows(s, SQL_FIND_JOB, a, rows, count, err);
    if (r == PLAIN_OK && *count == 0)
        r = PLAIN_NONE;
    if (r == PLAIN_OK && most && *count > most) { /* what has not ended stands behind them */
        *rows += *count - most;
        *count = most;
    }
    return r;
}

/* Rows of status and number. A status that we do not know is nobody's. */
static void add_up(const PGresult *result, struct store_stats *out)
{
    enum { STATUS, NUMBER };

    for (int row = 0; row < libpq.PQntuples(result); row++) {
        enum job_status status;
        int64_t n;

        field_read(result, row, NUMBER, field_int64, NULL, &n);
        if (job_status_parse(libpq.PQgetvalue(result, row, STATUS), &status))
            out->by_status[status] += n;
    }
}

int postgres_stats(struct store *store, struct store_stats *out, plain_error *err)
{
    enum { LIVE, RESULTS, COUNT };
    struct session *s = &postgres_of(store)->session;
    PGresult *results[COUNT] = {NULL};
    int r = session_begin(s, "count jobs", err);

    if (r < 0)
        return r;
    *out = (struct store_stats){0};
    wire_int8(&s->wire, STORE_COUNT_MAX);
    session_send(s, SQL_COUNT_LIVE);
    session_send(s, SQL_COUNT_RESULTS);
    r = session_sync(s, results, COUNT, err);
    if (r == PLAIN_OK) {
        field_read(results[LIVE], 0, 0, field_int64, NULL, &out->pending);
        field_read(results[LIVE], 0, 1, field_int64, NULL, &out->processing);
        add_up(results[RESULTS], out);
    }
    session_clear(results, COUNT);
    return r;
}
