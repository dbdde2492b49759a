/* sqlite_transactions_test.c - the suite of transactions on SQLite, and what is SQLite's alone */
#include <stdio.h>
#include <string.h>

#include <plain/jobs/sqlite.h>

#include "store/sqlite/checkpoint.h"
#include "tests/store/conformance_transactions.h"
#include "tests/store/sqlite_database.h"

static void *connect_app(const char *url)
{
    sqlite3 *db = sqlite_database_connect(url);

    (void)sqlite_database_run(db, "PRAGMA synchronous = off"); /* no power cut follows */
    return db;
}

static void disconnect_app(void *connection)
{
    assert_int_equal(sqlite3_close(connection), SQLITE_OK); /* no statement was left */
}

static void run_app(void *connection, const char *sql)
{
    (void)sqlite_database_run(connection, sql);
}

static int adopt_app(void *connection, plain_jobs **out, plain_error *err)
{
    return plain_jobs_adopt_sqlite(connection, out, err);
}

static bool try_app(void *connection, const char *sql)
{
    return sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static const char *const begins[] = {"BEGIN IMMEDIATE", "BEGIN", NULL};

#define INTO_K                                                                                     \
    "INTO plainjobs_jobrequest (job_class, parameters, concurrency_key)"                           \
    " VALUES ('Job', '{\"args\": [], \"kwargs\": {}}', 'k')"
static const char *const changes[] = {
    "INSERT " INTO_K,
    "INSERT OR IGNORE " INTO_K,
    "INSERT OR REPLACE " INTO_K,
    "UPDATE plainjobs_jobrequest SET concurrency_key = 'k' WHERE concurrency_key = 'l'",
    "UPDATE OR REPLACE plainjobs_jobrequest SET concurrency_key = 'l' WHERE concurrency_key = 'k'",
    "UPDATE plainjobs_jobrequest SET uuid = randomblob(16)",
    "DELETE FROM plainjobs_jobrequest",
    NULL,
};

static const struct application application = {
    .database = &sqlite_database,
    .connect = connect_app,
    .disconnect = disconnect_app,
    .run = run_app,
    .adopt = adopt_app,
    .begin = "BEGIN IMMEDIATE",
    .try_run = try_app,
    .begins = begins,
    .changes = changes,
};

static void assert_refused(sqlite3 *db, const char *word)
{
    plain_jobs *jobs = NULL;
    plain_error err;

    assert_int_equal(plain_jobs_adopt_sqlite(db, &jobs, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "connection");
    assert_int_equal(err.pj, 308);
    if (!strstr(err.message, word))
        fail_msg("no '%s' in: %s", word, err.message);
    assert_true(err.fix[0]);
    assert_null(jobs);
    assert_null(sqlite3_next_stmt(db, NULL));
}

static void connections_that_cannot_serve_are_refused(void **state)
{
    struct scene s;
    sqlite3 *db;

    (void)state;
    scene_open(&s);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_refused(db, "in memory");
    (void)sqlite3_close(db);
    assert_int_equal(sqlite3_open("", &db), SQLITE_OK);
    assert_refused(db, "in memory");
    (void)sqlite3_close(db);
    assert_int_equal(
        sqlite3_open_v2(s.bench.url + strlen("sqlite:"), &db, SQLITE_OPEN_READONLY, NULL),
        SQLITE_OK);
    assert_refused(db, "read-only");
    (void)sqlite3_close(db);
    db = sqlite_database_connect(s.bench.url);
    (void)sqlite_database_run(db, "PRAGMA query_only = 1");
    assert_refused(db, "read-only");
    (void)sqlite_database_run(db, "PRAGMA query_only = 0");
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
    assert_refused(db, "triggers");
    (void)sqlite3_close(db);
    db = sqlite_database_connect(conformance_fresh_url());
    (void)sqlite_database_run(db, "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (i)");
    assert_refused(db, "UTF-8");
    (void)sqlite3_close(db);
    scene_close(&s);
}

static void an_interrupted_connection_is_refused(void **state)
{
    struct scene s;
    sqlite3_stmt *running;
    plain_jobs *jobs = NULL;
    plain_error err;

    (void)state;
    scene_open(&s);
    sqlite3 *db = s.connection;
    assert_int_equal(sqlite3_prepare_v2(db, "VALUES (1), (2), (3)", -1, &running, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(running), SQLITE_ROW);
    sqlite3_interrupt(db); /* stays in force while a statement runs */
    assert_int_equal(plain_jobs_adopt_sqlite(db, &jobs, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "connection");
    assert_non_null(strstr(err.message, "interrupted"));
    (void)sqlite3_finalize(running);
    assert_int_equal(plain_jobs_adopt_sqlite(db, &jobs, &err), PLAIN_OK);
    plain_jobs_close(jobs);
    scene_close(&s);
}

/* Somebody else wrote since this transaction read: it can never become a writer. */
static void a_read_transaction_says_begin_immediate(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    scene_run(&s, "BEGIN; SELECT count(*) FROM app_user");
    (void)bench_number(&s.bench, "INSERT INTO app_user VALUES (7)");
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_BUSY);
    assert_int_equal(s.err.native, SQLITE_BUSY_SNAPSHOT);
    assert_int_equal(s.err.pj, 305);
    assert_non_null(strstr(s.err.fix, "use BEGIN IMMEDIATE"));
    assert_true(s.err.retryable);
    assert_true(s.err.transaction_aborted);
    scene_run(&s, "ROLLBACK; BEGIN IMMEDIATE");
    scene_enqueues(&s, "");
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 1);
    scene_close(&s);
}

static void a_held_write_lock_is_busy(void **state)
{
    struct scene s;
    sqlite3 *other;

    (void)state;
    scene_open(&s);
    (void)sqlite3_busy_timeout(s.connection, 0);
    other = sqlite_database_connect(s.bench.url);
    (void)sqlite_database_run(other, "BEGIN IMMEDIATE");
    scene_run(&s, "BEGIN; SELECT count(*) FROM app_user");
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_BUSY);
    assert_non_null(strstr(s.err.fix, "use BEGIN IMMEDIATE"));
    assert_false(s.err.transaction_aborted);
    scene_run(&s, "COMMIT");
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_BUSY);
    (void)sqlite_database_run(other, "ROLLBACK");
    scene_enqueues(&s, "");
    (void)sqlite3_close(other);
    scene_close(&s);
}

