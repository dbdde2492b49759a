/* sqlite_store_test.c - the suite on SQLite; and files, locks and failures that only SQLite has */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "store/sqlite/failure.h"
#include "store/sqlite/path.h"
#include "tests/store/sqlite_database.h"

enum { PATH_SIZE = 4096 };

static void tmp_path(char out[PATH_SIZE], const char *name)
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", harness_tmpdir(), name);
}

static void assert_open_fails(const char *url, unsigned flags, int code, int pj, const char *says)
{
    struct store *store;
    plain_error err;

    assert_int_equal(store_open(url, flags, &store, &err), code);
    assert_null(store);
    assert_int_equal(err.pj, pj);
    if (!strstr(err.message, says) && !strstr(err.fix, says))
        fail_msg("'%s' is neither in '%s' nor in '%s'", says, err.message, err.fix);
}

static void a_bad_url_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *url;
        int pj;
        const char *says;
    } bad[] = {
        {"plain.db", 307, "sqlite:PATH"},
        {"", 307, "sqlite:PATH"},
        {"mongodb://user:secret@host/db", 306, "mongodb"},
        {"sqlite:", 307, "path is missing"},
        {"sqlite:?journal=wal", 307, "path is missing"},
        {"sqlite::memory:", 307, "in memory"},
        {"sqlite://host/plain.db", 307, "host"},
        {"sqlite:a.db?mode=ro", 307, "journal=wal or journal=delete"},
        {"sqlite:a.db?journal=off", 307, "journal=wal or journal=delete"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_open_fails(bad[i].url, STORE_CREATE, PLAIN_E_INVALID, bad[i].pj, bad[i].says);
}

static void a_path_is_made_absolute_when_it_is_opened(void **state)
{
    static const char *const urls[] = {"sqlite:rel.db", "sqlite:./rel.db?journal=wal",
                                       "SQLITE:rel.db"};
    char path[PATH_SIZE], url[PATH_SIZE + 16];
    char before[PATH_SIZE];
    struct bench b = {0};

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        assert_int_equal(chdir(harness_tmpdir()), 0);
        assert_int_equal(store_open(urls[i], STORE_CREATE, &b.store, &b.err), PLAIN_OK);
        assert_int_equal(chdir("/"), 0);
        int from, to;
        assert_int_equal(b.store->ops->migrate(b.store, &from, &to, &b.err), PLAIN_OK);
        store_close(b.store);
    }
    assert_int_equal(chdir(before), 0);
    tmp_path(path, "rel.db");
    assert_int_equal(access(path, F_OK), 0);
    (void)snprintf(url, sizeof(url), "sqlite://%s", path);
    assert_int_equal(store_open(url, 0, &b.store, &b.err), PLAIN_OK);
    assert_int_equal(store_check_schema(b.store, &b.err), PLAIN_OK);
    store_close(b.store);
}

static void what_is_no_database_is_refused_with_the_reason(void **state)
{
    static const char text[] = "this is a text, longer than the header of a database file is: "
                               "one hundred bytes, of which SQLite looks at the first sixteen.";
    char path[PATH_SIZE], url[PATH_SIZE + 64];

    (void)state;
    tmp_path(path, "missing.db");
    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    assert_open_fails(url, 0, PLAIN_E_UNREACHABLE, 301, "plain migrate");
    assert_open_fails(url, STORE_READ_ONLY, PLAIN_E_UNREACHABLE, 301, "plain migrate");
    assert_int_equal(access(path, F_OK), -1);

    (void)snprintf(url, sizeof(url), "sqlite:%s/no/folder.db", harness_tmpdir());
    assert_open_fails(url, STORE_CREATE, PLAIN_E_UNREACHABLE, 301, "mkdir -p");
    (void)snprintf(url, sizeof(url), "sqlite:%s", harness_tmpdir());
    assert_open_fails(url, STORE_CREATE, PLAIN_E_UNREACHABLE, 301, "directory");
    assert_open_fails("sqlite:/dev/null", STORE_CREATE, PLAIN_E_UNREACHABLE, 301, "no file");
    assert_open_fails("sqlite:/proc/plain.db", STORE_CREATE, PLAIN_E_UNREACHABLE, 301, "/proc");

    tmp_path(path, "text.db");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    assert_open_fails(url, STORE_CREATE, PLAIN_E_UNREACHABLE, 301, "no SQLite database");
    (void)snprintf(url, sizeof(url), "sqlite:%s/x.db", path);
    assert_open_fails(url, STORE_CREATE, PLAIN_E_UNREACHABLE, 301, "Not a directory");
}

