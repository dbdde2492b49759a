/*
 * session.c - how a call reaches the server and never waits without end
 *
 * The connection is non-blocking and in pipeline mode all its life (migrations leave it for a
 * moment). session_send() only queues; session_sync() does all the waiting, in wait_for_server(),
 * which sends and receives at once, so that neither side can block the other with full buffers.
 *
 * After an error the server skips what follows, up to the sync, and undoes the transaction; the
 * connection can be used again. Only where we cannot know that (a lost link, the deadline, memory
 * that ran out half-way through a pipeline) is it closed.
 */
#include "store/postgres/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "store/postgres/adopt.h"
#include "store/postgres/failure.h"
#include "store/postgres/fields.h"
#include "store/postgres/lost.h"
#include "store/postgres/pooler.h"

static const char *const statement_names[SQL_COUNT] = {
#define STATEMENT_NAME(name) #name,
    SQL_NAME_MAP(STATEMENT_NAME)
#undef STATEMENT_NAME
};

enum { BINARY = 1, TEST_SIZE = 160, SQL_MAX = 256 * 1024 };

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* "pg_isready -h db -p 5433": of the host that was tried last. */
static const char *test_command(const struct session *s, char out[TEST_SIZE])
{
    const char *host = s->conn ? libpq.PQhost(s->conn) : pgurl_value(&s->url, "host");
    const char *port = s->conn ? libpq.PQport(s->conn) : pgurl_value(&s->url, "port");
    struct buf b = BUF_INIT(TEST_SIZE);

    buf_puts(&b, "pg_isready");
    if (host && *host)
        buf_putf(&b, " -h %s", host);
    if (port && *port)
        buf_putf(&b, " -p %s", port);
    (void)text_copy(out, TEST_SIZE, buf_ok(&b) ? b.data : "pg_isready");
    buf_release(&b);
    return out;
}

static struct failure_context context(const struct session *s, char test[TEST_SIZE])
{
    return (struct failure_context){
        .doing = s->doing,
        .test = test_command(s, test),
        .database = or_empty(s->conn ? libpq.PQdb(s->conn) : pgurl_value(&s->url, "dbname")),
        .schema = s->schema,
        .password = or_empty(s->conn ? libpq.PQpass(s->conn) : pgurl_value(&s->url, "password")),
    };
}

int session_lose(struct session *s, const char *why, plain_error *err)
{
    char test[TEST_SIZE];
    struct failure_context c = context(s, test);
    int r = failure_of_link(&c, why ? why : or_empty(libpq.PQerrorMessage(s->conn)), err);

    lost_note(s);
    session_drop(s);
    return r;
}

void session_drop(struct session *s)
{
    if (s->adopted.is)
        return;
    if (s->conn) /* else libpq may not be there */
        libpq.PQfinish(s->conn);
    s->conn = NULL;
    s->process = (struct session_process){0};
    s->spans = false;
    s->sent_count = 0;
    s->send_failed = false;
    s->started = s->listens = false;
    pooler_forget(s);
    memset(s->prepared, 0, sizeof(s->prepared));
}

/*
 * Waiting.
 */

/* Sends what is queued and takes what has come, waiting for either until the deadline. */
static int wait_for_server(struct session *s, plain_error *err)
{
    int unsent = libpq.PQflush(s->conn);
    int64_t left_us = s->deadline_us - clock_mono_us();
    struct pollfd p = {.fd = libpq.PQsocket(s->conn),
                       .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN)};

    if (unsent < 0)
        return session_lose(s, NULL, err);
    if (left_us <= 0)
        return session_lose(s, "the server does not answer", err);
    int n = poll(&p, 1, (int)(left_us / US_PER_MS) + 1);
    if (n < 0 && errno != EINTR)
        return session_lose(s, strerror(errno), err);
    if (n > 0 && (p.revents & ~POLLOUT) && !libpq.PQconsumeInput(s->conn))
        return session_lose(s, NULL, err);
    return PLAIN_OK;
}

/* *out is NULL at the end of a statement's results. */
static int next_result(struct session *s, PGresult **out, plain_error *err)
{
    int r = PLAIN_OK;

    while (r == PLAIN_OK && libpq.PQisBusy(s->conn))
        r = wait_for_server(s, err);
    if (r == PLAIN_OK) {
        *out = libpq.PQgetResult(s->conn);
        if (!*out && libpq.PQstatus(s->conn) == CONNECTION_BAD)
            r = session_lose(s, NULL, err);
    }
    return r;
}

