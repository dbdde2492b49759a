#include "core/iso8601.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum {
    YEAR_MAX = 9999,
    TM_YEAR_ZERO = 1900,
    DAYS_PER_WEEK = 7,
    S_PER_MINUTE = 60,
    S_PER_HOUR = 3600,
    S_PER_DAY = 86400
};

static const char another_form[] = "a text of another form";
static const char year_fault[] = "one with a year that is not from 1 to 9999";

static bool is_within(int32_t n, int32_t min, int32_t max)
{
    return n >= min && n <= max;
}

/* Carries a day beyond its month (31 June, 0 May) over into the next, or back. */
static struct tm normalise(int32_t year, int32_t month, int32_t day)
{
    struct tm tm = {.tm_year = year - TM_YEAR_ZERO, .tm_mon = month - 1, .tm_mday = day};

    (void)timegm(&tm);
    return tm;
}

static const char *date_fault(const plain_date *date)
{
    if (!is_within(date->year, 1, YEAR_MAX))
        return year_fault;
    if (!is_within(date->month, 1, 12))
        return "one with a month that is not from 1 to 12";
    if (!is_within(date->day, 1, 31) ||
        normalise(date->year, date->month, date->day).tm_mday != date->day)
        return "one with a day that its month does not have";
    return NULL;
}

static const char *datetime_fault(const plain_datetime *at)
{
    const plain_date date = {.year = at->year, .month = at->month, .day = at->day};
    const char *fault = date_fault(&date);

    if (fault)
        return fault;
    if (!is_within(at->hour, 0, 23))
        return "one with an hour that is not from 0 to 23";
    if (!is_within(at->minute, 0, 59))
        return "one with a minute that is not from 0 to 59";
    if (!is_within(at->second, 0, 59))
        return "one with a second that is not from 0 to 59";
    if (!is_within(at->microsecond, 0, US_PER_S - 1))
        return "one with a microsecond that is not from 0 to 999999";
    if (at->has_offset && !is_within(at->offset_s, 1 - S_PER_DAY, S_PER_DAY - 1))
        return "one with an offset of 24 hours or more";
    return NULL;
}

/*
 * The parser: each step takes its text from *p and moves it on; what does not fit stays there.
 */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

/* A number of exactly `width` digits. */
static bool take_number(const char **p, int width, int32_t *out)
{
    int32_t n = 0;

    for (int i = 0; i < width; i++) {
        if (!is_digit((*p)[i]))
            return false;
        n = n * 10 + ((*p)[i] - '0');
    }
    *p += width;
    *out = n;
    return true;
}

/* The date of a day (1 is Monday) of an ISO week. Week 1 is the one with 4 January, and a week
 * belongs to the year of its Thursday. */
