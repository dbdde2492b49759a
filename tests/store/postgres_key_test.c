/*
 * postgres_key_test.c - the triggers keep "at most one job of a class and key", whoever writes
 *
 * An application may INSERT, UPDATE, DELETE and TRUNCATE in SQL of its own, in any isolation level,
 * and call plain_jobs_enqueue(). After every step the same rules are looked at.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

enum { SQL_SIZE = 1024, RANDOM_STEPS = 600, SOON_MS = 300, LATE_MS = 10000 };

/* Jobs that are alive and hold a key, each with its uuid. */
#define ALIVE                                                                                      \
    "(SELECT uuid AS u, job_class AS c, concurrency_key AS k FROM plainjobs_jobrequest"            \
    "  WHERE concurrency_key <> '' AND key_shared IS NOT TRUE UNION ALL"                           \
    " SELECT job_request_uuid, job_class, concurrency_key FROM plainjobs_jobprocess"               \
    "  WHERE concurrency_key <> '' AND key_shared IS NOT TRUE)"

static const char *const must_be_zero[] = {
    "SELECT count(*) FROM (SELECT 1 FROM " ALIVE " a GROUP BY c, k HAVING count(*) > 1) x",
    "SELECT count(*) FROM " ALIVE " a WHERE NOT EXISTS (SELECT 1 FROM plainjobs_jobkey"
    " WHERE job_class = a.c AND concurrency_key = a.k AND request_uuid = a.u)",
};

static PGconn *connect_to(const struct bench *b)
{
    PGconn *conn = PQconnectdb(b->url);

    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    return conn;
}

/* The SQLSTATE of an error, the first value of a row, "" for none or NULL. */
static const char *outcome(const PGresult *result, char out[SQL_SIZE])
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (!sqlstate && PQntuples(result) > 0)
        sqlstate = PQgetvalue(result, 0, 0);
    (void)snprintf(out, SQL_SIZE, "%s", sqlstate ? sqlstate : "");
    return out;
}

static const char *run(PGconn *conn, const char *sql, char out[SQL_SIZE])
{
    PGresult *result = PQexec(conn, sql);

    (void)outcome(result, out);
    PQclear(result);
    return out;
}

static void expect(PGconn *conn, const char *sql, const char *expected)
{
    char out[SQL_SIZE];

    if (strcmp(run(conn, sql, out), expected) != 0)
        fail_msg("%s\ngives \"%s\", not \"%s\"", sql, out, expected);
}

static void assert_rules_hold(PGconn *conn, const char *after)
{
    char out[SQL_SIZE];

    for (size_t i = 0; i < sizeof(must_be_zero) / sizeof(must_be_zero[0]); i++) {
        if (strcmp(run(conn, must_be_zero[i], out), "0") != 0)
            fail_msg("after %s: rule %d is broken (%s)", after, (int)i, out);
    }
}

/* One digit stands for each uuid. */
#define U(c) "'" c "0000000-0000-7000-8000-000000000000'"
#define REQUEST(uuid, key)                                                                         \
    "INSERT INTO plainjobs_jobrequest (uuid, job_class, concurrency_key)"                          \
    " VALUES (" U(uuid) ", 'Job', '" key "')"
#define CLAIM(uuid)                                                                                \
    "INSERT INTO plainjobs_jobprocess (uuid, job_request_uuid, worker_id, job_class,"              \
    " concurrency_key) SELECT uuid, uuid, uuid, job_class, concurrency_key"                        \
    " FROM plainjobs_jobrequest WHERE uuid = " U(                                                  \
        uuid) ";"                                                                                  \
              " DELETE FROM plainjobs_jobrequest WHERE uuid = " U(uuid)
#define KEYS               "SELECT count(*) FROM plainjobs_jobkey"
#define CHANGE(what, uuid) "UPDATE plainjobs_jobrequest SET " what " WHERE uuid = " U(uuid)
#define REMOVE(uuid)       "DELETE FROM plainjobs_jobrequest WHERE uuid = " U(uuid)

