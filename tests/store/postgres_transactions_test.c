/* postgres_transactions_test.c - the suite of transactions on PostgreSQL, and what is its alone */
#include <stdio.h>
#include <string.h>

#include <plain/jobs/postgres.h>

#include "base/clock.h"
#include "tests/store/postgres_application.h"

static void assert_refused(PGconn *conn, const char *schema, const char *field, const char *word)
{
    plain_jobs *jobs = NULL;
    plain_error err;

    assert_int_equal(plain_jobs_adopt_postgres(conn, schema, &jobs, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, field);
    assert_int_equal(err.pj, 308);
    if (!strstr(err.message, word))
        fail_msg("no '%s' in: %s", word, err.message);
    assert_true(err.fix[0]);
    assert_null(jobs);
}

static void drain(PGconn *conn)
{
    PGresult *result;

    while ((result = PQgetResult(conn)))
        PQclear(result);
}

static void connections_that_cannot_serve_are_refused(void **state)
{
    struct scene s;
    PGconn *conn;

    (void)state;
    scene_open(&s);
    conn = PQconnectdb("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1");
    assert_refused(conn, NULL, "connection", "not connected");
    PQfinish(conn);
    conn = s.connection;
    assert_int_equal(PQenterPipelineMode(conn), 1);
    assert_refused(conn, NULL, "connection", "pipeline");
    assert_int_equal(PQexitPipelineMode(conn), 1);
    assert_int_equal(PQsetnonblocking(conn, 1), 0);
    assert_refused(conn, NULL, "connection", "non-blocking");
    assert_int_equal(PQsetnonblocking(conn, 0), 0);
    assert_int_equal(PQsendQuery(conn, "SELECT 1"), 1);
    assert_refused(conn, NULL, "connection", "busy");
    drain(conn);
    PQclear(PQexec(conn, "COPY app_user FROM STDIN"));
    assert_refused(conn, NULL, "connection", "COPY");
    assert_int_equal(PQputCopyEnd(conn, NULL), 1);
    drain(conn);
    scene_run(&s, "BEGIN");
    assert_false(postgres_application_try(conn, "SELECT 1 / 0"));
    assert_refused(conn, NULL, "connection", "failed");
    scene_run(&s, "ROLLBACK");
    assert_int_equal(PQsetClientEncoding(conn, "LATIN1"), 0);
    assert_refused(conn, NULL, "connection", "UTF8");
    assert_int_equal(PQsetClientEncoding(conn, "UTF8"), 0);
    scene_run(&s, "SET session_replication_role = replica");
    assert_refused(conn, NULL, "connection", "trigger");
    scene_run(&s, "RESET session_replication_role");
    assert_refused(conn, "no; such", "schema", "no; such");
    scene_run(&s, "SET search_path = nowhere");
    assert_refused(conn, NULL, "schema", "schema");
    scene_close(&s);
}

/* The same connection, once adopted, is looked at before each call. */
static void a_connection_that_changed_is_refused_later(void **state)
{
    struct scene s;
    PGconn *conn;

    (void)state;
    scene_open(&s);
    conn = s.connection;
    scene_run(&s, "BEGIN");
    assert_false(postgres_application_try(conn, "SELECT 1 / 0"));
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_INVALID);
    assert_string_equal(s.err.field, "connection");
    assert_true(s.err.transaction_aborted);
    scene_run(&s, "ROLLBACK");
    assert_int_equal(PQsetClientEncoding(conn, "LATIN1"), 0);
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_INVALID);
    assert_int_equal(PQsetClientEncoding(conn, "UTF8"), 0);
    scene_enqueues(&s, "k");
    scene_close(&s);
}

/* Settings, prepared statements, channels and savepoints of the connection. */
static void assert_as_before(struct scene *s, char before[512])
{
    static const char question[] =
        "SELECT md5((SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings"
        "   WHERE name NOT LIKE 'plpgsql.%')" /* known once the first trigger has run */
        " || (SELECT COALESCE(string_agg(name || statement, ','), '') FROM pg_prepared_statements)"
        " || (SELECT count(*) FROM pg_listening_channels())"
        " || (SELECT count(*) FROM pg_cursors))";
    char now[512];

    (void)snprintf(now, sizeof(now), "%s", postgres_application_ask(s->connection, question));
    if (before[0])
        assert_string_equal(now, before);
    (void)snprintf(before, 512, "%s", now);
}