static const char *week_to_date(int32_t year, int32_t week, int32_t day, plain_date *out)
{
    enum { MONDAY = 1, THURSDAY = 4, SUNDAY = 7 };

    if (!is_within(year, 1, YEAR_MAX))
        return year_fault;
    if (!is_within(day, MONDAY, SUNDAY))
        return "one with a day of the week that is not from 1 to 7";
    int32_t after_monday = (normalise(year, 1, 4).tm_wday + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK;
    int32_t sunday = 4 - after_monday - 1 + (week - 1) * DAYS_PER_WEEK; /* the one before */

    if (week < 1 || normalise(year, 1, sunday + THURSDAY).tm_year != year - TM_YEAR_ZERO)
        return "one with a week that its year does not have";
    struct tm tm = normalise(year, 1, sunday + day);
    *out =
        (plain_date){.year = tm.tm_year + TM_YEAR_ZERO, .month = tm.tm_mon + 1, .day = tm.tm_mday};
    return date_fault(out);
}

/* What stands behind YYYY-W or YYYYW: Www[-D] or Www[D]. */
static const char *take_week(const char **p, int32_t year, bool dashed, plain_date *out)
{
    int32_t week, day = 1;

    if (!take_number(p, 2, &week))
        return another_form;
    bool has_day = dashed ? take_char(p, '-') : is_digit(**p);
    if (has_day && !take_number(p, 1, &day))
        return another_form;
    return week_to_date(year, week, day, out);
}

static const char *take_date(const char **p, plain_date *out)
{
    int32_t year;

    if (!take_number(p, 4, &year))
        return another_form;
    bool dashed = take_char(p, '-');
    if (take_char(p, 'W'))
        return take_week(p, year, dashed, out);
    out->year = year;
    if (!take_number(p, 2, &out->month) || (dashed && !take_char(p, '-')) ||
        !take_number(p, 2, &out->day))
        return another_form;
    return date_fault(out);
}

/* Hours, minutes and seconds; what is not given is 0. */
struct clock_parts {
    int32_t part[3];
    int count;
};

/* HH[:MM[:SS]] or HH[MM[SS]]. */
static struct clock_parts take_clock(const char **p)
{
    struct clock_parts clock = {0};
    const char *next = *p;
    bool colons = false;

    while (clock.count < 3 && take_number(&next, 2, &clock.part[clock.count])) {
        *p = next;
        if (clock.count++ == 0)
            colons = *next == ':';
        if (colons && !take_char(&next, ':'))
            break;
    }
    return clock;
}

/* ".5" and ",500000" are half a second. */
static bool take_fraction(const char **p, int32_t *us)
{
    *us = 0;
    if (!take_char(p, '.') && !take_char(p, ','))
        return true;
    if (!is_digit(**p))
        return false;
    for (int32_t unit = US_PER_S / 10; is_digit(**p); unit /= 10)
        *us += (*(*p)++ - '0') * unit;
    return true;
}

static const char *take_time(const char **p, plain_datetime *out)
{
    struct clock_parts clock = take_clock(p);

    if (clock.count == 0 || (clock.count == 3 && !take_fraction(p, &out->microsecond)))
        return another_form;
    out->hour = clock.part[0];
    out->minute = clock.part[1];
    out->second = clock.part[2];
    return NULL;
}

static const char *take_offset(const char **p, plain_datetime *out)
{
    bool west = **p == '-';

    out->has_offset = true;
    if (take_char(p, 'Z'))
        return NULL;
    if (!take_char(p, '+') && !take_char(p, '-'))
        return another_form;
    struct clock_parts clock = take_clock(p);
    if (clock.count == 0 || clock.part[1] > 59 || clock.part[2] > 59)
        return "one with an offset that is not as +05:45";
    int32_t s = clock.part[0] * S_PER_HOUR + clock.part[1] * S_PER_MINUTE + clock.part[2];
    out->offset_s = west ? -s : s;
    return NULL;
}

const char *iso_parse_date(const char *text, plain_date *out)
{
    const char *fault = take_date(&text, out);

    return !fault && *text ? another_form : fault;
}

const char *iso_parse_datetime(const char *text, plain_datetime *out)
{
    plain_date date = {0};
    const char *fault = take_date(&text, &date);

    *out = (plain_datetime){.year = date.year, .month = date.month, .day = date.day};
    if (!fault && (take_char(&text, 'T') || take_char(&text, ' ')))
        fault = take_time(&text, out);
    else if (!fault && *text)
        return another_form;
    if (!fault && *text)
        fault = take_offset(&text, out);
    if (!fault && *text)
        return another_form;
    return fault ? fault : datetime_fault(out);
}

const char *iso_format_date(const plain_date *date, char out[ISO_DATE_SIZE])
{
    const char *fault = date_fault(date);

    if (!fault)
        (void)snprintf(out, ISO_DATE_SIZE, "%04d-%02d-%02d", date->year, date->month, date->day);
    return fault;
}

/* Appends "+05:45", with seconds where there are any. */
static void append_offset(int32_t offset_s, char out[ISO_DATETIME_SIZE])
{
    size_t n = strlen(out);
    int32_t s = offset_s < 0 ? -offset_s : offset_s;

    (void)snprintf(out + n, ISO_DATETIME_SIZE - n, "%c%02d:%02d:%02d", offset_s < 0 ? '-' : '+',
                   s / S_PER_HOUR, s / S_PER_MINUTE % 60, s % S_PER_MINUTE);
    if (s % S_PER_MINUTE == 0)
        out[n + strlen("+05:45")] = '\0';
}

const char *iso_format_datetime(const plain_datetime *at, char out[ISO_DATETIME_SIZE])
{
    const char *fault = datetime_fault(at);

    if (fault)
        return fault;
    (void)snprintf(out, ISO_DATETIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06d", at->year,
                   at->month, at->day, at->hour, at->minute, at->second, at->microsecond);
    if (at->microsecond == 0)
        out[strlen("2026-11-24T06:30:00")] = '\0';
    if (at->has_offset)
        append_offset(at->offset_s, out);
    return NULL;
}