static void every_way_of_writing_keeps_the_keys(void **state)
{
    static const struct step {
        const char *sql, *outcome;
    } steps[] = {
        {REQUEST("1", "a"), ""},
        {REQUEST("2", "a"), "PJ501"},
        {REQUEST("2", "b"), ""},
        {REQUEST("1", "c") " ON CONFLICT (uuid) DO NOTHING", ""},
        {REQUEST("3", "c"), ""}, /* the row that changed nothing holds nothing */
        {KEYS, "3"},
        {CHANGE("concurrency_key = 'a'", "2"), "PJ501"},
        {CHANGE("concurrency_key = 'd'", "2"), ""},
        {REQUEST("4", "b"), ""},
        {CHANGE("uuid = " U("5"), "2"), ""},
        {REQUEST("2", "d"), "PJ501"},
        {CHANGE("job_class = 'Other'", "5"), ""},
        {REQUEST("2", "d"), ""},
        {CHANGE("concurrency_key = ''", "2"), ""},
        {REQUEST("6", "d"), ""},
        {CHANGE("key_shared = true", "6"), ""},
        {CHANGE("concurrency_key = 'd'", "2"), ""},
        {CHANGE("key_shared = false", "6"), "PJ501"},
        {REMOVE("2"), ""},
        {CHANGE("key_shared = false", "6"), ""},
        {CLAIM("6"), ""},
        {REQUEST("7", "d"), "PJ501"},
        {"DELETE FROM plainjobs_jobprocess", ""},
        {REQUEST("7", "d"), ""},
        {CLAIM("7"), ""},
        {"TRUNCATE plainjobs_jobrequest", ""},
        {KEYS, "1"},
        {REQUEST("8", "d"), "PJ501"},
        {"TRUNCATE plainjobs_jobprocess", ""},
        {KEYS, "0"},
        {REQUEST("8", "d"), ""},
        /* Both ends of a transaction that takes a key and gives it up again. */
        {"BEGIN; " REMOVE("8") "; " REQUEST("9", "d") "; COMMIT", ""},
        {"BEGIN; " REQUEST("1", "z") "; ROLLBACK", ""},
        {KEYS, "1"},
    };
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *conn = connect_to(&b);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        expect(conn, steps[i].sql, steps[i].outcome);
        assert_rules_hold(conn, steps[i].sql);
    }
    PQfinish(conn);
    bench_close(&b);
}

/* Three uuids, keys and classes, so that nearly every statement meets another. */
static const char *random_statement(char out[SQL_SIZE])
{
    static const char *const forms[] = {
        "INSERT INTO plainjobs_jobrequest (uuid, job_class, concurrency_key, key_shared)"
        " VALUES (%s, 'C%d', 'k%d', %s)",
        "INSERT INTO plainjobs_jobrequest (uuid, job_class, concurrency_key, key_shared)"
        " VALUES (%s, 'C%d', 'k%d', %s) ON CONFLICT (uuid) DO NOTHING",
        "UPDATE plainjobs_jobrequest SET uuid = %s, job_class = 'C%d', concurrency_key = 'k%d',"
        " key_shared = %s WHERE id = (SELECT min(id) FROM plainjobs_jobrequest)",
        "DELETE FROM plainjobs_jobrequest WHERE uuid = %s OR (job_class = 'C%d' AND"
        " concurrency_key = 'k%d' AND key_shared = %s)",
        "WITH d AS (DELETE FROM plainjobs_jobrequest WHERE uuid = %s AND job_class <> 'C%d' AND"
        " concurrency_key <> 'k%d' AND key_shared IS NOT DISTINCT FROM %s RETURNING *)"
        " INSERT INTO plainjobs_jobprocess (job_request_uuid, worker_id, job_class,"
        " concurrency_key, key_shared) SELECT uuid, uuid, job_class, concurrency_key, key_shared"
        " FROM d",
        "DELETE FROM plainjobs_jobprocess WHERE job_request_uuid = %s OR (job_class = 'C%d' AND"
        " concurrency_key = 'k%d' AND key_shared = %s)",
        "WITH d AS (DELETE FROM plainjobs_jobprocess WHERE job_request_uuid = %s OR"
        " job_class = 'C%d' OR concurrency_key = 'k%d' AND key_shared = %s RETURNING *)"
        " INSERT INTO plainjobs_jobrequest (uuid, job_class, concurrency_key, key_shared)"
        " SELECT DISTINCT ON (job_request_uuid) job_request_uuid, job_class, concurrency_key,"
        " key_shared FROM d",
    };
    static const char *const uuids[] = {U("1"), U("2"), U("3"), U("4")};
    long r = random();

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(out, SQL_SIZE, forms[r % 7], uuids[r / 7 % 4], (int)(r / 28 % 2),
                   (int)(r / 56 % 3), r / 168 % 4 == 0 ? "true" : "NULL");
#pragma GCC diagnostic pop
    return out;
}

