/* postgres_sql_test.c - every statement is prepared, the hot ones are looked at as they are planned
 */
#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/text.h"
#include "store/sql_names.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

extern const char *const sql_postgres[SQL_COUNT];

enum { PARAMETERS_MAX = 32, TYPE_SIZE = 32, LINE_SIZE = 256, SQL_SIZE = 32 * 1024, ROWS = 100000 };

static const char *const names[SQL_COUNT] = {
#define NAME(name) #name,
    SQL_NAME_MAP(NAME)
#undef NAME
};

static PGresult *run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", sql, PQerrorMessage(conn));
    return result;
}

/* A connection to a migrated database. */
static PGconn *connect_migrated(struct bench *b)
{
    bench_open(b);
    PGconn *conn = PQconnectdb(b->url);
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    return conn;
}

/* The text of a statement as the store sends it. */
static const char *text_of(enum sql_name name, char out[SQL_SIZE])
{
    static const char place[] = "{schema}";
    struct buf b = BUF_INIT(SQL_SIZE);
    const char *sql = sql_postgres[name];

    for (const char *p = strstr(sql, place); p; p = strstr(sql, place)) {
        buf_put(&b, sql, (size_t)(p - sql));
        buf_puts(&b, "\"public\"");
        sql = p + strlen(place);
    }
    buf_puts(&b, sql);
    assert_true(buf_ok(&b));
    (void)text_copy(out, SQL_SIZE, b.data);
    buf_release(&b);
    return out;
}

/*
 * The comments: "-- $1 text[]  queues" under "-- :name claim_jobs".
 */

struct comments {
    int count;
    char types[PARAMETERS_MAX][TYPE_SIZE];
};
static struct comments comments[SQL_COUNT];

static enum sql_name name_number(const char *name)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        if (text_equal_nocase(names[i], name))
            return (enum sql_name)i;
    }
    fail_msg("%s stands in no enum", name);
    return SQL_COUNT;
}

static void read_comments(const char *path)
{
    FILE *f = fopen(path, "re");
    char line[LINE_SIZE], name[LINE_SIZE];
    struct comments *c = NULL;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        char type[TYPE_SIZE];
        int number;

        if (sscanf(line, "-- :name %255s", name) == 1) {
            c = &comments[name_number(name)];
        } else if (sscanf(line, "-- $%d %31s", &number, type) == 2) {
            assert_non_null(c);
            assert_int_equal(number, c->count + 1);
            (void)text_copy(c->types[c->count++], TYPE_SIZE, type);
        }
    }
    (void)fclose(f);
}

/* This file as the compiler was told of it: from here, or from the build folder that holds us. */
static void source_folder(char out[PATH_MAX])
{
    char exe[PATH_MAX] = "";
    char path[3 * PATH_MAX];
    char *folder = strrchr(__FILE__, '/');

    assert_non_null(folder);
    if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
        fail();
    *strrchr(exe, '/') = '\0';
    (void)snprintf(path, sizeof(path), "%.*s", (int)(folder - __FILE__), __FILE__);
    if (access(path, R_OK) != 0)
        (void)snprintf(path, sizeof(path), "%s/../%.*s", exe, (int)(folder - __FILE__), __FILE__);
    if (!realpath(path, out))
        fail_msg("no folder %s", path);
}

static void read_all_comments(void)
{
    char here[PATH_MAX], pattern[2 * PATH_MAX];
    glob_t files;

    source_folder(here);
    (void)snprintf(pattern, sizeof(pattern), "%s/../../src/store/postgres/sql/*.sql", here);
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        read_comments(files.gl_pathv[i]);
    globfree(&files);
}

static Oid type_number(PGconn *conn, const char *type)
{
    const char *values[] = {type};
    PGresult *result =
        PQexecParams(conn, "SELECT $1::regtype::oid", 1, NULL, values, NULL, NULL, 0);

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("type %s: %s", type, PQerrorMessage(conn));
    Oid oid = (Oid)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return oid;
}

