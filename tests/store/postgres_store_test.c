/* postgres_store_test.c - the suite on PostgreSQL, and what only PostgreSQL promises */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

enum { URL_SIZE = 512, SQL_SIZE = 1024 };

static const struct store_ops *const ops = &store_postgres;

static void run(const struct bench *b, const char *sql)
{
    (void)bench_number(b, sql);
}

/* Opens a URL that must fail; what is said stands in *err. */
static int open_fails(const char *url, plain_error *err)
{
    struct store *s = NULL;
    int r = ops->open(url, 0, &s, err);

    assert_true(r < 0);
    assert_null(s);
    assert_null(strstr(err->message, "secret"));
    assert_null(strstr(err->fix, "secret"));
    return r;
}

/*
 * The URL.
 */

static void a_bad_url_is_refused_without_its_password(void **state)
{
    static const char *const urls[] = {
        "postgresql://u:secret@h/db?schema=Upper",
        "postgresql://u:secret@h/db?schema=",
        "postgresql://u:secret@h/db?schema=1st",
        "postgresql://u:secret@h/db?schema=a%22b",
        "postgresql://u:secret@h/db?schema=a_name_of_forty_nine_bytes_is_longer_than_allowed",
        "postgresql://u:secret@h/db?schema=a&schema=b",
        "postgresql://u:secret@h/db?nonsense=1",
        "postgresql://u:%zzsecret@h/db",
        "postgresql://u:secret@[h/db",
        "postgresql://u:secret@h/db?connect_timeout=0",
        "postgresql:secret",
    };
    plain_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        assert_int_equal(open_fails(urls[i], &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, 307);
    }
}

/* libpq knows the scheme in lower case only; and stars for each "o" would tell the password. */
static void a_url_in_capitals_with_a_short_password_is_told_in_whole_words(void **state)
{
    plain_error err;

    (void)state;
    assert_int_equal(open_fails("PostgreSQL://u:o@127.0.0.1:1/db", &err), PLAIN_E_UNREACHABLE);
    assert_non_null(strstr(err.message, "cannot open the database: connection to server"));
}

static void the_schema_of_the_url_is_made_and_used(void **state)
{
    char url[URL_SIZE];
    struct store *s;
    plain_error err;
    int from, to;

    (void)state;
    const char *plain = cluster_fresh();
    (void)snprintf(url, sizeof(url), "%s&schema=my_jobs", plain);
    assert_int_equal(store_open(url, 0, &s, &err), PLAIN_OK);
    assert_int_equal(ops->migrate(s, &from, &to, &err), PLAIN_OK);
    assert_int_equal(cluster_number(plain, "SELECT count(*) FROM my_jobs.plainjobs_migration"),
                     ops->newest_version());
    store_close(s);
    assert_int_equal(cluster_number(plain, "SELECT count(*) FROM pg_tables"
                                           " WHERE schemaname = 'public'"),
                     0);
}

static void a_scratch_url_differs_in_its_schema_alone(void **state)
{
    static const char *const urls[][2] = {
        {"postgresql://u@h/d", "postgresql://u@h/d?schema=" STORE_SCRATCH "7"},
        {"postgresql://u@h/d?schema=jobs", "postgresql://u@h/d?schema=" STORE_SCRATCH "7"},
        {"postgresql://h/d?a=1&schema=jobs&b=2",
         "postgresql://h/d?a=1&b=2&schema=" STORE_SCRATCH "7"},
    };
    struct arena a = ARENA_INIT;
    const char *made;
    plain_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        assert_int_equal(ops->scratch_url(urls[i][0], STORE_SCRATCH "7", &a, &made, &err),
                         PLAIN_OK);
        assert_string_equal(made, urls[i][1]);
    }
    assert_int_equal(ops->scratch_url("postgresql://h/d?schema=a;b", "x", &a, &made, &err),
                     PLAIN_E_INVALID);
    assert_int_equal(err.pj, 307);
    arena_release(&a);
}

/*
 * A server that is not there, says no or says nothing.
 */

static void a_missing_server_is_told_with_a_command(void **state)
{
    char url[URL_SIZE], command[URL_SIZE];
    plain_error err;

    (void)state;
    (void)snprintf(url, sizeof(url), "postgresql://u:secret@/db?host=%s&port=1",
                   cluster_socket_folder());
    (void)snprintf(command, sizeof(command), "pg_isready -h %s -p 1", cluster_socket_folder());
    assert_int_equal(open_fails(url, &err), PLAIN_E_UNREACHABLE);
    assert_int_equal(err.pj, 301);
    assert_true(err.retryable);
    assert_non_null(strstr(err.fix, command));
}