static void random_statements_keep_the_keys(void **state)
{
    char sql[SQL_SIZE], out[SQL_SIZE];
    struct bench b;

    (void)state;
    srandom(1);
    bench_open(&b);
    PGconn *conn = connect_to(&b);
    for (int i = 0; i < RANDOM_STEPS; i++) {
        (void)run(conn, random_statement(sql), out);
        assert_rules_hold(conn, sql);
    }
    PQfinish(conn);
    bench_close(&b);
}

/*
 * Two transactions at once.
 */

#define ENQUEUE "SELECT plain_jobs_enqueue('Job', concurrency_key => 'k') IS NOT NULL"

static bool is_done_within(PGconn *conn, int ms)
{
    int64_t until = clock_mono_us() + (int64_t)ms * US_PER_MS;

    while (PQisBusy(conn)) {
        struct pollfd p = {.fd = PQsocket(conn), .events = POLLIN};
        int64_t left_us = until - clock_mono_us();

        if (left_us <= 0)
            return false;
        (void)poll(&p, 1, (int)(left_us / US_PER_MS) + 1);
        assert_int_equal(PQconsumeInput(conn), 1);
    }
    return true;
}

/* The second enqueues while the first has done its part; then the first ends so, and the second is
 * expected to give that. */
static void race(const char *first_does, const char *first_ends, const char *second_gives)
{
    char out[SQL_SIZE];
    struct bench b;

    bench_open(&b);
    PGconn *first = connect_to(&b), *second = connect_to(&b);
    (void)run(first, first_does, out);
    assert_int_equal(PQsendQuery(second, ENQUEUE), 1);
    if (is_done_within(second, SOON_MS))
        fail_msg("after %s nobody waits", first_does);
    (void)run(first, first_ends, out);
    assert_true(is_done_within(second, LATE_MS));
    PGresult *result = PQgetResult(second);
    if (strcmp(outcome(result, out), second_gives) != 0)
        fail_msg("%s; %s: gives %s, not %s", first_does, first_ends, out, second_gives);
    PQclear(result);
    assert_rules_hold(first, first_does);
    PQfinish(first);
    PQfinish(second);
    bench_close(&b);
}

static void an_enqueue_waits_for_who_takes_or_frees_the_key(void **state)
{
    (void)state;
    race("BEGIN; " REQUEST("1", "k"), "COMMIT", "f");
    race("BEGIN; " REQUEST("1", "k"), "ROLLBACK", "t");
#define HELD "BEGIN; " REQUEST("1", "k") "; COMMIT; BEGIN; "
    race(HELD REMOVE("1"), "COMMIT", "t");
    race(HELD REMOVE("1"), "ROLLBACK", "f");
    race(HELD REMOVE("1") "; " REQUEST("2", "k"), "COMMIT", "f");
}