bool session_is_good(const PGresult *result)
{
    ExecStatusType status = libpq.PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

int session_judge(struct session *s, const PGresult *result, bool *lost, plain_error *err)
{
    char test[TEST_SIZE];

    if (session_is_good(result) || libpq.PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
        return PLAIN_OK;
    struct failure_context c = context(s, test);
    return failure_of_result(&c, result, lost, err);
}

/*
 * Connecting.
 */

/* A library never prints. */
static void take_notice(void *user, const PGresult *result)
{
    static const char warning[] = "01000"; /* of the SQL standard: a warning, nothing else known */
    const char *state = libpq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
    struct session *s = user;

    s->is_warned |= state && strcmp(state, warning) == 0;
}

static int refuse_server(struct session *s, plain_error *err)
{
    int version = libpq.PQserverVersion(s->conn), r = PLAIN_OK;
    const char *encoding = libpq.PQparameterStatus(s->conn, "server_encoding");

    if (version < SESSION_OLDEST_SERVER) {
        r = error_set(err, PLAIN_E_DB, 306, "",
                      "the server is PostgreSQL %d, too old: 13 is needed", version / 10000);
    } else if (encoding && strcmp(encoding, "UTF8") != 0) {
        r = error_set(err, PLAIN_E_DB, 306, "", "the database's encoding is %s: UTF8 is needed",
                      encoding);
        error_fix(err, "make one with `createdb -E UTF8 -T template0`");
    }
    if (r < 0)
        session_drop(s);
    return r;
}

void session_quote_schema(struct session *s, const char *name)
{
    s->schema[0] = '"';
    (void)text_copy(s->schema + 1, SCHEMA_NAME_MAX + 1, name);
    s->schema[strlen(name) + 1] = '"';
}

/* The schema that the search path gives is asked for once: later changes of the path must not move
 * a store to other tables. */
static int learn_schema(struct session *s, const PGresult *settings, plain_error *err)
{
    const char *name = s->url.schema;

    if (s->schema[0])
        return PLAIN_OK;
    if (!name[0])
        name = libpq.PQgetvalue(settings, 0, 0);
    if (!pgurl_is_schema_name(name)) {
        (void)error_set(err, PLAIN_E_INVALID, 307, "schema",
                        "the search path of this user leads to %s%s, which cannot be used",
                        *name ? "schema " : "no schema", name);
        error_fix(err, "name one in the URL: ?schema=jobs");
        return PLAIN_E_INVALID;
    }
    session_quote_schema(s, name);
    return PLAIN_OK;
}

static int set_up(struct session *s, plain_error *err)
{
    PGresult *result = NULL;

    if (libpq.PQsetnonblocking(s->conn, 1) != 0 || libpq.PQenterPipelineMode(s->conn) != 1)
        return session_lose(s, NULL, err);
    s->asks_unnamed = true; /* a name may be another client's behind a pooler */
    wire_int4(&s->wire, libpq.PQbackendPID(s->conn));
    session_send(s, SQL_SESSION_SETTINGS);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK) {
        s->asks_unnamed = pooler_learn(s, result);
        r = learn_schema(s, result, err);
    }
    session_clear(&result, 1);
    if (r < 0)
        session_drop(s);
    return r;
}

/* libpq waits here at most connect_timeout for each host of the URL, and goes on to the next. */
static int connect_now(struct session *s, plain_error *err)
{
    s->conn = libpq.PQconnectdbParams(s->url.keywords, s->url.values, 0);
    if (!s->conn)
        return error_nomem(err);
    (void)libpq.PQsetNoticeReceiver(s->conn, take_notice, s);
    if (libpq.PQstatus(s->conn) != CONNECTION_OK)
        return session_lose(s, NULL, err);
    int64_t connected_us = clock_mono_us();
    session_more_time(s);
    int r = refuse_server(s, err);
    if (r == PLAIN_OK)
        r = set_up(s, err);
    if (r == PLAIN_OK && !s->pooled.is)
        s->process = (struct session_process){libpq.PQbackendPID(s->conn), connected_us};
    return r;
}

int session_open(struct session *s, const char *url, unsigned flags, plain_error *err)
{
    *s = (struct session){.wire = WIRE_INIT, .doing = "open the database"};
    int r = libpq_load(err);
    if (r == PLAIN_OK)
        r = pgurl_parse(&s->url, url, flags, &s->memory, err);
    if (r == PLAIN_OK)
        r = connect_now(s, err);
    if (r < 0)
        session_release(s);
    return r;
}

void session_release(struct session *s)
{
    session_drop(s);
    wire_release(&s->wire);
    arena_release(&s->memory);
}

/* Between calls the server says little but good-bye, and closes. One that was restarted meanwhile
 * is noticed here, before anything is sent. A session that listens hears of that by itself, and of
 * much else: it never waits for the end that a good-bye has. */
static bool is_gone(const struct session *s)
{
    enum { CLOSING_MS = 20, LOOKS = 2 };
    struct pollfd p = {.fd = libpq.PQsocket(s->conn), .events = POLLIN};
    const int wait_ms[LOOKS] = {0, s->listens ? 0 : CLOSING_MS};

    for (int i = 0; i < LOOKS && poll(&p, 1, wait_ms[i]) > 0; i++) {
        if (!libpq.PQconsumeInput(s->conn))
            return true;
    }
    return false;
}

int session_begin(struct session *s, const char *doing, plain_error *err)
{
    s->doing = doing;
    if (s->adopted.is)
        return adopted_session_begin(s, err);
    if (s->conn && is_gone(s))
        session_drop(s);
    if (!s->conn) {
        int r = connect_now(s, err);
        if (r < 0)
            return r;
    }
    wire_reset(&s->wire);
    session_more_time(s);
    return PLAIN_OK;
}

void session_more_time(struct session *s)
{
    s->deadline_us = clock_mono_us() + (int64_t)SESSION_DEADLINE_MS * US_PER_MS;
}

/*
 * Statements.
 */

void session_put_sql(const struct session *s, struct buf *out, const char *sql)
{
    static const char place[] = "{schema}";

    for (const char *p = strstr(sql, place); p; p = strstr(sql, place)) {
        buf_put(out, sql, (size_t)(p - sql));
        buf_puts(out, s->schema);
        sql = p + strlen(place);
    }
    buf_puts(out, sql);
}

static bool sent(struct session *s, enum sql_name name, bool is_extra)
{
    s->sent[s->sent_count++] = (struct session_sent){name, is_extra};
    return true;
}

/* Under its name; or, without one, to be executed with these values at once. */
static bool send_text(struct session *s, enum sql_name name, const struct session_values *v)
{
    struct buf sql = BUF_INIT(SQL_MAX);
    int done = 0;

    session_put_sql(s, &sql, sql_postgres[name]);
    if (buf_ok(&sql) && v)
        done = libpq.PQsendQueryParams(s->conn, sql.data, v->count, NULL, v->values, v->lengths,
                                       v->formats, BINARY);
    else if (buf_ok(&sql))
        done = libpq.PQsendPrepare(s->conn, statement_names[name], sql.data, 0, NULL);
    buf_release(&sql);
    return done == 1;
}

/* From here on it has its name, for a second use before the answer is read too: who fails to make
 * it fails the pipeline, and take_results() says so. */
static bool prepare(struct session *s, enum sql_name name)
{
    s->prepared[name] = send_text(s, name, NULL) && sent(s, name, true);
    return s->prepared[name];
}

bool session_take_values(const struct session *s, struct session_values *out)
{
    const struct wire *w = &s->wire;

    if (!wire_ok(w))
        return false;
    out->count = w->count;
    for (int i = 0; i < w->count; i++) {
        out->values[i] = w->values[i].length < 0 ? NULL : w->bytes.data + w->values[i].at;
        out->lengths[i] = w->values[i].length;
        out->formats[i] = BINARY;
    }
    return true;
}

static bool execute(struct session *s, enum sql_name name)
{
    struct session_values v;

    if (!session_take_values(s, &v))
        return false;
    if (s->asks_unnamed)
        return send_text(s, name, &v) && sent(s, name, false);
    return (s->prepared[name] || prepare(s, name)) &&
           libpq.PQsendQueryPrepared(s->conn, statement_names[name], v.count, v.values, v.lengths,
                                     v.formats, BINARY) == 1 &&
           sent(s, name, false);
}

/* What has to stand in front of it behind a pooler. */
static bool lead_in(struct session *s, enum sql_name name)
{
    static const struct session_values none = {0};

    if (!pooler_wants_settings(s, name))
        return true;
    return send_text(s, SQL_POOLED_SETTINGS, &none) && sent(s, SQL_POOLED_SETTINGS, true);
}

void session_send(struct session *s, enum sql_name name)
{
    if (s->adopted.is) {
        adopted_session_send(s, name);
        return;
    }
    if (!s->send_failed)
        s->send_failed = !lead_in(s, name) || !execute(s, name);
    wire_reset(&s->wire);
}

void session_clear(PGresult **results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        libpq.PQclear(results[i]);
        results[i] = NULL;
    }
}

