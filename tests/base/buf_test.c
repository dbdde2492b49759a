/* buf_test.c - what buf.h promises, one test a promise */
#include "base/buf.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"

#include "tests/harness/harness.h"

static void is_empty_and_terminated_before_the_first_append(void **state)
{
    struct buf b = BUF_INIT(8);
    (void)state;
    assert_string_equal(b.data, "");
    assert_true(buf_ok(&b));
}

static void breaks_at_the_ceiling_and_stays_broken_until_reset(void **state)
{
    struct buf b = BUF_INIT(4);
    (void)state;
    buf_puts(&b, "abc");
    assert_string_equal(b.data, "abc");
    buf_puts(&b, "d"); /* 4 bytes would leave no room for the NUL */
    assert_false(buf_ok(&b));
    buf_puts(&b, "x");
    assert_string_equal(b.data, "");
    assert_int_equal(b.len, 0);
    buf_reset(&b);
    buf_puts(&b, "x");
    assert_string_equal(b.data, "x");
    buf_release(&b);
}

static void never_allocates_more_than_its_ceiling(void **state)
{
    struct buf b = BUF_INIT(1000);
    (void)state;
    for (int i = 0; i < 999; i++) {
        buf_putc(&b, 'x');
        assert_in_range(b.cap, 1, 1000);
    }
    assert_true(buf_ok(&b));
    buf_putc(&b, 'x');
    assert_false(buf_ok(&b));
    buf_release(&b);
}

static void reset_keeps_the_memory(void **state)
{
    struct buf b = BUF_INIT(4096);
    (void)state;
    buf_putf(&b, "%1000d", 1);
    buf_reset(&b);
    assert_string_equal(b.data, "");
    harness_fail_allocation(0);
    buf_putf(&b, "%1000d", 1);
    assert_false(harness_allocation_failed());
    buf_release(&b);
}

static void put_takes_nul_bytes_and_null_for_nothing(void **state)
{
    struct buf b = BUF_INIT(16);
    (void)state;
    buf_put(&b, NULL, 0);
    buf_put(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 4);
    buf_release(&b);
}

static void putf_formats_text_longer_than_the_first_block(void **state)
{
    struct buf b = BUF_INIT(1 << 20);
    (void)state;
    buf_putf(&b, "%s=%d ", "class", 7);
    buf_putf(&b, "%5000s", "x");
    assert_int_equal(b.len, strlen("class=7 ") + 5000);
    assert_memory_equal(b.data, "class=7  ", 9);
    buf_release(&b);
}

static void consume_drops_the_first_bytes(void **state)
{
    struct buf b = BUF_INIT(64);
    (void)state;
    buf_consume(&b, 0);
    buf_puts(&b, "abcdef");
    buf_consume(&b, 2);
    assert_string_equal(b.data, "cdef");
    buf_consume(&b, 4);
    assert_string_equal(b.data, "");
    buf_release(&b);
}

static void take_hands_over_and_leaves_an_empty_buf(void **state)
{
    struct buf b = BUF_INIT(64);
    size_t len = 0;
    (void)state;
    buf_puts(&b, "abc");
    char *text = buf_take(&b, &len);
    assert_string_equal(text, "abc");
    assert_int_equal(len, 3);
    assert_string_equal(b.data, "");
    mem_free(text);
}

static void take_of_nothing_is_an_empty_text_that_can_be_freed(void **state)
{
    struct buf b = BUF_INIT(1);
    (void)state;
    char *text = buf_take(&b, NULL);
    assert_string_equal(text, "");
    mem_free(text);
}

static void take_of_a_broken_buf_is_null(void **state)
{
    struct buf b = BUF_INIT(2);
    (void)state;
    buf_puts(&b, "too long");
    assert_null(buf_take(&b, NULL));
    buf_release(&b);
}

static void survives_every_failing_allocation(void **state)
{
    bool failed = true;
    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        struct buf b = BUF_INIT(1 << 20);

        harness_fail_allocation(nth);
        for (int i = 0; i < 10000; i++)
            buf_putf(&b, "%d,", i);
        failed = harness_allocation_failed();
        assert_int_equal(buf_ok(&b), !failed);
        buf_release(&b);
    }
}

struct pair {
    const char *in, *out;
};

static void check_all(const struct pair *pairs, size_t n, void (*put)(struct buf *, const char *))
{
    for (size_t i = 0; i < n; i++) {
        struct buf b = BUF_INIT(256);

        put(&b, pairs[i].in);
        assert_string_equal(b.data, pairs[i].out);
        buf_release(&b);
    }
}

static void escapes_what_is_not_safe_to_show(void **state)
{
    static const struct pair pairs[] = {
        {"", ""},
        {"plain text, \"quotes\" and \\", "plain text, \"quotes\" and \\"},
        {"\x01\t\r\n", "\\u0001\\u0009\\u000d\\u000a"},
        {"\x7F", "\\u007f"},
        {"a\xC2\x9B[2J", "a\\u009b[2J"},                /* C1: CSI in one character  */
        {"\xE2\x80\xA8\xE2\x80\xA9", "\\u2028\\u2029"}, /* line, paragraph separator */
        {"\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F", "\\u061c\\u200e\\u200f"},
        {"\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9", "\\u202a\\u202e\\u2066\\u2069"},
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD"}, /* invalid, and cut off      */
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
    };
    (void)state;
    check_all(pairs, ARRAY_SIZE(pairs), buf_put_escaped);
}

static void a_hostile_name_cannot_forge_a_log_line(void **state)
{
    struct buf b = BUF_INIT(256);
    (void)state;
    buf_put_escaped(&b, "x\n[INFO] all fine\x1b[2J\xE2\x80\xAE\xFF");
    assert_string_equal(b.data, "x\\u000a[INFO] all fine\\u001b[2J\\u202e\xEF\xBF\xBD");
    buf_release(&b);
}

static void json_strings_are_quoted_and_safe_to_show(void **state)
{
    static const struct pair pairs[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\r\t\b\f", "\"\\n\\r\\t\\b\\f\""},
        {"\x01\x1F\x7F", "\"\\u0001\\u001f\\u007f\""},
        {"\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
        {"\xE2\x80\xA8\xE2\x80\xAE", "\"\\u2028\\u202e\""},
        {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
    };
    (void)state;
    check_all(pairs, ARRAY_SIZE(pairs), buf_put_json);
}

static void whole_numbers_to_both_ends_of_their_range(void **state)
{
    struct buf b = BUF_INIT(100);
    (void)state;
    buf_put_int(&b, LLONG_MIN);
    buf_putc(&b, ' ');
    buf_put_int(&b, 0);
    buf_putc(&b, ' ');
    buf_put_int(&b, LLONG_MAX);
    assert_string_equal(b.data, "-9223372036854775808 0 9223372036854775807");
    buf_release(&b);
}

HARNESS_MAIN(whole_numbers_to_both_ends_of_their_range,
             is_empty_and_terminated_before_the_first_append,
             breaks_at_the_ceiling_and_stays_broken_until_reset,
             never_allocates_more_than_its_ceiling, reset_keeps_the_memory,
             put_takes_nul_bytes_and_null_for_nothing,
             putf_formats_text_longer_than_the_first_block, consume_drops_the_first_bytes,
             take_hands_over_and_leaves_an_empty_buf,
             take_of_nothing_is_an_empty_text_that_can_be_freed, take_of_a_broken_buf_is_null,
             survives_every_failing_allocation, escapes_what_is_not_safe_to_show,
             a_hostile_name_cannot_forge_a_log_line, json_strings_are_quoted_and_safe_to_show)
