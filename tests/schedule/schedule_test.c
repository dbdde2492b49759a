/* schedule_test.c - what plain/jobs/schedule.h promises */
#include "tests/harness/harness.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <plain/jobs/schedule.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "schedule/search.h"

static plain_schedule parsed(const char *text)
{
    plain_schedule s;
    plain_error err;

    if (plain_schedule_parse(text, &s, &err) < 0)
        fail_msg("'%s': %s", text, err.message);
    return s;
}

static int64_t at(const char *text)
{
    int64_t us;

    assert_true(clock_parse(text, &us));
    return us;
}

static void assert_next(const char *text, const char *zone, const char *after, int dst,
                        const char *expected)
{
    char shown[CLOCK_TEXT_SIZE], wanted[CLOCK_TEXT_SIZE];
    plain_schedule s = parsed(text);
    int64_t us;
    plain_error err;

    if (plain_schedule_next(&s, zone, at(after), dst, &us, &err) < 0)
        fail_msg("'%s': %s", text, err.message);
    assert_string_equal(clock_format(us, shown), clock_format(at(expected), wanted));
}

static void the_example_of_the_header_works(void **state)
{
    (void)state;
    assert_next("30 2 * * MON-FRI", "Europe/Berlin", "2026-11-24T06:00:00Z", PLAIN_DST_CRON,
                "2026-11-25T01:30:00Z");
}

static void next_is_strictly_later_and_a_whole_minute(void **state)
{
    (void)state;
    assert_next("* * * * *", "UTC", "2026-11-24T12:00:00Z", 0, "2026-11-24T12:01:00Z");
    assert_next("* * * * *", "UTC", "2026-11-24T12:00:30Z", 0, "2026-11-24T12:01:00Z");
    assert_next("* * * * *", "UTC", "2026-11-24T11:59:59.999999Z", 0, "2026-11-24T12:00:00Z");
    assert_next("* * * * *", NULL, "1969-12-31T23:59:59.5Z", 0, "1970-01-01T00:00:00Z");
    assert_next("* * * * *", "", "0001-01-01T00:00:00Z", 0, "0001-01-01T00:01:00Z");
}

static void prev_is_strictly_earlier(void **state)
{
    plain_schedule s = parsed("0 12 * * *");
    int64_t us;

    (void)state;
    assert_int_equal(plain_schedule_prev(&s, "UTC", at("2026-11-24T12:00:00Z"), 0, &us, NULL), 0);
    assert_true(us == at("2026-11-23T12:00:00Z"));
    assert_int_equal(plain_schedule_prev(&s, "UTC", at("2026-11-24T12:00:00Z") + 1, 0, &us, NULL),
                     0);
    assert_true(us == at("2026-11-24T12:00:00Z"));
}

static void each_policy_has_its_own_answer(void **state)
{
    const char *zone = "America/New_York";
    const char *evening = "2026-03-08T04:30:00Z", *first_pass = "2026-11-01T05:45:00Z";

    (void)state;
    assert_next("30 2 * * *", zone, evening, PLAIN_DST_CRON, "2026-03-08T07:00:00Z");
    assert_next("30 2 * * *", zone, evening, PLAIN_DST_REPEAT_TWICE, "2026-03-08T07:00:00Z");
    assert_next("30 2 * * *", zone, evening, PLAIN_DST_GAP_SKIP, "2026-03-09T06:30:00Z");
    assert_next("30 2 * * *", zone, evening, PLAIN_DST_WALL, "2026-03-09T06:30:00Z");
    assert_next("30 1 * * *", zone, first_pass, PLAIN_DST_CRON, "2026-11-02T06:30:00Z");
    assert_next("30 1 * * *", zone, first_pass, PLAIN_DST_GAP_SKIP, "2026-11-02T06:30:00Z");
    assert_next("30 1 * * *", zone, first_pass, PLAIN_DST_REPEAT_TWICE, "2026-11-01T06:30:00Z");
    assert_next("30 * * * *", zone, first_pass, PLAIN_DST_CRON, "2026-11-01T06:30:00Z");
}

static void a_skipped_day_runs_once_right_after_it(void **state)
{
    (void)state; /* Samoa had no 30 December 2011 */
    assert_next("0 9,15 * * *", "Pacific/Apia", "2011-12-30T02:00:00Z", 0, "2011-12-30T10:00:00Z");
    assert_next("0 9,15 * * *", "Pacific/Apia", "2011-12-30T10:00:00Z", 0, "2011-12-30T19:00:00Z");
}

