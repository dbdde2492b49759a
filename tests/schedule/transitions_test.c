/*
 * transitions_test.c - every change of every zone, 2000 to 2037, against the C library and the
 * oracle
 *
 * The zones are read by both; where the C library sees a change, the minutes around it are run
 * through by the oracle and asked of plain_schedule_next() and _prev(). The normal run takes for
 * each change some of the shapes in turn and some of the minutes; with PLAIN_STRESS set it takes
 * all.
 */
#define _GNU_SOURCE
#include "tests/harness/harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <plain/jobs/schedule.h>

#include "base/compiler.h"
#include "schedule/zone.h"
#include "tests/schedule/oracle.h"

#define FOLDER "/usr/share/zoneinfo"

enum { DAY = 86400, ZONES_MAX = 2000, MARGIN = 130, MINUTES_MAX = 3500, SHAPES_A_TIME = 2 };

static const int64_t years_2000_to_2037[] = {946684800, 2145916800};
static const int64_t years_2038_to_2100[] = {2145916800, 4133980800};

static const char *const shapes[] = {
    "30 2 * * *",      "0 1 * * *",   "15 0 * * *",          "30 23 * * *",
    "45 1 * * 1-6",    "0 0 * * SUN", "0,30 1,2 * * *",      "10-50/20 0-3 * * *",
    "*/15 1-3 * * *",  "0 * * * *",   "5 */2 * * *",         "* * * * *",
    "0-59 0-23 * * *", "0 0 1 * *",   "0 3 1-7,25-31 * SUN", "7 0-23 * * *",
};
static const int policies[] = {PLAIN_DST_CRON, PLAIN_DST_WALL, PLAIN_DST_GAP_SKIP,
                               PLAIN_DST_REPEAT_TWICE};

static struct oracle oracles[ARRAY_SIZE(shapes)];
static plain_schedule schedules[ARRAY_SIZE(shapes)];

static struct {
    char name[ZONE_NAME_SIZE];
    dev_t device;
    ino_t inode;
} zones[ZONES_MAX];
static size_t zone_count;
static unsigned long changes_seen, answers_compared;

static bool is_stress(void)
{
    return getenv("PLAIN_STRESS") != NULL;
}

/* Takes each file once, whatever its names; links lead to files that are met anyway. */
static int take_zone(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    const char *name = path + strlen(FOLDER "/");
    char magic[4] = "";

    (void)at;
    if (kind != FTW_F || !strncmp(name, "right/", 6) || !strncmp(name, "posix/", 6))
        return 0;
    FILE *f = fopen(path, "rb");
    bool is_zone = f && fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
                   !memcmp(magic, "TZif", sizeof(magic));
    if (f)
        (void)fclose(f);
    for (size_t i = 0; i < zone_count; i++)
        is_zone &= zones[i].inode != st->st_ino || zones[i].device != st->st_dev;
    if (!is_zone || zone_count == ZONES_MAX)
        return 0;
    zones[zone_count].inode = st->st_ino;
    zones[zone_count].device = st->st_dev;
    (void)snprintf(zones[zone_count++].name, ZONE_NAME_SIZE, "%s", name);
    return 0;
}

/* Every test begins with it: each may be picked alone. */
static void find_zones(void)
{
    if (zone_count > 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        assert_true(oracle_parse(shapes[i], &oracles[i]));
        assert_int_equal(plain_schedule_parse(shapes[i], &schedules[i], NULL), PLAIN_OK);
    }
    assert_int_equal(nftw(FOLDER, take_zone, 16, FTW_PHYS), 0);
    assert_true(zone_count > 300);
}

static long library_offset(int64_t at)
{
    time_t t = (time_t)at;
    struct tm tm;

    assert_non_null(localtime_r(&t, &tm));
    return tm.tm_gmtoff;
}

static long our_offset(const struct zone *zone, int64_t at)
{
    struct zone_span span;

    zone_span_at(zone, at, &span);
    assert_true(span.start <= at && at < span.end);
    return span.offset;
}

static const struct zone *open_zone(const char *name)
{
    const struct zone *zone;
    plain_error err;

    if (zone_find(name, &zone, &err) < 0)
        fail_msg("%s", err.message);
    oracle_set_zone(name);
    return zone;
}

/* The first second with the offset of after, of a change between before and after. */
static int64_t find_change(int64_t before, int64_t after)
{
    long old = library_offset(before);

    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;

        if (library_offset(middle) == old)
            before = middle;
        else
            after = middle;
    }
    return after;
}

static void disagree(const char *zone, size_t shape, int dst, const char *what, int64_t minute)
{
    fail_msg("%s '%s' dst %d: %s at %lld", zone, shapes[shape], dst, what, (long long)minute * 60);
}

/* Some minutes of a stretch, or all: the ones around the change, each half hour, and others. */
static bool is_asked(size_t i, size_t change)
{
    size_t distance = i > change ? i - change : change - i;

    return is_stress() || distance <= 1 || (distance % 30 <= 1 && distance <= 120) || i % 97 == 0;
}