/* All results of one statement: the first is kept in *out, an error noted in *failed. */
static int take_results(struct session *s, struct session_sent sent, PGresult **out, int *failed,
                        bool *lost, plain_error *err)
{
    PGresult *result;
    int r;

    while ((r = next_result(s, &result, *failed ? NULL : err)) == PLAIN_OK && result) {
        if (*failed == PLAIN_OK)
            *failed = session_judge(s, result, lost, err);
        if (sent.is_extra)
            s->prepared[sent.name] = session_is_good(result);
        if (!sent.is_extra && out && !*out)
            *out = result;
        else
            libpq.PQclear(result);
    }
    return r;
}

/* The answer to the sync itself: PLAIN_OK means committed. A commit can fail like a statement. */
static int take_sync(struct session *s, int *failed, bool *lost, plain_error *err)
{
    bool synced = false;

    for (int nothing = 0; !synced;) {
        PGresult *result = NULL;
        int r = next_result(s, &result, *failed ? NULL : err);

        if (r < 0)
            return r;
        if (!result && ++nothing > 1)
            return session_lose(s, "the server's answers are out of order", err);
        synced = libpq.PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (result && !synced && *failed == PLAIN_OK)
            *failed = session_judge(s, result, lost, err);
        libpq.PQclear(result);
    }
    return PLAIN_OK;
}

