/*
 * rows.c - reading: lists, the life of one job, counts
 */
#include "store/sqlite/sqlite.h"

#include "base/error.h"

/* The columns of SQL_LIST_REQUESTS, SQL_LIST_PROCESSES, SQL_LIST_RESULTS and SQL_LIST_FAILED. */
enum row_column {
    ROW_ID,
    ROW_REQUEST_UUID,
    ROW_TOKEN,
    ROW_ROOT_UUID,
    ROW_RETRY_OF,
    ROW_RETRY_REQUEST_UUID,
    ROW_WORKER_ID,
    ROW_CLASS,
    ROW_PARAMETERS,
    ROW_QUEUE,
    ROW_KEY,
    ROW_KEY_SHARED,
    ROW_SOURCE,
    ROW_PRIORITY,
    ROW_RETRIES,
    ROW_RETRY_ATTEMPT,
    ROW_RUN_NO,
    ROW_CRASH_COUNT,
    ROW_REQUESTED_AT,
    ROW_START_AT,
    ROW_CLAIMED_AT,
    ROW_STARTED_AT,
    ROW_ENDED_AT,
    ROW_STATUS,
    ROW_ERROR,
    ROW_ERROR_TYPE,
    ROW_ERROR_MESSAGE,
    ROW_FINGERPRINT,
    ROW_WORKER_HOST,
    ROW_WORKER_PID,
    ROW_RUNNER_PID,
    ROW_EXIT_CODE,
    ROW_EXIT_SIGNAL,
    ROW_CPU_US,
    ROW_MAX_RSS_KB,
    ROW_OUTPUT,
    ROW_CANCEL_AT,
    ROW_CANCEL_BY
};

static const enum sql_name list_of[] = {
    [TABLE_REQUEST] = SQL_LIST_REQUESTS,
    [TABLE_PROCESS] = SQL_LIST_PROCESSES,
    [TABLE_RESULT] = SQL_LIST_RESULTS,
};

/* A status that this program does not know was written by another one: an error, for people. */
static enum job_status read_status(const struct query *q)
{
    enum job_status status = JOB_ERRORED;
    const char *name = (const char *)sqlite3_column_text(q->stmt, ROW_STATUS);

    (void)(name && job_status_parse(name, &status));
    return status;
}

static int64_t int_or_minus(const struct query *q, enum row_column i)
{
    return sqlite3_column_type(q->stmt, (int)i) == SQLITE_NULL ? -1 : column_int(q, (int)i);
}

static struct job_row read_row(const struct query *q, enum job_table table, struct arena *a)
{
    return (struct job_row){
        .table = table,
        .id = column_int(q, ROW_ID),
        .request_uuid = column_uuid(q, ROW_REQUEST_UUID),
        .token = column_uuid(q, ROW_TOKEN),
        .root_uuid = column_uuid(q, ROW_ROOT_UUID),
        .retry_of = column_uuid(q, ROW_RETRY_OF),
        .retry_request_uuid = column_uuid(q, ROW_RETRY_REQUEST_UUID),
        .worker_id = column_uuid(q, ROW_WORKER_ID),
        .job_class = column_text(q, ROW_CLASS, a),
        .parameters = column_text(q, ROW_PARAMETERS, a),
        .queue = column_text(q, ROW_QUEUE, a),
        .concurrency_key = column_text(q, ROW_KEY, a),
        .key_shared = column_int(q, ROW_KEY_SHARED) != 0,
        .source = column_text(q, ROW_SOURCE, a),
        .priority = column_small(q, ROW_PRIORITY),
        .retries = column_small(q, ROW_RETRIES),
        .retry_attempt = column_small(q, ROW_RETRY_ATTEMPT),
        .run_no = column_small(q, ROW_RUN_NO),
        .crash_count = column_small(q, ROW_CRASH_COUNT),
        .requested_at = column_time(q, ROW_REQUESTED_AT),
        .start_at = column_time(q, ROW_START_AT),
        .claimed_at = column_time(q, ROW_CLAIMED_AT),
        .started_at = column_time(q, ROW_STARTED_AT),
        .ended_at = column_time(q, ROW_ENDED_AT),
        .status = read_status(q),
        .error = column_text(q, ROW_ERROR, a),
        .error_type = column_text(q, ROW_ERROR_TYPE, a),
        .error_message = column_text(q, ROW_ERROR_MESSAGE, a),
        .fingerprint = column_text(q, ROW_FINGERPRINT, a),
        .worker_host = column_text(q, ROW_WORKER_HOST, a),
        .worker_pid = column_or_minus(q, ROW_WORKER_PID),
        .runner_pid = column_or_minus(q, ROW_RUNNER_PID),
        .exit_code = column_or_minus(q, ROW_EXIT_CODE),
        .exit_signal = column_or_minus(q, ROW_EXIT_SIGNAL),
        .cpu_us = int_or_minus(q, ROW_CPU_US),
        .max_rss_kb = int_or_minus(q, ROW_MAX_RSS_KB),
        .output = column_text(q, ROW_OUTPUT, a),
        .cancel_at = column_time(q, ROW_CANCEL_AT),
        .cancel_by = column_text(q, ROW_CANCEL_BY, a),
    };
}

