/* delete.c - deleting jobs and results, one by one */
#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/sqlite.h"
#include "store/sqlite/stops.h"

/* Who deletes what; the row for the audit grows as it is found out. */
struct deletion {
    struct connection *conn;
    struct arena arena;
    struct audit_row note;
};

/* An attempt that was deleted from the middle of a chain. */
struct gap {
    plain_uuid root, request, next; /* next zero: it was the end of the chain */
};

static int close_gap(struct connection *conn, const struct gap *gap, plain_error *err)
{
    if (uuid_is_zero(&gap->next))
        return PLAIN_OK;
    struct query q = query_begin(conn, SQL_CLOSE_GAP);
    query_uuid(&q, 1, &gap->root);
    query_uuid(&q, 2, &gap->request);
    query_uuid(&q, 3, &gap->next);
    return query_end(&q, err);
}

/* PLAIN_NONE when token is no attempt that has ended. */
static int delete_attempt(struct deletion *d, const plain_uuid *token, plain_error *err)
{
    struct query q = query_begin(d->conn, SQL_DELETE_RESULT);
    struct gap gap = {{{0}}, {{0}}, {{0}}};

    query_uuid(&q, 1, token);
    bool found = query_row(&q);
    if (found) {
        d->note.target = column_text(&q, 0, &d->arena);
        gap = (struct gap){column_uuid(&q, 1), column_uuid(&q, 2), column_uuid(&q, 3)};
    }
    int r = query_end(&q, err);
    if (r < 0 || !found)
        return r < 0 ? r : PLAIN_NONE;
    d->note.uuid = gap.request;
    d->note.detail = "ended attempt";
    return close_gap(d->conn, &gap, err);
}

/* Runs a DELETE by the root; how many rows, and the class that they name. */
static int delete_rows(struct deletion *d, enum sql_name name, const plain_uuid *root,
                       int64_t *count, plain_error *err)
{
    struct query q = query_begin(d->conn, name);

    *count = 0;
    query_uuid(&q, 1, root);
    while (query_row(&q)) {
        if (!d->note.target)
            d->note.target = column_text(&q, 0, &d->arena);
        (*count)++;
    }
    return query_end(&q, err);
}

/* The results are those of a job that waits, or has ended. */
static int delete_with_results(struct deletion *d, const plain_uuid *root, bool was_pending,
                               plain_error *err)
{
    int64_t results = 0;
    int r = delete_rows(d, SQL_DELETE_RESULTS, root, &results, err);

    d->note.detail = was_pending ? "pending" : "ended";
    d->note.n = results > 0 ? results : -1;
    return r == PLAIN_OK && !was_pending && results == 0 ? PLAIN_NONE : r;
}

static int delete_whole(struct deletion *d, const plain_uuid *uuid, bool *asked, plain_error *err)
{
    int64_t pending = 0;
    bool found = false;
    int r = sqlite_find_root(d->conn, uuid, &d->note.uuid, &found, err);

    if (r < 0 || !found)
        return r < 0 ? r : PLAIN_NONE;
    const plain_uuid root = d->note.uuid;
    r = delete_rows(d, SQL_DELETE_REQUEST, &root, &pending, err);
    if (r == PLAIN_OK && pending == 0)
        r = sqlite_ask_to_end(d->conn, &root, &d->note, asked, err);
    if (r == PLAIN_OK && !*asked)
        r = delete_with_results(d, &root, pending > 0, err);
    return r;
}

static int delete_it(struct deletion *d, const plain_uuid *uuid, enum delete_outcome *outcome,
                     plain_error *err)
{
    bool asked = false;
    int r = delete_attempt(d, uuid, err);

    if (r == PLAIN_NONE)
        r = delete_whole(d, uuid, &asked, err);
    *outcome = asked ? DELETE_ASKED : DELETE_DONE;
    if (r == PLAIN_OK && !arena_ok(&d->arena))
        return error_nomem(err);
    return r == PLAIN_OK && !asked ? audit_note(d->conn, &d->note, err) : r;
}

int sqlite_delete_job(struct store *store, const plain_uuid *uuid, const char *by,
                      enum delete_outcome *outcome, plain_error *err)
{
    struct deletion d = {.conn = connection_of(store),
                         .arena = ARENA_INIT,
                         .note = {.actor = by, .action = "job.delete", .n = -1}};
    int r = connection_begin(d.conn, SQL_BEGIN_WRITE, "deleting a job of", err);

    if (r == PLAIN_OK)
        r = connection_end(d.conn, delete_it(&d, uuid, outcome, err), err);
    arena_release(&d.arena);
    return r;
}