static void a_missing_database_or_user_is_told(void **state)
{
    char url[URL_SIZE];
    plain_error err;

    (void)state;
    (void)snprintf(url, sizeof(url), "postgresql://plain:secret@127.0.0.1:%d/nowhere",
                   cluster_port());
    assert_int_equal(open_fails(url, &err), PLAIN_E_UNREACHABLE);
    assert_string_equal(err.sqlstate, "3D000");
    assert_non_null(strstr(err.fix, "createdb nowhere"));
    (void)snprintf(url, sizeof(url), "postgresql://nobody_here:secret@127.0.0.1:%d/postgres",
                   cluster_port());
    assert_int_equal(open_fails(url, &err), PLAIN_E_UNREACHABLE);
    assert_string_equal(err.sqlstate, "28000");
}

static void a_silent_server_is_given_up(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[URL_SIZE];
    plain_error err;

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 8), 0); /* the kernel accepts, nobody answers */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &length), 0);
    (void)snprintf(url, sizeof(url), "postgresql://u:secret@127.0.0.1:%d/db?connect_timeout=2",
                   ntohs(a.sin_port));
    int64_t began = clock_mono_us();
    assert_int_equal(open_fails(url, &err), PLAIN_E_UNREACHABLE);
    assert_in_range(clock_mono_us() - began, 0, 5 * US_PER_S);
    (void)close(fd);
}

static void a_restarted_server_is_found_again(void **state)
{
    struct new_request r = request_default();
    struct store_stats stats;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    cluster_crash();
    assert_int_equal(ops->stats(b.store, &stats, &b.err), PLAIN_E_UNREACHABLE);
    assert_non_null(strstr(b.err.fix, "pg_isready"));
    assert_int_equal(ops->stats(b.store, &stats, &b.err), PLAIN_E_UNREACHABLE);
    cluster_restart();
    assert_int_equal(ops->stats(b.store, &stats, &b.err), PLAIN_OK);
    assert_int_equal(stats.pending, 1);
    bench_close(&b);
}

/* An autovacuum worker may be in the database too: it is nobody's link. */
#define OTHER_LINKS                                                                                \
    " FROM pg_stat_activity WHERE datname = current_database()"                                    \
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
#define CUT_OTHERS "SELECT count(pg_terminate_backend(pid))" OTHER_LINKS

/* Waits for the end of its process: its row there goes before its socket is closed. */
static void cut_other(const struct bench *b)
{
    pid_t pid = (pid_t)bench_number(b, "SELECT pid" OTHER_LINKS);
    int64_t end = clock_mono_us() + 30 * US_PER_S;

    assert_int_equal(bench_number(b, CUT_OTHERS), 1);
    while (kill(pid, 0) == 0 || errno != ESRCH) {
        assert_true(clock_mono_us() < end);
        (void)usleep(US_PER_MS);
    }
}