/* The busy snapshot outside of a transaction: a statement that is still being read. */
static void a_statement_that_reads_is_told(void **state)
{
    struct scene s;
    sqlite3_stmt *reading;

    (void)state;
    scene_open(&s);
    scene_run(&s, "INSERT INTO app_user VALUES (1), (2)");
    assert_int_equal(
        sqlite3_prepare_v2(s.connection, "SELECT id FROM app_user", -1, &reading, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(reading), SQLITE_ROW);
    scene_enqueues(&s, "while it reads");
    (void)bench_number(&s.bench, "INSERT INTO app_user VALUES (7)");
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_BUSY);
    assert_non_null(strstr(s.err.fix, "still reading"));
    assert_int_equal(sqlite3_step(reading), SQLITE_ROW);
    (void)sqlite3_finalize(reading);
    scene_enqueues(&s, "");
    scene_close(&s);
}

/* An INSERT ... RETURNING of which one row was read: a COMMIT would fail, and a ROLLBACK undo it.
 */
static void a_statement_that_still_writes_is_refused_and_kept(void **state)
{
    static const char *const firsts[] = {"", "BEGIN IMMEDIATE"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
        struct scene s;
        sqlite3_stmt *writing;

        scene_open(&s);
        scene_run(&s, firsts[i]);
        assert_int_equal(sqlite3_prepare_v2(s.connection,
                                            "INSERT INTO app_user VALUES (1) RETURNING id", -1,
                                            &writing, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(writing), SQLITE_ROW);
        assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_BUSY);
        assert_non_null(strstr(s.err.message, "INSERT INTO app_user"));
        assert_non_null(strstr(s.err.fix, "SQLITE_DONE"));
        assert_int_equal(sqlite3_step(writing), SQLITE_DONE);
        (void)sqlite3_finalize(writing);
        scene_enqueues(&s, "");
        scene_run(&s, firsts[i][0] ? "COMMIT" : "");
        assert_int_equal(bench_number(&s.bench, "SELECT count(*) FROM app_user"), 1);
        scene_close(&s);
    }
}

static int many(struct scene *s)
{
    const plain_item items[3] = {
        {.size = sizeof(plain_item)}, {.size = sizeof(plain_item)}, {.size = sizeof(plain_item)}};

    return plain_run_many(s->jobs, &Job, items, 3, NULL, NULL, &s->err);
}