static void check_block(PGconn *conn, enum sql_name name)
{
    char sql[SQL_SIZE];
    const struct comments *c = &comments[name];
    PGresult *prepared = PQprepare(conn, names[name], text_of(name, sql), 0, NULL);

    if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", names[name], PQerrorMessage(conn));
    PGresult *described = PQdescribePrepared(conn, names[name]);
    if (PQnparams(described) != c->count)
        fail_msg("%s has %d parameters, its comment %d", names[name], PQnparams(described),
                 c->count);
    for (int i = 0; i < c->count; i++) {
        if (PQparamtype(described, i) != type_number(conn, c->types[i]))
            fail_msg("%s: $%d is no %s", names[name], i + 1, c->types[i]);
    }
    PQclear(described);
    PQclear(prepared);
}

static void every_block_has_the_parameters_of_its_comment(void **state)
{
    struct bench b;
    int blocks = 0;

    (void)state;
    read_all_comments();
    PGconn *conn = connect_migrated(&b);
    for (int i = 0; i < SQL_COUNT; i++) {
        if (!sql_postgres[i])
            continue;
        check_block(conn, (enum sql_name)i);
        blocks++;
    }
    assert_true(blocks >= 18);
    PQfinish(conn);
    bench_close(&b);
}

/*
 * Plans.
 */

static void explain(PGconn *conn, enum sql_name name, struct buf *plan)
{
    char sql[SQL_SIZE];

    PGresult *prepared = PQprepare(conn, names[name], text_of(name, sql), 0, NULL);
    assert_int_equal(PQresultStatus(prepared), PGRES_COMMAND_OK);
    PGresult *described = PQdescribePrepared(conn, names[name]);
    int count = PQnparams(described);
    (void)snprintf(sql, sizeof(sql), "EXPLAIN (COSTS OFF) EXECUTE \"%s\" (NULL", names[name]);
    for (int i = 1; i < count; i++)
        (void)snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ", NULL");
    (void)snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ")");
    PGresult *result = run(conn, sql);
    for (int row = 0; row < PQntuples(result); row++)
        buf_putf(plan, "%s\n", PQgetvalue(result, row, 0));
    assert_true(buf_ok(plan));
    PQclear(result);
    PQclear(described);
    PQclear(prepared);
}

/* What a statement must not do, however many rows there are. */
static void refuse_scans(const char *name, const char *plan)
{
    static const char *const bad[] = {"Seq Scan on plainjobs_", "Hash Join", "Merge Join",
                                      "Bitmap Heap Scan"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (strstr(plan, bad[i]))
            fail_msg("%s has a %s:\n%s", name, bad[i], plan);
    }
    /* What was found may be sorted, at most a batch; what is pending may not. */
    for (const char *p = strstr(plan, "->  Sort\n"); p; p = strstr(p + 1, "->  Sort\n")) {
        const char *input = strstr(p + 1, "->  ");

        if (!input || (strncmp(input, "->  CTE Scan", 12) != 0 && !strstr(input, "Aggregate\n")))
            fail_msg("%s sorts rows of a table:\n%s", name, plan);
    }
}

/* The plan that a statement gets in a transaction that begins with gate. */
static void check_plan(PGconn *conn, enum sql_name gate, enum sql_name name)
{
    struct buf plan = BUF_INIT(SQL_SIZE);
    char sql[SQL_SIZE];

    PQclear(run(conn, "DEALLOCATE ALL"));
    PQclear(run(conn, "BEGIN"));
    PQclear(run(conn, text_of(SQL_POOLED_SETTINGS, sql)));
    PQclear(run(conn, text_of(gate, sql)));
    explain(conn, name, &plan);
    refuse_scans(names[name], plan.data);
    PQclear(run(conn, "ROLLBACK"));
    buf_release(&plan);
}

static void check_hot_plans(PGconn *conn)
{
    static const struct {
        enum sql_name gate, name;
    } hot[] = {{SQL_CLAIM_GATE, SQL_CLAIM_JOBS},       {SQL_LISTEN_SETTINGS, SQL_CLAIM_TOLD},
               {SQL_PLAN_SWITCHES, SQL_FINISH_JOBS},   {SQL_PLAN_SWITCHES, SQL_FINISH_PLAIN},
               {SQL_PLAN_SWITCHES, SQL_RELEASE_JOBS},  {SQL_PLAN_SWITCHES, SQL_NEXT_DUE},
               {SQL_PLAN_SWITCHES, SQL_CLEAR_RESULTS}, {SQL_PLAN_SWITCHES, SQL_PURGE_REQUESTS},
               {SQL_PLAN_SWITCHES, SQL_COUNT_AHEAD}};

    for (size_t i = 0; i < sizeof(hot) / sizeof(hot[0]); i++)
        check_plan(conn, hot[i].gate, hot[i].name);
}

