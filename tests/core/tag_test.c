/* tag_test.c - what tag.h and iso8601.h promise */
#include "core/tag.h"

#include <stdio.h>
#include <string.h>

#include "core/iso8601.h"
#include "tests/harness/harness.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What is read, and how it is written then; NULL: it is refused. */
struct reading {
    const char *text, *written;
};

/* As Python 3.11 reads and writes them. */
static const struct reading dates[] = {
    {"2026-11-23", "2026-11-23"},
    {"20261123", "2026-11-23"},
    {"2026-W48-1", "2026-11-23"},
    {"2026W481", "2026-11-23"},
    {"2026-W48", "2026-11-23"},
    {"2026W48", "2026-11-23"},
    {"2026-W01-1", "2025-12-29"},
    {"2020-W53-7", "2021-01-03"},
    {"0001-W01-1", "0001-01-01"},
    {"9999-W52-5", "9999-12-31"},
    {"0001-01-01", "0001-01-01"},
    {"9999-12-31", "9999-12-31"},
    {"2024-02-29", "2024-02-29"},
    {"2000-02-29", "2000-02-29"},
    {"1900-02-29", NULL},
    {"2026-02-29", NULL},
    {"2026-02-30", NULL},
    {"2026-04-31", NULL},
    {"2026-13-01", NULL},
    {"2026-00-01", NULL},
    {"2026-01-00", NULL},
    {"2026-01-32", NULL},
    {"0000-01-01", NULL},
    {"0000-W01-1", NULL},
    {"2021-W53-1", NULL},
    {"2026-W00-1", NULL},
    {"2026-W54-1", NULL},
    {"2026-W48-0", NULL},
    {"2026-W48-8", NULL},
    {"9999-W52-6", NULL},
    {"2026-W4", NULL},
    {"2026-W48-", NULL},
    {"2026-1123", NULL},
    {"202611-23", NULL},
    {"2026-W481", NULL},
    {"2026W48-1", NULL},
    {"26-11-23", NULL},
    {"2026-1-2", NULL},
    {"+026-11-23", NULL},
    {" 2026-11-23", NULL},
    {"2026-11-23 ", NULL},
    {"2026-11-23T10:00", NULL},
    {"\xD9\xA2"
     "026-11-23",
     NULL}, /* a digit, but none of ASCII */
    {"", NULL},
};

static const struct reading datetimes[] = {
    {"2026-11-23T14:05:06", "2026-11-23T14:05:06"},
    {"2026-11-23 14:05:06", "2026-11-23T14:05:06"},
    {"20261123T140506", "2026-11-23T14:05:06"},
    {"2026-W48-1T14:05:06", "2026-11-23T14:05:06"},
    {"20261123T14:05:06", "2026-11-23T14:05:06"},
    {"2026-11-23", "2026-11-23T00:00:00"},
    {"2026-11-23T14", "2026-11-23T14:00:00"},
    {"2026-11-23T14:05", "2026-11-23T14:05:00"},
    {"2026-11-23T1405+0545", "2026-11-23T14:05:00+05:45"},
    {"2026-11-23T14:05:06Z", "2026-11-23T14:05:06+00:00"},
    {"2026-11-23T14:05:06-00:00", "2026-11-23T14:05:06+00:00"},
    {"2026-11-23T14:05:06+05", "2026-11-23T14:05:06+05:00"},
    {"2026-11-23T14:05:06-03:30", "2026-11-23T14:05:06-03:30"},
    {"2026-11-23T14:05:06+01:02:03", "2026-11-23T14:05:06+01:02:03"},
    {"2026-11-23T14:05:06-00:00:01", "2026-11-23T14:05:06-00:00:01"},
    {"2026-11-23T14:05:06+23:59:59", "2026-11-23T14:05:06+23:59:59"},
    {"2026-11-23T14:05:06-23:59:59", "2026-11-23T14:05:06-23:59:59"},
    {"2026-11-23T14:05:06.1", "2026-11-23T14:05:06.100000"},
    {"2026-11-23T14:05:06,12", "2026-11-23T14:05:06.120000"},
    {"2026-11-23T14:05:06.000001", "2026-11-23T14:05:06.000001"},
    {"2026-11-23T14:05:06.123456789Z", "2026-11-23T14:05:06.123456+00:00"},
    {"2026-11-23T14:05:06.0000009", "2026-11-23T14:05:06"},
    {"9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999"},
    {"2026-02-30T00:00:00", NULL},
    {"2026-11-23T24:00:00", NULL},
    {"2026-11-23T14:60:00", NULL},
    {"2026-11-23T23:59:60", NULL},
    {"2026-11-23T14:05:06+24:00", NULL},
    {"2026-11-23T14:05:06-24:00", NULL},
    {"2026-11-23T14:05:06+99:99:99", NULL},
    {"2026-11-23T14:05:06+01:60", NULL},
    {"2026-11-23T14:05:06+01:00:60", NULL},
    {"2026-11-23T14:05:06+01:00:00.5", NULL},
    {"2026-11-23T14:05:06+1", NULL},
    {"2026-11-23T14:05:06+", NULL},
    {"2026-11-23T14:05:06z", NULL},
    {"2026-11-23T14:05:06ZZ", NULL},
    {"2026-11-23T14:05:06 +01:00", NULL},
    {"2026-11-23T14:05:06.", NULL},
    {"2026-11-23T14:05.5", NULL},
    {"2026-11-23T14:0506", NULL},
    {"2026-11-23T1405:06", NULL},
    {"2026-11-23T14:", NULL},
    {"2026-11-23T", NULL},
    {"2026-11-23Z", NULL},
    {"2026-11-23T1:05", NULL},
    {"2026-11-23x14:05", NULL},
    {"14:05:06", NULL},
    {"", NULL},
};