/* What an old snapshot cannot see is refused all the same. */
static void an_old_snapshot_is_skipped_too(void **state)
{
    static const char *const levels[] = {"REPEATABLE READ", "SERIALIZABLE"};
    char sql[SQL_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        struct bench b;

        bench_open(&b);
        PGconn *old = connect_to(&b), *other = connect_to(&b);
        (void)snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL %s; " KEYS, levels[i]);
        expect(old, sql, "0");
        expect(other, ENQUEUE, "t");
        expect(old, ENQUEUE, "f");
        expect(old, "COMMIT", "");
        assert_rules_hold(other, levels[i]);
        PQfinish(old);
        PQfinish(other);
        bench_close(&b);
    }
}

/*
 * plain_jobs_enqueue().
 */

static void the_function_checks_and_repeats(void **state)
{
#define CALL(arguments) "SELECT plain_jobs_enqueue('Job'" arguments ")"
#define STORED          "SELECT parameters FROM plainjobs_jobrequest ORDER BY id DESC LIMIT 1"
    static const struct step {
        const char *sql, *outcome;
    } steps[] = {
        {CALL(", delay => '1 s', start_at => now()"), "PJ105"},
        {CALL(", delay => '-1 s'"), "PJ105"},
        {CALL(", retries => -1"), "PJ105"},
        {CALL(", retries => 32768"), "PJ105"},
        {CALL(", priority => 32768"), "PJ105"},
        {CALL(", '[1]'"), "PJ602"},
        {CALL(", NULL"), "PJ602"},
        {"SELECT plain_jobs_enqueue('')", "PJ105"},
        {"SELECT plain_jobs_enqueue(NULL)", "PJ105"},
        {"SELECT plain_jobs_enqueue(repeat('J', 256))", "PJ105"},
        {CALL(", queue => ''"), "PJ105"},
        {CALL(", queue => NULL"), "PJ105"},
        {CALL(", concurrency_key => NULL"), "PJ105"},
        {CALL(", concurrency_key => repeat('k', 256)"), "PJ105"},
        {CALL(", source => NULL"), "PJ105"},
        {CALL(", start_at => 'infinity'"), "PJ105"},
        {CALL(", uuid => '00000000-0000-0000-0000-000000000000'"), "PJ105"},
        {"SELECT count(*) FROM plainjobs_jobrequest", "0"},
        {CALL(", uuid => " U("1") ", concurrency_key => 'a'"),
         "10000000-0000-7000-8000-000000000000"},
        {STORED, "{\"args\": [], \"kwargs\": {}}"},
        {CALL(", uuid => " U("1") ", concurrency_key => 'a'"),
         "10000000-0000-7000-8000-000000000000"},
        {CALL(", concurrency_key => 'a'"), ""},
        {CLAIM("1"), ""},
        {CALL(", uuid => " U("1")), "10000000-0000-7000-8000-000000000000"},
        {"SELECT count(*) FROM plainjobs_jobrequest", "0"},
        {CALL(", '{\"n\": 1}', uuid => " U("2")), "20000000-0000-7000-8000-000000000000"},
        {STORED, "{\"args\": [], \"kwargs\": {\"n\": 1}}"},
        {CALL(", '{\"args\": [1], \"kwargs\": {}}', uuid => " U("3")),
         "30000000-0000-7000-8000-000000000000"},
        {STORED, "{\"args\": [1], \"kwargs\": {}}"},
        {CALL(", delay => '1 h', uuid => " U("4")), "40000000-0000-7000-8000-000000000000"},
        {"SELECT due_at - created_at FROM plainjobs_jobrequest ORDER BY id DESC LIMIT 1",
         "01:00:00"},
    };
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *conn = connect_to(&b);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        expect(conn, steps[i].sql, steps[i].outcome);
    PQfinish(conn);
    bench_close(&b);
}

