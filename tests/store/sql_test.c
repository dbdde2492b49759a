/*
 * sql_test.c - every statement for SQLite is understood by a freshly migrated database, takes the
 * parameters that its comment names, and the hot ones go by an index
 *
 * Run from the top of the tree: the comments are read from src/store/sqlite/sql.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sqlite3.h>

#include "base/text.h"
#include "store/sql_names.h"
#include "tests/store/sqlite_database.h"

static const char sql_folder[] = "src/store/sqlite/sql";

extern const char *const sql_sqlite[SQL_COUNT];

#define SQL_NAME_TEXT(name) #name,
static const char *const names[SQL_COUNT] = {SQL_NAME_MAP(SQL_NAME_TEXT)};

/* What other databases do in another way, and why SQLite needs no such statement. */
static const struct excuse {
    enum sql_name name;
    const char *why;
} excuses[] = {
    {SQL_FINISH_JOBS, "insert_result, delete_process and insert_successor, for each end"},
    {SQL_FINISH_PLAIN, "the same"},
    {SQL_RETRY_RESULT, "find_result, insert_successor and link_retry"},
    {SQL_CANCEL_JOB, "cancel_pending, cancel_request and cancel_running"},
    {SQL_STILL_PROCESSING, "no transaction is open while another writes"},
    {SQL_SESSION_SETTINGS, "a server's"},
    {SQL_PLAN_SWITCHES, "a server's"},
    {SQL_LOCK_MIGRATIONS, "begin_write locks the file"},
    {SQL_CLAIM_GATE, "begin_write locks the file"},
    {SQL_LISTEN_SETTINGS, "there are no plans to switch off"},
    {SQL_CLAIM_TOLD, "who enqueued tells nothing but that something came"},
    {SQL_SETTLE_CLAIMS, "a connection that is lost is closed, with its transaction"},
    {SQL_END_LOST, "likewise"},
    {SQL_ENQUEUE_NEW, "enqueue"},
    {SQL_BEGIN_SNAPSHOT, "begin_read is one"},
    {SQL_NOW, "the clock is the host's"},
    {SQL_IDENTIFY, "the file's path"},
    {SQL_BEGIN_COMMITTED, "there is one level of isolation"},
    {SQL_ADOPT, "encoding and query_only"},
    {SQL_RULE_LOCK, "begin_write locks the file"},
    {SQL_IS_REPEATED, "find_repeated"},
    {SQL_TAKE_BACK, "nobody else writes meanwhile"},
    {SQL_SEE_COMMITS, "there is one level of isolation"},
    {SQL_ENQUEUE_SHARED, "enqueue"},
    {SQL_MANY_REPEATED, "find_repeated, for each request"},
    {SQL_MANY_KEYS, "enqueue, for each request"},
    {SQL_MANY_HOLDERS, "key_holder, for each request"},
    {SQL_MANY_REQUESTS, "enqueue, for each request"},
    {SQL_MANY_REPEATABLE, "enqueue, for each request"},
    {SQL_MARK_IDLE, "all workers are told"},
    {SQL_LISTEN, "sockets and a watch"},
    {SQL_POOLED_SETTINGS, "there is no pooler"},
    {SQL_DROP_SCRATCH, "the file is deleted"},
    {SQL_TIDY_REQUESTS, "an index has no dead entries"},
    {SQL_TIDY_PROCESSES, "nor has a table dead rows"},
    {SQL_MANY_TAKEN_BACK, "nobody else writes meanwhile"},
    {SQL_DELETE_JOB, "delete_result, delete_request and what stands beside them"},
};

static bool is_excused(enum sql_name name)
{
    for (size_t i = 0; i < ARRAY_SIZE(excuses); i++) {
        if (excuses[i].name == name)
            return true;
    }
    return false;
}

static void every_name_is_answered_or_excused(void **state)
{
    (void)state;
    for (int i = 0; i < SQL_COUNT; i++) {
        if (!sql_sqlite[i] && !is_excused((enum sql_name)i))
            fail_msg("%s has no block and no excuse", names[i]);
        if (sql_sqlite[i] && is_excused((enum sql_name)i))
            fail_msg("%s has a block and an excuse", names[i]);
    }
}

static sqlite3_stmt *prepare(sqlite3 *db, int name)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(db, sql_sqlite[name], -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", names[name], sqlite3_errmsg(db));
    assert_non_null(stmt);
    return stmt;
}

/* The highest parameter that the comments of each block name. */
static void read_comments(int parameters[SQL_COUNT], const char *file)
{
    char path[512], line[512], word[64];
    int current = -1;
    int n;

    (void)snprintf(path, sizeof(path), "%s/%s", sql_folder, file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "-- :name %63s", word) == 1) {
            current = -1;
            for (int i = 0; i < SQL_COUNT; i++) {
                if (strcasecmp(names[i], word) == 0)
                    current = i;
            }
            assert_true(current >= 0);
        } else if (current >= 0 && sscanf(line, "-- %*[?$]%d %63s", &n, word) == 2) {
            if (n != parameters[current] + 1)
                fail_msg("%s: parameter %d is out of order", names[current], n);
            parameters[current] = n;
        }
    }
    (void)fclose(f);
}

