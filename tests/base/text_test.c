/* text_test.c - what text.h promises, one test a promise */
#include "base/text.h"

#include <locale.h>
#include <string.h>

#include "tests/harness/harness.h"

static void int64_takes_the_whole_range(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"-5", -5},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        int64_t n = 99;

        assert_true(text_parse_int64(good[i].text, INT64_MIN, INT64_MAX, &n));
        assert_true(n == good[i].value);
    }
}

static void int64_refuses_all_else_and_leaves_out_alone(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "--1",
                                      "1.0",
                                      "0x1",
                                      "1e3",
                                      "1_000",
                                      "12a",
                                      "\xC2\xB2",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        int64_t n = 99;

        assert_false(text_parse_int64(bad[i], INT64_MIN, INT64_MAX, &n));
        assert_int_equal(n, 99);
    }
}

static void int64_keeps_to_its_range(void **state)
{
    int64_t n = 99;
    (void)state;
    assert_true(text_parse_int64("-3", -3, 3, &n));
    assert_true(text_parse_int64("3", -3, 3, &n));
    assert_false(text_parse_int64("4", -3, 3, &n));
    assert_false(text_parse_int64("-4", -3, 3, &n));
    assert_int_equal(n, 3);
}

static void double_takes_the_grammar_of_json(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},       {"-0.5", -0.5},  {"1.25", 1.25}, {"1e3", 1000},
                {"1E+3", 1000}, {"25e-2", 0.25}, {"10", 10}};
    static const char *const bad[] = {"",   "-",   ".5",  "5.",  "01",   "+1",  " 1",    "1 ",
                                      "1e", "1e+", "inf", "nan", "0x10", "1,5", "1e999", "-1e999"};
    double d = 99;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_true(text_parse_double(good[i].text, &d));
        assert_true(d == good[i].value);
    }
    d = 99;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(text_parse_double(bad[i], &d));
    assert_true(d == 99);
}

static void double_does_not_depend_on_the_locale(void **state)
{
    double d = 0;
    (void)state;
    /* Where no such locale is installed the test still holds, it only proves less. */
    (void)setlocale(LC_ALL, "de_DE.UTF-8");
    bool ok = text_parse_double("1.5", &d);
    (void)setlocale(LC_ALL, "C");
    assert_true(ok && d == 1.5);
}

static void bool_takes_its_words_in_any_case(void **state)
{
    static const char *const yes[] = {"true", "TRUE", "1", "yes", "Yes", "on"};
    static const char *const no[] = {"false", "False", "0", "no", "off", "OFF"};
    static const char *const bad[] = {"", "2", "tru", "truee", " true", "y"};
    bool b = false;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        assert_true(text_parse_bool(yes[i], &b) && b);
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        assert_true(text_parse_bool(no[i], &b) && !b);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(text_parse_bool(bad[i], &b));
}

static void duration_knows_its_units(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0", 0},
        {"60", 60000},
        {"300ms", 300},
        {"1.5s", 1500},
        {"0.001", 1},
        {"5m", 300000},
        {"2h", 7200000},
        {"7d", 604800000},
        {"0.5d", 43200000},
        {"0.25h", 900000},
        {"9223372036854775807ms", INT64_MAX},
        {"9223372036854775.807", INT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        int64_t ms = -1;

        assert_true(text_parse_duration_ms(good[i].text, &ms));
        assert_true(ms == good[i].ms);
    }
}

static void duration_refuses_what_is_not_a_number_of_milliseconds(void **state)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 s",
                                      "1.",
                                      ".5",
                                      "1e3",
                                      "5M",
                                      "5min",
                                      "1h30m",
                                      "0.5ms",
                                      "0.0001",
                                      "0.1234567891d",
                                      "9223372036854775808ms",
                                      "9223372036854775.808",
                                      "106751991168d",
                                      "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        int64_t ms = 99;

        assert_false(text_parse_duration_ms(bad[i], &ms));
        assert_int_equal(ms, 99);
    }
}

static void copy_cuts_between_characters(void **state)
{
    static const struct {
        size_t size;
        const char *copied;
    } cases[] = {{1, ""}, {2, "a"}, {3, "a"}, {4, "a"}, {5, "a\xE2\x82\xAC"}};
    char dst[16];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_false(text_copy(dst, cases[i].size, "a\xE2\x82\xAC!"));
        assert_string_equal(dst, cases[i].copied);
    }
    assert_true(text_copy(dst, 6, "a\xE2\x82\xAC!"));
    assert_string_equal(dst, "a\xE2\x82\xAC!");
}

static void copy_cuts_what_is_not_utf8_anywhere_and_writes_nothing_to_nothing(void **state)
{
    char dst[4] = "old";
    (void)state;
    assert_false(text_copy(dst, 0, "new"));
    assert_string_equal(dst, "old");
    assert_false(text_copy(dst, sizeof(dst), "\x80\x80\x80\x80\x80\x80"));
    assert_string_equal(dst, "\x80\x80\x80");
}

static void prefixes_and_letters_of_any_case(void **state)
{
    (void)state;
    assert_true(text_starts_with("sqlite:plain.db", "sqlite:"));
    assert_true(text_starts_with("x", ""));
    assert_false(text_starts_with("sqlit", "sqlite:"));
    assert_true(text_equal_nocase("Queue", "qUEUE"));
    assert_false(text_equal_nocase("queue", "queues"));
    assert_false(text_equal_nocase("queues", "queue"));
    assert_false(text_equal_nocase("[", "{")); /* 32 apart, as letters of two cases are */
}

