/* zone_test.c - zone files: names, damage, memory, threads; and the rules of their footers */
#define _GNU_SOURCE
#include "tests/harness/harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "schedule/tzif.h"
#include "schedule/zone.h"

static void assert_refused(const char *name, int code)
{
    const struct zone *zone;
    plain_error err;

    assert_int_equal(zone_find(name, &zone, &err), code);
    assert_int_equal(err.pj, 403);
    assert_string_equal(err.field, "timezone");
}

static void names_cannot_leave_the_folder(void **state)
{
    static const char *const bad[] = {"../../../etc/passwd",
                                      "/etc/localtime",
                                      "Europe/../UTC",
                                      "Europe//Berlin",
                                      "Europe/",
                                      "./UTC",
                                      "zone.tab",
                                      "Europe Berlin",
                                      "Europe/Berlin\n",
                                      ":UTC",
                                      "\xff",
                                      "EST5EDT,M3.2.0"};
    char longest[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(zone_name_is_valid(bad[i]));
        assert_refused(bad[i], PLAIN_E_INVALID);
    }
    memset(longest, 'A', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_refused(longest, PLAIN_E_INVALID);
    assert_true(zone_name_is_valid("America/Argentina/ComodRivadavia"));
    assert_true(zone_name_is_valid("Etc/GMT+12"));
}

static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    assert_refused("Europe", PLAIN_E_INVALID); /* a folder */
    assert_refused("Europe/Berln", PLAIN_E_INVALID);
    assert_refused("Europe/Berlin/Mitte", PLAIN_E_INVALID);
    assert_refused("leapseconds", PLAIN_E_IO); /* a file, but of text */
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* A file of version 2 without changes: both headers, one type, a footer. */
static size_t make_zone(unsigned char *out, int leaps, const char *footer)
{
    static const unsigned char types[] = {0, 0, 0, 0, 0, 0, 'X', 'X', 'X', 0};
    size_t n = 0;

    for (int part = 0; part < 2; part++) {
        memset(out + n, 0, 44);
        memcpy(out + n, "TZif2", 5);
        out[n + 31] = (unsigned char)leaps;
        out[n + 39] = 1; /* types */
        out[n + 43] = 4; /* characters */
        n += 44;
        memcpy(out + n, types, sizeof(types));
        n += sizeof(types);
        memset(out + n, 0, (size_t)leaps * (part ? 12 : 8));
        n += (size_t)leaps * (part ? 12 : 8);
    }
    return n + (size_t)snprintf((char *)out + n, 64, "\n%s\n", footer);
}

static void a_machine_without_zone_files_still_has_utc(void **state)
{
    struct zone *zone;
    const struct zone *utc;
    plain_error err;

    (void)state;
    assert_int_equal(zone_load("/nonexistent/zoneinfo", "Europe/Berlin", &zone, &err),
                     PLAIN_E_NOT_FOUND);
    assert_int_equal(err.pj, 403);
    assert_non_null(strstr(err.fix, "tzdata"));
    assert_int_equal(zone_find("UTC", &utc, NULL), PLAIN_OK);
    assert_int_equal(utc->count, 1);
}

static void files_are_read_from_the_folder_given(void **state)
{
    unsigned char bytes[512];
    char path[512];
    struct zone *zone;
    plain_error err;
    size_t size = make_zone(bytes, 0, "XXX-3");

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/Some_Zone", harness_tmpdir());
    write_file(path, bytes, size);
    assert_int_equal(zone_load(harness_tmpdir(), "Some_Zone", &zone, &err), PLAIN_OK);
    mem_free(zone);
    write_file(path, bytes, 0);
    assert_int_equal(zone_load(harness_tmpdir(), "Some_Zone", &zone, &err), PLAIN_E_IO);
    assert_int_equal(truncate(path, 1 << 20), 0);
    assert_int_equal(zone_load(harness_tmpdir(), "Some_Zone", &zone, &err), PLAIN_E_IO);
    (void)unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not block */
    assert_int_equal(zone_load(harness_tmpdir(), "Some_Zone", &zone, &err), PLAIN_E_INVALID);
}

static void leap_seconds_are_refused(void **state)
{
    unsigned char bytes[512];
    struct zone *zone;
    plain_error err;
    size_t size = make_zone(bytes, 1, "XXX0");

    (void)state;
    assert_int_equal(tzif_parse("right/X", bytes, size, &zone, &err), PLAIN_E_IO);
    assert_non_null(strstr(err.message, "leap seconds"));
}

/* Searching looks back from a change, and nothing is before ZONE_BEGIN. */
static void a_change_at_the_edge_of_all_time_is_refused(void **state)
{
    enum { SECOND = 54, DATA = SECOND + 44, CHANGE = 9 };
    static const struct {
        int64_t at;
        int code;
    } rows[] = {{ZONE_BEGIN + 1, PLAIN_E_IO}, {-(INT64_C(1) << 59), PLAIN_OK}};
    struct zone *zone;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        unsigned char bytes[512];
        size_t size = make_zone(bytes, 0, "XXX0");

        bytes[SECOND + 35] = 1; /* changes */
        memmove(bytes + DATA + CHANGE, bytes + DATA, size - DATA);
        for (int b = 0; b < 8; b++)
            bytes[DATA + b] = (unsigned char)((uint64_t)rows[i].at >> (56 - 8 * b));
        bytes[DATA + 8] = 0; /* its type */
        assert_int_equal(tzif_parse("X", bytes, size + CHANGE, &zone, NULL), rows[i].code);
        if (rows[i].code == PLAIN_OK)
            mem_free(zone);
    }
}