static const struct reading models[] = {
    {"app/user/42", "app/user/42"},
    {"a/b/caf\xC3\xA9", "a/b/caf\xC3\xA9"},
    {"app/user/", NULL},
    {"app//42", NULL},
    {"/user/42", NULL},
    {"app/user", NULL},
    {"app/user/42/1", NULL},
    {"app/user/42/", NULL},
    {"app/us\ner/42", NULL},
    {"app/user/\x7F", NULL},
    {"app/user/\xC2\x85", NULL}, /* a control character of two bytes */
    {"app/user/\xFF", NULL},
    {"", NULL},
};

union value {
    plain_date date;
    plain_datetime datetime;
    plain_model model;
};

/* Reads prefix and text, writes the value again and compares. */
static void check_reading(const struct tag *tag, const char *prefix, const struct reading *reading)
{
    char text[TAG_SIZE], again[TAG_SIZE];
    union value value;

    (void)snprintf(text, sizeof(text), "%s%s", prefix, reading->text);
    const char *fault = tag_read(tag, text, &value);
    if (!reading->written) {
        if (!fault)
            fail_msg("accepted: %s", reading->text);
        return;
    }
    if (!fault)
        fault = tag_write(tag, &value, again);
    if (fault)
        fail_msg("%s: %s", reading->text, fault);
    assert_int_equal(strncmp(again, prefix, strlen(prefix)), 0);
    assert_string_equal(again + strlen(prefix), reading->written);
}

static void check_all(const struct tag *tag, const char *prefix, const struct reading *readings,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_reading(tag, prefix, &readings[i]);
}

static void reads_dates_as_python_does(void **state)
{
    (void)state;
    check_all(&tag_date, "__plain://date/", dates, COUNT(dates));
}

static void reads_datetimes_as_python_does(void **state)
{
    (void)state;
    check_all(&tag_datetime, "__plain://datetime/", datetimes, COUNT(datetimes));
}

static void reads_models_of_three_parts(void **state)
{
    (void)state;
    check_all(&tag_model, "__plain://model/", models, COUNT(models));
}

static void keeps_every_field_of_a_datetime(void **state)
{
    char text[] = "__plain://datetime/2026-11-23T14:05:06.000789-01:02:03";
    plain_datetime t;

    (void)state;
    assert_null(tag_read(&tag_datetime, text, &t));
    assert_int_equal(t.year, 2026);
    assert_int_equal(t.month, 11);
    assert_int_equal(t.day, 23);
    assert_int_equal(t.hour, 14);
    assert_int_equal(t.minute, 5);
    assert_int_equal(t.second, 6);
    assert_int_equal(t.microsecond, 789);
    assert_true(t.has_offset);
    assert_int_equal(t.offset_s, -3723);
}

/* Every day of the years that differ in their leap days, forward and back. */
static void every_day_is_read_and_written(void **state)
{
    static const int years[] = {1, 4, 1900, 2000, 2023, 2024, 2100, 9999};
    char text[ISO_DATE_SIZE];
    unsigned days = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(years); i++) {
        for (int32_t n = 0; n < 13 * 32; n++) {
            const plain_date in = {.year = years[i], .month = n / 32, .day = n % 32};
            plain_date out;

            if (iso_format_date(&in, text))
                continue;
            assert_null(iso_parse_date(text, &out));
            assert_memory_equal(&in, &out, sizeof(in));
            days++;
        }
    }
    assert_int_equal(days, 8 * 365 + 3);
}

