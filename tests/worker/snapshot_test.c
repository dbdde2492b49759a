/* snapshot_test.c - which files count, and what is a difference */
#include "worker/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/harness/harness.h"

/* Every test in a folder of its own, so that it sees its files alone. */
static int enter_folder(void)
{
    static int number;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%d", harness_tmpdir(), number++);
    return mkdir(path, 0700) == 0 && chdir(path) == 0 ? 0 : -1;
}

static void make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

/* So many seconds after the beginning of time. */
static void set_time(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void take(struct snapshot *s)
{
    plain_error err;

    assert_int_equal(snapshot_take(NULL, 0, NULL, NULL, s, &err), PLAIN_OK);
}

static void names_decide_what_is_looked_at(void **state)
{
    static const struct {
        const char *folder, *name;
        bool wanted;
    } rows[] = {
        {".", "a.c", true},
        {"lib", "a.h", true},
        {"app", "jobs.so", true},
        {".", "plain.conf", true},
        {".", ".env", true},
        {".", ".env.local", true},
        {"app", ".env", false},
        {".", ".env.swp", false},
        {".", ".a.c", false},
        {".", "a.c~", false},
        {".", "#a.c#", false},
        {".", "#a.c", true},
        {"app", ".jobs.c.swp", false},
        {".", "plain.db-wal", false},
        {"app", "jobs.so.17", false},
        {"jobs.d", "hello", true},
        {"jobs.d", "hello~", false},
        {"jobs.d", "#hello#", false},
        {"jobs.d", ".hidden", false},
        {"a/jobs.d", "hello", false},
        {".", "c", false},
        {".", ".c", false},
        {".", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (snapshot_wants(rows[i].folder, rows[i].name) != rows[i].wanted)
            fail_msg("%s/%s", rows[i].folder, rows[i].name);
    }
}

static void hidden_folders_and_links_are_not_entered(void **state)
{
    static const char *const folders[] = {".git", "node_modules", "app", "app/mail"};
    struct snapshot s = SNAPSHOT_INIT;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[64];

        assert_int_equal(mkdir(folders[i], 0700), 0);
        (void)snprintf(path, sizeof(path), "%s/jobs.c", folders[i]);
        make(path);
    }
    assert_int_equal(symlink(".", "loop"), 0);
    take(&s);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.files[0].path, "app/jobs.c");
    assert_string_equal(s.files[1].path, "app/mail/jobs.c");
    assert_false(s.incomplete);
    snapshot_release(&s);
}