/* What can be said when a statement could not even be queued. */
static int fail_to_send(struct session *s, plain_error *err)
{
    bool broken = libpq.PQstatus(s->conn) == CONNECTION_BAD;
    int r = broken ? session_lose(s, NULL, err) : error_nomem(err);

    session_drop(s);
    return r;
}

static bool end_pipeline(struct session *s)
{
    return !s->send_failed && libpq.PQpipelineSync(s->conn) == 1;
}

int session_start(struct session *s, enum sql_name name, plain_error *err)
{
    int r = PLAIN_OK;

    session_send(s, name);
    if (s->adopted.is)
        return PLAIN_OK;
    if (!end_pipeline(s))
        return fail_to_send(s, err);
    s->started = true;
    while (r == PLAIN_OK && libpq.PQflush(s->conn) > 0)
        r = wait_for_server(s, err);
    return r;
}

int session_sync(struct session *s, PGresult **results, size_t count, plain_error *err)
{
    size_t n = 0;
    int failed = PLAIN_OK;
    bool lost = false;
    int r = PLAIN_OK;

    session_clear(results, count);
    if (s->adopted.is)
        return adopted_session_sync(s, results, count, err);
    if (!s->started && !end_pipeline(s))
        return fail_to_send(s, err);
    s->started = false;
    for (size_t i = 0; i < s->sent_count && r == PLAIN_OK; i++) {
        struct session_sent sent = s->sent[i];

        r = take_results(s, sent, n < count ? &results[n] : NULL, &failed, &lost, err);
        n += sent.is_extra ? 0 : 1;
    }
    if (r == PLAIN_OK)
        r = take_sync(s, &failed, &lost, err);
    s->sent_count = 0;
    pooler_synced(s, failed, r);
    if (lost)
        session_drop(s);
    if (failed < 0) /* nothing was committed, whatever became of the link then */
        r = failed;
    if (r < 0)
        session_clear(results, count);
    return r;
}

int session_script(struct session *s, const char *sql, plain_error *err)
{
    PGresult *result;
    int failed = PLAIN_OK;
    bool lost = false;
    int r;

    if (libpq.PQexitPipelineMode(s->conn) != 1 || libpq.PQsendQuery(s->conn, sql) != 1)
        return fail_to_send(s, err);
    while ((r = next_result(s, &result, err)) == PLAIN_OK && result) {
        if (failed == PLAIN_OK)
            failed = session_judge(s, result, &lost, err);
        libpq.PQclear(result);
    }
    if (r < 0)
        return r;
    if (lost || libpq.PQenterPipelineMode(s->conn) != 1)
        session_drop(s);
    return failed;
}