/* Reads at most limit rows behind *count into rows. */
static int read_rows(struct connection *conn, enum job_table table, const struct row_filter *filter,
                     struct arena *a, struct job_row *rows, size_t *count, plain_error *err)
{
    enum job_status status;
    bool failed = table == TABLE_RESULT && filter->status &&
                  job_status_parse(filter->status, &status) && status != JOB_SUCCESSFUL;
    struct query q = query_begin(conn, failed ? SQL_LIST_FAILED : list_of[table]);

    query_int(&q, 1, filter->before_id > 0 ? filter->before_id : INT64_MAX);
    query_text(&q, 2, filter->job_class);
    query_text(&q, 3, filter->queue);
    query_text(&q, 4, failed ? job_status_names[status] : filter->status);
    query_int(&q, 5, filter->limit);
    for (int i = 0; i < filter->limit && query_row(&q); i++)
        rows[(*count)++] = read_row(&q, table, a);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_list(struct store *store, enum job_table table, const struct row_filter *filter,
                struct arena *a, struct job_row **rows, size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);

    *count = 0;
    *rows = arena_array(a, (size_t)filter->limit, sizeof(**rows));
    if (!*rows)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_rows(conn, table, filter, a, *rows, count, err), err);
    return r;
}

static int find_root(struct connection *conn, const plain_uuid *uuid, plain_uuid *root,
                     plain_error *err)
{
    struct query q = query_begin(conn, SQL_FIND_ROOT);

    query_uuid(&q, 1, uuid);
    bool found = query_row(&q);
    if (found)
        *root = column_uuid(&q, 0);
    int r = query_end(&q, err);
    return r == PLAIN_OK && !found ? PLAIN_NONE : r;
}

/* Where a row of a job stands. */
struct place {
    struct place *next;
    enum job_table table;
    int64_t id;
};

static int find_places(struct connection *conn, const plain_uuid *root, struct arena *a,
                       struct place **first, size_t *count, plain_error *err)
{
    struct query q = query_begin(conn, SQL_FIND_JOB);
    struct place **end = first;

    *first = NULL;
    query_uuid(&q, 1, root);
    while (query_row(&q)) {
        struct place *place = arena_alloc(a, sizeof(*place));
        if (!place)
            break;
        place->table = (enum job_table)column_small(&q, 0);
        place->id = column_int(&q, 1);
        *end = place;
        end = &place->next;
        (*count)++;
    }
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

static int find_rows(struct connection *conn, const plain_uuid *uuid, size_t most, struct arena *a,
                     struct job_row **rows, size_t *count, plain_error *err)
{
    plain_uuid root;
    struct place *place;
    size_t found = 0;
    int r = find_root(conn, uuid, &root, err);

    if (r == PLAIN_OK)
        r = find_places(conn, &root, a, &place, &found, err);
    if (r != PLAIN_OK)
        return r;
    for (; most && found > most; found--)
        place = place->next;
    *rows = arena_array(a, found, sizeof(**rows));
    if (!*rows)
        return error_nomem(err);
    for (; r == PLAIN_OK && place; place = place->next) {
        /* The list that begins with this row, and ends with it. */
        const struct row_filter one = {.before_id = place->id + 1, .limit = 1};

        r = read_rows(conn, place->table, &one, a, *rows, count, err);
    }
    return r;
}

int sqlite_find(struct store *store, const plain_uuid *uuid, size_t most, struct arena *a,
                struct job_row **rows, size_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading", err);

    *count = 0;
    *rows = NULL;
    if (r == PLAIN_OK)
        r = connection_end(conn, find_rows(conn, uuid, most, a, rows, count, err), err);
    return r;
}

static int count_live(struct connection *conn, struct store_stats *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_COUNT_LIVE);

    query_int(&q, 1, STORE_COUNT_MAX);
    if (query_row(&q)) {
        out->pending = column_int(&q, 0);
        out->processing = column_int(&q, 1);
    }
    return query_end(&q, err);
}

static int count_results(struct connection *conn, struct store_stats *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_COUNT_RESULTS);

    while (query_row(&q)) {
        const char *name = (const char *)sqlite3_column_text(q.stmt, 0);
        enum job_status status;

        if (name && job_status_parse(name, &status))
            out->by_status[status] += column_int(&q, 1);
    }
    return query_end(&q, err);
}

int sqlite_stats(struct store *store, struct store_stats *out, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "counting the jobs of", err);

    *out = (struct store_stats){0};
    if (r != PLAIN_OK)
        return r;
    r = count_live(conn, out, err);
    if (r == PLAIN_OK)
        r = count_results(conn, out, err);
    return connection_end(conn, r, err);
}
