/* file_text_test.c - what file_text.h promises */
#include "base/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static void a_file_is_read_whole_or_cut(void **state)
{
    char path[PATH_MAX], out[16];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/text", harness_tmpdir());
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(file_text(path, out, sizeof(out)));
    assert_string_equal(out, "");
    assert_int_equal(write(fd, "fifteen letters, and more", 25), 25);
    assert_true(file_text(path, out, sizeof(out)));
    assert_string_equal(out, "fifteen letters");
    assert_true(file_text(path, out, 1));
    assert_string_equal(out, "");
    (void)close(fd);
}

static void what_cannot_be_read_is_told(void **state)
{
    char out[16] = "before";

    (void)state;
    assert_false(file_text("/nowhere/at/all", out, sizeof(out)));
    assert_int_equal(errno, ENOENT);
    assert_string_equal(out, "");
    assert_false(file_text("/", out, sizeof(out)));
    assert_int_equal(errno, EISDIR);
    assert_string_equal(out, "");
}

static void a_number_is_what_a_text_begins_with(void **state)
{
    (void)state;
    assert_int_equal(file_text_number("0\n"), 0);
    assert_int_equal(file_text_number("100000 50000"), 100000);
    assert_int_equal(file_text_number("9223372036854775807"), INT64_MAX);
    assert_int_equal(file_text_number("9223372036854775808"), -1);
    assert_int_equal(file_text_number("max"), -1);
    assert_int_equal(file_text_number("-1"), -1);
    assert_int_equal(file_text_number(""), -1);
    assert_int_equal(file_text_number("1000000000000000000000000000000"), -1);
}

HARNESS_MAIN(a_file_is_read_whole_or_cut, what_cannot_be_read_is_told,
             a_number_is_what_a_text_begins_with)