static int admit_first(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                       const char *key)
{
    (void)self;
    (void)params;
    return plain_count_requested(tx, key, 0) == 0;
}

static const plain_job_class *ruled(void)
{
    static plain_job_class cls;

    cls = Job;
    cls.should_enqueue = admit_first;
    return &cls;
}

static void nothing_is_left_on_the_connection(void **state)
{
    const plain_item items[2] = {{.size = sizeof(plain_item)}, {.size = sizeof(plain_item)}};
    char before[512] = "";
    struct scene s;

    (void)state;
    scene_open(&s);
    scene_run(&s, "PREPARE mine (int) AS INSERT INTO app_user VALUES ($1);"
                  "PREPARE \"ENQUEUE\" AS SELECT 1");
    for (int i = 0; i < 2; i++) {
        assert_as_before(&s, before);
        if (i == 1)
            scene_run(&s, "BEGIN");
        scene_enqueues(&s, i ? "k" : "l");
        assert_int_equal(scene_enqueue(&s, i ? "k" : "l", NULL), PLAIN_SKIPPED);
        assert_int_equal(plain_run_many(s.jobs, &Job, items, 2, NULL, NULL, &s.err), PLAIN_OK);
        assert_true(plain_run_in_worker(s.jobs, ruled(), NULL, NULL, NULL, &s.err) >= 0);
        scene_run(&s, "EXECUTE mine (7)");
    }
    assert_false(
        postgres_application_try(s.connection, "RELEASE SAVEPOINT plain_jobs_savepoint_e7c1"));
    scene_run(&s, "ROLLBACK");
    assert_as_before(&s, before);
    scene_close(&s);
}

static void settings_of_the_application_do_no_harm(void **state)
{
    struct scene s;
    char migrated[256];
    plain_request request;

    (void)state;
    scene_open(&s);
    plain_jobs_close(s.jobs);
    (void)snprintf(migrated, sizeof(migrated), "%s",
                   postgres_application_ask(s.connection, "SELECT current_schema()"));
    scene_run(&s, "SET search_path = ''; SET standard_conforming_strings = off;"
                  "SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard';"
                  "SET TimeZone = 'Asia/Kathmandu'; SET bytea_output = 'escape';"
                  "SET default_transaction_isolation = 'serializable'; SET row_security = off");
    assert_int_equal(plain_jobs_adopt_postgres(s.connection, migrated, &s.jobs, &s.err), PLAIN_OK);
    int64_t before = clock_wall_us();
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL,
                                         PLAIN_OPTIONS(.delay_ms = 3600123, .source = "a\\b'c\"d"),
                                         &request, &s.err),
                     PLAIN_OK);
    assert_in_range(bench_number(&s.bench, "SELECT (extract(epoch FROM start_at) * 1000000)::int8"
                                           " - 3600123000 FROM plainjobs_jobrequest"),
                    before - 1000000, clock_wall_us() + 1000000);
    assert_int_equal(bench_number(&s.bench, "SELECT count(*) FROM plainjobs_jobrequest"
                                            " WHERE source = E'a\\\\b''c\"d'"),
                     1);
    scene_enqueues(&s, "k");
    assert_int_equal(scene_enqueue(&s, "k", NULL), PLAIN_SKIPPED);
    assert_int_equal(plain_run_in_worker(s.jobs, ruled(), NULL, NULL, NULL, &s.err), PLAIN_OK);
    scene_close(&s);
}

static void a_read_only_transaction_is_told(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    scene_run(&s, "BEGIN READ ONLY");
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_DB);
    assert_string_equal(s.err.sqlstate, "25006");
    assert_non_null(strstr(s.err.message, "read-only"));
    assert_false(s.err.transaction_aborted);
    scene_run(&s, "COMMIT");
    scene_enqueues(&s, "");
    scene_close(&s);
}

static void a_rule_is_refused_where_no_count_is_true(void **state)
{
    static const char *const levels[] = {"REPEATABLE READ", "SERIALIZABLE"};
    struct scene s;
    char sql[64];

    (void)state;
    scene_open(&s);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL %s", levels[i]);
        scene_run(&s, sql);
        scene_run(&s, "INSERT INTO app_user VALUES (1)");
        assert_int_equal(plain_run_in_worker(s.jobs, ruled(), NULL, NULL, NULL, &s.err),
                         PLAIN_E_ISOLATION);
        assert_int_equal(s.err.pj, 505);
        assert_non_null(strstr(s.err.fix, "READ COMMITTED"));
        scene_enqueues(&s, ""); /* still usable */
        scene_run(&s, "COMMIT");
    }
    assert_int_equal(bench_rows(&s.bench, "app_user"), 2);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 2);
    scene_close(&s);
}