static unsigned char *read_system_zone(const char *name, size_t *size)
{
    char path[128];
    unsigned char *bytes = malloc(65536);

    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(f);
    *size = fread(bytes, 1, 65536, f);
    (void)fclose(f);
    return bytes;
}

static void try_bytes(const unsigned char *bytes, size_t size)
{
    struct zone *zone;
    struct zone_span span;
    unsigned char *exact = malloc(size); /* so that a sanitizer sees the first byte too many */

    assert_non_null(exact);
    memcpy(exact, bytes, size);
    if (tzif_parse("X", exact, size, &zone, NULL) == PLAIN_OK) {
        for (int64_t t = -(INT64_C(1) << 36); t < INT64_C(1) << 36; t += INT64_C(1) << 33) {
            zone_span_at(zone, t, &span);
            assert_true(span.start <= t && t < span.end);
        }
        mem_free(zone);
    }
    free(exact);
}

static void damaged_files_never_harm(void **state)
{
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    size_t size;
    unsigned char *bytes = read_system_zone("Europe/London", &size);
    struct zone *zone;

    (void)state;
    for (size_t cut = 0; cut < size; cut += cut < 200 || cut > size - 100 ? 1 : 13) {
        try_bytes(bytes, cut);
        assert_true(tzif_parse("X", bytes, cut, &zone, NULL) < 0);
    }
    for (size_t i = 0; i < size; i++) {
        for (size_t k = 0; k < ARRAY_SIZE(flips); k++) {
            bytes[i] ^= flips[k];
            try_bytes(bytes, size);
            bytes[i] ^= flips[k];
        }
    }
    free(bytes);
}

static void survives_every_failing_allocation(void **state)
{
    struct zone *zone;
    bool failed = true;

    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        harness_fail_allocation(nth);
        int r = zone_load("/usr/share/zoneinfo", "Asia/Tokyo", &zone, NULL);
        failed = harness_allocation_failed();
        assert_int_equal(r, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        if (r == PLAIN_OK)
            mem_free(zone);
    }
}

static void *find_many(void *found)
{
    static const char *const names[] = {"Europe/Paris", "Asia/Tokyo", "America/Lima",
                                        "Africa/Cairo"};
    const struct zone **out = found;

    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            const struct zone *zone;

            if (zone_find(names[i], &zone, NULL) < 0 || (round > 0 && zone != out[i]))
                return NULL;
            out[i] = zone;
        }
    }
    return found;
}

static void threads_get_one_zone(void **state)
{
    enum { THREADS = 8, ZONES = 4 };
    const struct zone *found[THREADS][ZONES];
    pthread_t threads[THREADS];
    void *done;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_many, found[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_non_null(done);
        assert_memory_equal(found[i], found[0], sizeof(found[0]));
    }
}

static void footers_are_read_strictly(void **state)
{
    static const char *const good[] = {"UTC0",
                                       "<+0330>-3:30",
                                       "IST-1GMT0,M10.5.0,M3.5.0/1",
                                       "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                                       "EET-2EEST,M3.4.4/50,M10.4.4/50",
                                       "XXX3EDT4,0/0,J365/23"};
    static const char *const bad[] = {"",
                                      "U0",
                                      "UTC",
                                      "UTC25",
                                      "EST5EDT",
                                      "EST5EDT,",
                                      "EST5EDT,M3.2.0",
                                      "UTC0 ",
                                      "<+03-3",
                                      "EST5EDT,M13.2.0,M11.1.0",
                                      "EST5EDT,M3.6.0,M11.1.0",
                                      "EST5EDT,M3.2.7,M11.1.0",
                                      "EST5EDT,M3.2.0/168,M11.1.0",
                                      "EST5EDT,J0,J365",
                                      "EST5EDT,0,366",
                                      "EST5:60"};
    struct zone_rule rule;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(rule_parse(good[i], strlen(good[i]), &rule));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(rule_parse(bad[i], strlen(bad[i]), &rule));
}

static void summer_time_that_never_ends_has_one_offset(void **state)
{
    unsigned char bytes[512];
    size_t size = make_zone(bytes, 0, "XXX3EDT2,0/0,J365/25");
    struct zone *zone;
    struct zone_span span;

    (void)state;
    assert_int_equal(tzif_parse("X", bytes, size, &zone, NULL), PLAIN_OK);
    for (int64_t t = 1700000000; t < 1800000000; t += 3600) {
        zone_span_at(zone, t, &span);
        assert_int_equal(span.offset, -2 * 3600);
    }
    mem_free(zone);
}

static void local_times_become_instants(void **state)
{
    static const struct {
        int64_t local, at;
    } rows[] = {
        {1772928000, 1772946000}, /* 2026-03-08 00:00 EST             */
        {1772937000, 1772955000}, /* 02:30 is skipped: 03:30 EDT      */
        {1772938800, 1772953200}, /* 03:00 EDT                        */
        {1793496600, 1793511000}, /* 2026-11-01 01:30: the first pass */
        {1793500200, 1793518200}, /* 02:30 EST                        */
    };
    const struct zone *zone;

    (void)state;
    assert_int_equal(zone_find("America/New_York", &zone, NULL), PLAIN_OK);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_true(zone_from_local(zone, rows[i].local) == rows[i].at);
}

HARNESS_MAIN(names_cannot_leave_the_folder, what_is_no_zone_is_refused,
             a_machine_without_zone_files_still_has_utc, files_are_read_from_the_folder_given,
             leap_seconds_are_refused, a_change_at_the_edge_of_all_time_is_refused,
             damaged_files_never_harm, survives_every_failing_allocation, threads_get_one_zone,
             footers_are_read_strictly, summer_time_that_never_ends_has_one_offset,
             local_times_become_instants)
