#include "store/sqlite/connection.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "store/sqlite/adopt.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/wake.h"

enum { WAIT_LEAST_US = 500, WAIT_SPREAD_US = 2500, UUID_BYTES = 16 };

/* Called while a lock is held by somebody else. Short waits of random length: SQLite's own grow to
 * 100 ms, in which others get the lock many times over. */
static int wait_for_lock(void *user, int times)
{
    const struct connection *conn = user;

    (void)times;
    if (clock_mono_us() >= conn->deadline)
        return 0;
    long us = WAIT_LEAST_US + (long)(random_u64() % WAIT_SPREAD_US);
    (void)nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
    return 1;
}

static int fail(struct connection *conn, int rc, plain_error *err)
{
    return failure_set(conn->db, rc, conn->path, conn->doing, err);
}

/* Connections of this process that are open, and whose they are. SQLite knows what a process has
 * locked from its memory, and a child inherits that, but not the locks: what it opens, while it has
 * one of its parent, holds none, and others would remove the write-ahead log under it. */
static _Atomic size_t open_count;
static _Atomic pid_t open_by;

static bool is_of_a_parent(void)
{
    return atomic_load(&open_count) > 0 && atomic_load(&open_by) != getpid();
}

static int set_up(struct connection *conn)
{
    int rc = sqlite3_open_v2(conn->path, &conn->db, conn->open_flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (!conn->db)
        return rc;
    atomic_store(&open_by, getpid());
    atomic_fetch_add(&open_count, 1);
    (void)sqlite3_extended_result_codes(conn->db, 1);
    (void)sqlite3_busy_handler(conn->db, wait_for_lock, conn);
    return rc == SQLITE_OK ? checkpoint_init(&conn->checkpoint, conn->db)
                           : sqlite3_extended_errcode(conn->db);
}

static void disconnect(struct connection *conn)
{
    checkpoint_release(&conn->checkpoint);
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(conn->statements[i]);
        conn->statements[i] = NULL;
    }
    if (!conn->base.is_adopted && conn->db) {
        (void)sqlite3_close(conn->db);
        atomic_fetch_sub(&open_count, 1);
    }
    conn->db = NULL;
}

static int connect_again(struct connection *conn, plain_error *err)
{
    disconnect(conn);
    if (is_of_a_parent())
        return error_set(err, PLAIN_E_FORKED, 701, "url",
                         "%s %s: process %ld had an SQLite database open when it forked this one",
                         conn->doing, conn->path, (long)atomic_load(&open_by));
    int rc = set_up(conn);
    int r = rc == SQLITE_OK ? connection_run(conn, SQL_SYNCHRONOUS, err) : fail(conn, rc, err);

    if (r == PLAIN_OK)
        r = connection_run(conn, SQL_TEMP_MEMORY, err);
    if (r == PLAIN_OK)
        r = connection_run(conn, SQL_TOUCH, err);
    if (r != PLAIN_OK)
        disconnect(conn);
    return r;
}

int connection_open(struct connection *conn, const char *path, int flags, plain_error *err)
{
    conn->doing = "opening";
    conn->looked.version = -1;
    conn->deadline = clock_add(clock_mono_us(), conn->patience_us);
    conn->open_flags = flags;
    conn->path = mem_strdup(path);
    return conn->path ? connect_again(conn, err) : error_nomem(err);
}

void connection_close(struct connection *conn)
{
    disconnect(conn);
    ear_release(conn->ear);
    mem_free(conn->looked.wish);
    mem_free(conn->path);
}

/* A connection of the application returns extended codes only if it asked for them. */
static int extended(struct connection *conn, int rc)
{
    int code = sqlite3_extended_errcode(conn->db);

    return (code & 0xff) == rc ? code : rc;
}