static void every_block_takes_the_parameters_of_its_comment(void **state)
{
    int parameters[SQL_COUNT] = {0};
    struct dirent *entry;
    struct bench b;

    (void)state;
    DIR *folder = opendir(sql_folder);
    if (!folder)
        fail_msg("no %s here: run from the top of the tree", sql_folder);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] != '.')
            read_comments(parameters, entry->d_name);
    }
    (void)closedir(folder);
    bench_open(&b);
    for (int i = 0; i < SQL_COUNT; i++) {
        if (!sql_sqlite[i])
            continue;
        sqlite3_stmt *stmt = prepare(sqlite_database_inside(&b), i);
        if (sqlite3_bind_parameter_count(stmt) != parameters[i])
            fail_msg("%s takes %d parameters, its comment names %d", names[i],
                     sqlite3_bind_parameter_count(stmt), parameters[i]);
        (void)sqlite3_finalize(stmt);
    }
    bench_close(&b);
}

/* 100,000 requests that wait, 100,000 results, 1,000 processes. */
static void fill(const struct bench *b)
{
    sqlite3 *db = sqlite_database_inside(b);

    sqlite_database_hurry(b);
    (void)sqlite_database_run(
        db, "BEGIN;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            "INSERT INTO plainjobs_jobrequest (job_class, parameters, queue, priority, start_at)"
            " SELECT 'Job', '{}', CASE WHEN i % 2 THEN 'default' ELSE 'mail' END, i % 10,"
            " CASE WHEN i % 3 THEN NULL ELSE 4000000000000000 + i END FROM n;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            "INSERT INTO plainjobs_jobresult (uuid, created_at, job_process_uuid,"
            " job_request_uuid, root_uuid, run_no, status, job_class)"
            " SELECT randomblob(16), i, randomblob(16), randomblob(16), randomblob(16), 1,"
            " CASE WHEN i % 1000 THEN 'SUCCESSFUL' ELSE 'LOST' END, 'Job' FROM n;"
            "COMMIT; ANALYZE");
}

static void explain(sqlite3 *db, int name, char *plan, size_t size)
{
    char sql[4096];
    sqlite3_stmt *stmt;

    (void)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", sql_sqlite[name]);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    plan[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        size_t used = strlen(plan);
        (void)snprintf(plan + used, size - used, "%s\n",
                       (const char *)sqlite3_column_text(stmt, 3));
    }
    (void)sqlite3_finalize(stmt);
}

static const struct hot {
    enum sql_name name;
    const char *has;
    bool may_sort; /* a handful of rows */
} hot[] = {
    {SQL_NEXT_PRIORITY,
     "SEARCH plainjobs_jobrequest USING COVERING INDEX plainjobs_jobrequest_claim (queue=? AND "
     "priority<?)",
     false},
    {SQL_PICK_JOBS,
     "SEARCH plainjobs_jobrequest USING INDEX plainjobs_jobrequest_claim (queue=? AND "
     "priority=? AND due_at>? AND due_at<?)",
     false},
    {SQL_CLAIM_JOBS, "USING INTEGER PRIMARY KEY (rowid=?)", false},
    {SQL_DELETE_CLAIMED, "USING INTEGER PRIMARY KEY (rowid=?)", false},
    {SQL_NEXT_DUE, "plainjobs_jobrequest_delayed (queue=? AND due_at>?)", false},
    {SQL_INSERT_RESULT, "SEARCH plainjobs_jobprocess USING INDEX", false},
    {SQL_DELETE_PROCESS, "SEARCH plainjobs_jobprocess USING", false},
    {SQL_INSERT_SUCCESSOR, "SEARCH plainjobs_jobresult USING INDEX", false},
    {SQL_COUNT_RESULT, "USING INTEGER PRIMARY KEY (rowid>?)", true},
    {SQL_TAKE_PROCESS, "SEARCH plainjobs_jobprocess USING", false},
    {SQL_LIST_REQUESTS, "USING INTEGER PRIMARY KEY (rowid<?)", false},
    {SQL_LIST_RESULTS, "USING INTEGER PRIMARY KEY (rowid<?)", false},
    {SQL_LIST_FAILED, "plainjobs_jobresult_failed (status=? AND id<?)", false},
    {SQL_LIST_AUDIT, "plainjobs_audit_uuid (uuid=? AND rowid<?)", true},
    {SQL_LIST_AUDIT, "USING INTEGER PRIMARY KEY (rowid<?)", true},
    {SQL_FIND_RESULT, "SEARCH plainjobs_jobresult USING INDEX", false},
    {SQL_LINK_RETRY, "SEARCH plainjobs_jobresult USING INDEX", false},
    {SQL_FIND_JOB, "plainjobs_jobresult_root (root_uuid=?)", true},
    {SQL_FIND_JOB, "plainjobs_jobrequest_root (root_uuid=?)", true},
    {SQL_FIND_ROOT, "plainjobs_jobrequest_root (root_uuid=?)", false},
    {SQL_CANCEL_PENDING, "plainjobs_jobrequest_root (root_uuid=?)", false},
    {SQL_DELETE_REQUEST, "plainjobs_jobrequest_root (root_uuid=?)", false},
    {SQL_SCHEDULE_FIND, "plainjobs_jobrequest_root (root_uuid=?)", true},
    {SQL_CLEAR_RESULTS, "plainjobs_jobresult_created (created_at<?)", false},
    {SQL_PURGE_REQUESTS, "USING INTEGER PRIMARY KEY (rowid<?)", false},
    {SQL_COUNT_QUEUES, "plainjobs_jobrequest_claim (queue=? AND priority<?)", true},
    {SQL_LOOK, "plainjobs_jobrequest_claim (queue=? AND priority=? AND due_at<?)", false},
};