static void links_are_entered_where_jobs_are_loaded_from(void **state)
{
    static const char *const wanted[] = {"app/a.h", "app/loop/a.h", "app/mail/a.h", "jobs.d/a.h"};
    struct snapshot s = SNAPSHOT_INIT;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    assert_int_equal(mkdir(".app", 0700), 0);
    assert_int_equal(mkdir(".mail", 0700), 0);
    make(".app/a.h");
    make(".mail/a.h");
    assert_int_equal(symlink(".app", "app"), 0);
    assert_int_equal(symlink("../.mail", "app/mail"), 0);
    assert_int_equal(symlink("../.app", "app/loop"), 0);
    assert_int_equal(symlink(".mail", "jobs.d"), 0);
    assert_int_equal(symlink(".mail", "lib"), 0); /* no place of jobs */
    take(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_string_equal(s.files[i].path, wanted[i]);
    assert_int_equal(s.count, sizeof(wanted) / sizeof(wanted[0]));
    snapshot_release(&s);
}

static void every_kind_of_change_is_a_difference(void **state)
{
    struct snapshot before = SNAPSHOT_INIT, now = SNAPSHOT_INIT;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    make("b.c");
    take(&before);
    take(&now);
    assert_null(snapshot_difference(&before, &now));
    make("a.so");
    take(&now);
    assert_string_equal(snapshot_difference(&before, &now), "a.so");
    assert_string_equal(snapshot_difference(&now, &before), "a.so");
    assert_true(snapshot_sources(&before) == snapshot_sources(&now)); /* it is no source */
    assert_int_equal(unlink("a.so"), 0);
    assert_int_equal(chmod("b.c", 0755), 0);
    take(&now);
    assert_string_equal(snapshot_difference(&before, &now), "b.c");
    assert_int_equal(chmod("b.c", 0600), 0);
    set_time("b.c", 1000);
    take(&now);
    assert_string_equal(snapshot_difference(&before, &now), "b.c");
    assert_false(snapshot_sources(&before) == snapshot_sources(&now));
    assert_int_equal(rename("b.c", "c.c"), 0);
    take(&before);
    assert_string_equal(snapshot_difference(&now, &before), "b.c");
    assert_false(snapshot_sources(&before) == snapshot_sources(&now));
    snapshot_release(&before);
    snapshot_release(&now);
}

static void count_folder(const char *folder, void *user)
{
    (void)folder;
    (*(int *)user)++;
}

static void named_files_count_wherever_they_are(void **state)
{
    const char *const named[] = {"b.c", "other/settings", "missing"};
    struct snapshot before = SNAPSHOT_INIT, now = SNAPSHOT_INIT;
    plain_error err;
    int folders = 0;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    assert_int_equal(mkdir("other", 0700), 0);
    make("b.c");
    make("other/settings");
    assert_int_equal(snapshot_take(named, 3, count_folder, &folders, &before, &err), PLAIN_OK);
    assert_int_equal(before.count, 2);
    assert_int_equal(folders, 2);
    make("missing");
    assert_int_equal(snapshot_take(named, 3, NULL, NULL, &now, &err), PLAIN_OK);
    assert_string_equal(snapshot_difference(&before, &now), "missing");
    snapshot_release(&before);
    snapshot_release(&now);
}

static void note_folder(const char *folder, void *user)
{
    struct buf *seen = user;

    buf_putf(seen, "%s ", folder);
}

static void the_way_to_a_named_file_is_seen_from_the_first_folder_that_is_there(void **state)
{
    const char *const named[] = {"there/a/b/c.so"};
    struct snapshot s = SNAPSHOT_INIT;
    struct buf seen = BUF_INIT(4096);
    plain_error err;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    assert_int_equal(mkdir("there", 0700), 0);
    assert_int_equal(snapshot_take(named, 1, note_folder, &seen, &s, &err), PLAIN_OK);
    assert_string_equal(seen.data, ". there there/a there/a/b ");
    snapshot_release(&s);
    buf_release(&seen);
}

static void modules_alone_may_be_different(void **state)
{
    struct snapshot before = SNAPSHOT_INIT, now = SNAPSHOT_INIT;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    make("a.c");
    take(&before);
    make("a.so");
    make("b.so");
    take(&now);
    assert_true(snapshot_is_same_but_modules(&before, &now));
    assert_true(snapshot_is_same_but_modules(&now, &before));
    make("plain.conf");
    take(&now);
    assert_false(snapshot_is_same_but_modules(&before, &now));
    assert_false(snapshot_is_same_but_modules(&now, &before));
    snapshot_release(&before);
    snapshot_release(&now);
}

static void check_stale(bool lacks, bool stale)
{
    struct snapshot s = SNAPSHOT_INIT;

    take(&s);
    assert_int_equal(snapshot_lacks_module(&s), lacks);
    assert_int_equal(snapshot_is_stale(&s), stale);
    snapshot_release(&s);
}

static void a_module_is_stale_when_a_source_is_newer(void **state)
{
    (void)state;
    assert_int_equal(enter_folder(), 0);
    check_stale(false, false); /* nothing to build */
    assert_int_equal(mkdir("app", 0700), 0);
    assert_int_equal(mkdir("app/mail", 0700), 0);
    make("app/jobs.c");
    set_time("app/jobs.c", 1000);
    check_stale(true, true);
    make("app/jobs.so");
    set_time("app/jobs.so", 2000);
    check_stale(false, false);
    make("common.h");
    set_time("common.h", 2001);
    check_stale(false, true);
    set_time("common.h", 1000);
    make("vendor.so"); /* nothing here makes it */
    set_time("vendor.so", 1);
    check_stale(false, false);
    make("app/mail/jobs.c");
    set_time("app/mail/jobs.c", 1000);
    check_stale(true, true);
    make("app/mail/jobs.so");
    set_time("app/mail/jobs.so", 999);
    check_stale(false, true);
}

static void folders_beyond_the_limits_are_told(void **state)
{
    struct snapshot s = SNAPSHOT_INIT;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    for (int i = 0; i <= SNAPSHOT_DEPTH_MAX; i++) {
        assert_int_equal(mkdir("deeper", 0700), 0);
        assert_int_equal(chdir("deeper"), 0);
        make("a.c");
    }
    for (int i = 0; i <= SNAPSHOT_DEPTH_MAX; i++)
        assert_int_equal(chdir(".."), 0);
    take(&s);
    assert_true(s.incomplete);
    assert_int_equal(s.count, SNAPSHOT_DEPTH_MAX);
    snapshot_release(&s);
}

static void without_memory_there_is_no_snapshot(void **state)
{
    struct snapshot s = SNAPSHOT_INIT;
    plain_error err = {0};
    unsigned nth = 0;
    int r;

    (void)state;
    assert_int_equal(enter_folder(), 0);
    assert_int_equal(mkdir("app", 0700), 0);
    make("app/jobs.c");
    do {
        harness_fail_allocation(nth++);
        r = snapshot_take(NULL, 0, NULL, NULL, &s, &err);
        if (!harness_allocation_failed())
            break;
        assert_int_equal(r, PLAIN_E_NOMEM);
        assert_int_equal(s.count, 0);
    } while (nth < 100);
    assert_true(nth > 2 && r == PLAIN_OK);
    snapshot_release(&s);
}

HARNESS_MAIN(names_decide_what_is_looked_at, hidden_folders_and_links_are_not_entered,
             links_are_entered_where_jobs_are_loaded_from, every_kind_of_change_is_a_difference,
             named_files_count_wherever_they_are,
             the_way_to_a_named_file_is_seen_from_the_first_folder_that_is_there,
             modules_alone_may_be_different, a_module_is_stale_when_a_source_is_newer,
             folders_beyond_the_limits_are_told, without_memory_there_is_no_snapshot)
