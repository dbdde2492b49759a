/* stops.c - cancelling jobs, watching those that run, completing them in a transaction */
#include "store/sqlite/stops.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/sqlite.h"

enum { NOBODYS_SHARD = 0 }; /* the file has one writer at a time: any row of the counters will do */

int sqlite_find_root(struct connection *conn, const plain_uuid *uuid, plain_uuid *root, bool *found,
                     plain_error *err)
{
    struct query q = query_begin(conn, SQL_FIND_ROOT);

    query_uuid(&q, 1, uuid);
    *found = query_row(&q);
    if (*found)
        *root = column_uuid(&q, 0);
    return query_end(&q, err);
}

/* Notes what happened to a job of this class. */
static int note(struct connection *conn, const struct audit_row *row, const char *job_class,
                const char *state, plain_error *err)
{
    struct audit_row whole = *row;

    whole.target = job_class;
    whole.detail = state;
    whole.n = -1;
    return audit_note(conn, &whole, err);
}

/* The result of the pending request. PLAIN_NONE when there is none. */
static int insert_cancelled(struct connection *conn, const struct audit_row *row,
                            const plain_uuid *token, plain_error *err)
{
    struct query q = query_begin(conn, SQL_CANCEL_PENDING);
    struct arena a = ARENA_INIT;
    const char *job_class = NULL;

    query_uuid(&q, 1, &row->uuid);
    query_uuid(&q, 2, token);
    query_int(&q, 3, clock_wall_us());
    query_text(&q, 4, row->actor);
    bool found = query_row(&q);
    if (found)
        job_class = column_text(&q, 0, &a);
    int r = query_end(&q, err);
    if (r == PLAIN_OK && !found)
        r = PLAIN_NONE;
    if (r == PLAIN_OK)
        r = sqlite_count_results(conn, sqlite3_last_insert_rowid(conn->db), NOBODYS_SHARD, err);
    if (r == PLAIN_OK)
        r = note(conn, row, job_class, "pending", err);
    arena_release(&a);
    return r;
}

/* Its result first, since it is made from it. */
static int cancel_one_pending(struct connection *conn, const struct audit_row *row, bool *done,
                              plain_error *err)
{
    plain_uuid token = uuid_new();
    int r = insert_cancelled(conn, row, &token, err);

    *done = r == PLAIN_OK;
    if (r != PLAIN_OK)
        return r == PLAIN_NONE ? PLAIN_OK : r;
    struct query q = query_begin(conn, SQL_CANCEL_REQUEST);
    query_uuid(&q, 1, &token);
    return query_end(&q, err);
}

/* One, unless somebody has made a second by SQL. */
static int cancel_pending(struct connection *conn, const struct audit_row *row, bool *done,
                          plain_error *err)
{
    bool more = true;
    int r = PLAIN_OK;

    while (r == PLAIN_OK && more) {
        r = cancel_one_pending(conn, row, &more, err);
        *done = *done || more;
    }
    return r;
}

int sqlite_ask_to_end(struct connection *conn, const plain_uuid *root, const struct audit_row *row,
                      bool *asked, plain_error *err)
{
    struct query q = query_begin(conn, SQL_CANCEL_RUNNING);
    struct arena a = ARENA_INIT;
    const char *job_class = NULL;
    int64_t now = clock_wall_us();
    bool is_first = false;

    query_uuid(&q, 1, root);
    query_int(&q, 2, now);
    query_text(&q, 3, row->actor);
    *asked = query_row(&q);
    if (*asked) {
        is_first = column_time(&q, 0) == now;
        job_class = column_text(&q, 1, &a);
    }
    int r = query_end(&q, err);
    if (r == PLAIN_OK && is_first)
        r = note(conn, row, job_class, "running", err);
    arena_release(&a);
    return r;
}

static int cancel(struct connection *conn, const plain_uuid *uuid, const char *by,
                  enum cancel_outcome *outcome, plain_error *err)
{
    struct audit_row row = {.actor = by, .action = "job.cancel"};
    bool found, done = false, asked = false;
    int r = sqlite_find_root(conn, uuid, &row.uuid, &found, err);

    if (r == PLAIN_OK && found)
        r = cancel_pending(conn, &row, &done, err);
    if (r == PLAIN_OK && found && !done)
        r = sqlite_ask_to_end(conn, &row.uuid, &row, &asked, err);
    *outcome = done ? CANCEL_DONE : asked ? CANCEL_ASKED : CANCEL_ENDED;
    return r == PLAIN_OK && !found ? PLAIN_NONE : r;
}

