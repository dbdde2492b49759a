/*
 * cycle.c - one round of a worker: ends, releases, claims, in one transaction
 *
 * An end goes by the attempt's token. Where there is no such process, the attempt was superseded:
 * no result is written, and nothing else is done for it. Otherwise the result comes first, made
 * from the process row; then that row goes, which frees the key; then the successor, made from the
 * result, takes it.
 */
#include "store/sqlite/sqlite.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "store/sqlite/claim.h"
#include "store/sqlite/hooks.h"
#include "store/sqlite/stops.h"

/* Of SQL_TAKE_PROCESS, which are the parameters of SQL_RELEASE_JOBS. */
enum { RELEASED_COLUMNS = 20 };

static int insert_result(struct connection *conn, const struct cycle *c, const struct job_end *end,
                         int64_t now, plain_error *err)
{
    struct query q = query_begin(conn, SQL_INSERT_RESULT);
    plain_uuid uuid = uuid_new();

    query_uuid(&q, 1, &end->token);
    query_uuid(&q, 2, &uuid);
    query_int(&q, 3, now);
    query_time(&q, 4, end->started_at);
    query_int(&q, 5, end->ended_at);
    query_uuid(&q, 6, &end->successor);
    query_text(&q, 7, job_status_names[end->status]);
    query_text(&q, 8, end->error ? end->error : "");
    query_int(&q, 9, end->crash_count);
    query_uuid(&q, 10, &c->worker->id);
    query_text(&q, 11, c->worker->host);
    query_int(&q, 12, c->worker->pid);
    query_positive(&q, 13, end->runner_pid > 0 ? end->runner_pid : -1);
    query_text(&q, 14, end->error_type);
    query_text(&q, 15, end->error_message);
    query_text(&q, 16, end->fingerprint);
    query_positive(&q, 17, end->exit_code);
    query_positive(&q, 18, end->exit_signal);
    query_positive(&q, 19, end->cpu_us);
    query_positive(&q, 20, end->max_rss_kb);
    query_int(&q, 21, end->lost_count);
    query_text(&q, 22, end->output);
    return query_end(&q, err);
}

int sqlite_delete_process(struct connection *conn, const plain_uuid *token, plain_error *err)
{
    struct query q = query_begin(conn, SQL_DELETE_PROCESS);

    query_uuid(&q, 1, token);
    return query_end(&q, err);
}

static int insert_successor(struct connection *conn, const struct job_end *end, plain_error *err)
{
    struct query q = query_begin(conn, SQL_INSERT_SUCCESSOR);

    query_uuid(&q, 1, &end->token);
    query_uuid(&q, 2, &end->successor);
    query_int(&q, 3, end->ended_at);
    query_time(&q, 4, end->successor_start_at);
    query_int(&q, 5, end->successor_retry_attempt);
    query_int(&q, 6, end->crash_count);
    query_int(&q, 7, end->lost_count);
    conn->has_enqueued = true;
    return query_end(&q, err);
}

int sqlite_count_results(struct connection *conn, int64_t first_id, int shard, plain_error *err)
{
    struct query q = query_begin(conn, SQL_COUNT_RESULT);

    query_int(&q, 1, first_id);
    query_int(&q, 2, shard);
    return query_end(&q, err);
}

static int write_ends(struct connection *conn, const struct cycle *c, struct cycle_result *out,
                      plain_error *err)
{
    int64_t first_id = 0;
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < c->end_count; i++) {
        const struct job_end *end = &c->ends[i];

        r = insert_result(conn, c, end, out->now, err);
        if (r == PLAIN_OK && sqlite3_changes(conn->db) == 0) {
            bool recorded = false;

            r = sqlite_is_recorded(conn, &end->token, &recorded, err);
            out->recorded += recorded;
            if (r == PLAIN_OK && recorded)
                r = sqlite_note_figures(conn, end, err);
            continue;
        }
        if (r != PLAIN_OK)
            continue;
        if (out->ended++ == 0)
            first_id = sqlite3_last_insert_rowid(conn->db);
        r = sqlite_delete_process(conn, &end->token, err);
        if (r == PLAIN_OK && !uuid_is_zero(&end->successor))
            r = insert_successor(conn, end, err);
        if (r == PLAIN_OK && end->wants_hook)
            r = sqlite_hooks_want(conn, &end->token, out->now, err);
    }
    if (r == PLAIN_OK && out->ended > 0)
        r = sqlite_count_results(conn, first_id, c->shard, err);
    return r;
}