static void fill(PGconn *conn, const char *table, const char *columns, const char *values)
{
    char sql[1024];

    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO plainjobs_%s (job_class, %s) SELECT 'Job', %s"
                   " FROM generate_series(1, %d) g",
                   table, columns, values, (int)ROWS);
    PQclear(run(conn, sql));
}

/* On empty tables too: a plan that was made then is used until statistics are taken. */
static void hot_statements_walk_an_index(void **state)
{
    struct bench b;

    (void)state;
    PGconn *conn = connect_migrated(&b);
    check_hot_plans(conn);
    fill(conn, "jobrequest", "priority, start_at",
         "g % 5, CASE WHEN g % 2 = 0 THEN now() + g * interval '1 s' END");
    fill(conn, "jobprocess", "job_request_uuid, worker_id", "gen_random_uuid(), gen_random_uuid()");
    check_hot_plans(conn);
    PQclear(run(conn, "ANALYZE"));
    check_hot_plans(conn);
    PQfinish(conn);
    bench_close(&b);
}

/* How many blocks a statement looks at, with all that it calls. */
static int64_t blocks_of(PGconn *conn, const char *statement)
{
    char sql[1024];
    int64_t blocks = 0;

    (void)snprintf(sql, sizeof(sql),
                   "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT JSON) %s", statement);
    PGresult *result = run(conn, sql);
    static const char *const names_of[] = {"\"Shared Hit Blocks\": ", "\"Shared Read Blocks\": "};
    for (size_t i = 0; i < sizeof(names_of) / sizeof(names_of[0]); i++) {
        const char *at = strstr(PQgetvalue(result, 0, 0), names_of[i]);

        assert_non_null(at);
        blocks += strtol(strchr(at, ':') + 1, NULL, 10);
    }
    PQclear(result);
    return blocks;
}

/* Of a claim from the front on, which is not committed. */
static int64_t blocks_of_claim(PGconn *conn, const struct bench *b)
{
    char sql[SQL_SIZE], worker[PLAIN_UUID_TEXT];

    PQclear(run(conn, "BEGIN"));
    PQclear(run(conn, text_of(SQL_PLAN_SWITCHES, sql)));
    PGresult *prepared = PQprepare(conn, "claim", text_of(SQL_CLAIM_JOBS, sql), 0, NULL);
    assert_int_equal(PQresultStatus(prepared), PGRES_COMMAND_OK);
    PQclear(prepared);
    (void)snprintf(sql, sizeof(sql),
                   "EXECUTE claim ('{default}', '{-32768}', '{-infinity}', '{0}', '{Job}', 10,"
                   " ARRAY[gen_random_uuid()], '%s')",
                   plain_uuid_format(&b->worker.id, worker));
    int64_t blocks = blocks_of(conn, sql);
    PQclear(run(conn, "ROLLBACK"));
    PQclear(run(conn, "DEALLOCATE claim"));
    return blocks;
}

/* Delayed rows of a priority lie behind its due ones, and are not read. Counted in buffers, since
 * time says little on a busy machine. */
static void a_claim_does_not_read_what_is_delayed(void **state)
{
    struct bench b;

    (void)state;
    PGconn *conn = connect_migrated(&b);
    fill(conn, "jobrequest", "priority, start_at", "9, now() + interval '1 day'");
    PQclear(run(conn, "INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job')"));
    assert_in_range(blocks_of_claim(conn, &b), 1, 100);
    PQfinish(conn);
    bench_close(&b);
}