/* All sessions share one table of locks: a lock for each job of a transaction would fill it. */
static void enqueueing_in_one_transaction_keeps_no_lock_for_each_job(void **state)
{
    static const char locks[] =
        "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'";
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *conn = connect_to(&b);
    expect(conn, "BEGIN", "");
    expect(conn,
           "SELECT count(plain_jobs_enqueue('Job', uuid => gen_random_uuid()))"
           "  FROM generate_series(1, 100)",
           "100");
    expect(conn, locks, "0");
    expect(conn, "COMMIT", "");
    PQfinish(conn);
    bench_close(&b);
}

/* A plan that was made while all was empty and vacuumed read whole tables, and was kept. */
static void plans_of_empty_tables_do_not_stay(void **state)
{
    static const char *const empty[] = {"VACUUM plainjobs_jobkey", "VACUUM plainjobs_jobprocess",
                                        "VACUUM plainjobs_jobrequest", "VACUUM plainjobs_jobresult",
                                        "SET plan_cache_mode = force_generic_plan"};
    static const char *const unknown[] = {"SELECT plain_jobs_cancel(gen_random_uuid())",
                                          "SELECT plain_jobs_delete(gen_random_uuid())"};
    static const char some[] = "SELECT count(plain_jobs_enqueue('Job', uuid => gen_random_uuid(),"
                               " concurrency_key => gen_random_uuid()::text))"
                               " FROM generate_series(1, 500)";
    static const char read[] =
        "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables"
        " WHERE relname IN ('plainjobs_jobkey', 'plainjobs_jobrequest', 'plainjobs_jobresult')";
    struct bench b;

    (void)state;
    bench_open(&b);
    PGconn *conn = connect_to(&b);
    for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
        expect(conn, empty[i], "");
    expect(conn, "BEGIN", "");
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        expect(conn, unknown[i], "");
    expect(conn, some, "500");
    expect(conn, some, "500");
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        expect(conn, unknown[i], "");
    expect(conn, read, "0");
    expect(conn, "COMMIT", "");
    PQfinish(conn);
    bench_close(&b);
}

/* A keyed successor is inserted by the statement that deletes its attempt, and takes over the key;
 * also many at once. */
static void many_keys_pass_to_successors_in_one_statement(void **state)
{
    enum { JOBS = 50 };
    struct job_end ends[JOBS];
    struct bench b;
    char key[16];

    (void)state;
    bench_open(&b);
    for (int i = 0; i < JOBS; i++) {
        struct new_request r = request_default();
        (void)snprintf(key, sizeof(key), "key-%d", i);
        r.concurrency_key = key;
        (void)bench_enqueue(&b, &r);
    }
    PGconn *conn = connect_to(&b);
    for (int round = 0; round < 3; round++) {
        struct cycle_result out = bench_claim(&b, JOBS);
        assert_int_equal(out.claim_count, JOBS);
        assert_rules_hold(conn, "claim");
        for (int i = 0; i < JOBS; i++) {
            ends[i] = end_of(&out.claims[i], JOB_ERRORED);
            ends[i].successor = plain_uuid_new();
            ends[i].successor_retry_attempt = round + 1;
        }
        assert_int_equal(bench_cycle(&b, &(struct cycle){.ends = ends, .end_count = JOBS}).ended,
                         JOBS);
        assert_rules_hold(conn, "finish");
        expect(conn, KEYS, "50");
    }
    PQfinish(conn);
    bench_close(&b);
}

DATABASE_MAIN(&cluster_database, every_way_of_writing_keeps_the_keys,
              random_statements_keep_the_keys, an_enqueue_waits_for_who_takes_or_frees_the_key,
              an_old_snapshot_is_skipped_too, the_function_checks_and_repeats,
              enqueueing_in_one_transaction_keeps_no_lock_for_each_job,
              plans_of_empty_tables_do_not_stay, many_keys_pass_to_successors_in_one_statement)