/* Puts a claim back as the request that it was. */
static int release(struct connection *conn, const plain_uuid *token, bool *released,
                   plain_error *err)
{
    struct query process = query_begin(conn, SQL_TAKE_PROCESS);
    struct query request = query_begin(conn, SQL_RELEASE_JOBS);
    int r = PLAIN_OK;

    query_uuid(&process, 1, token);
    *released = query_row(&process);
    for (int i = 0; *released && i < RELEASED_COLUMNS; i++)
        query_copy(&request, i + 1, &process, i);
    int taken = query_end(&process, err);
    if (*released || !query_ok(&request))
        r = query_end(&request, taken == PLAIN_OK ? err : NULL);
    return taken == PLAIN_OK ? r : taken;
}

static int write_releases(struct connection *conn, const struct cycle *c, struct cycle_result *out,
                          plain_error *err)
{
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < c->release_count; i++) {
        bool released = false;

        r = sqlite_cancel_released(conn, c, &c->releases[i], out->now, &released, err);
        if (r == PLAIN_OK && !released)
            r = release(conn, &c->releases[i], &released, err);
        out->released += released;
        conn->has_enqueued = conn->has_enqueued || released;
    }
    return r;
}

static int fold_counters(struct connection *conn, const struct cycle *c, int64_t now, size_t *count,
                         plain_error *err)
{
    const int64_t before = now - (int64_t)STORE_COUNTER_DAYS * 86400 * US_PER_S;
    struct query folded = query_begin(conn, SQL_FOLD_COUNTERS);

    query_int(&folded, 1, c->shard);
    query_int(&folded, 2, before);
    query_int(&folded, 3, STORE_FOLD_MAX);
    int r = query_end(&folded, err);
    if (r < 0)
        return r;
    struct query gone = query_begin(conn, SQL_FORGET_FOLDED);
    query_int(&gone, 1, before);
    query_int(&gone, 2, STORE_FOLD_MAX);
    r = query_end(&gone, err);
    *count = (size_t)sqlite3_changes(conn->db);
    return r;
}

static int run_cycle(struct connection *conn, const struct cycle *c, struct arena *a,
                     struct cycle_result *out, plain_error *err)
{
    out->now = clock_wall_us();
    int r = write_ends(conn, c, out, err);
    if (r == PLAIN_OK)
        r = write_releases(conn, c, out, err);
    if (r == PLAIN_OK && c->wish)
        r = claim_jobs(conn, c, a, out, err);
    if (r == PLAIN_OK)
        r = sqlite_hooks_done(conn, c, err);
    if (r == PLAIN_OK && c->hook_limit > 0)
        r = sqlite_hooks_take(conn, c, a, out, err);
    if (r == PLAIN_OK)
        r = sqlite_watch(conn, c, a, out, err);
    if (r == PLAIN_OK && c->fold)
        r = fold_counters(conn, c, out->now, &out->folded, err);
    return r;
}

int sqlite_cycle(struct store *store, const struct cycle *c, struct arena *a,
                 struct cycle_result *out, plain_error *err)
{
    struct connection *conn = connection_of(store);
    bool writes = c->end_count + c->release_count + c->hooks_done_count + c->hook_limit > 0 ||
                  c->wish != NULL || c->fold; /* else it only watches */
    int r = connection_begin(conn, writes ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, "working on", err);

    *out = (struct cycle_result){.next_due = STORE_NO_TIME};
    if (r != PLAIN_OK)
        return r;
    r = connection_end(conn, run_cycle(conn, c, a, out, err), err);
    if (r != PLAIN_OK)
        *out = (struct cycle_result){.next_due = STORE_NO_TIME, .is_sent = true};
    return r;
}
