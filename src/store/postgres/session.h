/*
 * session.h - one connection: connecting, statements in pipelines, deadlines, errors
 *
 *     r = session_begin(s, "count jobs", err);          connects again if need be
 *     if (r == PLAIN_OK) {
 *         wire_int8(&s->wire, limit);
 *         session_send(s, SQL_COUNT_LIVE);
 *         r = session_sync(s, results, 1, err);
 *     }
 *     ... session_clear(results, 1);
 *
 * What is sent between two syncs is one transaction: all of it is committed when session_sync()
 * returns PLAIN_OK, and the results may be looked at only then. Nothing blocks for longer than
 * SESSION_DEADLINE_MS after session_begin() returned. A connection that was lost, or whose state is
 * in doubt, is closed at once; the server then undoes what was not synced.
 *
 * Statements are prepared when they are first used: an application that only enqueues never sends
 * the others. Behind a pooler nothing is prepared: see pooler.h.
 */
#ifndef PLAIN_STORE_POSTGRES_SESSION_H
#define PLAIN_STORE_POSTGRES_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/postgres/libpq.h"
#include "store/postgres/url.h"
#include "store/postgres/wire.h"
#include "store/sql_names.h"

enum {
    SESSION_DEADLINE_MS = 25000, /* with the 5 s of connecting: 30 */
    SESSION_SENDS_MAX = 12,      /* statements in one pipeline     */
    SESSION_LOST_MAX = 4,
    SESSION_OLDEST_SERVER = 130000
};

struct session {
    PGconn *conn; /* NULL: not connected */
    struct arena memory;
    struct pgurl url;
    char schema[SCHEMA_NAME_MAX + 3]; /* quoted; "" until it is known */
    struct wire wire;                 /* of the statement that is sent next */
    const char *doing;
    int64_t deadline_us; /* by the monotonic clock */
    bool prepared[SQL_COUNT];
    struct session_sent {
        enum sql_name name;
        bool is_extra; /* its result is nobody's business */
    } sent[SESSION_SENDS_MAX * 2];
    size_t sent_count;
    bool send_failed;
    bool listens;      /* to plainjobs_wake: see wake.c */
    bool started;      /* the sync of the pipeline is sent already */
    bool asks_unnamed; /* statements are sent as texts: see pooler.h */
    bool is_warned;    /* set when a warning comes, of no class that has a code of its own */
    struct session_pooled {
        bool is;       /* what is at the other end lends the server's connections */
        bool in_block; /* a transaction was begun by BEGIN */
        bool is_bare;  /* ... and has no settings yet */
    } pooled;
    struct session_process {                       /* the server's for a connection: see lost.h */
        int number;                                /* 0: there is none, or it cannot be named */
        int64_t connected_us;                      /* when the connection had been made */
    } process;                                     /* of this one ... */
    struct session_process lost[SESSION_LOST_MAX]; /* ... and of those that were lost before it */
    size_t lost_count;
    bool spans; /* a transaction over several syncs is open: see transaction.h */
    struct session_adopted {
        bool is;     /* the connection is the application's: see adopt.h */
        bool open;   /* our transaction or savepoint is */
        bool nested; /* it is a savepoint */
        int failed;  /* the first failure, PLAIN_OK for none, and `error` tells it */
        plain_error error;
        PGresult *results[SESSION_SENDS_MAX];
        size_t count;
    } adopted;
};

extern const char *const sql_postgres[SQL_COUNT];

/* Connects. On an error nothing is left to release. */
int session_open(struct session *s, const char *url, unsigned flags, plain_error *err);
void session_release(struct session *s);

/* Starts a call and its deadline. doing completes "cannot ..."; it is kept. */
int session_begin(struct session *s, const char *doing, plain_error *err);

/* Adds a statement with the values in s->wire to the pipeline. Failures show in session_sync(). */
void session_send(struct session *s, enum sql_name name);

/* session_send(), and the statement is on its way when this returns: until session_sync() the
 * values of the next can be put together, but nothing else be sent. */
int session_start(struct session *s, enum sql_name name, plain_error *err);

/* Ends the pipeline and waits. results[i] is that of the i-th statement; on failure all are NULL.
 */
int session_sync(struct session *s, PGresult **results, size_t count, plain_error *err);
void session_clear(PGresult **results, size_t count);

/* Runs several statements as one text, outside a pipeline. */
int session_script(struct session *s, const char *sql, plain_error *err);

/* Closes the connection, undoing what was not committed; the next session_begin() opens another. */
void session_drop(struct session *s);

/* Starts the deadline again, for the next part of a long call. */
void session_more_time(struct session *s);

/*
 * For adopt.c.
 */

/* The wire as PQexecParams wants it; false when memory ran out under it. */
struct session_values {
    int count;
    const char *values[WIRE_VALUES_MAX];
    int lengths[WIRE_VALUES_MAX];
    int formats[WIRE_VALUES_MAX];
};
bool session_take_values(const struct session *s, struct session_values *out);

bool session_is_good(const PGresult *result);
/* What a result says of the transaction: PLAIN_OK when it is no error, or only the echo of one. */
int session_judge(struct session *s, const PGresult *result, bool *lost, plain_error *err);
/* The link is of no use any more: says why and closes it, when it is our own. */
int session_lose(struct session *s, const char *why, plain_error *err);
/* Makes it the schema of every statement; the name was checked. */
void session_quote_schema(struct session *s, const char *name);

/* Appends the text with every {schema} replaced. */
void session_put_sql(const struct session *s, struct buf *out, const char *sql);

#endif
