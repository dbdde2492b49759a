#include "store/postgres/adopt.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "store/postgres/failure.h"
#include "store/postgres/postgres.h"

enum { BINARY = 1, SQL_MAX = 256 * 1024, OLDEST = SESSION_OLDEST_SERVER };

/*
 * What is refused.
 */

static bool is_disconnected(const PGconn *conn)
{
    return libpq.PQstatus(conn) != CONNECTION_OK;
}

static bool is_pipelining(const PGconn *conn)
{
    return libpq.PQpipelineStatus(conn) != PQ_PIPELINE_OFF;
}

static bool is_nonblocking(const PGconn *conn)
{
    return libpq.PQisnonblocking(conn) != 0;
}

static bool is_busy(const PGconn *conn)
{
    return libpq.PQtransactionStatus(conn) == PQTRANS_ACTIVE;
}

static bool has_failed(const PGconn *conn)
{
    return libpq.PQtransactionStatus(conn) == PQTRANS_INERROR;
}

static bool is_not_utf8(const PGconn *conn)
{
    const char *encoding = libpq.PQparameterStatus(conn, "client_encoding");

    return !encoding || strcmp(encoding, "UTF8") != 0;
}

static bool is_old(const PGconn *conn)
{
    return libpq.PQserverVersion(conn) < OLDEST;
}

static const struct refusal {
    bool (*applies)(const PGconn *conn);
    const char *fault, *fix;
} refusals[] = {
    {is_disconnected, "is not connected", "connect it, or PQreset() it, first"},
    {is_pipelining, "is in pipeline mode", "call PQexitPipelineMode() first"},
    {is_nonblocking, "is non-blocking", "call PQsetnonblocking(conn, 0) first"},
    {is_busy, "is busy with another command or a COPY",
     "call PQgetResult() until it returns NULL first"},
    {has_failed, "is in a transaction that failed", "ROLLBACK first"},
    {is_not_utf8, "has a client_encoding other than UTF8",
     "call PQsetClientEncoding(conn, \"UTF8\") first"},
    {is_old, "leads to a PostgreSQL older than 13", "use PostgreSQL 13 or later"},
};

static int refuse(const char *field, const char *fault, const char *fix, plain_error *err)
{
    int r = error_set(err, PLAIN_E_INVALID, 308, field, "the %s %s", field, fault);

    error_fix(err, "%s", fix);
    return r;
}

static int check_connection(const PGconn *conn, plain_error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        if (!refusals[i].applies(conn))
            continue;
        int r = refuse("connection", refusals[i].fault, refusals[i].fix, err);
        if (err)
            err->transaction_aborted = has_failed(conn);
        return r;
    }
    return PLAIN_OK;
}

/*
 * Statements.
 */

/* Where the application's transaction stands after a failure. */
static void note_transaction(const struct session *s, plain_error *err)
{
    const struct session_adopted *a = &s->adopted;

    err->transaction_aborted =
        a->nested && (libpq.PQstatus(s->conn) != CONNECTION_OK || has_failed(s->conn) ||
                      strcmp(err->sqlstate, SQLSTATE_SERIALIZATION) == 0);
}

static void explain_read_only(struct session *s, plain_error *err)
{
    (void)error_set(err, PLAIN_E_DB, 304, "connection", "cannot %s: the transaction is read-only",
                    s->doing);
    error_fix(err, "use a transaction that may write: BEGIN READ WRITE, and not on a standby");
    (void)text_copy(err->sqlstate, sizeof(err->sqlstate), SQLSTATE_READ_ONLY);
}

/* Keeps the first failure, for the sync. */
static void fail(struct session *s, const PGresult *result)
{
    struct session_adopted *a = &s->adopted;
    bool lost = false;

    if (result && !is_disconnected(s->conn))
        (void)session_judge(s, result, &lost, &a->error);
    else
        (void)session_lose(s, NULL, &a->error);
    if (strcmp(a->error.sqlstate, SQLSTATE_READ_ONLY) == 0)
        explain_read_only(s, &a->error);
    a->failed = a->error.code;
}

/* One unnamed statement with the values of the wire; NULL and a note when it failed. */
static PGresult *run(struct session *s, enum sql_name name)
{
    struct session_values v;
    struct buf sql = BUF_INIT(SQL_MAX);
    PGresult *result = NULL;

    session_put_sql(s, &sql, sql_postgres[name]);
    if (buf_ok(&sql) && session_take_values(s, &v)) {
        result = libpq.PQexecParams(s->conn, sql.data, v.count, NULL, v.values, v.lengths,
                                    v.formats, BINARY);
        if (!session_is_good(result)) {
            fail(s, result);
            libpq.PQclear(result);
            result = NULL;
        }
    } else {
        s->adopted.failed = error_nomem(&s->adopted.error);
    }
    buf_release(&sql);
    wire_reset(&s->wire);
    return result;
}

/* A statement that has no rows, with a wire that is in use for another one. */
static bool run_word(struct session *s, enum sql_name name)
{
    PGresult *result = libpq.PQexec(s->conn, sql_postgres[name]);
    bool good = session_is_good(result);

    if (!good)
        fail(s, result);
    libpq.PQclear(result);
    return good;
}

static void open_transaction(struct session *s)
{
    struct session_adopted *a = &s->adopted;

    a->nested = libpq.PQtransactionStatus(s->conn) == PQTRANS_INTRANS;
    a->open = run_word(s, a->nested ? SQL_SAVEPOINT : SQL_BEGIN_COMMITTED);
}