static void compare_shape(const char *zone, size_t shape, int dst, int64_t start,
                          const struct oracle_minute *minutes, size_t n, size_t change)
{
    static bool due[MINUTES_MAX];
    static size_t next_due[MINUTES_MAX];
    const int64_t us = INT64_C(60000000);
    size_t last = 0;
    int64_t at;

    oracle_run(&oracles[shape], minutes, n, dst, due);
    for (size_t i = n, next = n; i-- > 0; next = due[i] ? i : next)
        next_due[i] = next; /* strictly after i; n: not in this stretch */
    for (size_t i = 1; i < n; last = due[i] ? i : last, i++) {
        if (!is_asked(i, change))
            continue;
        if (plain_schedule_next(&schedules[shape], zone, (start + (int64_t)i) * us, dst, &at,
                                NULL) < 0 ||
            (next_due[i] < n ? at != (start + (int64_t)next_due[i]) * us
                             : at < (start + (int64_t)n) * us))
            disagree(zone, shape, dst, "next", start + (int64_t)i);
        if (plain_schedule_prev(&schedules[shape], zone, (start + (int64_t)i) * us, dst, &at,
                                NULL) < 0 ||
            (last > 0 ? at != (start + (int64_t)last) * us : at > start * us))
            disagree(zone, shape, dst, "prev", start + (int64_t)i);
        answers_compared += 2;
    }
}

/*
 * A schedule of one minute a year, near the change, asked from far away: other changes lie between.
 * It is a minute of the clock before or after, so it may be skipped or repeated.
 */
static void compare_rare(const char *zone, int64_t start, const struct oracle_minute *minutes,
                         size_t n, size_t near)
{
    static bool due[MINUTES_MAX];
    const int64_t us = INT64_C(60000000), far = INT64_C(200) * DAY / 60;
    const struct tm *tm = &minutes[near].tm;
    int dst = policies[changes_seen % ARRAY_SIZE(policies)];
    int64_t first = 0, last = 0, next, prev;
    struct oracle o;
    plain_schedule s;
    char text[64];

    (void)snprintf(text, sizeof(text), "%d %d %d %d *", tm->tm_min, tm->tm_hour, tm->tm_mday,
                   tm->tm_mon + 1);
    assert_true(oracle_parse(text, &o));
    assert_int_equal(plain_schedule_parse(text, &s, NULL), PLAIN_OK);
    oracle_run(&o, minutes, n, dst, due);
    for (size_t i = 1; i < n; i++) {
        if (due[i])
            last = start + (int64_t)i;
        if (due[i] && !first)
            first = last;
    }
    int64_t end = start + (int64_t)n;
    if (plain_schedule_next(&s, zone, (start - far) * us, dst, &next, NULL) < 0 ||
        plain_schedule_prev(&s, zone, (end + far) * us, dst, &prev, NULL) < 0 ||
        (first ? next != first * us || prev != last * us : next < end * us || prev > start * us))
        fail_msg("%s '%s' dst %d: around %lld", zone, text, dst, (long long)start * 60);
    answers_compared += 2;
}

static void check_change(const char *zone, int64_t at)
{
    static struct oracle_minute minutes[MINUTES_MAX];
    long jump = labs(library_offset(at) - library_offset(at - 1)) / 60;
    size_t before = MARGIN + (size_t)jump, n = 2 * before;
    int64_t start = at / 60 - (int64_t)before;
    size_t some = is_stress() ? ARRAY_SIZE(shapes) : SHAPES_A_TIME;

    assert_int_equal(at % 60, 0);
    assert_true(n <= MINUTES_MAX);
    oracle_fill(start, n, minutes);
    for (size_t i = 0; i < some; i++) {
        size_t shape = (changes_seen * some + i) % ARRAY_SIZE(shapes);
        size_t kinds = is_stress() ? ARRAY_SIZE(policies) : 2;

        for (size_t k = 0; k < kinds; k++)
            compare_shape(zone, shape, policies[(changes_seen / 16 * 2 + k) % ARRAY_SIZE(policies)],
                          start, minutes, n, before);
    }
    for (size_t i = before - 61; i <= before + 61; i += is_stress() ? 1 : 20)
        compare_rare(zone, start, minutes, n, i);
    changes_seen++;
}

static void agrees_with_the_oracle_at_every_change(void **state)
{
    (void)state;
    find_zones();
    for (size_t i = 0; i < zone_count; i++) {
        const struct zone *zone = open_zone(zones[i].name);
        long before = library_offset(years_2000_to_2037[0]);

        for (int64_t t = years_2000_to_2037[0]; t < years_2000_to_2037[1]; t += DAY) {
            long after = library_offset(t + DAY);

            if (our_offset(zone, t + DAY) != after)
                fail_msg("%s has another offset at %lld", zones[i].name, (long long)(t + DAY));
            if (before != after)
                check_change(zones[i].name, find_change(t, t + DAY));
            before = after;
        }
    }
    printf("# %zu zones, %lu changes, %lu answers compared\n", zone_count, changes_seen,
           answers_compared);
    assert_true(changes_seen > 5000);
}

/* What the zone does beyond its recorded changes. */
static void agrees_with_the_c_library_until_2100(void **state)
{
    int64_t step = is_stress() ? DAY / 4 : 5 * DAY + 3607;

    (void)state;
    find_zones();
    for (size_t i = 0; i < zone_count; i++) {
        const struct zone *zone = open_zone(zones[i].name);

        for (int64_t t = years_2038_to_2100[0]; t < years_2038_to_2100[1]; t += step) {
            if (our_offset(zone, t) != library_offset(t))
                fail_msg("%s has another offset at %lld", zones[i].name, (long long)t);
        }
    }
}

static void agrees_with_the_c_library_from_1900(void **state)
{
    (void)state;
    find_zones();
    for (size_t i = 0; i < zone_count; i++) {
        const struct zone *zone = open_zone(zones[i].name);

        for (int64_t t = -INT64_C(2208988800); t < years_2000_to_2037[0]; t += 20 * DAY + 3607) {
            if (our_offset(zone, t) != library_offset(t))
                fail_msg("%s has another offset at %lld", zones[i].name, (long long)t);
        }
    }
}

HARNESS_MAIN(agrees_with_the_oracle_at_every_change, agrees_with_the_c_library_until_2100,
             agrees_with_the_c_library_from_1900)
