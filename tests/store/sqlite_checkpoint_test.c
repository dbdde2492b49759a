/* sqlite_checkpoint_test.c - the log stays short although SQLite may not checkpoint by itself */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/uuid.h"
#include "store/sqlite/connection.h"
#include "tests/store/sqlite_database.h"

enum { FRAME_BYTES = 4096 + 24, FRAMES_MAX = 1000, ENQUEUES = 6000, STRESS_ENQUEUES = 20000 };

static int64_t log_frames(const struct bench *b)
{
    char path[4096];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s-wal", b->url + strlen("sqlite:"));
    return stat(path, &st) == 0 ? st.st_size / FRAME_BYTES : 0;
}

static struct checkpoint *checkpoint_of(const struct bench *b)
{
    return &((struct connection *)(void *)b->store)->checkpoint;
}

static void enqueue_many(struct bench *b, int count)
{
    for (int i = 0; i < count; i++) {
        struct new_request r = request_default();
        (void)bench_enqueue(b, &r);
    }
}

static void assert_intact(const struct bench *b)
{
    assert_int_equal(bench_number(b, "SELECT count(*) FROM pragma_integrity_check"
                                     " WHERE integrity_check <> 'ok'"),
                     0);
}

static void the_versions_with_the_bug_are_known(void **state)
{
    static const struct {
        int version;
        bool affected;
    } versions[] = {{3006023, false}, {3007000, true},  {3040001, true}, {3044005, true},
                    {3044006, false}, {3044009, false}, {3045000, true}, {3050006, true},
                    {3050007, false}, {3051000, true},  {3051002, true}, {3051003, false},
                    {3052000, false}, {4000000, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
        assert_int_equal(checkpoint_is_affected(versions[i].version), versions[i].affected);
}

static void our_connections_never_checkpoint_by_themselves(void **state)
{
    struct bench b;
    int off = -1;

    (void)state;
    bench_open(&b);
    if (checkpoint_is_affected(sqlite3_libversion_number())) {
        (void)sqlite3_db_config(sqlite_database_inside(&b), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1,
                                &off);
        assert_int_equal(off, 1);
        enqueue_many(&b, 5);
        bench_close(&b);
        assert_true(log_frames(&b) > 5); /* the last one to close left the log as it was */
    } else {
        bench_close(&b);
    }
}

static void the_log_stays_short_under_many_enqueues(void **state)
{
    int count = getenv("PLAIN_STRESS") ? STRESS_ENQUEUES : ENQUEUES;
    struct bench b;

    (void)state;
    bench_open(&b);
    sqlite_database_hurry(&b);
    for (int i = 0; i < count / 100; i++) {
        enqueue_many(&b, 100);
        assert_in_range(log_frames(&b), 1, FRAMES_MAX);
    }
    assert_intact(&b);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), count / 100 * 100);
    bench_close(&b);
}

enum { WRITERS = 4, WRITES = 500 };

struct writer {
    struct bench bench;
    pthread_t thread;
};

static void *write_many(void *user)
{
    struct writer *w = user;

    enqueue_many(&w->bench, WRITES);
    return NULL;
}

static void the_log_stays_short_under_several_writers(void **state)
{
    static struct writer writers[WRITERS];
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < WRITERS; i++) {
        bench_join(&writers[i].bench, &b);
        sqlite_database_hurry(&writers[i].bench);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    for (int i = 0; i < WRITERS; i++) {
        (void)pthread_join(writers[i].thread, NULL);
        bench_close(&writers[i].bench);
    }
    /* Where writers wait for each other a checkpoint waits too, and one that is done may find the
     * log being looked at: the next one then does it. */
    assert_in_range(log_frames(&b), 1, 2 * FRAMES_MAX);
    assert_intact(&b);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), WRITERS * WRITES);
    bench_close(&b);
}

/* A connection that never read has no log open: its checkpoint does nothing and says -1 and -1. */
static void a_second_connection_that_never_read_is_noticed(void **state)
{
    struct bench b;
    int frames = 0, copied = 0;

    (void)state;
    bench_open(&b);
    sqlite_database_hurry(&b);
    struct checkpoint *c = checkpoint_of(&b);
    assert_null(c->second);
    assert_int_equal(sqlite3_open(b.url + strlen("sqlite:"), &c->second), SQLITE_OK);
    assert_int_equal(
        sqlite3_wal_checkpoint_v2(c->second, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied),
        SQLITE_OK);
    assert_int_equal(frames, -1);
    assert_int_equal(copied, -1);
    for (int i = 0; i < 10; i++)
        enqueue_many(&b, 100);
    assert_in_range(log_frames(&b), CHECKPOINT_FRAMES / 2, FRAMES_MAX);
    assert_intact(&b);
    bench_close(&b);
}

static int warnings;

static void count_warnings(enum log_level level, const char *event, const struct log_pair *pairs,
                           size_t count, void *user)
{
    (void)event;
    (void)pairs;
    (void)count;
    (void)user;
    warnings += level == LOG_WARNING;
}

static void a_reader_that_holds_the_log_back_is_noticed(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    sqlite_database_hurry(&b);
    enqueue_many(&b, 1);
    sqlite3 *reader = sqlite_database_connect(b.url);
    (void)sqlite_database_run(reader, "BEGIN; SELECT count(*) FROM plainjobs_jobrequest");
    warnings = 0;
    log_set_sink(count_warnings, NULL);
    while (warnings == 0 && log_frames(&b) < 20 * FRAMES_MAX)
        enqueue_many(&b, 100);
    log_set_sink(NULL, NULL);
    assert_int_equal(warnings, 1);
    assert_true(log_frames(&b) > FRAMES_MAX);

    /* When it lets go the log is copied to its end, and written from its start again. */
    (void)sqlite_database_run(reader, "COMMIT");
    (void)sqlite3_close(reader);
    enqueue_many(&b, 200);
    assert_in_range(checkpoint_of(&b)->frames, 1, FRAMES_MAX);
    assert_intact(&b);
    bench_close(&b);
}

DATABASE_MAIN(&sqlite_database, the_versions_with_the_bug_are_known,
              our_connections_never_checkpoint_by_themselves,
              the_log_stays_short_under_many_enqueues, the_log_stays_short_under_several_writers,
              a_second_connection_that_never_read_is_noticed,
              a_reader_that_holds_the_log_back_is_noticed)
