#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/uuid.h"

/* 0001-01-01 00:00:00 UTC: the first moment that clock_format can write. */
#define CLOCK_MIN_US (-INT64_C(62135596800000000))

enum { S_PER_MINUTE = 60, S_PER_HOUR = 3600, S_PER_DAY = 86400 };

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    int r = clock_gettime(id, &t);

    assert(r == 0);
    (void)r;
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static int64_t kernel_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

static int64_t kernel_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static const struct clock_source kernel = {.wall_us = kernel_wall_us, .mono_us = kernel_mono_us};
static const struct clock_source *_Atomic current = &kernel;

void clock_set_source(const struct clock_source *source)
{
    atomic_store(&current, source ? source : &kernel);
}

int64_t clock_wall_us(void)
{
    return atomic_load_explicit(&current, memory_order_acquire)->wall_us();
}

int64_t clock_mono_us(void)
{
    return atomic_load_explicit(&current, memory_order_acquire)->mono_us();
}

int64_t clock_boot_us(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void clock_boot_sleep_until(int64_t boot_us)
{
    const struct timespec at = {.tv_sec = boot_us / US_PER_S, .tv_nsec = boot_us % US_PER_S * 1000};

    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
        continue;
}

int64_t clock_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

int64_t clock_since(int64_t now, int64_t then)
{
    int64_t passed;

    if (__builtin_sub_overflow(now, then, &passed))
        return now < then ? INT64_MIN : INT64_MAX;
    return passed;
}

int64_t clock_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t clock_jittered(int64_t us)
{
    return us - (int64_t)(random_u64() % (uint64_t)(us / 8 + 1));
}

static bool is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 0001-01-01 to the first day of the year. */
static int64_t days_before_year(int64_t year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400;
}

struct date {
    int64_t year, month, day;
};

/* Days from 0001-01-01. */
static int64_t date_to_days(struct date d)
{
    int64_t days = days_before_year(d.year) + d.day - 1;

    for (int64_t month = 1; month < d.month; month++)
        days += days_in_month(d.year, month);
    return days;
}

static struct date date_from_days(int64_t days)
{
    struct date d = {.year = days / 366 + 1, .month = 1};

    while (days >= days_before_year(d.year + 1))
        d.year++;
    days -= days_before_year(d.year);
    while (days >= days_in_month(d.year, d.month))
        days -= days_in_month(d.year, d.month++);
    d.day = days + 1;
    return d;
}

const char *clock_format(int64_t us, char out[CLOCK_TEXT_SIZE])
{
    us = us < CLOCK_MIN_US ? CLOCK_MIN_US : us;
    us = us > CLOCK_MAX_US ? CLOCK_MAX_US : us;

    uint64_t since = (uint64_t)us - (uint64_t)CLOCK_MIN_US;
    unsigned fraction = (unsigned)(since % US_PER_S);
    int64_t seconds = (int64_t)(since / US_PER_S);
    struct date d = date_from_days(seconds / S_PER_DAY);
    int64_t s = seconds % S_PER_DAY;

    (void)snprintf(out, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)d.year,
                   (unsigned)d.month, (unsigned)d.day, (unsigned)(s / S_PER_HOUR),
                   (unsigned)(s / S_PER_MINUTE % 60), (unsigned)(s % 60), fraction);
    return out;
}

/*
 * The parser: each step takes its text from *s and moves it on, or says false. `out` may then hold
 * anything; clock_parse hands on only a whole success.
 */
static bool take_char(const char **s, const char *any_of)
{
    for (; *any_of; any_of++) {
        if (**s == *any_of) {
            (*s)++;
            return true;
        }
    }
    return false;
}

/* Exactly `width` digits, a number from min to max. */
static bool take_number(const char **s, int width, int64_t min, int64_t max, int64_t *out)
{
    int64_t n = 0;

    for (int i = 0; i < width; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        n = n * 10 + (**s - '0');
    }
    *out = n;
    return n >= min && n <= max;
}

static bool take_date(const char **s, struct date *d)
{
    return take_number(s, 4, 1, 9999, &d->year) && take_char(s, "-") &&
           take_number(s, 2, 1, 12, &d->month) && take_char(s, "-") &&
           take_number(s, 2, 1, days_in_month(d->year, d->month), &d->day);
}

/* HH:MM in seconds. */
static bool take_hour_minute(const char **s, int64_t *seconds)
{
    int64_t hour, minute;

    if (!take_number(s, 2, 0, 23, &hour) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 59, &minute))
        return false;
    *seconds = hour * S_PER_HOUR + minute * S_PER_MINUTE;
    return true;
}

/* ".5" and ".500000" are half a second; no point at all is none. */
static bool take_fraction(const char **s, int64_t *us)
{
    int64_t digit;
    const char *start;

    *us = 0;
    if (!take_char(s, "."))
        return true;
    start = *s;
    for (int64_t unit = US_PER_S / 10; unit > 0 && take_number(s, 1, 0, 9, &digit); unit /= 10)
        *us += digit * unit;
    return *s > start;
}

/* Z, or how far the text's clock is ahead of UTC. */
static bool take_offset(const char **s, int64_t *seconds)
{
    bool west = **s == '-';

    *seconds = 0;
    if (take_char(s, "Zz"))
        return true;
    if (!take_char(s, "+-") || !take_hour_minute(s, seconds))
        return false;
    if (west)
        *seconds = -*seconds;
    return true;
}

bool clock_parse(const char *s, int64_t *us)
{
    struct date d;
    int64_t minutes, second, fraction, offset;

    if (!take_date(&s, &d) || !take_char(&s, "Tt ") || !take_hour_minute(&s, &minutes) ||
        !take_char(&s, ":") || !take_number(&s, 2, 0, 59, &second) ||
        !take_fraction(&s, &fraction) || !take_offset(&s, &offset) || *s)
        return false;

    int64_t seconds = date_to_days(d) * S_PER_DAY + minutes + second - offset;
    int64_t result = CLOCK_MIN_US + seconds * US_PER_S + fraction;
    if (result < CLOCK_MIN_US || result > CLOCK_MAX_US)
        return false;
    *us = result;
    return true;
}
