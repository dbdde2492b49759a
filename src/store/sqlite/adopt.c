#include "store/sqlite/adopt.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "store/sqlite/sqlite.h"
#include "store/sqlite/wake.h"

/*
 * One call.
 */

static void forget_statements(struct connection *conn)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(conn->statements[i]);
        conn->statements[i] = NULL;
    }
}

/* The last thing of a call. */
static void leave(struct connection *conn)
{
    forget_statements(conn);
    sqlite3_set_last_insert_rowid(conn->db, conn->last_rowid);
}

/* Undoes the savepoint, unless the failure took the whole transaction with it. */
static void undo_savepoint(struct connection *conn, plain_error *err)
{
    if (!sqlite3_get_autocommit(conn->db) &&
        connection_run(conn, SQL_ROLLBACK_TO, NULL) == PLAIN_OK)
        (void)connection_run(conn, SQL_RELEASE, NULL);
    if (err)
        err->transaction_aborted = sqlite3_get_autocommit(conn->db) != 0;
}

/* A transaction that has read before it writes can become a writer only while nobody else writes,
 * and is not made to wait for it. */
static void explain_busy(const struct connection *conn, plain_error *err)
{
    if (conn->is_nested) {
        error_fix(err, "use BEGIN IMMEDIATE: roll back, and begin the transaction as a writer");
        if (err) /* it never can be one */
            err->transaction_aborted |= err->native == SQLITE_BUSY_SNAPSHOT;
    } else if (sqlite3_txn_state(conn->db, "main") == SQLITE_TXN_READ) {
        error_fix(err, "a statement of this connection is still reading: finish or reset it, or "
                       "use BEGIN IMMEDIATE");
    }
}

/* A statement of the application that writes and is not finished, as an INSERT ... RETURNING of
 * which one row was read: our COMMIT would fail, and our ROLLBACK undo it. In a transaction of
 * theirs the savepoint is refused, too. */
static int refuse_unfinished(struct connection *conn, plain_error *err)
{
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(conn->db, s));) {
        if (!sqlite3_stmt_busy(s) || sqlite3_stmt_readonly(s))
            continue;
        (void)error_set(err, PLAIN_E_BUSY, 305, "connection",
                        "a statement of this connection is still writing: %.200s", sqlite3_sql(s));
        error_fix(err, "step it to SQLITE_DONE, or reset or finalize it, before the call");
        return PLAIN_E_BUSY;
    }
    return PLAIN_OK;
}

/* The write lock, before anything is read: what the call looks up then stays so. */
static int enter_savepoint(struct connection *conn, enum sql_name how, plain_error *err)
{
    int r = connection_run(conn, SQL_SAVEPOINT, err);

    if (r != PLAIN_OK || how != SQL_BEGIN_WRITE)
        return r;
    r = connection_run(conn, SQL_LOCK_WRITE, err);
    if (r != PLAIN_OK)
        undo_savepoint(conn, err);
    return r;
}

static int enter(struct connection *conn, enum sql_name how, plain_error *err)
{
    int r = refuse_unfinished(conn, err);

    if (r != PLAIN_OK)
        return r;
    r = conn->is_nested ? enter_savepoint(conn, how, err) : connection_run(conn, how, err);
    if (r == PLAIN_E_BUSY)
        explain_busy(conn, err);
    return r;
}

int adopted_connection_begin(struct connection *conn, enum sql_name how, plain_error *err)
{
    conn->last_rowid = sqlite3_last_insert_rowid(conn->db);
    conn->is_nested = !sqlite3_get_autocommit(conn->db);
    int r = enter(conn, how, err);
    if (r != PLAIN_OK)
        leave(conn);
    return r;
}

static int end_savepoint(struct connection *conn, int result, plain_error *err)
{
    if (result == PLAIN_OK)
        result = connection_run(conn, SQL_RELEASE, err);
    if (result != PLAIN_OK)
        undo_savepoint(conn, result < 0 ? err : NULL);
    return result;
}

static int end_transaction(struct connection *conn, int result, plain_error *err)
{
    if (result == PLAIN_OK)
        result = connection_run(conn, SQL_COMMIT, err);
    if (result == PLAIN_OK && conn->has_asked) /* requests are found by their workers' watch */
        wake_workers(conn->path, WAKE_ASKED);
    if (!sqlite3_get_autocommit(conn->db))
        (void)connection_run(conn, SQL_ROLLBACK, NULL);
    return result;
}

int adopted_connection_end(struct connection *conn, int result, plain_error *err)
{
    result =
        conn->is_nested ? end_savepoint(conn, result, err) : end_transaction(conn, result, err);
    leave(conn);
    return result;
}

