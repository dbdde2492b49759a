/* local_test.c - times of a zone, read and written */
#include "tests/harness/harness.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "schedule/local.h"

static const struct zone *zone_of(const char *name)
{
    const struct zone *zone;

    assert_int_equal(zone_find(name, &zone, NULL), PLAIN_OK);
    return zone;
}

static void times_are_read_and_written_with_the_offset(void **state)
{
    static const struct {
        const char *zone, *text, *written;
    } rows[] = {
        {"UTC", "2026-11-24T06:30:00Z", "2026-11-24T06:30:00+00:00"},
        {"UTC", "2026-11-24T06:30", "2026-11-24T06:30:00+00:00"},
        {"UTC", "2026-11-24", "2026-11-24T00:00:00+00:00"},
        {"Europe/Berlin", "2026-11-24T06:30Z", "2026-11-24T07:30:00+01:00"},
        {"Europe/Berlin", "2026-11-24 06:30:59.999999", "2026-11-24T06:30:59+01:00"},
        {"Europe/Berlin", "2026-07-24T06:30+05:30", "2026-07-24T03:00:00+02:00"},
        {"America/New_York", "2026-03-08T02:30", "2026-03-08T03:30:00-04:00"},
        {"America/New_York", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"},
        {"America/St_Johns", "2026-01-01", "2026-01-01T00:00:00-03:30"},
        {"Africa/Monrovia", "1960-01-01T00:44:30Z", "1960-01-01T00:00:30-00:44"},
        {"UTC", "9999-12-31T23:59:59Z", "9999-12-30T23:59:59+00:00"},
    };
    char text[LOCAL_TEXT_SIZE];
    int64_t us;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_true(local_parse(zone_of(rows[i].zone), rows[i].text, &us));
        assert_string_equal(local_format(zone_of(rows[i].zone), us, text), rows[i].written);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "now",
                                      "2026",
                                      "2026-11-24T",
                                      "2026-11-24T06",
                                      "2026-11-24T06:30:",
                                      "2026-02-30",
                                      "2026-11-24Z",
                                      "2026-11-24T06:30 UTC",
                                      "2026-11-24T06:30:00.0000000000000000000000000000",
                                      "2026-11-24T06:3x"};
    int64_t us;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(local_parse(zone_of("UTC"), bad[i], &us));
}

HARNESS_MAIN(times_are_read_and_written_with_the_offset, what_is_no_time_is_refused)
