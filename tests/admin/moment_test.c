/* moment_test.c - what moment.h promises */
#include "admin/moment.h"

#include "base/clock.h"
#include "tests/harness/harness.h"

static struct buf out = BUF_INIT(1 << 20);

static void durations_have_two_units_at_most(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {-5, "0.0 ms"},
        {1450, "1.4 ms"},
        {INT64_C(40) * US_PER_MS, "40 ms"},
        {INT64_C(1250) * US_PER_MS, "1.2 s"},
        {INT64_C(192) * US_PER_S, "3 min 12 s"},
        {INT64_C(7380) * US_PER_S, "2 h 3 min"},
        {INT64_C(352800) * US_PER_S, "4 d 2 h"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put_duration(&out, rows[i].us);
        harness_assert_written(&out, rows[i].text);
    }
}

static const struct zone *new_york(void)
{
    const struct zone *zone = NULL;
    plain_error err;

    assert_int_equal(zone_find("America/New_York", &zone, &err), PLAIN_OK);
    return zone;
}

static void a_time_without_an_offset_is_local(void **state)
{
    static const struct {
        const char *text, *back;
    } rows[] = {
        {"2026-03-08", "2026-03-08T00:00:00-05:00"},
        {"2026-07-01T12:30", "2026-07-01T12:30:00-04:00"},
        {"2026-07-01 12:30:15", "2026-07-01T12:30:15-04:00"},
        {"2026-07-01T12:30Z", "2026-07-01T08:30:00-04:00"},
        {"2026-07-01T12:30:00.000001+02:00", "2026-07-01T06:30:00-04:00"},
        {"2026-03-08T02:30", "2026-03-08T03:30:00-04:00"}, /* skipped: as if it were not */
        {"2026-11-01T01:30", "2026-11-01T01:30:00-04:00"}, /* repeated: the first */
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t us;

        assert_true(parse_zoned_time(rows[i].text, new_york(), &us));
        put_zoned_time(&out, us, new_york());
        harness_assert_written(&out, rows[i].back);
    }
}

/* Where it is the year 10000 already. */
static void the_last_hours_that_can_be_told_are_told_in_utc(void **state)
{
    const struct zone *zone = NULL;
    plain_error err;

    (void)state;
    assert_int_equal(zone_find("Pacific/Kiritimati", &zone, &err), PLAIN_OK);
    put_zoned_time(&out, CLOCK_MAX_US - INT64_C(14) * 3600 * US_PER_S, zone);
    harness_assert_written(&out, "9999-12-31T23:59:59+14:00");
    put_zoned_time(&out, CLOCK_MAX_US - INT64_C(13) * 3600 * US_PER_S, zone);
    harness_assert_written(&out, "9999-12-31T10:59:59+00:00");
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "now",
                                        "2026-13-01",
                                        "2026-02-30T00:00",
                                        "2026-07-01T",
                                        "2026-07-01T12",
                                        "2026-07-01T12:30x",
                                        "2026-07-01T12:30:"};
    int64_t us;
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(parse_zoned_time(texts[i], new_york(), &us));
}

HARNESS_MAIN(durations_have_two_units_at_most, a_time_without_an_offset_is_local,
             the_last_hours_that_can_be_told_are_told_in_utc, what_is_no_time_is_refused)