static void a_link_cut_between_calls_is_made_anew(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    cut_other(&b);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

/* A session of the test's own, to hold locks with. */
static PGconn *hold(const struct bench *b, const char *sql)
{
    PGconn *conn = PQconnectdb(b->url);
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
    return conn;
}

static void a_lock_that_is_held_makes_busy(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *other = hold(&b, "BEGIN; LOCK TABLE plainjobs_jobrequest");
    int64_t began = clock_mono_us();
    assert_int_equal(ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_BUSY);
    assert_in_range(clock_mono_us() - began, US_PER_S, 10 * US_PER_S);
    assert_string_equal(b.err.sqlstate, "55P03");
    assert_true(b.err.retryable);
    PQfinish(other);
    (void)bench_enqueue(&b, &r);
    bench_close(&b);
}

/* A cut in the middle of a statement: the outcome is unknown, and the same call can be repeated. */
static void a_link_cut_in_a_call_is_unreachable(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    struct bench b;

    (void)state;
    bench_open(&b);
    run(&b, "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END$$");
    run(&b, "CREATE TRIGGER cut BEFORE INSERT ON plainjobs_jobrequest FOR EACH ROW"
            " EXECUTE FUNCTION cut()");
    assert_int_equal(ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_UNREACHABLE);
    assert_string_equal(b.err.sqlstate, "57P01");
    run(&b, "DROP TRIGGER cut ON plainjobs_jobrequest");
    r.may_exist = true;
    (void)bench_enqueue(&b, &r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

static void a_read_only_server_counts_as_lost(void **state)
{
    struct new_request r = request_default();
    struct store *reader;
    plain_request out;
    struct bench b;
    char sql[SQL_SIZE];

    (void)state;
    bench_open(&b);
    const char *name = strstr(b.url, "/test") + 1;
    (void)snprintf(sql, sizeof(sql), "ALTER DATABASE %.*s SET default_transaction_read_only = on",
                   (int)strcspn(name, "?"), name);
    run(&b, sql);
    run(&b, CUT_OTHERS);
    assert_int_equal(ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_UNREACHABLE);
    assert_int_equal(ops->open(b.url, STORE_READ_ONLY, &reader, &b.err), PLAIN_OK);
    assert_int_equal(ops->enqueue(reader, &r, &out, &b.err), PLAIN_E_UNREACHABLE);
    assert_string_equal(b.err.sqlstate, "25006");
    store_close(reader);
    bench_close(&b);
}

/*
 * The schema.
 */

static void a_user_without_the_right_to_create_is_told(void **state)
{
    char url[URL_SIZE];
    struct store *s;
    plain_error err;
    int from, to;

    (void)state;
    const char *plain = cluster_fresh();
    (void)cluster_number(plain, "CREATE ROLE guest LOGIN");
    (void)cluster_number(plain, "REVOKE CREATE ON SCHEMA public FROM public");
    (void)snprintf(url, sizeof(url), "postgresql://guest@%s", strchr(plain, '@') + 1);
    assert_int_equal(store_open(url, 0, &s, &err), PLAIN_OK);
    assert_int_equal(ops->migrate(s, &from, &to, &err), PLAIN_E_DB);
    assert_string_equal(err.sqlstate, "42501");
    assert_non_null(strstr(err.fix, "GRANT USAGE, CREATE ON SCHEMA \"public\""));
    assert_int_equal(ops->schema_version(s, &to, &err), PLAIN_OK);
    assert_int_equal(to, 0);
    store_close(s);
}

static void a_missing_schema_is_told_by_every_verb(void **state)
{
    struct new_request r = request_default();
    struct store_stats stats;
    plain_request out;
    struct store *s;
    plain_error err;

    (void)state;
    assert_int_equal(store_open(cluster_fresh(), 0, &s, &err), PLAIN_OK);
    assert_int_equal(ops->enqueue(s, &r, &out, &err), PLAIN_E_SCHEMA);
    assert_int_equal(ops->stats(s, &stats, &err), PLAIN_E_SCHEMA);
    assert_int_equal(err.pj, 302);
    assert_non_null(strstr(err.fix, "plain migrate"));
    store_close(s);
}

/*
 * Memory that runs out.
 */

static void survives_every_failing_allocation(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    for (unsigned nth = 0;; nth++) {
        plain_request out;

        r.uuid = uuid_new();
        harness_fail_allocation(nth);
        int code = ops->enqueue(b.store, &r, &out, &b.err);
        bool failed = harness_allocation_failed();
        assert_int_equal(code, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        if (!failed)
            break;
    }
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

/* A claim that was committed and could not be told counts as unreachable: its token is given back
 * by whoever made it. */
static void a_claim_that_cannot_be_told_can_be_given_back(void **state)
{
    static const char *const names[] = {"default"}, *const classes[] = {"Job"};
    struct new_request r = request_default();
    struct bench b;
    bool failed = true;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    for (unsigned nth = 0; failed; nth++) {
        plain_uuid token = uuid_new();
        const struct claim_wish wish = {names, 1, classes, 1, &token, 1};
        const struct cycle c = {.worker = &b.worker, .wish = &wish};
        struct cycle_result out;
        struct arena a = ARENA_INIT;

        harness_fail_allocation(nth);
        int code = ops->cycle(b.store, &c, &a, &out, &b.err);
        failed = harness_allocation_failed();
        assert_true(failed == (code < 0) || out.claim_count == 1);
        if (bench_rows(&b, "plainjobs_jobprocess") == 1 && code < 0) {
            assert_int_equal(code, PLAIN_E_UNREACHABLE);
            assert_int_equal(bench_release(&b, &token), 1);
        } else if (code == PLAIN_OK) {
            assert_int_equal(bench_release(&b, &token), 1);
        }
        arena_release(&a);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

/* Claims go by due_at, whoever wrote the row: also one who does not know the column. */
static void due_at_follows_whatever_is_written(void **state)
{
#define INSERTED(columns, values)                                                                  \
    "WITH made AS (INSERT INTO plainjobs_jobrequest (job_class, " columns ") VALUES ('C', " values \
    ") RETURNING *) SELECT count(*) FROM made WHERE due_at = COALESCE(start_at, created_at)"
#define UPDATED(what)                                                                              \
    "WITH made AS (UPDATE plainjobs_jobrequest SET " what                                          \
    " RETURNING *) SELECT count(*) FROM made WHERE due_at = COALESCE(start_at, created_at)"
    static const struct step {
        const char *sql;
        int64_t rows;
    } steps[] = {
        {INSERTED("queue", "'q'"), 1},
        {INSERTED("start_at", "'2030-01-01'"), 1},
        {INSERTED("created_at", "'2020-01-01'"), 1},
        {INSERTED("created_at, start_at", "'2020-01-01', '2019-01-01'"), 1},
        {INSERTED("due_at", "'2000-01-01'"), 1},
        {INSERTED("due_at", "NULL"), 1},
        {UPDATED("start_at = '2031-01-01'"), 6},
        {UPDATED("start_at = NULL"), 6},
        {UPDATED("created_at = '2018-01-01'"), 6},
        {UPDATED("due_at = '2000-01-01'"), 6},
    };
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        assert_int_equal(bench_number(&b, steps[i].sql), steps[i].rows);
    bench_close(&b);
}

/* By whatever statement: nothing is written, and the domain is named. */
static void a_name_of_a_wrong_length_is_refused(void **state)
{
    static const struct step {
        const char *values, *sqlstate;
    } steps[] = {
        {"('', 'q', '')", "23514"},
        {"(repeat('c', 256), 'q', '')", "23514"},
        {"('C', '', '')", "23514"},
        {"('C', repeat('q', 256), '')", "23514"},
        {"('C', 'q', repeat('k', 256))", "23514"},
        {"(NULL, 'q', '')", "23502"},
        {"(repeat('c', 255), repeat('q', 255), repeat('k', 255))", NULL},
    };
    char sql[SQL_SIZE];
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *conn = PQconnectdb(b.url);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO plainjobs_jobrequest (job_class, queue, concurrency_key)"
                       " VALUES %s",
                       steps[i].values);
        PGresult *result = PQexec(conn, sql);
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (steps[i].sqlstate)
            assert_string_equal(sqlstate, steps[i].sqlstate);
        else
            assert_null(sqlstate);
        PQclear(result);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    PQfinish(conn);
    bench_close(&b);
}

/* Nobody waits for who vacuums. */
static void tidying_waits_for_no_lock(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN");
    cluster_run(conn, "LOCK TABLE plainjobs_jobrequest, plainjobs_jobprocess"
                      " IN SHARE UPDATE EXCLUSIVE MODE");
    assert_int_equal(ops->tidy(b.store, TIDY_REQUESTS, &b.err), PLAIN_OK);  /* else busy, after */
    assert_int_equal(ops->tidy(b.store, TIDY_PROCESSES, &b.err), PLAIN_OK); /* lock_timeout */
    PQfinish(conn);
    bench_close(&b);
}

static int64_t visitors_vacuums(struct bench *b)
{
    return bench_number(b, "SELECT count(*) FROM pg_stat_activity"
                           " WHERE usename = 'visitor' AND query LIKE 'VACUUM%'");
}

/* Who may not vacuum is no reason for an error, nor for a warning in the server's log each time. */
static void tidying_is_for_who_can(void **state)
{
    char url[URL_SIZE];
    struct store_stats stats;
    struct store *s;
    struct bench b;

    (void)state;
    bench_open(&b);
    run(&b, "CREATE ROLE visitor LOGIN");
    run(&b, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO visitor");
    (void)snprintf(url, sizeof(url), "postgresql://visitor@%s", strchr(b.url, '@') + 1);
    assert_int_equal(store_open(url, 0, &s, &b.err), PLAIN_OK);
    assert_int_equal(ops->tidy(s, TIDY_PROCESSES, &b.err), PLAIN_OK);
    assert_int_equal(visitors_vacuums(&b), 1);
    assert_int_equal(ops->stats(s, &stats, &b.err), PLAIN_OK);
    assert_int_equal(visitors_vacuums(&b), 0);
    assert_int_equal(ops->tidy(s, TIDY_PROCESSES, &b.err), PLAIN_OK);
    assert_int_equal(ops->tidy(s, TIDY_REQUESTS, &b.err), PLAIN_OK);
    assert_int_equal(visitors_vacuums(&b), 0);
    store_close(s);
    bench_close(&b);
}

/*
 * Many requests are made while the server has those before.
 */
enum { MANY = 12000 }; /* more than two statements */

/* The first are asked for before a transaction is there; the table is locked by their INSERT. */
static void await_insert(const struct bench_source *s, void *user)
{
    static const char locks[] = "SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock'"
                                " AND relation = 'plainjobs_jobrequest'::regclass";
    const int64_t end = clock_mono_us() + 30 * US_PER_S;

    while (bench_number(user, locks) != (s->made > 0)) {
        assert_true(clock_mono_us() < end);
        (void)usleep(US_PER_MS);
    }
}

static void the_server_works_while_requests_are_made(void **state)
{
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, MANY);
    s.while_asked = await_insert;
    s.user = &b;
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    assert_in_range(s.calls, 3, 10);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), MANY);
    bench_source_close(&s);
    bench_close(&b);
}

/* The statement that is under way is waited for, and rolled back: no new connection is needed. */
static void a_source_that_fails_keeps_the_connection(void **state)
{
    static const char link[] = "SELECT max(pid)" OTHER_LINKS;
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, MANY);
    int64_t before = bench_number(&b, link);
    s.limit = MANY / 2;
    assert_int_equal(bench_source_run(&s, &b), PLAIN_E_INVALID);
    assert_int_equal(s.calls, 2);
    s.limit = MANY;
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    assert_int_equal(bench_number(&b, link), before);
    bench_source_close(&s);
    bench_close(&b);
}

static void note_made(const struct bench_source *s, void *user)
{
    *(size_t *)user = s->made;
}

/* Keys are sorted and used uuids are looked for over all that is left. */
static void what_concerns_others_wants_all_that_is_left(void **state)
{
    struct bench b;
    struct bench_source s;
    size_t made_before_last;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, 2 * MANY);
    s.while_asked = note_made;
    s.user = &made_before_last;
    s.requests[MANY / 2].concurrency_key = "k";
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    assert_in_range(made_before_last, MANY / 2 + 1, MANY);
    s.requests[MANY / 2].concurrency_key = "";
    s.requests[MANY / 2].may_exist = true;
    for (size_t i = 0; i < 2 * MANY; i++) {
        if (i != MANY / 2)
            s.requests[i].uuid = uuid_new();
    }
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    assert_in_range(made_before_last, MANY / 2 + 1, MANY);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 4 * MANY - 1);
    bench_source_close(&s);
    bench_close(&b);
}

/* On the server's side too: what cannot be sent is rolled back, and the store goes on. */
static void many_survive_every_failing_allocation(void **state)
{
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, MANY / 2);
    s.requests[MANY / 2 - 1].concurrency_key = "k";
    for (unsigned nth = 0;; nth++) {
        harness_fail_allocation(nth);
        int code = bench_source_run(&s, &b);
        bool failed = harness_allocation_failed();
        assert_int_equal(code, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        if (!failed)
            break;
        assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), MANY / 2);
    bench_source_close(&s);
    bench_close(&b);
}

