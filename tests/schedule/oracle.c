#include "tests/schedule/oracle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <plain/jobs/schedule.h>

/* One field: where its values go and what may stand in it. */
struct target {
    bool *values;
    int low, high;
    const char *names; /* three letters each */
};

static bool oracle_value(const struct target *t, const char *text, int *out)
{
    size_t length = strlen(text);

    if (length > 0 && strspn(text, "0123456789") == length) {
        while (text[0] == '0' && text[1])
            text++;
        if (strlen(text) > 2)
            return false;
        *out = (int)strtol(text, NULL, 10);
        return *out >= t->low && *out <= t->high;
    }
    if (length != 3 || !t->names)
        return false;
    for (int i = 0; t->names[3 * i]; i++) {
        if (!strncasecmp(t->names + (ptrdiff_t)3 * i, text, 3)) {
            *out = t->low + i;
            return true;
        }
    }
    return false;
}

static bool oracle_step(const char *text, long *out)
{
    size_t length = strlen(text);

    if (length == 0 || strspn(text, "0123456789") != length)
        return false;
    while (text[0] == '0' && text[1])
        text++;
    if (strlen(text) > 10)
        return false;
    *out = strtol(text, NULL, 10);
    return *out > 0 && *out < INT32_MAX;
}

static bool oracle_item(const struct target *t, char *item)
{
    int first = t->low, last = t->high;
    long step = 1;
    char *slash = strchr(item, '/');

    if (slash) {
        *slash = '\0';
        if (!oracle_step(slash + 1, &step))
            return false;
    }
    char *dash = strchr(item, '-');
    if (dash)
        *dash = '\0';
    if (strcmp(item, "*") != 0 || dash) {
        if (!oracle_value(t, item, &first) || (dash && !oracle_value(t, dash + 1, &last)))
            return false;
        if (!dash && !slash)
            last = first;
    }
    if (t->high == 7 && dash && last == 0 && first > 0)
        last = 7;
    if (first > last)
        return false;
    for (int v = first; v <= last; v++)
        t->values[v] |= (v - first) % step == 0;
    return true;
}

static bool oracle_field(const struct target *t, char *field)
{
    while (field) {
        if (!oracle_item(t, strsep(&field, ",")))
            return false;
    }
    return true;
}