static void the_last_rowid_is_put_back_and_no_statement_left(void **state)
{
    struct scene s;
    sqlite3 *db;

    (void)state;
    scene_open(&s);
    db = s.connection;
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            scene_run(&s, "BEGIN");
        scene_run(&s, "INSERT INTO app_user (rowid, id) VALUES (NULL, 7)");
        sqlite3_int64 rowid = sqlite3_last_insert_rowid(db);
        scene_enqueues(&s, i ? "k" : "l");
        assert_int_equal(sqlite3_last_insert_rowid(db), rowid);
        assert_int_equal(scene_enqueue(&s, i ? "k" : "l", NULL), PLAIN_SKIPPED);
        assert_int_equal(many(&s), PLAIN_OK);
        assert_int_equal(sqlite3_last_insert_rowid(db), rowid);
        assert_null(sqlite3_next_stmt(db, NULL));
    }
    scene_run(&s, "COMMIT");
    scene_close(&s);
}

/* What the application has set. */
static int commits, updates, authorized, frames_seen;

static int note_commit(void *user)
{
    (void)user;
    commits++;
    return 0;
}

static void note_update(void *user, int operation, const char *schema, const char *table,
                        sqlite3_int64 rowid)
{
    (void)user;
    (void)operation;
    (void)schema;
    (void)rowid;
    updates += strcmp(table, "app_user") == 0;
}

static int note_authorizer(void *user, int action, const char *a, const char *b, const char *c,
                           const char *d)
{
    (void)user;
    (void)action;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    authorized++;
    return SQLITE_OK;
}

static int note_wal(void *user, sqlite3 *db, const char *schema, int frames)
{
    (void)user;
    (void)db;
    (void)schema;
    frames_seen = frames;
    return SQLITE_OK;
}

static void hooks_of_the_application_stay(void **state)
{
    struct scene s;
    sqlite3 *db;

    (void)state;
    scene_open(&s);
    db = s.connection;
    (void)sqlite3_commit_hook(db, note_commit, NULL);
    (void)sqlite3_update_hook(db, note_update, NULL);
    (void)sqlite3_wal_hook(db, note_wal, NULL);
    (void)sqlite3_set_authorizer(db, note_authorizer, NULL);
    plain_jobs_close(s.jobs);
    assert_int_equal(plain_jobs_adopt_sqlite(db, &s.jobs, &s.err), PLAIN_OK);
    scene_enqueues(&s, "k");
    commits = updates = authorized = frames_seen = 0;
    scene_run(&s, "INSERT INTO app_user VALUES (1)");
    assert_int_equal(commits, 1);
    assert_int_equal(updates, 1);
    assert_true(authorized > 0);
    assert_true(frames_seen > 0);
    (void)sqlite3_set_authorizer(db, NULL, NULL);
    scene_close(&s);
}

static int deny_inserts(void *user, int action, const char *a, const char *b, const char *c,
                        const char *d)
{
    (void)user;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return action == SQLITE_INSERT ? SQLITE_DENY : SQLITE_OK;
}

static void a_denied_statement_leaves_the_transaction_usable(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    scene_run(&s, "BEGIN IMMEDIATE; INSERT INTO app_user VALUES (1)");
    (void)sqlite3_set_authorizer(s.connection, deny_inserts, NULL);
    assert_int_equal(plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err), PLAIN_E_DB);
    assert_false(s.err.transaction_aborted);
    (void)sqlite3_set_authorizer(s.connection, NULL, NULL);
    assert_null(sqlite3_next_stmt(s.connection, NULL));
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_rows(&s.bench, "app_user"), 1);
    scene_close(&s);
}

/* A full disk, here a limit on the file's size, undoes the whole transaction. */
static void a_transaction_that_was_undone_is_told(void **state)
{
    enum { PARAMETERS = 200000 };
    static char json[PARAMETERS];
    struct scene s;
    char pragma[64];

    (void)state;
    scene_open(&s);
    int r = snprintf(json, sizeof(json), "{\"text\": \"%0*d\"}", PARAMETERS - 20, 1);
    assert_in_range(r, 1, PARAMETERS - 1);
    (void)snprintf(pragma, sizeof(pragma), "PRAGMA max_page_count = %d",
                   (int)bench_number(&s.bench, "PRAGMA page_count") + 2);
    scene_run(&s, pragma);
    scene_run(&s, "BEGIN IMMEDIATE; INSERT INTO app_user VALUES (1)");
    assert_int_equal(plain_run_in_worker_by_name(s.jobs, "Job", json, NULL, NULL, &s.err),
                     PLAIN_E_DB);
    assert_int_equal(s.err.native, SQLITE_FULL);
    assert_int_equal(s.err.transaction_aborted, sqlite3_get_autocommit(s.connection) != 0);
    if (!sqlite3_get_autocommit(s.connection))
        scene_run(&s, "ROLLBACK");
    assert_int_equal(bench_rows(&s.bench, "app_user"), 0);
    scene_close(&s);
}