static void assert_journal(const char *url, const char *options, const char *mode)
{
    char with_options[PATH_SIZE];
    struct store *store;
    plain_error err;
    sqlite3_stmt *stmt;

    (void)snprintf(with_options, sizeof(with_options), "%s%s", url, options);
    if (store_open(with_options, STORE_CREATE, &store, &err) != PLAIN_OK)
        fail_msg("%s", err.message);
    store_close(store);
    sqlite3 *db = sqlite_database_connect(url);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), mode);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static void the_journal_mode_is_kept_unless_the_url_names_one(void **state)
{
    const char *plain = sqlite_database.fresh();
    const char *safe = sqlite_database.fresh();

    (void)state;
    assert_journal(plain, "", "wal");
    assert_journal(plain, "?journal=delete", "delete");
    (void)sqlite_database.number(plain, "CREATE TABLE of_the_application (x)");
    assert_journal(plain, "", "delete");
    assert_journal(plain, "?journal=wal", "wal");
    assert_journal(plain, "", "wal");
    assert_journal(safe, "?journal=delete", "delete");
    (void)sqlite_database.number(safe, "CREATE TABLE of_the_application (x)");
    assert_journal(safe, "", "delete");
}

static void assert_scratch(const char *url, const char *options, const char *expected)
{
    char with_options[PATH_SIZE], whole[PATH_SIZE];
    struct arena a = ARENA_INIT;
    const char *made = NULL;
    plain_error err;

    (void)snprintf(with_options, sizeof(with_options), "%s%s", url, options);
    (void)snprintf(whole, sizeof(whole), "sqlite:%s/" STORE_SCRATCH "7.db%s", harness_tmpdir(),
                   expected);
    assert_int_equal(store_sqlite.scratch_url(with_options, STORE_SCRATCH "7", &a, &made, &err),
                     PLAIN_OK);
    assert_string_equal(made, whole);
    arena_release(&a);
}

static void a_scratch_file_has_the_journal_of_its_neighbour(void **state)
{
    const char *missing = sqlite_database.fresh();
    const char *present = sqlite_database.fresh();

    (void)state;
    assert_scratch(missing, "", "");
    assert_scratch(missing, "?journal=delete", "?journal=delete");
    assert_journal(present, "?journal=delete", "delete");
    (void)sqlite_database.number(present, "CREATE TABLE of_the_application (x)");
    assert_scratch(present, "", "?journal=delete");
    assert_scratch(present, "?journal=wal", "");
    assert_journal(present, "?journal=wal", "wal");
    assert_scratch(present, "", "");
}

static int64_t jumping_clock_us;

static int64_t jumping_mono(void)
{
    return jumping_clock_us += 10 * (int64_t)US_PER_S;
}

static int64_t still_wall(void)
{
    return 1700000000 * (int64_t)US_PER_S;
}

static const struct clock_source jumping_clock = {still_wall, jumping_mono};

static void the_journal_mode_is_not_changed_under_others(void **state)
{
    char url[PATH_SIZE];
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)snprintf(url, sizeof(url), "%s?journal=delete", b.url);
    clock_set_source(&jumping_clock);
    assert_open_fails(url, 0, PLAIN_E_BUSY, 305, b.url + strlen("sqlite:"));
    clock_set_source(NULL);
    bench_close(&b);
    assert_journal(b.url, "", "wal");
}

static void network_file_systems_are_known(void **state)
{
    (void)state;
    assert_string_equal(path_network_name(0x6969), "NFS");
    assert_string_equal(path_network_name((long)(int)0xFF534D42), "CIFS");
    assert_string_equal(path_network_name(0xFE534D42), "SMB");
    assert_string_equal(path_network_name(0x65735546), "FUSE");
    assert_string_equal(path_network_name(0x01021997), "9P");
    assert_null(path_network_name(0xEF53));     /* ext4 */
    assert_null(path_network_name(0x01021994)); /* tmpfs */
    assert_null(path_network_name(0x794C7630)); /* overlayfs */
}