/*
 * Adopting.
 */

static int refuse(const char *fault, const char *fix, plain_error *err)
{
    int r = error_set(err, PLAIN_E_INVALID, 308, "connection", "the connection %s", fault);

    error_fix(err, "%s", fix);
    return r;
}

static bool is_in_memory(const struct connection *conn)
{
    return !conn->path[0];
}

static bool is_read_only(const struct connection *conn)
{
    return sqlite3_db_readonly(conn->db, "main") != 0;
}

static bool has_no_triggers(const struct connection *conn)
{
    int on = 1;

    (void)sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &on);
    return !on;
}

static const struct refusal {
    bool (*applies)(const struct connection *conn);
    const char *fault, *fix;
} refusals[] = {
    {is_in_memory, "is to a database in memory, where no worker can find the job",
     "open the file that the workers use"},
    {is_read_only, "is read-only", "open it with SQLITE_OPEN_READWRITE"},
    {has_no_triggers, "has its triggers switched off, so nothing guards concurrency keys",
     "switch SQLITE_DBCONFIG_ENABLE_TRIGGER on"},
};

/* One value of a pragma: of at most size - 1 bytes, or a number. */
static int ask_text(struct connection *conn, enum sql_name name, char *out, size_t size,
                    plain_error *err)
{
    struct query q = query_begin(conn, name);

    out[0] = '\0';
    if (query_row(&q))
        (void)text_copy(out, size, (const char *)sqlite3_column_text(q.stmt, 0));
    return query_end(&q, err);
}

static int ask_number(struct connection *conn, enum sql_name name, int64_t *out, plain_error *err)
{
    struct query q = query_begin(conn, name);

    *out = query_row(&q) ? column_int(&q, 0) : 0;
    return query_end(&q, err);
}

/* On a library with the bug that checkpoint.h tells of. When the application has a hook of its own
 * the pragma reads 0, and the hook stays. */
static int forbid_checkpoints(struct connection *conn, plain_error *err)
{
    int64_t frames;

    if (!checkpoint_is_affected(sqlite3_libversion_number()))
        return PLAIN_OK;
    int r = ask_number(conn, SQL_AUTOCHECKPOINT, &frames, err);
    if (r == PLAIN_OK && frames > 0)
        (void)sqlite3_wal_autocheckpoint(conn->db, 0);
    return r;
}

static int ask_database(struct connection *conn, plain_error *err)
{
    enum { ENCODING_SIZE = 16 };
    char encoding[ENCODING_SIZE];
    int64_t query_only = 0;
    int r = ask_text(conn, SQL_ENCODING, encoding, sizeof(encoding), err);

    if (r == PLAIN_OK && strcmp(encoding, "UTF-8") != 0)
        return refuse("is to a database whose encoding is not UTF-8",
                      "use a file that was made with PRAGMA encoding = 'UTF-8'", err);
    if (r == PLAIN_OK)
        r = ask_number(conn, SQL_QUERY_ONLY, &query_only, err);
    if (r == PLAIN_OK && query_only)
        return refuse("is read-only", "PRAGMA query_only = 0 first", err);
    return r == PLAIN_OK ? forbid_checkpoints(conn, err) : r;
}

static int check(struct connection *conn, plain_error *err)
{
    plain_error own;

    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        if (refusals[i].applies(conn))
            return refuse(refusals[i].fault, refusals[i].fix, err);
    }
    int r = ask_database(conn, &own);
    forget_statements(conn);
    if (r < 0 && own.native == SQLITE_INTERRUPT)
        return refuse("is interrupted", "finish or reset the statements that were interrupted",
                      err);
    if (r < 0 && err)
        *err = own;
    return r;
}

int sqlite_adopt(void *connection, const char *schema, struct store **out, plain_error *err)
{
    sqlite3 *db = connection;

    (void)schema;
    if (!db)
        return refuse("is NULL", "open it with sqlite3_open() first", err);
    const char *path = sqlite3_db_filename(db, "main");
    struct connection *conn = mem_zalloc(1, sizeof(*conn));
    if (!conn)
        return error_nomem(err);
    *conn = (struct connection){.base = {&store_sqlite, true},
                                .db = db,
                                .doing = "adopting",
                                .patience_us = CONNECTION_PATIENCE_US};
    conn->path = mem_strdup(path ? path : "");
    int r = conn->path ? check(conn, err) : error_nomem(err);
    if (r < 0)
        store_close(&conn->base);
    else
        *out = &conn->base;
    return r;
}