static const char *oracle_macro(const char *text)
{
    static const char *const macros[][2] = {{"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
                                            {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
                                            {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                                            {"@hourly", "0 * * * *"}};

    text += strspn(text, " \t");
    size_t length = strcspn(text, " \t");
    for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
        if (length == strlen(macros[i][0]) && !strncmp(text, macros[i][0], length) &&
            text[length + strspn(text + length, " \t")] == '\0')
            return macros[i][1];
    }
    return text;
}

bool oracle_parse(const char *text, struct oracle *out)
{
    struct oracle o = {0};
    struct target targets[] = {{o.minute, 0, 59, NULL},
                               {o.hour, 0, 23, NULL},
                               {o.day, 1, 31, NULL},
                               {o.month, 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                               {o.weekday, 0, 7, "sunmontuewedthufrisat"}};
    char copy[PLAIN_SCHEDULE_MAX_TEXT + 1];
    bool star[5] = {false};
    int n = 0;

    if (strlen(text) >= sizeof(copy))
        return false;
    (void)snprintf(copy, sizeof(copy), "%s", oracle_macro(text));
    for (char *rest = copy, *field; (field = strsep(&rest, " \t"));) {
        if (!*field)
            continue;
        if (n == 5)
            return false;
        star[n] = field[0] == '*';
        if (!oracle_field(&targets[n++], field))
            return false;
    }
    o.weekday[0] |= o.weekday[7];
    o.wildcard = star[0] || star[1];
    o.either_day = !star[2] && !star[4];
    *out = o;
    return n == 5;
}

bool oracle_matches(const struct oracle *o, const struct tm *local)
{
    bool day = o->day[local->tm_mday], weekday = o->weekday[local->tm_wday];

    return local->tm_sec == 0 && o->minute[local->tm_min] && o->hour[local->tm_hour] &&
           o->month[local->tm_mon + 1] && (o->either_day ? day || weekday : day && weekday);
}

void oracle_set_zone(const char *zone)
{
    char value[80];

    (void)snprintf(value, sizeof(value), ":%s", zone);
    if (setenv("TZ", value, 1) != 0)
        abort();
    tzset();
}

void oracle_fill(int64_t start, size_t n, struct oracle_minute *out)
{
    for (size_t i = 0; i < n; i++) {
        time_t at = (time_t)(start + (int64_t)i) * 60;

        if (!localtime_r(&at, &out[i].tm))
            abort();
        out[i].local = (at + out[i].tm.tm_gmtoff) / 60;
    }
}

static bool matches_minute(const struct oracle *o, int64_t local)
{
    time_t at = (time_t)local * 60;
    struct tm tm;

    return gmtime_r(&at, &tm) && oracle_matches(o, &tm);
}

void oracle_run(const struct oracle *o, const struct oracle_minute *minutes, size_t n, int dst,
                bool *due)
{
    int64_t reached = minutes[0].local; /* the latest minute that the clock has shown */
    int rules = o->wildcard ? PLAIN_DST_WALL : dst;

    due[0] = false;
    for (size_t i = 1; i < n; i++) {
        bool is_new = minutes[i].local > reached;

        due[i] = (is_new || rules & PLAIN_DST_REPEAT_TWICE) && oracle_matches(o, &minutes[i].tm);
        if (!is_new)
            continue;
        while (++reached < minutes[i].local) {
            if (!(rules & PLAIN_DST_GAP_SKIP) && matches_minute(o, reached))
                due[i] = true;
        }
    }
}

static void disagree(const char *text, const char *what, long long at_s)
{
    fprintf(stderr, "oracle and plain_schedule disagree: '%s': %s at %lld\n", text, what, at_s);
    abort();
}

/* Goes through the minutes that are due forward and backward, both ways of asking. */
static void compare_span(const char *text, const plain_schedule *s, const char *zone, int64_t start,
                         const bool *due, size_t n)
{
    int64_t us_per_minute = INT64_C(60000000), at, first = start * us_per_minute;

    for (size_t i = 1, last = 0; i < n; i++) {
        int64_t now = first + (int64_t)i * us_per_minute;
        int r = plain_schedule_next(s, zone, now - 1, PLAIN_DST_CRON, &at, NULL);

        if ((r == PLAIN_OK && at == now) != due[i])
            disagree(text, zone, now / 1000000);
        if (r == PLAIN_OK && at <= now - 1)
            disagree(text, "next is not later", now / 1000000);
        r = plain_schedule_prev(s, zone, now, PLAIN_DST_CRON, &at, NULL);
        if (last > 0 && (r != PLAIN_OK || at != first + (int64_t)last * us_per_minute))
            disagree(text, "prev", now / 1000000);
        if (r == PLAIN_OK && at >= now)
            disagree(text, "prev is not earlier", now / 1000000);
        if (due[i])
            last = i;
    }
}

void oracle_compare(const char *text)
{
    enum { MINUTES = 300 };
    static const struct {
        const char *zone;
        int64_t start; /* minutes since 1970 UTC */
    } spans[] = {
        {"UTC", 28928040},              /* 2024-12-31 22:00 */
        {"America/New_York", 29549100}, /* 2026-03-08 05:00, the clock jumps at 07:00 */
        {"Europe/London", 29881380},    /* 2026-10-24 23:00, an hour is repeated at 01:00 */
    };
    static struct oracle_minute minutes[MINUTES];
    bool due[MINUTES];
    struct oracle o;
    plain_schedule s;
    bool is_schedule = oracle_parse(text, &o);

    if ((plain_schedule_parse(text, &s, NULL) == PLAIN_OK) != is_schedule)
        disagree(text, "refused by one only", 0);
    for (size_t i = 0; is_schedule && i < sizeof(spans) / sizeof(spans[0]); i++) {
        oracle_set_zone(spans[i].zone);
        oracle_fill(spans[i].start, MINUTES, minutes);
        oracle_run(&o, minutes, MINUTES, PLAIN_DST_CRON, due);
        compare_span(text, &s, spans[i].zone, spans[i].start, due, MINUTES);
    }
}