/* The lock is the one that other programs of the same rule take, held to the end. */
static void a_rule_holds_the_lock_of_class_and_key(void **state)
{
    static const char locked[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                                 " AND (classid::bigint << 32 | objid::bigint) ="
                                 " ('x' || left(md5('Job::k'), 16))::bit(64)::bigint";
    struct scene s;

    (void)state;
    scene_open(&s);
    scene_run(&s, "BEGIN");
    assert_int_equal(plain_run_in_worker(s.jobs, ruled(), NULL,
                                         PLAIN_OPTIONS(.concurrency_key = "k"), NULL, &s.err),
                     PLAIN_OK);
    assert_int_equal(bench_number(&s.bench, locked), 1);
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_number(&s.bench, locked), 0);
    scene_close(&s);
}

static void a_holder_behind_the_snapshot_is_unseen(void **state)
{
    struct scene s;
    plain_request request;
    struct new_request r = request_default();

    (void)state;
    scene_open(&s);
    scene_run(&s, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM app_user");
    r.concurrency_key = "k";
    (void)bench_enqueue(&s.bench, &r);
    assert_int_equal(scene_enqueue(&s, "k", &request), PLAIN_SKIPPED);
    assert_int_equal(request.holder_state, PLAIN_HOLDER_UNSEEN);
    const plain_item items[] = {
        {.size = sizeof(plain_item), .options = PLAIN_OPTIONS(.concurrency_key = "k")},
        {.size = sizeof(plain_item), .options = PLAIN_OPTIONS(.concurrency_key = "l")}};
    plain_request many[2];
    assert_int_equal(plain_run_many(s.jobs, &Job, items, 2, many, NULL, &s.err), PLAIN_OK);
    assert_int_equal(many[0].holder_state, PLAIN_HOLDER_UNSEEN);
    assert_int_equal(many[1].holder_state, PLAIN_HOLDER_NONE);
    scene_run(&s, "INSERT INTO app_user VALUES (1); COMMIT");
    assert_int_equal(scene_enqueue(&s, "k", &request), PLAIN_SKIPPED);
    assert_int_equal(request.holder_state, PLAIN_HOLDER_PENDING);
    scene_close(&s);
}

/* A snapshot, and a job that is enqueued and claimed behind it: its uuid is to be seen nowhere. */
static plain_uuid open_with_claim_behind_snapshot(struct scene *s, const char *level)
{
    struct new_request r = request_default();
    char sql[128];

    scene_open(s);
    (void)snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL %s; INSERT INTO app_user VALUES (1)",
                   level);
    scene_run(s, sql);
    (void)bench_enqueue(&s->bench, &r);
    (void)bench_claim_one(&s->bench);
    return r.uuid;
}

static void assert_uuid_refused(const struct scene *s, int result)
{
    assert_int_equal(result, PLAIN_E_ISOLATION);
    assert_int_equal(s->err.pj, 505);
    assert_false(s->err.transaction_aborted);
    assert_non_null(strstr(s->err.fix, "READ COMMITTED"));
}

static void a_given_uuid_is_refused_where_others_cannot_be_seen(void **state)
{
    static const char *const levels[] = {"REPEATABLE READ", "SERIALIZABLE"};
    struct scene s;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
        plain_uuid uuid = open_with_claim_behind_snapshot(&s, levels[i]);
        const plain_item items[] = {
            {.size = sizeof(plain_item)},
            {.size = sizeof(plain_item), .options = PLAIN_OPTIONS(.uuid = uuid)}};

        assert_uuid_refused(
            &s, plain_run_in_worker(s.jobs, &Job, NULL, PLAIN_OPTIONS(.uuid = uuid), NULL, &s.err));
        assert_uuid_refused(&s, plain_run_many(s.jobs, &Job, items, 2, NULL, NULL, &s.err));
        scene_enqueues(&s, ""); /* still usable */
        scene_run(&s, "COMMIT");
        assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 1);
        assert_int_equal(bench_rows(&s.bench, "plainjobs_jobprocess"), 1);
        scene_close(&s);
    }
}

