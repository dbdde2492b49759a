/*
 * pauses.c - holding queues and classes back
 *
 * Claims and pauses are write transactions, of which there is one at a time: what is claimed was
 * claimed before the pause was committed.
 */
#include "store/sqlite/pauses.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/sqlite.h"

/* The number of pauses, so that the array can be made. */
static int count_pauses(struct connection *conn, size_t *count, plain_error *err)
{
    struct query q = query_begin(conn, SQL_COUNT_PAUSES);

    *count = query_row(&q) ? (size_t)column_int(&q, 0) : 0;
    return query_end(&q, err);
}

int pauses_read(struct connection *conn, struct arena *a, struct pause **pauses, size_t *count,
                plain_error *err)
{
    size_t most;
    int r = count_pauses(conn, &most, err);

    *count = 0;
    *pauses = NULL;
    if (r != PLAIN_OK || most == 0)
        return r;
    *pauses = arena_array(a, most, sizeof(**pauses));
    if (!*pauses)
        return error_nomem(err);
    struct query q = query_begin(conn, SQL_LIST_PAUSES);
    while (*count < most && query_row(&q)) {
        const char *kind = (const char *)sqlite3_column_text(q.stmt, 0);
        bool is_queue = kind && strcmp(kind, pause_kind_names[PAUSE_QUEUE]) == 0;

        (*pauses)[(*count)++] = (struct pause){
            .kind = is_queue ? PAUSE_QUEUE : PAUSE_CLASS,
            .name = column_text(&q, 1, a),
            .at = column_time(&q, 2),
            .reason = column_text(&q, 3, a),
            .by = column_text(&q, 4, a),
        };
    }
    r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_pauses(struct store *store, struct arena *a, struct pause **pauses, size_t *count,
                  plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading the pauses of", err);

    *count = 0;
    if (r == PLAIN_OK)
        r = connection_end(conn, pauses_read(conn, a, pauses, count, err), err);
    return r;
}

/* "queue.pause" and so on. */
static int note(struct connection *conn, enum pause_kind kind, bool is_pause, const char *name,
                const char *by, const char *reason, plain_error *err)
{
    static const char *const actions[PAUSE_KIND_COUNT][2] = {
        [PAUSE_QUEUE] = {"queue.resume", "queue.pause"},
        [PAUSE_CLASS] = {"class.resume", "class.pause"},
    };
    const struct audit_row row = {
        .actor = by, .action = actions[kind][is_pause], .target = name, .detail = reason, .n = -1};

    return audit_note(conn, &row, err);
}

static int insert_pause(struct connection *conn, const struct pause *p, bool *is_new,
                        plain_error *err)
{
    struct query q = query_begin(conn, SQL_PAUSE);
    int64_t now = clock_wall_us();

    query_text(&q, 1, pause_kind_names[p->kind]);
    query_text(&q, 2, p->name);
    query_int(&q, 3, now);
    query_text(&q, 4, p->reason);
    query_text(&q, 5, p->by);
    *is_new = query_row(&q) && column_int(&q, 0) == now;
    int r = query_end(&q, err);
    if (r == PLAIN_OK && (*is_new || p->reason[0]))
        r = note(conn, p->kind, true, p->name, p->by, p->reason, err);
    return r;
}

int sqlite_pause(struct store *store, const struct pause *p, bool *is_new, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "pausing in", err);

    return r == PLAIN_OK ? connection_end(conn, insert_pause(conn, p, is_new, err), err) : r;
}

int sqlite_resume(struct store *store, enum pause_kind kind, const char *name, const char *by,
                  plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "resuming in", err);

    if (r != PLAIN_OK)
        return r;
    struct query q = query_begin(conn, SQL_RESUME);
    query_text(&q, 1, pause_kind_names[kind]);
    query_text(&q, 2, name);
    r = query_end(&q, err);
    bool was = sqlite3_changes(conn->db) > 0;
    if (r == PLAIN_OK && was)
        r = note(conn, kind, false, name, by, "", err);
    r = connection_end(conn, r, err);
    return r == PLAIN_OK && !was ? PLAIN_NONE : r;
}