void adopted_session_send(struct session *s, enum sql_name name)
{
    struct session_adopted *a = &s->adopted;

    if (a->failed == PLAIN_OK && !a->open)
        open_transaction(s);
    if (a->failed == PLAIN_OK) {
        assert(a->count < SESSION_SENDS_MAX);
        PGresult *result = run(s, name);
        if (result)
            a->results[a->count++] = result;
    }
    wire_reset(&s->wire);
}

/* The first failure stays the one that is told. */
static void undo(struct session *s)
{
    struct session_adopted *a = &s->adopted;
    plain_error first = a->error;
    int failed = a->failed;

    /* A COMMIT that failed has ended it: of a ROLLBACK libpq would print a warning then. */
    bool is_open = libpq.PQtransactionStatus(s->conn) != PQTRANS_IDLE;

    if (a->nested && run_word(s, SQL_ROLLBACK_TO))
        (void)run_word(s, SQL_RELEASE);
    else if (!a->nested && is_open)
        (void)run_word(s, SQL_ROLLBACK);
    a->error = first;
    a->failed = failed;
}

int adopted_session_end(struct session *s, int result, plain_error *err)
{
    struct session_adopted *a = &s->adopted;

    if (a->open && result == PLAIN_OK && a->failed == PLAIN_OK)
        (void)run_word(s, a->nested ? SQL_RELEASE : SQL_COMMIT);
    if (a->open && (result != PLAIN_OK || a->failed != PLAIN_OK))
        undo(s);
    if (a->failed != PLAIN_OK) {
        note_transaction(s, &a->error);
        if (err)
            *err = a->error;
        if (result == PLAIN_OK)
            result = a->failed;
    }
    a->open = a->nested = false;
    a->failed = PLAIN_OK;
    return result;
}

int adopted_session_sync(struct session *s, PGresult **results, size_t count, plain_error *err)
{
    struct session_adopted *a = &s->adopted;
    int r = a->failed;

    if (!s->spans)
        r = adopted_session_end(s, PLAIN_OK, err);
    else if (r < 0 && err)
        *err = a->error;
    for (size_t i = 0; i < a->count; i++) {
        if (r == PLAIN_OK && i < count)
            results[i] = a->results[i];
        else
            libpq.PQclear(a->results[i]);
    }
    a->count = 0;
    return r;
}

int adopted_session_begin(struct session *s, plain_error *err)
{
    struct session_adopted *a = &s->adopted;

    a->failed = PLAIN_OK;
    a->open = a->nested = false;
    wire_reset(&s->wire);
    if (!is_disconnected(s->conn))
        return check_connection(s->conn, err);
    /* Whether it was in a transaction nobody can tell any more. */
    int r = session_lose(s, NULL, err);
    if (err)
        err->transaction_aborted = true;
    return r;
}

/*
 * Adopting.
 */

static int set_schema(struct session *s, const char *name, plain_error *err)
{
    if (!pgurl_is_schema_name(name)) {
        int r = error_set(err, PLAIN_E_INVALID, 308, "schema",
                          "the schema '%s' cannot be used: a name is of a-z, 0-9 and _, at most 48 "
                          "bytes",
                          name);
        error_fix(err, "give the name of the schema that `plain migrate` made");
        return r;
    }
    session_quote_schema(s, name);
    return PLAIN_OK;
}

/* Looks at what only the server knows. */
static int ask_server(struct session *s, const char *schema, plain_error *err)
{
    enum { CURRENT_SCHEMA, REPLICATION_ROLE };
    PGresult *result = NULL;

    s->doing = "adopt the connection";
    int r = adopted_session_begin(s, err);
    if (r < 0)
        return r;
    adopted_session_send(s, SQL_ADOPT);
    r = adopted_session_sync(s, &result, 1, err);
    if (r == PLAIN_OK && strcmp(libpq.PQgetvalue(result, 0, REPLICATION_ROLE), "replica") == 0)
        r = refuse("connection", "has session_replication_role replica, so no trigger guards keys",
                   "RESET session_replication_role first", err);
    if (r == PLAIN_OK)
        r = set_schema(s, schema ? schema : libpq.PQgetvalue(result, 0, CURRENT_SCHEMA), err);
    libpq.PQclear(result);
    return r;
}

int adopted_session_open(struct session *s, PGconn *conn, const char *schema, plain_error *err)
{
    *s = (struct session){.wire = WIRE_INIT, .conn = conn, .adopted.is = true};
    int r = libpq_load(err);

    if (r == PLAIN_OK)
        r = check_connection(conn, err);
    if (r == PLAIN_OK)
        r = ask_server(s, schema, err);
    if (r < 0)
        session_release(s);
    return r;
}

int postgres_adopt(void *connection, const char *schema, struct store **out, plain_error *err)
{
    struct postgres *p = mem_zalloc(1, sizeof(*p));

    if (!p)
        return error_nomem(err);
    int r = connection ? adopted_session_open(&p->session, connection, schema, err)
                       : refuse("connection", "is NULL", "connect with PQconnectdb() first", err);
    if (r < 0) {
        mem_free(p);
        return r;
    }
    p->base = (struct store){&store_postgres, true};
    *out = &p->base;
    return PLAIN_OK;
}