static void a_lock_is_waited_for_and_then_busy(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    struct bench b;

    (void)state;
    bench_open(&b);
    sqlite3 *other = sqlite_database_connect(b.url);
    (void)sqlite_database_run(other, "BEGIN IMMEDIATE");
    clock_set_source(&jumping_clock);
    int result = b.store->ops->enqueue(b.store, &r, &out, &b.err);
    clock_set_source(NULL);
    assert_int_equal(result, PLAIN_E_BUSY);
    assert_int_equal(b.err.pj, 305);
    assert_true(b.err.retryable);
    assert_non_null(strstr(b.err.fix, "fuser"));
    (void)sqlite_database_run(other, "ROLLBACK");
    (void)bench_enqueue(&b, &r);
    (void)sqlite3_close(other);
    bench_close(&b);
}

static void a_full_disk_changes_nothing_and_is_survived(void **state)
{
    struct new_request r = request_default();
    static char json[200 * 1024];
    plain_request out;
    struct bench b;

    (void)state;
    memset(json, ' ', sizeof(json) - 1);
    memcpy(json, "{", 1);
    json[sizeof(json) - 2] = '}';
    bench_open(&b);
    (void)sqlite_database_run(sqlite_database_inside(&b), "PRAGMA max_page_count = 1");
    r.parameters = json;
    assert_int_equal(b.store->ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_DB);
    assert_int_equal(b.err.pj, 304);
    assert_int_equal(b.err.native, SQLITE_FULL);
    assert_true(b.err.retryable);
    assert_non_null(strstr(b.err.message, "disk is full"));
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    (void)sqlite_database_run(sqlite_database_inside(&b), "PRAGMA max_page_count = 1000000");
    (void)bench_enqueue(&b, &r);
    bench_close(&b);
}

static void a_read_only_store_reads_and_refuses_to_write(void **state)
{
    struct new_request r = request_default();
    struct store_stats stats;
    plain_request out;
    struct bench b;
    struct store *reader;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(store_open(b.url, STORE_READ_ONLY, &reader, &b.err), PLAIN_OK);
    assert_int_equal(reader->ops->stats(reader, &stats, &b.err), PLAIN_OK);
    assert_int_equal(stats.pending, 1);
    r.uuid = uuid_new();
    assert_int_equal(reader->ops->enqueue(reader, &r, &out, &b.err), PLAIN_E_DB);
    assert_int_equal(b.err.pj, 304);
    assert_non_null(strstr(b.err.message, "may not be written"));
    store_close(reader);
    bench_close(&b);
}

