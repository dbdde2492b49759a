/*
 * golden_test.c - every line of tests/golden/cron_*.tsv holds
 *
 * But for two: cron_strict.tsv wants "0/15 * * * *" refused, as cronie does, where
 * cron_step_extension.tsv and the rules beside them want it taken. They are counted apart, and
 * there must be exactly two.
 */
#define _GNU_SOURCE
#include "tests/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <plain/jobs/schedule.h>

#include "base/clock.h"

enum { COLUMNS_MAX = 8 };

/* What became of the lines of one file. */
struct tally {
    unsigned read, passed, contradicted;
    unsigned refused; /* by the parser or as never matching, as they must be: passed too */
};

typedef bool line_check(char *const *columns, size_t n, struct tally *tally);

/* A line that wants a step on a single number refused, which another file wants taken. */
static bool is_contradicted(char *const *columns, size_t n)
{
    return n == 3 && !strcmp(columns[0], "0/15 * * * *") && !strcmp(columns[2], "ERROR");
}

static size_t split(char *line, char **columns)
{
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    while (line && n < COLUMNS_MAX)
        columns[n++] = strsep(&line, "\t");
    return n;
}

static void check_file(const char *name, line_check *check, unsigned contradicted)
{
    char path[128], *columns[COLUMNS_MAX], *line = NULL;
    struct tally t = {0};
    size_t room = 0;

    (void)snprintf(path, sizeof(path), "tests/golden/%s", name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (getline(&line, &room, f) > 0) {
        char *shown = strdup(line);
        size_t n = split(line, columns);

        t.read++;
        if (is_contradicted(columns, n))
            t.contradicted++;
        else if (check(columns, n, &t))
            t.passed++;
        else
            printf("# %s:%u: %.200s", name, t.read, shown);
        free(shown);
    }
    free(line);
    (void)fclose(f);
    printf(
        "# golden %s: %u lines read, %u passed (%u of them refused, as they must be), %u failed, "
        "%u contradicted by another file%s\n",
        name, t.read, t.passed, t.refused, t.read - t.passed - t.contradicted, t.contradicted,
        t.contradicted ? ": it refuses 0/15, which cron_step_extension.tsv takes, and so do we"
                       : "");
    assert_true(t.read > 0);
    assert_int_equal(t.contradicted, contradicted);
    assert_int_equal(t.passed + t.contradicted, t.read);
}

/* "2026-02-15T00:00", with or without seconds, an offset or Z. */
static int64_t read_time(const char *text)
{
    char full[48];
    int64_t us;
    const char *seconds = strlen(text) >= 19 && text[16] == ':' ? text + 16 : ":00";
    const char *zone = strlen(text) > 16 && text[strlen(text) - 1] == 'Z' ? "" : "Z";

    (void)snprintf(full, sizeof(full), "%.16s%s%s", text, seconds,
                   seconds == text + 16 ? zone : "Z");
    if (!clock_parse(full, &us))
        fail_msg("not a time: %s", text);
    return us;
}

/* expression, from, next or ERROR */
static bool check_naive(char *const *columns, size_t n, struct tally *tally)
{
    plain_schedule s;
    plain_error err;
    int64_t next, prev;

    assert_int_equal(n, 3);
    int r = plain_schedule_parse(columns[0], &s, &err);
    if (r == PLAIN_OK)
        r = plain_schedule_next(&s, "UTC", read_time(columns[1]), PLAIN_DST_CRON, &next, &err);
    if (!strcmp(columns[2], "ERROR")) {
        tally->refused++;
        return r == PLAIN_E_INVALID && (err.pj == 401 || err.pj == 402);
    }
    if (r != PLAIN_OK || next != read_time(columns[2]))
        return false;
    return plain_schedule_prev(&s, "UTC", next + 1, PLAIN_DST_CRON, &prev, NULL) == PLAIN_OK &&
           prev == next;
}

static bool is_next(const plain_schedule *s, char *const *columns, int dst)
{
    int64_t next;

    return plain_schedule_next(s, columns[1], read_time(columns[3]), dst, &next, NULL) ==
               PLAIN_OK &&
           next == read_time(columns[4]);
}

/* policy, zone, expression, from (UTC), next (UTC), ... */
static bool check_dst(char *const *columns, size_t n, struct tally *tally)
{
    plain_schedule s;
    const char *policy = columns[0];
    bool cron = strcmp(policy, "wall") != 0, wall = strcmp(policy, "cronie") != 0;

    (void)tally;
    assert_int_equal(n, 8);
    return plain_schedule_parse(columns[2], &s, NULL) == PLAIN_OK &&
           (!cron || is_next(&s, columns, PLAIN_DST_CRON)) &&
           (!wall || is_next(&s, columns, PLAIN_DST_WALL));
}

static bool names_a_field(const plain_error *err)
{
    static const char *const fields[] = {"minute", "hour",        "day of month",
                                         "month",  "day of week", "schedule"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!strcmp(err->field, fields[i]))
            return !strncmp(err->message, err->field, strlen(err->field));
    }
    return false;
}

/* A reason that begins with a field's name is about that field: "hour 24 above 23". */
static bool is_about(const plain_error *err, const char *reason)
{
    static const char *const fields[] = {"minute", "hour", "day of month", "month", "day of week"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!strncmp(reason, fields[i], strlen(fields[i])) &&
            strcmp(reason, "month name in day-of-week") != 0)
            return !strcmp(err->field, fields[i]);
    }
    return true;
}

/* expression as a JSON string, reason */
static bool check_invalid(char *const *columns, size_t n, struct tally *tally)
{
    json_t *json = json_loads(columns[0], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char caret[PLAIN_SCHEDULE_CARET_SIZE];
    plain_schedule s;
    plain_error err;

    assert_int_equal(n, 2);
    assert_non_null(json);
    const char *text = json_string_value(json);
    bool ok = plain_schedule_parse(text, &s, &err) == PLAIN_E_INVALID && err.pj == 401 &&
              names_a_field(&err) && is_about(&err, columns[1]) &&
              plain_schedule_caret(text, caret, sizeof(caret)) == PLAIN_OK && strchr(caret, '^');
    if (!ok)
        printf("# field '%s', message '%s'\n", err.field, err.message);
    json_decref(json);
    tally->refused++;
    return ok;
}

static void cron_common_holds(void **state)
{
    (void)state;
    check_file("cron_common.tsv", check_naive, 0);
}

static void cron_standard_holds(void **state)
{
    (void)state;
    check_file("cron_standard.tsv", check_naive, 0);
}

static void cron_strict_holds(void **state)
{
    (void)state;
    check_file("cron_strict.tsv", check_naive, 2);
}

static void cron_step_extension_holds(void **state)
{
    (void)state;
    check_file("cron_step_extension.tsv", check_naive, 0);
}

static void cron_dst_holds(void **state)
{
    (void)state;
    check_file("cron_dst.tsv", check_dst, 0);
}

static void cron_invalid_is_refused(void **state)
{
    (void)state;
    check_file("cron_invalid.tsv", check_invalid, 0);
}

HARNESS_MAIN(cron_common_holds, cron_standard_holds, cron_strict_holds, cron_step_extension_holds,
             cron_dst_holds, cron_invalid_is_refused)