static void distance_counts_edits(void **state)
{
    char a[200], b[200];
    (void)state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("abc", ""), 3);
    assert_int_equal(text_distance("worker", "wroker"), 2);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    memset(a, 'a', sizeof(a));
    memset(b, 'b', sizeof(b));
    a[199] = b[199] = '\0';
    assert_int_equal(text_distance(a, b), 64); /* looks no further */
}

static void nearest_finds_what_was_meant(void **state)
{
    static const char *const names[] = {"daily_report", "hello", "resize_image", "send_webhook",
                                        "worker"};
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"resize_imge", "resize_image"},
        {"wroker", "worker"},
        {"helo", "hello"},
        {"send", "send_webhook"},
        {"da", "daily_report"},
        {"hello", "hello"},
        {"", NULL},
        {"x", NULL},
        {"no_such_thing", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *found = text_nearest(cases[i].typed, names, ARRAY_SIZE(names));

        if (cases[i].meant)
            assert_string_equal(found, cases[i].meant);
        else
            assert_null(found);
    }
    assert_null(text_nearest("hello", names, 0));
}

static void next_reads_one_character(void **state)
{
    static const struct {
        const char *s;
        size_t n;
        unsigned cp;
    } cases[] = {
        {"a", 1, 'a'},
        {"\x7F", 1, 0x7F},
        {"\xC2\x80", 2, 0x80},
        {"\xDF\xBF", 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 0x800},
        {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        {"\x80", 1, UTF8_REPLACEMENT},             /* continuation alone        */
        {"\xC0\x80", 1, UTF8_REPLACEMENT},         /* NUL in two bytes          */
        {"\xC1\xBF", 1, UTF8_REPLACEMENT},         /* overlong                  */
        {"\xE0\x9F\xBF", 1, UTF8_REPLACEMENT},     /* overlong                  */
        {"\xED\xA0\x80", 1, UTF8_REPLACEMENT},     /* surrogate                 */
        {"\xF0\x8F\xBF\xBF", 1, UTF8_REPLACEMENT}, /* overlong                  */
        {"\xF4\x90\x80\x80", 1, UTF8_REPLACEMENT}, /* beyond the last character */
        {"\xF5\x80\x80\x80", 1, UTF8_REPLACEMENT}, /* no such first byte        */
        {"\xE2\x82", 1, UTF8_REPLACEMENT},         /* cut off                   */
        {"\xE2\x82z", 1, UTF8_REPLACEMENT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        unsigned cp = 0;

        assert_int_equal(utf8_next(cases[i].s, &cp), cases[i].n);
        assert_int_equal(cp, cases[i].cp);
    }
}

static void valid_is_strict_and_knows_no_nul(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10));
    assert_false(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("a\xE2\x82\xAC", 3)); /* cut off by n, not by a NUL */
    assert_false(utf8_valid("\xED\xA0\x80", 3));
}

static void clean_replaces_every_invalid_byte(void **state)
{
    char dst[64];
    (void)state;
    assert_int_equal(utf8_clean(dst, sizeof(dst), "a\xFF\0\xE2\x82", 5), 13);
    assert_string_equal(dst, "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_int_equal(utf8_clean(dst, sizeof(dst), "", 0), 0);
    assert_string_equal(dst, "");
}

static void clean_cuts_between_characters(void **state)
{
    char dst[4] = "old";
    (void)state;
    assert_int_equal(utf8_clean(dst, 0, "new", 3), 0);
    assert_string_equal(dst, "old");
    assert_int_equal(utf8_clean(dst, 4, "a\xE2\x82\xAC", 4), 1);
    assert_string_equal(dst, "a");
    assert_int_equal(utf8_clean(dst, 4, "\xE2\x82\xAC", 3), 3);
    assert_int_equal(utf8_clean(dst, 3, "\xFF", 1), 0); /* its replacement needs 3 and the NUL */
}

static void sizes_go_both_ways(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
        const char *back;
    } cases[] = {
        {"0", 0, "0"},
        {"1000", 1000, "1000"},
        {"1024", 1024, "1K"},
        {"256M", INT64_C(256) << 20, "256M"},
        {"256m", INT64_C(256) << 20, "256M"},
        {"1536m", INT64_C(1536) << 20, "1536M"},
        {"2048M", INT64_C(2) << 30, "2G"},
        {"8388607T", INT64_C(8388607) << 40, "8388607T"},
        {"8388608T", -1, NULL},
        {"", -1, NULL},
        {"M", -1, NULL},
        {"1.5G", -1, NULL},
        {"-1M", -1, NULL},
        {"1MB", -1, NULL},
        {"1 M", -1, NULL},
        {"1P", -1, NULL},
        {"99999999999999999999", -1, NULL},
    };
    char back[TEXT_SIZE_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t bytes = -1;

        assert_int_equal(text_parse_size(cases[i].text, &bytes), cases[i].bytes >= 0);
        assert_true(bytes == cases[i].bytes);
        if (bytes >= 0)
            assert_string_equal(text_size(bytes, back), cases[i].back);
    }
}

HARNESS_MAIN(sizes_go_both_ways, int64_takes_the_whole_range,
             int64_refuses_all_else_and_leaves_out_alone, int64_keeps_to_its_range,
             double_takes_the_grammar_of_json, double_does_not_depend_on_the_locale,
             bool_takes_its_words_in_any_case, duration_knows_its_units,
             duration_refuses_what_is_not_a_number_of_milliseconds, copy_cuts_between_characters,
             copy_cuts_what_is_not_utf8_anywhere_and_writes_nothing_to_nothing,
             prefixes_and_letters_of_any_case, distance_counts_edits, nearest_finds_what_was_meant,
             next_reads_one_character, valid_is_strict_and_knows_no_nul,
             clean_replaces_every_invalid_byte, clean_cuts_between_characters)