static void check_plan(const struct bench *b, const struct hot *h)
{
    char plan[4096];

    explain(sqlite_database_inside(b), (int)h->name, plan, sizeof(plan));
    if (!strstr(plan, h->has))
        fail_msg("%s does not have '%s':\n%s", names[h->name], h->has, plan);
    if (strstr(plan, "SCAN plainjobs_jobrequest") || strstr(plan, "SCAN plainjobs_jobresult") ||
        strstr(plan, "BLOOM"))
        fail_msg("%s walks over a table:\n%s", names[h->name], plan);
    if (!h->may_sort && strstr(plan, "TEMP B-TREE"))
        fail_msg("%s sorts:\n%s", names[h->name], plan);
}

static void hot_statements_go_by_an_index(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    fill(&b);
    for (size_t i = 0; i < ARRAY_SIZE(hot); i++)
        check_plan(&b, &hot[i]);
    bench_close(&b);
}

/* An ANALYZE of the application while each table had one row tells this of every index. */
static void statistics_of_empty_tables_do_not_turn_them(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    fill(&b);
    (void)sqlite_database_run(sqlite_database_inside(&b),
                              "UPDATE sqlite_stat1 SET stat = '1 1 1 1 1'; ANALYZE sqlite_schema");
    for (size_t i = 0; i < ARRAY_SIZE(hot); i++)
        check_plan(&b, &hot[i]);
    bench_close(&b);
}

/* Steps of SQLite's machine since they were last asked for: what a plan costs, on any computer. */
static int64_t steps_since(const struct bench *b)
{
    sqlite3 *db = sqlite_database_inside(b);
    sqlite3_stmt *stmt = NULL;
    int64_t steps = 0;

    while ((stmt = sqlite3_next_stmt(db, stmt)))
        steps += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
}

static int64_t steps_of_a_claim(struct bench *b, const char *queue)
{
    const char *const queues[] = {queue, NULL};
    const char *const classes[] = {"Job", NULL};

    (void)steps_since(b);
    assert_int_equal(bench_claim_from(b, queues, classes, 10).claim_count,
                     strcmp(queue, "empty") == 0 ? 0 : 10);
    return steps_since(b);
}

static void a_claim_costs_the_same_whatever_waits(void **state)
{
    static const char *const nothing_else[] = {"default", "mail", NULL};
    static const char *const classes[] = {"Job", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    fill(&b);
    assert_in_range(steps_of_a_claim(&b, "default"), 1, 10000);
    assert_in_range(steps_of_a_claim(&b, "empty"), 1, 1000);
    /* When all that is due is gone, 33,333 delayed ones on ten levels are left. */
    (void)sqlite_database_run(sqlite_database_inside(&b),
                              "DELETE FROM plainjobs_jobrequest WHERE start_at IS NULL");
    (void)steps_of_a_claim(&b, "empty");
    struct cycle_result out = bench_claim_from(&b, nothing_else, classes, 10);
    assert_int_equal(out.claim_count, 0);
    assert_int_equal(out.next_due, 4000000000000003);
    assert_in_range(steps_of_a_claim(&b, "empty"), 1, 5000); /* and those of the claim before */
    bench_close(&b);
}

/* Whatever is due behind it, at a later time or at the same. */
static void what_is_ahead_of_the_first_is_found_without_reading_the_others(void **state)
{
    static const char *const moments[] = {"1000 + i", "1000"};
    struct new_request first = request_default();
    char sql[512];
    int64_t count;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &first);
    for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE plainjobs_jobrequest SET created_at = 1000;"
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                       " WHERE i < 20000) INSERT INTO plainjobs_jobrequest (job_class, created_at)"
                       " SELECT 'Job', %s FROM n",
                       moments[i]);
        (void)sqlite_database_run(sqlite_database_inside(&b), sql);
        (void)steps_since(&b);
        assert_int_equal(b.store->ops->count_ahead(b.store, &first.uuid, &count, &b.err), PLAIN_OK);
        assert_int_equal(count, 0);
        assert_in_range(steps_since(&b), 1, 1000);
    }
    bench_close(&b);
}

DATABASE_MAIN(&sqlite_database, every_name_is_answered_or_excused,
              every_block_takes_the_parameters_of_its_comment, hot_statements_go_by_an_index,
              statistics_of_empty_tables_do_not_turn_them, a_claim_costs_the_same_whatever_waits,
              what_is_ahead_of_the_first_is_found_without_reading_the_others)