static int prepare(struct connection *conn, enum sql_name name, sqlite3_stmt **out)
{
    int rc =
        sqlite3_prepare_v3(conn->db, sql_sqlite[name], -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

    return rc == SQLITE_OK ? rc : extended(conn, rc);
}

int connection_run(struct connection *conn, enum sql_name name, plain_error *err)
{
    struct query q = query_begin(conn, name);

    return query_end(&q, err);
}

int connection_begin(struct connection *conn, enum sql_name how, const char *doing,
                     plain_error *err)
{
    int moved = 0;

    conn->doing = doing;
    conn->has_enqueued = conn->has_asked = false;
    conn->deadline = clock_add(clock_mono_us(), conn->patience_us);
    if (conn->base.is_adopted)
        return adopted_connection_begin(conn, how, err);
    /* Without this, writes to a file that was deleted would succeed and be lost. */
    if (conn->db)
        (void)sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (!conn->db || moved) {
        int r = connect_again(conn, err);
        if (r != PLAIN_OK)
            return r;
        conn->looked.version = -1;
    }
    if (how == SQL_BEGIN_WRITE) /* data_version tells of what others write only */
        conn->looked.version = -1;
    return connection_run(conn, how, err);
}

int connection_end(struct connection *conn, int result, plain_error *err)
{
    if (conn->base.is_adopted)
        return adopted_connection_end(conn, result, err);
    if (result == PLAIN_OK) {
        result = connection_run(conn, SQL_COMMIT, err);
        if (result == PLAIN_OK && (conn->has_enqueued || conn->has_asked))
            wake_workers(conn->path, conn->has_asked ? WAKE_ASKED : WAKE_ENQUEUED);
        if (result == PLAIN_OK)
            checkpoint_if_due(&conn->checkpoint, conn);
    }
    /* Some failures, as of a full disk, have rolled back already. */
    if (!sqlite3_get_autocommit(conn->db) && connection_run(conn, SQL_ROLLBACK, NULL) != PLAIN_OK) {
        disconnect(conn); /* which rolls back; the next call connects again */
        return error_set(err, PLAIN_E_UNREACHABLE, 301, "", "%s %s: cannot roll back", conn->doing,
                         conn->path);
    }
    return result;
}

struct query query_begin(struct connection *conn, enum sql_name name)
{
    struct query q = {.connection = conn, .rc = SQLITE_OK};

    if (!conn->statements[name])
        q.rc = prepare(conn, name, &conn->statements[name]);
    q.stmt = conn->statements[name];
    return q;
}

bool query_ok(const struct query *q)
{
    return q->rc == SQLITE_OK || q->rc == SQLITE_DONE;
}

void query_text(struct query *q, int i, const char *text)
{
    if (q->rc == SQLITE_OK)
        q->rc =
            text ? sqlite3_bind_text64(q->stmt, i, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8)
                 : sqlite3_bind_null(q->stmt, i);
}

void query_int(struct query *q, int i, int64_t n)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->stmt, i, n);
}

static void bind_unless(struct query *q, int i, bool is_null, int64_t n)
{
    if (q->rc == SQLITE_OK)
        q->rc = is_null ? sqlite3_bind_null(q->stmt, i) : sqlite3_bind_int64(q->stmt, i, n);
}

void query_positive(struct query *q, int i, int64_t n)
{
    bind_unless(q, i, n < 0, n);
}

void query_time(struct query *q, int i, int64_t us)
{
    bind_unless(q, i, us == STORE_NO_TIME, us);
}

void query_uuid(struct query *q, int i, const plain_uuid *uuid)
{
    if (q->rc == SQLITE_OK)
        q->rc = uuid_is_zero(uuid)
                    ? sqlite3_bind_null(q->stmt, i)
                    : sqlite3_bind_blob(q->stmt, i, uuid->bytes, UUID_BYTES, SQLITE_STATIC);
}

void query_copy(struct query *q, int i, const struct query *from, int column)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_value(q->stmt, i, sqlite3_column_value(from->stmt, column));
}

bool query_row(struct query *q)
{
    if (q->rc != SQLITE_OK)
        return false;
    int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return true;
    q->rc = rc == SQLITE_DONE ? rc : extended(q->connection, rc);
    return false;
}

int query_end(struct query *q, plain_error *err)
{
    int r = PLAIN_OK;

    while (query_row(q))
        continue;
    /* Before the reset, which may replace the text of the error. */
    if (!query_ok(q))
        r = fail(q->connection, q->rc, err);
    if (q->stmt) {
        (void)sqlite3_reset(q->stmt);
        (void)sqlite3_clear_bindings(q->stmt);
    }
    return r;
}

int64_t column_int(const struct query *q, int i)
{
    return sqlite3_column_int64(q->stmt, i);
}

int column_small(const struct query *q, int i)
{
    int64_t n = column_int(q, i);

    return n > INT_MAX ? INT_MAX : n < INT_MIN ? INT_MIN : (int)n;
}

static bool is_null(const struct query *q, int i)
{
    return sqlite3_column_type(q->stmt, i) == SQLITE_NULL;
}

int column_or_minus(const struct query *q, int i)
{
    return is_null(q, i) ? -1 : column_small(q, i);
}

int64_t column_time(const struct query *q, int i)
{
    return is_null(q, i) ? STORE_NO_TIME : column_int(q, i);
}

plain_uuid column_uuid(const struct query *q, int i)
{
    plain_uuid uuid = {{0}};
    const void *bytes = sqlite3_column_blob(q->stmt, i);

    if (bytes && sqlite3_column_bytes(q->stmt, i) == UUID_BYTES)
        memcpy(uuid.bytes, bytes, UUID_BYTES);
    return uuid;
}

const char *column_text(const struct query *q, int i, struct arena *a)
{
    const void *text = sqlite3_column_text(q->stmt, i);

    return text ? arena_memdup(a, text, (size_t)sqlite3_column_bytes(q->stmt, i)) : NULL;
}