int sqlite_cancel(struct store *store, const plain_uuid *uuid, const char *by,
                  enum cancel_outcome *outcome, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "cancelling a job of", err);

    return r == PLAIN_OK ? connection_end(conn, cancel(conn, uuid, by, outcome, err), err) : r;
}

int sqlite_cancel_claimed(struct store *store, const char *by, int64_t *count, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "cancelling the jobs of", err);

    *count = 0;
    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_CANCEL_CLAIMED);
    query_int(&q, 1, clock_wall_us());
    query_text(&q, 2, by);
    r = query_end(&q, err);
    int64_t changes = sqlite3_changes(conn->db);
    const struct audit_row row = {
        .actor = by, .action = "job.cancel", .target = "*", .detail = "running", .n = changes};
    if (r == PLAIN_OK && changes > 0)
        r = audit_note(conn, &row, err);
    r = connection_end(conn, r, err);
    *count = r == PLAIN_OK ? changes : 0;
    return r;
}

static int complete(struct connection *conn, const plain_uuid *token, plain_error *err)
{
    struct query q = query_begin(conn, SQL_COMPLETE_JOB);
    char text[PLAIN_UUID_TEXT];

    query_uuid(&q, 1, token);
    query_int(&q, 2, clock_wall_us());
    int r = query_end(&q, err);
    if (r < 0)
        return r;
    if (sqlite3_changes(conn->db) == 0)
        return error_set(err, PLAIN_E_REFUSED, 507, "",
                         "cannot complete the job: attempt %s is not running any more: it was "
                         "ended before",
                         plain_uuid_format(token, text));
    r = sqlite_count_results(conn, sqlite3_last_insert_rowid(conn->db), NOBODYS_SHARD, err);
    return r == PLAIN_OK ? sqlite_delete_process(conn, token, err) : r;
}

int sqlite_complete(struct store *store, const plain_uuid *token, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "completing a job of", err);

    return r == PLAIN_OK ? connection_end(conn, complete(conn, token, err), err) : r;
}

int sqlite_cancel_released(struct connection *conn, const struct cycle *c, const plain_uuid *token,
                           int64_t now, bool *cancelled, plain_error *err)
{
    struct query q = query_begin(conn, SQL_CANCEL_RELEASED);

    query_uuid(&q, 1, token);
    query_int(&q, 2, now);
    int r = query_end(&q, err);
    *cancelled = r == PLAIN_OK && sqlite3_changes(conn->db) > 0;
    if (!*cancelled)
        return r;
    r = sqlite_count_results(conn, sqlite3_last_insert_rowid(conn->db), c->shard, err);
    return r == PLAIN_OK ? sqlite_delete_process(conn, token, err) : r;
}

static int watch_one(struct connection *conn, const plain_uuid *token, struct arena *a,
                     struct cycle_result *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_WATCH_JOBS);

    query_uuid(&q, 1, token);
    if (query_row(&q))
        out->watched[out->watched_count++] = (struct watched_job){
            .token = *token, .state = column_small(&q, 0), .by = column_text(&q, 1, a)};
    return query_end(&q, err);
}

int sqlite_watch(struct connection *conn, const struct cycle *c, struct arena *a,
                 struct cycle_result *out, plain_error *err)
{
    int r = PLAIN_OK;

    if (c->watched_count == 0)
        return r;
    out->watched = arena_array(a, c->watched_count, sizeof(*out->watched));
    if (!out->watched)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < c->watched_count; i++)
        r = watch_one(conn, &c->watched[i], a, out, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_is_recorded(struct connection *conn, const plain_uuid *token, bool *recorded,
                       plain_error *err)
{
    struct query q = query_begin(conn, SQL_WATCH_JOBS);

    query_uuid(&q, 1, token);
    *recorded = query_row(&q) && column_int(&q, 0) == WATCH_COMPLETED;
    return query_end(&q, err);
}

int sqlite_note_figures(struct connection *conn, const struct job_end *end, plain_error *err)
{
    struct query q = query_begin(conn, SQL_NOTE_FIGURES);

    query_uuid(&q, 1, &end->token);
    query_positive(&q, 2, end->runner_pid > 0 ? end->runner_pid : -1);
    query_positive(&q, 3, end->cpu_us);
    query_positive(&q, 4, end->max_rss_kb);
    query_text(&q, 5, end->output);
    return query_end(&q, err);
}