/* Entries of the index stay when their rows are gone, until it is vacuumed. */
static void a_claim_does_not_walk_over_what_was_claimed(void **state)
{
    struct bench b;
    plain_error err;

    (void)state;
    PGconn *conn = connect_migrated(&b);
    PQclear(run(conn, "ALTER TABLE plainjobs_jobrequest SET (autovacuum_enabled = off)"));
    fill(conn, "jobrequest", "priority", "0");
    PQclear(run(conn, "DELETE FROM plainjobs_jobrequest"));
    PQclear(run(conn, "INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job')"));
    int64_t before = blocks_of_claim(conn, &b);
    assert_int_equal(b.store->ops->tidy(b.store, TIDY_REQUESTS, &err), PLAIN_OK);
    int64_t after = blocks_of_claim(conn, &b);
    assert_in_range(before, 500, ROWS);
    assert_in_range(after, 1, 100);
    PQfinish(conn);
    bench_close(&b);
}

/* The place of what has ended is used again. */
static void the_table_of_claimed_jobs_does_not_grow_with_what_has_ended(void **state)
{
    static const char size[] = "SELECT pg_relation_size('plainjobs_jobprocess')";
    struct bench b;
    plain_error err;

    (void)state;
    PGconn *conn = connect_migrated(&b);
    PQclear(run(conn, "ALTER TABLE plainjobs_jobprocess SET (autovacuum_enabled = off)"));
    fill(conn, "jobprocess", "job_request_uuid, worker_id", "gen_random_uuid(), gen_random_uuid()");
    int64_t before = bench_number(&b, size);
    PQclear(run(conn, "DELETE FROM plainjobs_jobprocess"));
    assert_int_equal(b.store->ops->tidy(b.store, TIDY_PROCESSES, &err), PLAIN_OK);
    fill(conn, "jobprocess", "job_request_uuid, worker_id", "gen_random_uuid(), gen_random_uuid()");
    assert_true(before > 0);
    assert_int_equal(bench_number(&b, size), before);
    PQfinish(conn);
    bench_close(&b);
}

/* Cancelling, deleting and showing a job cost the same whatever has ended: the attempts of a job
 * are found by an index, those of one that was retried by another. */
static void a_job_is_found_without_reading_the_others(void **state)
{
    static const char *const what[] = {
        "SELECT plain_jobs_cancel('10000000-0000-7000-8000-000000000000')",
        "SELECT * FROM plainjobs_attempts('10000000-0000-7000-8000-000000000000')",
        "EXECUTE find ('10000000-0000-7000-8000-000000000000', 51)",
        "SELECT plain_jobs_delete('10000000-0000-7000-8000-000000000000')",
    };
    struct bench b;
    char sql[SQL_SIZE];

    (void)state;
    PGconn *conn = connect_migrated(&b);
    fill(conn, "jobresult", "status, job_process_uuid, job_request_uuid, root_uuid",
         "'ERRORED', gen_random_uuid(), gen_random_uuid(), gen_random_uuid()");
    PQclear(run(conn,
                "UPDATE plainjobs_jobresult SET worker_id = NULL,"
                " root_uuid = '10000000-0000-7000-8000-000000000000' WHERE id IN (1, 50000)"));
    PQclear(run(conn, "UPDATE plainjobs_jobresult SET"
                      " job_request_uuid = '10000000-0000-7000-8000-000000000000' WHERE id = 1"));
    PQclear(run(conn, "VACUUM ANALYZE plainjobs_jobresult"));
    fill(conn, "jobrequest", "uuid, root_uuid", "gen_random_uuid(), gen_random_uuid()");
    PQclear(run(conn, "VACUUM ANALYZE plainjobs_jobrequest"));
    PGresult *prepared = PQprepare(conn, "find", text_of(SQL_FIND_JOB, sql), 0, NULL);
    assert_int_equal(PQresultStatus(prepared), PGRES_COMMAND_OK);
    PQclear(prepared);
    for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        int64_t blocks = blocks_of(conn, what[i]);

        if (blocks < 1 || blocks > 1000)
            fail_msg("%s reads %lld blocks", what[i], (long long)blocks);
    }
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult"), ROWS - 2);
    PQfinish(conn);
    bench_close(&b);
}

/* What the server has counted of the reads of pending rows. A server process tells it when it ends,
 * which the client does not wait for. */
