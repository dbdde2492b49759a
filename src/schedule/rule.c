#include "schedule/rule.h"

#include <assert.h>

#include "schedule/civil.h"

enum { DEFAULT_TIME = 2 * SECONDS_PER_HOUR, TIME_HOURS_MAX = 167, OFFSET_HOURS_MAX = 24 };

/* at moves on as text is read. */
struct scan {
    const char *at;
    const char *end;
};

static bool scan_take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One to three digits, low to high. */
static bool scan_number(struct scan *s, int low, int high, int *out)
{
    int value = 0, digits = 0;

    while (s->at < s->end && is_digit(*s->at) && digits++ < 3)
        value = value * 10 + (*s->at++ - '0');
    *out = value;
    return digits > 0 && value >= low && value <= high;
}

/* "EST" or "<-03>": at least three characters, which mean nothing to us. */
static bool scan_name(struct scan *s)
{
    bool quoted = scan_take(s, '<');
    const char *start = s->at;

    while (s->at < s->end &&
           (is_letter(*s->at) || (quoted && (is_digit(*s->at) || *s->at == '+' || *s->at == '-'))))
        s->at++;
    return s->at - start >= 3 && (!quoted || scan_take(s, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool scan_time(struct scan *s, int hours_max, int32_t *out)
{
    bool negative = scan_take(s, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        (void)scan_take(s, '+');
    if (!scan_number(s, 0, hours_max, &hours))
        return false;
    if (scan_take(s, ':') && (!scan_number(s, 0, 59, &minutes) ||
                              (scan_take(s, ':') && !scan_number(s, 0, 59, &seconds))))
        return false;
    int32_t value = hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE + seconds;
    *out = negative ? -value : value;
    return true;
}

/* An offset of POSIX counts west, ours east. */
static bool scan_offset(struct scan *s, int32_t *out)
{
    int32_t west;

    if (!scan_time(s, OFFSET_HOURS_MAX, &west))
        return false;
    *out = -west;
    return true;
}

static bool scan_day(struct scan *s, struct rule_date *out)
{
    if (scan_take(s, 'M')) {
        out->kind = RULE_DAY_WEEKDAY;
        return scan_number(s, 1, MONTHS_PER_YEAR, &out->month) && scan_take(s, '.') &&
               scan_number(s, 1, 5, &out->week) && scan_take(s, '.') &&
               scan_number(s, 0, DAYS_PER_WEEK - 1, &out->weekday);
    }
    if (scan_take(s, 'J')) {
        out->kind = RULE_DAY_JULIAN;
        return scan_number(s, 1, 365, &out->day);
    }
    out->kind = RULE_DAY_ORDINAL;
    return scan_number(s, 0, 365, &out->day);
}

static bool scan_date(struct scan *s, struct rule_date *out)
{
    out->time = DEFAULT_TIME;
    return scan_take(s, ',') && scan_day(s, out) &&
           (!scan_take(s, '/') || scan_time(s, TIME_HOURS_MAX, &out->time));
}

bool rule_parse(const char *text, size_t length, struct zone_rule *out)
{
    struct scan s = {text, text + length};
    struct zone_rule rule = {0};

    if (!scan_name(&s) || !scan_offset(&s, &rule.standard))
        return false;
    if (s.at < s.end) {
        rule.has_summer = true;
        rule.summer = rule.standard + SECONDS_PER_HOUR;
        if (!scan_name(&s) || (s.at < s.end && *s.at != ',' && !scan_offset(&s, &rule.summer)) ||
            !scan_date(&s, &rule.begins) || !scan_date(&s, &rule.ends))
            return false;
    }
    if (s.at != s.end)
        return false;
    *out = rule;
    return true;
}

static int64_t weekday_of_month(const struct rule_date *date, int year)
{
    int64_t first = civil_to_days(year, date->month, 1);
    int ahead = (date->weekday - civil_weekday(first) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
    int day = ahead + (date->week - 1) * DAYS_PER_WEEK;

    if (day >= civil_days_in_month(year, date->month)) /* there is no fifth: the last is meant */
        day -= DAYS_PER_WEEK;
    return first + day;
}

static int64_t date_day(const struct rule_date *date, int year)
{
    enum { LAST_DAY_OF_FEBRUARY = 59 };
    int64_t new_year = civil_to_days(year, 1, 1);

    if (date->kind == RULE_DAY_WEEKDAY)
        return weekday_of_month(date, year);
    if (date->kind == RULE_DAY_ORDINAL)
        return new_year + date->day;
    bool leap = date->day > LAST_DAY_OF_FEBRUARY && civil_days_in_month(year, 2) == 29;
    return new_year + date->day - 1 + leap;
}

/* When a clock that is offset seconds east of UTC shows the date's time. */
static int64_t date_instant(const struct rule_date *date, int year, int32_t offset)
{
    return date_day(date, year) * SECONDS_PER_DAY + date->time - offset;
}

void rule_changes(const struct zone_rule *rule, int year, struct zone_change out[2])
{
    assert(rule->has_summer);
    out[0] = (struct zone_change){date_instant(&rule->begins, year, rule->standard), rule->summer};
    out[1] = (struct zone_change){date_instant(&rule->ends, year, rule->summer), rule->standard};
}