/*
 * A disk whose reads of the write-ahead log fail when they are told to.
 */

static sqlite3_vfs failing_vfs;
static sqlite3_io_methods real_methods, failing_methods;
static int failures_left;

static int read_or_fail(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    if (failures_left > 0) {
        failures_left--;
        return SQLITE_IOERR_READ;
    }
    return real_methods.xRead(file, out, size, at);
}

static int open_failing(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                        int *out_flags)
{
    sqlite3_vfs *real = self->pAppData;
    int r = real->xOpen(real, name, file, flags, out_flags);

    if (r == SQLITE_OK && flags & SQLITE_OPEN_WAL) {
        real_methods = failing_methods = *file->pMethods;
        failing_methods.xRead = read_or_fail;
        file->pMethods = &failing_methods;
    }
    return r;
}

static void enqueue_while_reads_fail(int times)
{
    struct scene s;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    failing_vfs = *real;
    failing_vfs.zName = "failing";
    failing_vfs.pAppData = real;
    failing_vfs.xOpen = open_failing;
    assert_int_equal(sqlite3_vfs_register(&failing_vfs, 1), SQLITE_OK);
    scene_open(&s);
    scene_run(&s, "BEGIN IMMEDIATE; INSERT INTO app_user VALUES (1)");
    failures_left = times;
    int r = plain_run_in_worker_by_name(s.jobs, "Job", "{}", NULL, NULL, &s.err);
    bool failed = failures_left < times;
    failures_left = 0;
    assert_true(failed);
    assert_int_equal(r, PLAIN_E_UNREACHABLE);
    assert_true(sqlite3_get_autocommit(s.connection));
    assert_true(s.err.transaction_aborted);
    assert_int_equal(bench_rows(&s.bench, "app_user"), 0);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 0);
    scene_close(&s);
    assert_int_equal(sqlite3_vfs_unregister(&failing_vfs), SQLITE_OK);
    assert_int_equal(sqlite3_vfs_register(real, 1), SQLITE_OK);
}

/* SQLite undoes all of it; a second try would be outside of it, and stay. */
static void a_job_is_not_enqueued_outside_of_a_transaction_that_was_undone(void **state)
{
    (void)state;
    enqueue_while_reads_fail(1);
    enqueue_while_reads_fail(1000);
}

static int64_t autocheckpoint(sqlite3 *db)
{
    return sqlite_database_run(db, "PRAGMA wal_autocheckpoint");
}

static void automatic_checkpoints_are_switched_off_where_they_harm(void **state)
{
    struct scene s;
    bool affected = checkpoint_is_affected(sqlite3_libversion_number());

    (void)state;
    scene_open(&s);
    plain_jobs_close(s.jobs);
    (void)sqlite3_wal_autocheckpoint(s.connection, 1000);
    assert_int_equal(plain_jobs_adopt_sqlite(s.connection, &s.jobs, &s.err), PLAIN_OK);
    assert_int_equal(autocheckpoint(s.connection), affected ? 0 : 1000);
    scene_close(&s);
}

/* The connection's extended result codes are as they were. */
static void result_codes_of_the_application_stay(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    scene_run(&s, "CREATE UNIQUE INDEX one ON app_user (id); INSERT INTO app_user VALUES (1)");
    scene_enqueues(&s, "k");
    assert_int_equal(scene_enqueue(&s, "k", NULL), PLAIN_SKIPPED);
    assert_int_equal(
        sqlite3_exec(s.connection, "INSERT INTO app_user VALUES (1)", NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
    scene_close(&s);
}

TRANSACTIONS_MAIN(&application, connections_that_cannot_serve_are_refused,
                  an_interrupted_connection_is_refused, a_read_transaction_says_begin_immediate,
                  a_held_write_lock_is_busy, a_statement_that_reads_is_told,
                  a_statement_that_still_writes_is_refused_and_kept,
                  the_last_rowid_is_put_back_and_no_statement_left, hooks_of_the_application_stay,
                  a_denied_statement_leaves_the_transaction_usable,
                  a_transaction_that_was_undone_is_told,
                  a_job_is_not_enqueued_outside_of_a_transaction_that_was_undone,
                  automatic_checkpoints_are_switched_off_where_they_harm,
                  result_codes_of_the_application_stay)
