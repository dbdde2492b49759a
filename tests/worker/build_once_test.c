/* build_once_test.c - two that want the same build, and what one leaves to the other */
#include "worker/build_once.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static bool has_no_locks;

/* Instead of the C library's. */
int flock(int fd, int operation)
{
    if (!has_no_locks)
        return (int)syscall(SYS_flock, fd, operation);
    errno = ENOLCK;
    return -1;
}

/* Two that begin to look in a folder of the test's own. */
static void begin(struct build_once *a, struct build_once *b)
{
    static int number;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%d", harness_tmpdir(), number++);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chdir(path), 0);
    build_once_look(a);
    build_once_look(b);
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void the_second_waits_and_takes_what_was_made(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    assert_int_equal(build_once_ask(&b, 7), BUILD_WAIT);
    build_once_done(&a, 7, true);
    assert_int_equal(build_once_ask(&b, 7), BUILD_MADE);
    assert_int_equal(build_once_ask(&b, 7), BUILD_OURS); /* it asks again: something is amiss */
    build_once_drop(&b);
}

static void a_failure_is_shared_too(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    build_once_done(&a, 7, false);
    assert_int_equal(build_once_ask(&b, 7), BUILD_BROKEN);
}

static void other_sources_are_another_build(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    build_once_done(&a, 7, true);
    assert_int_equal(build_once_ask(&b, 8), BUILD_OURS);
    build_once_done(&b, 8, true);
    assert_int_equal(build_once_ask(&a, 8), BUILD_MADE);
}

static void what_was_built_before_the_start_does_not_count(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    build_once_done(&a, 7, false);
    build_once_look(&b);
    assert_int_equal(build_once_ask(&b, 7), BUILD_OURS);
    build_once_drop(&b);
}

static void a_build_that_was_given_up_is_nobodys(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    build_once_drop(&a);
    assert_int_equal(build_once_ask(&b, 7), BUILD_OURS);
    build_once_drop(&b);
}

static void a_record_that_cannot_be_read_is_none(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    write_text(".plain/build",
               "99999999999999999999999 zz good and more than fits into a record\n");
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    build_once_done(&a, 7, true);
    assert_int_equal(build_once_ask(&b, 7), BUILD_MADE);
}

static void a_place_that_is_not_private_is_not_used(void **state)
{
    struct build_once a, b;
    struct stat st;

    (void)state;
    begin(&a, &b);
    assert_int_equal(stat(".plain", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(chmod(".plain", 0777), 0);
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    assert_int_equal(build_once_ask(&b, 7), BUILD_OURS); /* no lock, but nobody is kept from it */
    build_once_done(&a, 7, true);
    build_once_done(&b, 7, true);
    assert_int_equal(stat(".plain/build", &st), 0);
    assert_int_equal(st.st_size, 0);
}

static void where_files_cannot_be_locked_everybody_builds(void **state)
{
    struct build_once a, b;

    (void)state;
    begin(&a, &b);
    has_no_locks = true;
    assert_int_equal(build_once_ask(&a, 7), BUILD_OURS);
    assert_int_equal(build_once_ask(&b, 7), BUILD_OURS);
    has_no_locks = false;
    build_once_done(&a, 7, true);
    build_once_done(&b, 7, true);
}

HARNESS_MAIN(the_second_waits_and_takes_what_was_made, a_failure_is_shared_too,
             other_sources_are_another_build, what_was_built_before_the_start_does_not_count,
             a_build_that_was_given_up_is_nobodys, a_record_that_cannot_be_read_is_none,
             a_place_that_is_not_private_is_not_used, where_files_cannot_be_locked_everybody_builds)