static void reads_models_of_older_rows(void **state)
{
    char old[] = "gid://plainjobs/JobRequest/Ab";
    char junk[] = "gid://x", none[] = "gid://", four[] = "gid://a/b/c/d";
    plain_model model;

    (void)state;
    assert_null(tag_read(&tag_model, old, &model));
    assert_string_equal(model.package, "plainjobs");
    assert_string_equal(model.model, "jobrequest");
    assert_string_equal(model.id, "Ab");
    assert_non_null(tag_read(&tag_model, junk, &model));
    assert_non_null(tag_read(&tag_model, none, &model));
    assert_non_null(tag_read(&tag_model, four, &model));
}

static void wants_the_prefix_of_its_kind(void **state)
{
    static const char *const texts[] = {"2026-01-01",
                                        "__plain://datetime/2026-01-01",
                                        "__PLAIN://date/2026-01-01",
                                        "x__plain://date/2026-01-01",
                                        "__plain://date",
                                        "__plain://time/10:00",
                                        ""};
    char text[64];
    plain_date date;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        (void)snprintf(text, sizeof(text), "%s", texts[i]);
        const char *fault = tag_read(&tag_date, text, &date);
        assert_non_null(fault);
        assert_non_null(strstr(fault, "does not begin with '__plain://date/'"));
    }
}

static void people_may_leave_the_prefix_out(void **state)
{
    char bare[] = "2026-01-02", tagged[] = "__plain://date/2026-01-02", other[] = "tomorrow";
    plain_date date;

    (void)state;
    assert_null(tag_read_bare(&tag_date, bare, &date));
    assert_int_equal(date.day, 2);
    assert_null(tag_read_bare(&tag_date, tagged, &date));
    assert_non_null(tag_read_bare(&tag_date, other, &date));
}

static void writes_no_datetime_out_of_range(void **state)
{
    static const plain_datetime good = {.year = 2026, .month = 11, .day = 23};
    plain_datetime bad[] = {good, good, good, good, good, good, good, good, good, good, good};
    char out[TAG_SIZE];

    (void)state;
    bad[0].year = 10000;
    bad[1].month = 13;
    bad[2].day = 31;
    bad[3].hour = 24;
    bad[4].minute = -1;
    bad[5].second = 60;
    bad[6].microsecond = 1000000;
    bad[7].microsecond = -1;
    bad[8].has_offset = true;
    bad[8].offset_s = 86400;
    bad[9].has_offset = true;
    bad[9].offset_s = INT32_MIN;
    bad[10].year = INT32_MIN;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(tag_write(&tag_datetime, &bad[i], out));
    assert_null(tag_write(&tag_datetime, &good, out));
    bad[8].has_offset = false; /* then the offset means nothing */
    assert_null(tag_write(&tag_datetime, &bad[8], out));
}

static void writes_models_up_to_255_bytes_a_part(void **state)
{
    char part[TAG_PART_MAX + 2], out[TAG_SIZE];
    plain_model model = {.package = part, .model = part, .id = part};

    (void)state;
    memset(part, 'a', sizeof(part));
    part[TAG_PART_MAX] = '\0';
    assert_null(tag_write(&tag_model, &model, out));
    assert_int_equal(strlen(out), strlen("__plain://model/") + 3 * TAG_PART_MAX + 2);
    assert_null(tag_read(&tag_model, out, &model));
    assert_string_equal(model.id, part);
    part[TAG_PART_MAX] = 'a';
    part[TAG_PART_MAX + 1] = '\0';
    model = (plain_model){.package = "a", .model = "b", .id = part};
    assert_non_null(tag_write(&tag_model, &model, out));
    model.id = NULL;
    assert_non_null(tag_write(&tag_model, &model, out));
    model.id = "a/b";
    assert_non_null(tag_write(&tag_model, &model, out));
}

HARNESS_MAIN(reads_dates_as_python_does, reads_datetimes_as_python_does,
             reads_models_of_three_parts, keeps_every_field_of_a_datetime,
             every_day_is_read_and_written, reads_models_of_older_rows,
             wants_the_prefix_of_its_kind, people_may_leave_the_prefix_out,
             writes_no_datetime_out_of_range, writes_models_up_to_255_bytes_a_part)