/* What the snapshot has is certain. */
static void a_given_uuid_that_the_snapshot_has_is_one_job(void **state)
{
    struct scene s;
    struct new_request r = request_default();
    size_t made;

    (void)state;
    scene_open(&s);
    (void)bench_enqueue(&s.bench, &r);
    const plain_item item = {.size = sizeof(item), .options = PLAIN_OPTIONS(.uuid = r.uuid)};
    scene_run(&s, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert_int_equal(
        plain_run_in_worker(s.jobs, &Job, NULL, PLAIN_OPTIONS(.uuid = r.uuid), NULL, &s.err),
        PLAIN_OK);
    assert_int_equal(plain_run_many(s.jobs, &Job, &item, 1, NULL, &made, &s.err), PLAIN_OK);
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 1);
    scene_close(&s);
}

/* A key that another transaction is about to take is waited for, as the application says. */
static void a_statement_that_fails_leaves_the_transaction_usable(void **state)
{
    struct scene s, other;

    (void)state;
    scene_open(&s);
    scene_join(&other, &s);
    scene_run(&other, "BEGIN");
    scene_enqueues(&other, "k");
    scene_run(&s, "SET lock_timeout = '50ms'; BEGIN; INSERT INTO app_user VALUES (1)");
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, PLAIN_OPTIONS(.concurrency_key = "k"),
                                         NULL, &s.err),
                     PLAIN_E_BUSY);
    assert_string_equal(s.err.sqlstate, "55P03");
    assert_false(s.err.transaction_aborted);
    scene_run(&other, "ROLLBACK");
    scene_enqueues(&s, "k");
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 1);
    assert_int_equal(bench_rows(&s.bench, "app_user"), 1);
    scene_close(&other);
    scene_close(&s);
}

static void a_lost_connection_is_told(void **state)
{
    struct scene s;
    char sql[96];
    plain_jobs *jobs = NULL;

    (void)state;
    scene_open(&s);
    scene_run(&s, "BEGIN");
    scene_enqueues(&s, "k");
    (void)snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 10000)::int",
                   PQbackendPID(s.connection));
    assert_int_equal(bench_number(&s.bench, sql), 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err),
                         PLAIN_E_UNREACHABLE);
        assert_true(s.err.transaction_aborted);
        assert_true(s.err.retryable);
    }
    assert_int_equal(plain_jobs_adopt_postgres(s.connection, NULL, &jobs, &s.err), PLAIN_E_INVALID);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 0);
    PQreset(s.connection);
    scene_enqueues(&s, "k");
    scene_close(&s);
}

static void a_schema_of_its_own_is_found(void **state)
{
    const char *url = conformance_fresh_url();
    char with_schema[600];
    struct store *store;
    PGconn *conn = PQconnectdb(url);
    plain_jobs *jobs;
    plain_error err;
    int from, to;

    (void)state;
    (void)snprintf(with_schema, sizeof(with_schema), "%s&schema=my_jobs", url);
    assert_int_equal(store_open(with_schema, 0, &store, &err), PLAIN_OK);
    assert_int_equal(store->ops->migrate(store, &from, &to, &err), PLAIN_OK);
    store_close(store);
    assert_int_equal(plain_jobs_adopt_postgres(conn, NULL, &jobs, &err), PLAIN_E_SCHEMA);
    assert_int_equal(plain_jobs_adopt_postgres(conn, "my_jobs", &jobs, &err), PLAIN_OK);
    assert_int_equal(plain_run_in_worker(jobs, &Job, NULL, NULL, NULL, &err), PLAIN_OK);
    plain_jobs_close(jobs);
    assert_string_equal(
        postgres_application_ask(conn, "SELECT count(*) FROM my_jobs.plainjobs_jobrequest"), "1");
    PQfinish(conn);
}

TRANSACTIONS_MAIN(&postgres_application, connections_that_cannot_serve_are_refused,
                  a_connection_that_changed_is_refused_later, nothing_is_left_on_the_connection,
                  settings_of_the_application_do_no_harm, a_read_only_transaction_is_told,
                  a_rule_is_refused_where_no_count_is_true, a_rule_holds_the_lock_of_class_and_key,
                  a_holder_behind_the_snapshot_is_unseen,
                  a_given_uuid_is_refused_where_others_cannot_be_seen,
                  a_given_uuid_that_the_snapshot_has_is_one_job,
                  a_statement_that_fails_leaves_the_transaction_usable, a_lost_connection_is_told,
                  a_schema_of_its_own_is_found)