/* The transaction with the first rows is lost while the others are made. */
static void cut_others(const struct bench_source *s, void *user)
{
    if (s->made > 0 && s->calls == 2)
        run(user, CUT_OTHERS);
}

static void a_link_cut_while_requests_are_made_is_unreachable(void **state)
{
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, MANY);
    s.while_asked = cut_others;
    s.user = &b;
    assert_int_equal(bench_source_run(&s, &b), PLAIN_E_UNREACHABLE);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    s.limit = MANY / 2; /* and when one of these is bad, that is told */
    assert_int_equal(bench_source_run(&s, &b), PLAIN_E_INVALID);
    s.limit = MANY;
    s.while_asked = NULL;
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), MANY);
    bench_source_close(&s);
    bench_close(&b);
}

CONFORMANCE_MAIN(&cluster_database, a_bad_url_is_refused_without_its_password,
                 a_url_in_capitals_with_a_short_password_is_told_in_whole_words,
                 the_schema_of_the_url_is_made_and_used, a_scratch_url_differs_in_its_schema_alone,
                 a_missing_server_is_told_with_a_command, a_missing_database_or_user_is_told,
                 a_silent_server_is_given_up, a_restarted_server_is_found_again,
                 a_link_cut_between_calls_is_made_anew, a_lock_that_is_held_makes_busy,
                 a_link_cut_in_a_call_is_unreachable, a_read_only_server_counts_as_lost,
                 a_user_without_the_right_to_create_is_told, a_missing_schema_is_told_by_every_verb,
                 survives_every_failing_allocation, a_claim_that_cannot_be_told_can_be_given_back,
                 due_at_follows_whatever_is_written, a_name_of_a_wrong_length_is_refused,
                 tidying_waits_for_no_lock, tidying_is_for_who_can,
                 the_server_works_while_requests_are_made, a_source_that_fails_keeps_the_connection,
                 what_concerns_others_wants_all_that_is_left, many_survive_every_failing_allocation,
                 a_link_cut_while_requests_are_made_is_unreachable)
