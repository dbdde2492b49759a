/* line_reader_test.c - what line_reader.h promises */
#include "cli/line_reader.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/harness.h"

enum { LONGEST = 100000 };

static struct line_reader reader;
static plain_error err;

static void begin(const char *text, size_t length)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/lines", harness_tmpdir());
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
    line_reader_init(&reader, LONGEST);
    assert_int_equal(line_reader_open(&reader, path, &err), PLAIN_OK);
}

static void assert_next(const char *line, size_t length, size_t number)
{
    assert_int_equal(line_reader_next(&reader, &err), PLAIN_OK);
    assert_int_equal(reader.line.len, length);
    assert_memory_equal(reader.line.data, line, length);
    assert_int_equal(reader.number, number);
}

static void assert_end(void)
{
    assert_int_equal(line_reader_next(&reader, &err), PLAIN_NONE);
    assert_int_equal(line_reader_next(&reader, &err), PLAIN_NONE);
    line_reader_close(&reader);
}

static void lines_come_one_by_one(void **state)
{
    static const char text[] = "one\n\n\0two\r\nlast";

    (void)state;
    begin(text, sizeof(text) - 1);
    assert_next("one", 3, 1);
    assert_next("", 0, 2);
    assert_next("\0two\r", 5, 3);
    assert_next("last", 4, 4);
    assert_int_equal(reader.bytes_read, sizeof(text) - 1);
    assert_end();
    begin("", 0);
    assert_end();
    begin("\n", 1);
    assert_next("", 0, 1);
    assert_end();
}

static void lines_may_be_longer_than_a_block(void **state)
{
    static char text[3 * LONGEST];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[LONGEST] = '\n';
    text[2 * LONGEST + 2] = '\n';
    begin(text, sizeof(text));
    assert_next(text, LONGEST, 1);
    /* One byte too many: refused, and reading goes on behind it. */
    assert_int_equal(line_reader_next(&reader, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_int_equal(reader.number, 2);
    assert_next(text, LONGEST - 3, 3);
    assert_end();
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    line_reader_init(&reader, LONGEST);
    assert_int_equal(line_reader_open(&reader, "/nowhere/lines", &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 705);
    assert_non_null(strstr(err.message, "/nowhere/lines"));
    line_reader_close(&reader);
    line_reader_init(&reader, LONGEST);
    assert_int_equal(line_reader_open(&reader, harness_tmpdir(), &err), PLAIN_OK);
    assert_int_equal(line_reader_next(&reader, &err), PLAIN_E_IO);
    line_reader_close(&reader);
}

HARNESS_MAIN(lines_come_one_by_one, lines_may_be_longer_than_a_block,
             a_file_that_is_not_there_is_named)