static void a_file_that_was_moved_away_is_noticed(void **state)
{
    struct new_request r = request_default();
    char moved[PATH_SIZE];
    plain_request out;
    struct bench b;

    (void)state;
    bench_open(&b);
    const char *path = b.url + strlen("sqlite:");
    (void)snprintf(moved, sizeof(moved), "%s.moved", path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(b.store->ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_UNREACHABLE);
    assert_int_equal(b.err.pj, 301);
    assert_true(b.err.retryable);
    assert_int_equal(b.store->ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_UNREACHABLE);
    assert_int_equal(rename(moved, path), 0);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

static void tables_that_are_missing_are_a_matter_of_the_schema(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    struct bench b = {.url = sqlite_database.fresh()};

    (void)state;
    assert_int_equal(store_open(b.url, STORE_CREATE, &b.store, &b.err), PLAIN_OK);
    assert_int_equal(b.store->ops->enqueue(b.store, &r, &out, &b.err), PLAIN_E_SCHEMA);
    assert_int_equal(b.err.pj, 302);
    bench_close(&b);
}

static void every_native_code_has_a_meaning(void **state)
{
    static const struct {
        int rc;
        int code;
        int pj;
        bool retryable;
    } expected[] = {
        {SQLITE_BUSY, PLAIN_E_BUSY, 305, true},
        {SQLITE_BUSY_SNAPSHOT, PLAIN_E_BUSY, 305, true},
        {SQLITE_BUSY_RECOVERY, PLAIN_E_BUSY, 305, true},
        {SQLITE_LOCKED_SHAREDCACHE, PLAIN_E_BUSY, 305, true},
        {SQLITE_FULL, PLAIN_E_DB, 304, true},
        {SQLITE_READONLY_DIRECTORY, PLAIN_E_DB, 304, false},
        {SQLITE_CORRUPT_INDEX, PLAIN_E_DB, 304, false},
        {SQLITE_NOTADB, PLAIN_E_UNREACHABLE, 301, false},
        {SQLITE_CANTOPEN_ISDIR, PLAIN_E_UNREACHABLE, 301, true},
        {SQLITE_IOERR_FSYNC, PLAIN_E_UNREACHABLE, 301, true},
        {SQLITE_NOMEM, PLAIN_E_NOMEM, 704, true},
        {SQLITE_CONSTRAINT_UNIQUE, PLAIN_E_DB, 304, false},
        {SQLITE_MISUSE, PLAIN_E_DB, 304, false},
    };
    plain_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        int code = failure_set(NULL, expected[i].rc, "/tmp/x.db", "enqueueing into", &err);

        assert_int_equal(code, expected[i].code);
        assert_int_equal(err.code, code);
        assert_int_equal(err.pj, expected[i].pj);
        assert_int_equal(err.native, expected[i].rc);
        assert_int_equal(err.retryable, expected[i].retryable);
        assert_non_null(strstr(err.message, "/tmp/x.db"));
    }
}

static void a_cycle_survives_every_failing_allocation(void **state)
{
    static const char *const queues[] = {"default"};
    static const char *const classes[] = {"Job"};
    bool failed = true;
    struct bench b;

    (void)state;
    bench_open(&b);
    struct new_request r = request_default();
    (void)bench_enqueue(&b, &r);
    const struct claim_wish wish = {queues, 1, classes, 1, bench_tokens(&b, 1), 1};
    for (unsigned nth = 0; failed; nth++) {
        const struct cycle cycle = {.worker = &b.worker, .wish = &wish};
        struct arena a = ARENA_INIT;
        struct cycle_result out;

        harness_fail_allocation(nth);
        int result = b.store->ops->cycle(b.store, &cycle, &a, &out, &b.err);
        failed = harness_allocation_failed();
        assert_int_equal(result, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        assert_int_equal(out.claim_count, failed ? 0 : 1);
        arena_release(&a);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 1);
    bench_close(&b);
}

static void a_url_is_shown_without_its_password(void **state)
{
    static const char *const shown[][2] = {
        {"sqlite:plain.db", "sqlite:plain.db"},
        {"sqlite:a@b:c.db", "sqlite:a@b:c.db"},
        {"postgresql://host/db", "postgresql://host/db"},
        {"postgresql://host:5432/db", "postgresql://host:5432/db"},
        {"postgresql://u@host/db", "postgresql://u@host/db"},
        {"postgresql://u:secret@host/db", "postgresql://u:***@host/db"},
        {"postgresql://u:se@cr:et@host:1,h2/db?a=b", "postgresql://u:***@host:1,h2/db?a=b"},
        {"postgresql://u:se/cr@host/db", "postgresql://u:***@host/db"},
        {"postgresql://u:se?cr@host/db", "postgresql://u:***@host/db"},
        {"postgresql://h/d?password=x&sslpassword=y&z=1",
         "postgresql://h/d?password=***&sslpassword=***&z=1"},
    };
    struct arena a = ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        assert_string_equal(store_url_shown(&a, shown[i][0]), shown[i][1]);
    arena_release(&a);
}

static void statuses_are_read_in_any_case(void **state)
{
    enum job_status status;

    (void)state;
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        assert_true(job_status_parse(job_status_names[i], &status));
        assert_int_equal(status, i);
    }
    assert_true(job_status_parse("lost", &status) && status == JOB_LOST);
    assert_false(job_status_parse("", &status));
    assert_false(job_status_parse("LOS", &status));
}

CONFORMANCE_MAIN(&sqlite_database, a_bad_url_is_refused_with_the_reason,
                 a_path_is_made_absolute_when_it_is_opened,
                 what_is_no_database_is_refused_with_the_reason,
                 the_journal_mode_is_kept_unless_the_url_names_one,
                 the_journal_mode_is_not_changed_under_others,
                 a_scratch_file_has_the_journal_of_its_neighbour, network_file_systems_are_known,
                 a_lock_is_waited_for_and_then_busy, a_full_disk_changes_nothing_and_is_survived,
                 a_read_only_store_reads_and_refuses_to_write,
                 a_file_that_was_moved_away_is_noticed,
                 tables_that_are_missing_are_a_matter_of_the_schema,
                 every_native_code_has_a_meaning, a_cycle_survives_every_failing_allocation,
                 a_url_is_shown_without_its_password, statuses_are_read_in_any_case)