static void prev_and_next_are_mirrors(void **state)
{
    static const char *const texts[] = {"*/7 * * * *",  "30 2 * * *",   "0 0 1,15 * MON",
                                        "0 0 29 2 *",   "45 1 * * SUN", "0-59 0-23 * * *",
                                        "5 */2 1-7 * *"};
    static const char *const zones[] = {"UTC", "Europe/London", "Australia/Lord_Howe",
                                        "America/Sao_Paulo", "Pacific/Apia"};
    int64_t t = at("2011-01-01T00:00:30Z"), next, back, again;

    (void)state;
    for (int i = 0; i < 3000; i++, t += INT64_C(149377000000)) {
        plain_schedule s = parsed(texts[i % (int)ARRAY_SIZE(texts)]);
        const char *zone = zones[i % (int)ARRAY_SIZE(zones)];
        int dst = i % 4;

        assert_int_equal(plain_schedule_next(&s, zone, t, dst, &next, NULL), PLAIN_OK);
        assert_int_equal(plain_schedule_prev(&s, zone, next, dst, &back, NULL), PLAIN_OK);
        assert_true(back <= t && t < next);
        assert_int_equal(plain_schedule_next(&s, zone, back, dst, &again, NULL), PLAIN_OK);
        assert_true(again == next);
        assert_int_equal(plain_schedule_prev(&s, zone, next + 1, dst, &again, NULL), PLAIN_OK);
        assert_true(again == next);
    }
}

/* 29 February on a Sunday: 28 years as a rule, 40 across 2100. */
static void fifty_years_are_searched(void **state)
{
    plain_schedule s = parsed("0 0 29 2 */7");
    int64_t us;

    (void)state;
    assert_next("0 0 29 2 */7", "UTC", "2032-02-29T00:00:00Z", 0, "2060-02-29T00:00:00Z");
    assert_next("0 0 29 2 */7", "UTC", "2088-02-29T00:00:00Z", 0, "2128-02-29T00:00:00Z");
    assert_int_equal(plain_schedule_prev(&s, "UTC", at("2128-02-29T00:00:00Z"), 0, &us, NULL), 0);
    assert_true(us == at("2088-02-29T00:00:00Z"));
}

