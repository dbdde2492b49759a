/*
 * connection.h - one SQLite connection: its statements, its transactions, its errors
 *
 * A statement is prepared once and kept. It is used through a struct query, in which binding and
 * stepping never fail one by one: the first failure stays in the query, what follows does nothing,
 * and query_end() gives it to the caller as a plain_error.
 *
 *     struct query q = query_begin(conn, SQL_NEXT_DUE);
 *     query_text(&q, 1, queue);
 *     query_int(&q, 2, now);
 *     if (query_row(&q))
 *         due = column_time(&q, 0);
 *     return query_end(&q, err);
 *
 * Every write is between connection_begin(conn, SQL_BEGIN_WRITE, ...) and connection_end(), which
 * commits when all went well and rolls back otherwise, and returns what the verb is to return.
 */
#ifndef PLAIN_STORE_SQLITE_CONNECTION_H
#define PLAIN_STORE_SQLITE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "store/sql_names.h"
#include "store/sqlite/checkpoint.h"
#include "store/store.h"

/* How long the statements of one call wait for locks, all in all. The contract is 30 s, and 2 s
 * with STORE_HASTY. */
#define CONNECTION_PATIENCE_US INT64_C(25000000)
#define CONNECTION_HASTE_US    INT64_C(2000000)

struct ear; /* wake.h */

/* A look for which nothing was due. */
struct looked {
    int64_t version;  /* PRAGMA data_version then; -1: nothing is known */
    int64_t at_us;    /* clock_mono_us() */
    int64_t next_due; /* as in struct look */
    char *wish;       /* what was looked for */
};

struct connection {
    struct store base;
    sqlite3 *db;
    char *path;        /* absolute */
    int open_flags;    /* SQLite's */
    const char *doing; /* "enqueueing": the verb that runs, for messages */
    int64_t patience_us;
    int64_t deadline; /* monotonic: until then a lock is waited for */
    sqlite3_stmt *statements[SQL_COUNT];
    struct checkpoint checkpoint;
    struct looked looked;
    struct ear *ear;   /* listens for others; NULL: does not */
    bool has_enqueued; /* in the transaction: workers are to be woken behind it */
    bool has_asked;    /* likewise: a worker is to look what is wanted of it */

    bool is_nested;           /* adopted: in a transaction of the application's */
    sqlite3_int64 last_rowid; /* adopted: before the call */
};

extern const char *const sql_sqlite[SQL_COUNT];

/* Opens the file and sets the connection up. flags are SQLite's. A connection that failed to open
 * is closed with connection_close() all the same. When the file is moved away or deleted later, the
 * next connection_begin() opens what then stands under its name. */
int connection_open(struct connection *conn, const char *path, int flags,
                    plain_error *err) PLAIN_MUST_USE;
void connection_close(struct connection *conn);

int connection_begin(struct connection *conn, enum sql_name how, const char *doing,
                     plain_error *err) PLAIN_MUST_USE;
/* result: of the work inside. PLAIN_OK commits; all else rolls back and is returned. */
int connection_end(struct connection *conn, int result, plain_error *err) PLAIN_MUST_USE;

/* One statement without values, outside of a query. */
int connection_run(struct connection *conn, enum sql_name name, plain_error *err) PLAIN_MUST_USE;

struct query {
    struct connection *connection;
    sqlite3_stmt *stmt;
    int rc; /* the first failure; SQLITE_OK, or SQLITE_DONE behind the last row */
};

struct query query_begin(struct connection *conn, enum sql_name name);

/* Parameters are numbered from 1. */
void query_text(struct query *q, int i, const char *text); /* NULL: null             */
void query_int(struct query *q, int i, int64_t n);
void query_positive(struct query *q, int i, int64_t n);          /* negative: null         */
void query_time(struct query *q, int i, int64_t us);             /* STORE_NO_TIME: null    */
void query_uuid(struct query *q, int i, const plain_uuid *uuid); /* zero: null             */
void query_copy(struct query *q, int i, const struct query *from, int column);

/* Steps; whether there is a row. */
bool query_row(struct query *q);
/* Whether nothing failed so far. */
bool query_ok(const struct query *q);
/* Steps to the end if need be, makes the statement ready for the next use and forgets the values.
 * PLAIN_OK or the failure. */
int query_end(struct query *q, plain_error *err) PLAIN_MUST_USE;

/* Columns are numbered from 0. */
int64_t column_int(const struct query *q, int i);     /* null: 0                */
int column_small(const struct query *q, int i);       /* cut to the ends of int */
int column_or_minus(const struct query *q, int i);    /* null: -1               */
int64_t column_time(const struct query *q, int i);    /* null: STORE_NO_TIME    */
plain_uuid column_uuid(const struct query *q, int i); /* anything else: zero    */
/* A copy in a; null gives NULL. The arena is broken when memory is out. */
const char *column_text(const struct query *q, int i, struct arena *a);

#endif
