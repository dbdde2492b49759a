/* executable_test.c - a scan of a folder while its files come and go; refusals: tests/process */
#include "core/executable.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/harness.h"

enum { SCANS = 5000, PATH_SIZE = 200 };

static char original[PATH_SIZE], folder[PATH_SIZE], coming[PATH_SIZE], staying[PATH_SIZE];
static atomic_bool is_over;
static atomic_int failures;

static void *come_and_go(void *unused)
{
    (void)unused;
    while (!atomic_load(&is_over)) {
        if (link(original, coming) != 0 || unlink(coming) != 0)
            atomic_fetch_add(&failures, 1);
    }
    return NULL;
}

static int count(const struct executable *found, void *user, plain_error *err)
{
    (void)found;
    (void)err;
    ++*(int *)user;
    return PLAIN_OK;
}

/* A runner that starts while a job's file is taken away has all others. */
static void a_file_that_goes_during_a_scan_is_none(void **state)
{
    pthread_t other;

    (void)state;
    (void)snprintf(original, sizeof(original), "%s/original", harness_tmpdir());
    (void)snprintf(folder, sizeof(folder), "%s/jobs.d", harness_tmpdir());
    (void)snprintf(coming, sizeof(coming), "%s/jobs.d/coming", harness_tmpdir());
    (void)snprintf(staying, sizeof(staying), "%s/jobs.d/staying", harness_tmpdir());
    assert_int_equal(mkdir(folder, 0700), 0);
    int fd = open(original, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(link(original, staying), 0);
    assert_int_equal(pthread_create(&other, NULL, come_and_go, NULL), 0);
    for (int i = 0; i < SCANS; i++) {
        plain_error err = {0};
        int n = 0;

        if (executable_scan(folder, count, &n, &err) != PLAIN_OK)
            fail_msg("scan %d: %s", i, err.message);
        assert_in_range(n, 1, 2);
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(atomic_load(&failures), 0);
}

/* What is there and cannot be followed is a mistake to be told of. */
static void a_link_to_nothing_is_refused(void **state)
{
    char links[PATH_SIZE], dangling[PATH_SIZE];
    plain_error err = {0};
    int n = 0;

    (void)state;
    (void)snprintf(links, sizeof(links), "%s/links.d", harness_tmpdir());
    (void)snprintf(dangling, sizeof(dangling), "%s/links.d/dangling", harness_tmpdir());
    assert_int_equal(mkdir(links, 0700), 0);
    assert_int_equal(symlink("nothing", dangling), 0);
    assert_int_equal(executable_scan(links, count, &n, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 106);
    assert_int_equal(n, 0);
}

HARNESS_MAIN(a_file_that_goes_during_a_scan_is_none, a_link_to_nothing_is_refused)