static void what_can_never_run_says_so(void **state)
{
    plain_schedule s = parsed("0 0 31 2 *");
    int64_t us = 7;
    plain_error err;

    (void)state;
    assert_int_equal(plain_schedule_next(&s, "UTC", 0, 0, &us, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 402);
    assert_string_equal(err.field, "schedule");
    assert_string_equal(err.message,
                        "the schedule can never run: no month that it names has a day 31");
    assert_int_equal(plain_schedule_prev(&s, "UTC", 0, 0, &us, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 402);
    assert_true(us == 7);
    s = parsed("0 0 29 2 *");
    assert_int_equal(plain_schedule_next(&s, "UTC", CLOCK_MAX_US, 0, &us, &err), PLAIN_E_INVALID);
    assert_non_null(strstr(err.message, "within 50 years after"));
}

static void text_is_refused_with_field_reason_and_caret(void **state)
{
    static const struct {
        const char *text, *field, *message, *caret;
    } rows[] = {
        {"0 25 * * *", "hour", "hour: 25 is above 23", "0 25 * * *\n  ^^ hour: 25 is above 23"},
        {"0 0 * *", "day of week", "day of week: missing: only 4 of the 5 fields are there",
         "0 0 * *\n       ^ day of week: missing: only 4 of the 5 fields are there"},
        {"0 0 5-3 * *", "day of month", "day of month: the range 5-3 runs backward",
         "0 0 5-3 * *\n    ^^^ day of month: the range 5-3 runs backward"},
        {"*/0 * * * *", "minute", "minute: the step must not be 0",
         "*/0 * * * *\n  ^ minute: the step must not be 0"},
        {"1,,2 * * * *", "minute", "minute: a value is missing",
         "1,,2 * * * *\n  ^ minute: a value is missing"},
        {"\t0 0 * \xe6\x97\xa5 *", "month",
         "month: '\xe6\x97\xa5' is not a number or a name of three letters",
         " 0 0 * ? *\n       ^ month: '?' is not a number or a name of three letters"},
        {"0 0 * * * x", "schedule", "schedule: 'x' stands behind the 5 fields",
         "0 0 * * * x\n          ^ schedule: 'x' stands behind the 5 fields"},
        {"", "schedule", "schedule: empty", "\n^ schedule: empty"},
    };
    char caret[PLAIN_SCHEDULE_CARET_SIZE];
    plain_schedule s;
    plain_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(plain_schedule_parse(rows[i].text, &s, &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, 401);
        assert_string_equal(err.field, rows[i].field);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(plain_schedule_caret(rows[i].text, caret, sizeof(caret)), PLAIN_OK);
        assert_string_equal(caret, rows[i].caret);
    }
}

static void the_caret_of_long_text_is_cut_around_the_fault(void **state)
{
    char text[PLAIN_SCHEDULE_MAX_TEXT + 1] = "", caret[PLAIN_SCHEDULE_CARET_SIZE];

    (void)state;
    for (size_t i = 0; i < 800; i += 2)
        memcpy(text + i, "1,", 3);
    memcpy(text + 800, "77,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1 * * * *", 41);
    assert_int_equal(plain_schedule_caret(text, caret, sizeof(caret)), PLAIN_OK);
    const char *second = strchr(caret, '\n');
    assert_non_null(second);
    assert_memory_equal(caret, "...1,1,", 7);
    assert_memory_equal(caret + (strchr(second, '^') - second - 1), "77,1", 4);
    assert_int_equal(plain_schedule_caret("* * * * *", caret, sizeof(caret)), PLAIN_NONE);
    assert_string_equal(caret, "");
    assert_int_equal(plain_schedule_caret(NULL, caret, sizeof(caret)), PLAIN_E_INVALID);
    assert_int_equal(plain_schedule_caret("x", caret, 3), PLAIN_OK);
    assert_string_equal(caret, "x\n");
}

static void fields_must_both_match_unless_asked_otherwise(void **state)
{
    plain_schedule_fields f = {
        .size = sizeof(f), .minute = "0", .hour = "0", .day_of_month = "13", .day_of_week = "FRI"};
    plain_schedule s, same = parsed("0 0 13 * FRI");
    int64_t us;

    (void)state;
    assert_int_equal(plain_schedule_from_fields(&f, &s, NULL), PLAIN_OK);
    assert_int_equal(plain_schedule_next(&s, "UTC", at("2026-11-24T00:00:00Z"), 0, &us, NULL), 0);
    assert_true(us == at("2027-08-13T00:00:00Z"));
    f.either_day = true;
    assert_int_equal(plain_schedule_from_fields(&f, &s, NULL), PLAIN_OK);
    assert_memory_equal(&s, &same, sizeof(s));
    f.minute = NULL;
    assert_int_equal(plain_schedule_from_fields(&f, &s, NULL), PLAIN_OK);
    same = parsed("* 0 13 * FRI");
    assert_memory_equal(&s, &same, sizeof(s));
}

static void bad_fields_are_refused(void **state)
{
    plain_schedule_fields f = {.size = sizeof(f), .month = "13"};
    plain_schedule s;
    plain_error err;

    (void)state;
    assert_int_equal(plain_schedule_from_fields(&f, &s, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "month");
    f.month = "1 *"; /* a blank parts fields: here it is one too many */
    assert_int_equal(plain_schedule_from_fields(&f, &s, &err), PLAIN_E_INVALID);
    f.month = "";
    assert_int_equal(plain_schedule_from_fields(&f, &s, &err), PLAIN_E_INVALID);
    assert_string_equal(err.message, "month: a value is missing");
    f.size = 8;
    assert_int_equal(plain_schedule_from_fields(&f, &s, &err), PLAIN_E_VERSION);
    f.size = 1 << 20; /* never set: nothing behind the struct is read */
    assert_int_equal(plain_schedule_from_fields(&f, &s, &err), PLAIN_E_VERSION);
    assert_int_equal(plain_schedule_from_fields(NULL, &s, &err), PLAIN_E_INVALID);
}

static void a_larger_struct_is_taken_when_its_tail_is_zero(void **state)
{
    struct {
        plain_schedule_fields known;
        uint64_t added;
    } f = {.known = {.size = sizeof(f)}};
    plain_schedule s;

    (void)state;
    assert_int_equal(plain_schedule_from_fields(&f.known, &s, NULL), PLAIN_OK);
    f.added = 1;
    assert_int_equal(plain_schedule_from_fields(&f.known, &s, NULL), PLAIN_E_VERSION);
}

static void bad_arguments_are_refused(void **state)
{
    plain_schedule s = parsed("* * * * *"), empty = {0};
    int64_t us;
    plain_error err;

    (void)state;
    assert_int_equal(plain_schedule_parse(NULL, &s, &err), PLAIN_E_INVALID);
    assert_int_equal(plain_schedule_next(NULL, "UTC", 0, 0, &us, &err), PLAIN_E_INVALID);
    assert_int_equal(plain_schedule_next(&empty, "UTC", 0, 0, &us, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "schedule");
    assert_int_equal(plain_schedule_next(&s, "UTC", 0, 4, &us, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "dst");
    assert_int_equal(plain_schedule_next(&s, "UTC", INT64_MAX, 0, &us, &err), PLAIN_E_INVALID);
    assert_int_equal(plain_schedule_prev(&s, "UTC", INT64_MIN, 0, &us, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "before_us");
    assert_int_equal(plain_schedule_next(&s, "UTC", CLOCK_MAX_US, 0, &us, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 402);
}

/* No search looks at more than 50 years of months and of changes, here and there one more. */
static void every_search_is_bounded(void **state)
{
    static const char *const texts[] = {"0 0 31 2 *", "0 0 30 2 MON-SUN/9", "0 0 29 2 */7",
                                        "30 2 31 2-2 *", "59 23 31 12 *"};
    const struct zone *zone;
    unsigned most = 0;
    int64_t found, now = 1795500000, years_50 = INT64_C(18263) * 86400;

    (void)state;
    assert_int_equal(zone_find("Africa/Casablanca", &zone, NULL), PLAIN_OK);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        plain_schedule s = parsed(texts[i]);
        struct search search = {.schedule = &s, .zone = zone};

        (void)search_first(&search, now, now + years_50, &found);
        (void)search_last(&search, now - years_50, now, &found);
        most = search.steps > most ? search.steps : most;
    }
    printf("# at most %u steps for 50 years forward and backward\n", most);
    assert_true(most < 2 * (50 * 12 + 50 * 4 + 10));
}

static double ns_of_next(const char *text, const char *zone, int64_t after_us)
{
    enum { ROUNDS = 2000 };
    plain_schedule s = parsed(text);
    struct timespec begin, end;
    int64_t us = after_us;

    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < ROUNDS; i++) {
        if (plain_schedule_next(&s, zone, us, PLAIN_DST_CRON, &us, NULL) < 0)
            us = after_us;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
           ROUNDS;
}

/* Figures for people, of whatever build this is; what must hold is every_search_is_bounded. */
static void prints_what_a_search_costs(void **state)
{
    static const char *const rows[][2] = {{"*/5 * * * *", "UTC"},
                                          {"0 9 * * MON-FRI", "Europe/Berlin"},
                                          {"30 2 * * *", "America/New_York"},
                                          {"0 0 1,15 * MON", "Africa/Casablanca"},
                                          {"0 0 29 2 *", "Europe/London"},
                                          {"0 0 29 2 */7", "Europe/London"},
                                          {"0 0 31 2 *", "Africa/Casablanca"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        printf("# next of '%s' in %s: %.0f ns\n", rows[i][0], rows[i][1],
               ns_of_next(rows[i][0], rows[i][1], at("2026-11-24T06:30:00Z")));
}

HARNESS_MAIN(the_example_of_the_header_works, next_is_strictly_later_and_a_whole_minute,
             prev_is_strictly_earlier, each_policy_has_its_own_answer,
             a_skipped_day_runs_once_right_after_it, prev_and_next_are_mirrors,
             fifty_years_are_searched, what_can_never_run_says_so,
             text_is_refused_with_field_reason_and_caret,
             the_caret_of_long_text_is_cut_around_the_fault,
             fields_must_both_match_unless_asked_otherwise, bad_fields_are_refused,
             a_larger_struct_is_taken_when_its_tail_is_zero, bad_arguments_are_refused,
             every_search_is_bounded, prints_what_a_search_costs)
