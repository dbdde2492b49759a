/* clock_test.c - what clock.h promises, one test a promise */
#include "base/clock.h"

#include <string.h>

#include "tests/harness/harness.h"

static int64_t always_1(void)
{
    return 1;
}

static int64_t always_2(void)
{
    return 2;
}

static void a_source_replaces_both_clocks_until_it_is_taken_back(void **state)
{
    static const struct clock_source source = {.wall_us = always_1, .mono_us = always_2};
    (void)state;
    clock_set_source(&source);
    assert_int_equal(clock_wall_us(), 1);
    assert_int_equal(clock_mono_us(), 2);
    clock_set_source(NULL);
    assert_true(clock_wall_us() > INT64_C(1700000000) * US_PER_S);
}

static void the_monotonic_clocks_do_not_go_back(void **state)
{
    int64_t mono = clock_mono_us();
    int64_t boot = clock_boot_us();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t next = clock_mono_us();

        assert_true(next >= mono);
        mono = next;
    }
    assert_true(clock_boot_us() >= boot);
}

static void add_saturates(void **state)
{
    (void)state;
    assert_true(clock_add(1, 2) == 3);
    assert_true(clock_add(INT64_MAX, 1) == INT64_MAX);
    assert_true(clock_add(INT64_MIN, -1) == INT64_MIN);
    assert_true(clock_add(INT64_MAX, INT64_MIN) == -1);
}

/* us and the text that clock_format writes, which clock_parse reads back. */
static const struct {
    int64_t us;
    const char *text;
} moments[] = {
    {0, "1970-01-01T00:00:00.000000Z"},
    {1, "1970-01-01T00:00:00.000001Z"},
    {-1, "1969-12-31T23:59:59.999999Z"},
    {INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z"},
    {INT64_C(951868800000000), "2000-03-01T00:00:00.000000Z"},
    {INT64_C(1795501800123456), "2026-11-24T06:30:00.123456Z"},
    {INT64_C(4107542399999999), "2100-02-28T23:59:59.999999Z"},
    {INT64_C(4107542400000000), "2100-03-01T00:00:00.000000Z"},
    {CLOCK_MAX_US, "9999-12-31T23:59:59.999999Z"},
    {INT64_C(-62135596800000000), "0001-01-01T00:00:00.000000Z"},
};

static void format_writes_microseconds_in_utc(void **state)
{
    char out[CLOCK_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
        assert_string_equal(clock_format(moments[i].us, out), moments[i].text);
}

static void format_clamps_to_the_years_1_to_9999(void **state)
{
    char out[CLOCK_TEXT_SIZE];
    (void)state;
    assert_string_equal(clock_format(INT64_MIN, out), "0001-01-01T00:00:00.000000Z");
    assert_string_equal(clock_format(INT64_MAX, out), "9999-12-31T23:59:59.999999Z");
}

static void parse_reads_what_format_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        int64_t us = 99;

        assert_true(clock_parse(moments[i].text, &us));
        assert_true(us == moments[i].us);
    }
}

/* Every day of 1,200 years, against a calendar that counts one by one. */
static void each_day_follows_the_one_before(void **state)
{
    enum { DAYS = 438291 };
    int64_t us;
    char out[CLOCK_TEXT_SIZE], again[CLOCK_TEXT_SIZE];
    (void)state;
    assert_true(clock_parse("1582-10-15T00:00:00Z", &us));
    for (int i = 0; i < DAYS; i++, us += INT64_C(86400) * US_PER_S) {
        int64_t back = 0;

        assert_true(clock_parse(clock_format(us, out), &back));
        assert_true(back == us);
    }
    assert_string_equal(clock_format(us, again), "2782-10-15T00:00:00.000000Z");
}

static void parse_takes_every_form_of_rfc_3339(void **state)
{
    static const struct {
        const char *text, *same;
    } pairs[] = {
        {"2026-11-24T06:30:00Z", "2026-11-24T06:30:00.000000Z"},
        {"2026-11-24t06:30:00z", "2026-11-24T06:30:00.000000Z"},
        {"2026-11-24 06:30:00.5Z", "2026-11-24T06:30:00.500000Z"},
        {"2026-11-24T06:30:00.001Z", "2026-11-24T06:30:00.001000Z"},
        {"2026-11-24T06:30:00+05:45", "2026-11-24T00:45:00.000000Z"},
        {"2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000Z"},
        {"2026-11-24T06:30:00-00:00", "2026-11-24T06:30:00.000000Z"},
    };
    char out[CLOCK_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        int64_t us = 0;

        assert_true(clock_parse(pairs[i].text, &us));
        assert_string_equal(clock_format(us, out), pairs[i].same);
    }
}

static void parse_refuses_all_else_and_leaves_out_alone(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-24",
        "2026-11-24T06:30Z",
        "2026-11-24T06:30:00",
        "2026-11-24  06:30:00Z",
        "2026-11-24T06:30:00.Z",
        "2026-11-24T06:30:00.1234567Z",
        "2026-11-24T06:30:00Z ",
        " 2026-11-24T06:30:00Z",
        "2026-11-24T06:30:00+0545",
        "2026-11-24T06:30:00+24:00",
        "2026-11-24T06:30:00+05:60",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T23:60:00Z",
        "2026-11-24T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "-026-11-24T06:30:00Z",
        "2026-11-24T+6:30:00Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t us = 99;

        assert_false(clock_parse(bad[i], &us));
        assert_int_equal(us, 99);
    }
}

static void jitter_takes_at_most_an_eighth(void **state)
{
    bool differs = false;

    (void)state;
    assert_int_equal(clock_jittered(0), 0);
    for (int i = 0; i < 1000; i++) {
        int64_t us = clock_jittered(8000000);

        assert_in_range(us, 7000000, 8000000);
        differs = differs || us != clock_jittered(8000000);
    }
    assert_true(differs);
}

HARNESS_MAIN(a_source_replaces_both_clocks_until_it_is_taken_back,
             the_monotonic_clocks_do_not_go_back, add_saturates, format_writes_microseconds_in_utc,
             format_clamps_to_the_years_1_to_9999, parse_reads_what_format_writes,
             each_day_follows_the_one_before, parse_takes_every_form_of_rfc_3339,
             parse_refuses_all_else_and_leaves_out_alone, jitter_takes_at_most_an_eighth)