static int64_t counted_reads(struct bench *b, const char *column)
{
    char sql[256];

    (void)snprintf(sql, sizeof(sql),
                   "SELECT COALESCE(sum(%s), 0)::int8 FROM pg_stat_user_tables"
                   " WHERE relname = 'plainjobs_jobrequest'",
                   column);
    return bench_number(b, sql);
}

/* A plan for the rows that a queue has on the average reads all of the table for one that has few.
 */
static void figures_of_a_small_queue_do_not_read_the_large_one(void **state)
{
    struct queue_stats *queues;
    struct bench b, other;
    size_t count = 0;

    (void)state;
    PGconn *conn = connect_migrated(&b);
    PQclear(run(conn, "ALTER TABLE plainjobs_jobrequest SET (autovacuum_enabled = off)"));
    fill(conn, "jobrequest", "queue", "CASE WHEN g <= 20 THEN 'small' ELSE 'large' END");
    PQclear(run(conn, "ANALYZE plainjobs_jobrequest"));
    PQclear(run(conn, "SELECT pg_stat_force_next_flush()"));
    PQfinish(conn);
    int64_t before = counted_reads(&b, "idx_scan");
    int64_t seq_before = counted_reads(&b, "seq_scan");
    bench_join(&other, &b);
    assert_int_equal(
        other.store->ops->queue_stats(other.store, &other.arena, &queues, &count, &other.err),
        PLAIN_OK);
    assert_int_equal(count, 2);
    assert_int_equal(queues[0].pending, STORE_QUEUE_COUNT_MAX);
    assert_int_equal(queues[1].pending, 20);
    bench_close(&other);
    while (counted_reads(&b, "idx_scan") == before)
        (void)usleep(10000);
    assert_int_equal(counted_reads(&b, "seq_scan"), seq_before);
    bench_close(&b);
}

/* On a level of its priority that is full, whatever is due behind it. */
static void what_is_ahead_of_the_first_is_found_without_reading_the_others(void **state)
{
    struct bench b;
    char sql[SQL_SIZE];

    (void)state;
    PGconn *conn = connect_migrated(&b);
    PQclear(run(conn, "ALTER TABLE plainjobs_jobrequest SET (autovacuum_enabled = off)"));
    PQclear(run(conn, "INSERT INTO plainjobs_jobrequest (uuid, job_class, priority)"
                      " VALUES ('10000000-0000-7000-8000-000000000000', 'Job', 1)"));
    fill(conn, "jobrequest", "priority", "g % 2");
    PQclear(run(conn, "BEGIN"));
    PQclear(run(conn, text_of(SQL_PLAN_SWITCHES, sql)));
    PGresult *prepared = PQprepare(conn, "ahead", text_of(SQL_COUNT_AHEAD, sql), 0, NULL);
    assert_int_equal(PQresultStatus(prepared), PGRES_COMMAND_OK);
    PQclear(prepared);
    assert_in_range(
        blocks_of(conn, "EXECUTE ahead ('10000000-0000-7000-8000-000000000000', 10000)"), 1, 100);
    PQclear(run(conn, "ROLLBACK"));
    PQfinish(conn);
    bench_close(&b);
}

int main(void)
{
    static harness_test *const tests[] = {
        every_block_has_the_parameters_of_its_comment,
        hot_statements_walk_an_index,
        a_claim_does_not_read_what_is_delayed,
        a_claim_does_not_walk_over_what_was_claimed,
        the_table_of_claimed_jobs_does_not_grow_with_what_has_ended,
        a_job_is_found_without_reading_the_others,
        figures_of_a_small_queue_do_not_read_the_large_one,
        what_is_ahead_of_the_first_is_found_without_reading_the_others};

    conformance_use(&cluster_database);
    return harness_run(__FILE__,
                       "every_block_has_the_parameters_of_its_comment,"
                       "hot_statements_walk_an_index, a_claim_does_not_read_what_is_delayed,"
                       "a_claim_does_not_walk_over_what_was_claimed,"
                       "the_table_of_claimed_jobs_does_not_grow_with_what_has_ended,"
                       "a_job_is_found_without_reading_the_others,"
                       "figures_of_a_small_queue_do_not_read_the_large_one,"
                       "what_is_ahead_of_the_first_is_found_without_reading_the_others",
                       tests, sizeof(tests) / sizeof(tests[0]));
}
