#include "schedule/civil.h"

#include <assert.h>
#include <stdbool.h>

/*
 * Inside, a year begins on 1 March, so that the leap day is its last day and the months before it
 * always have the same lengths; and years are counted within cycles of 400, all of the same length.
 */
enum { YEARS_PER_CYCLE = 400, DAYS_PER_CYCLE = 146097, DAYS_0000_03_01_TO_1970 = 719468 };

int64_t civil_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t civil_ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

static bool is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % YEARS_PER_CYCLE == 0);
}

int civil_days_in_month(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    assert(month >= 1 && month <= MONTHS_PER_YEAR);
    return lengths[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 1 March to the first of a month; 0 is March. */
static int days_before_month(int from_march)
{
    return (153 * from_march + 2) / 5;
}

int64_t civil_to_days(int year, int month, int day)
{
    int64_t march_year = month > 2 ? year : year - 1;
    int64_t cycle = civil_floor_div(march_year, YEARS_PER_CYCLE);
    int64_t in_cycle = march_year - cycle * YEARS_PER_CYCLE;
    int64_t day_of_year = days_before_month((month + 9) % MONTHS_PER_YEAR) + day - 1;

    return cycle * DAYS_PER_CYCLE + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + day_of_year -
           DAYS_0000_03_01_TO_1970;
}

struct civil civil_from_days(int64_t days)
{
    int64_t since = days + DAYS_0000_03_01_TO_1970;
    int64_t cycle = civil_floor_div(since, DAYS_PER_CYCLE);
    int in_cycle = (int)(since - cycle * DAYS_PER_CYCLE);
    int year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
    int day_of_year = in_cycle - (365 * year + year / 4 - year / 100);
    int from_march = (5 * day_of_year + 2) / 153;
    int month = from_march < 10 ? from_march + 3 : from_march - 9;

    return (struct civil){
        .year = (int)(cycle * YEARS_PER_CYCLE) + year + (month <= 2),
        .month = month,
        .day = day_of_year - days_before_month(from_march) + 1,
    };
}

int civil_weekday(int64_t days)
{
    enum { THURSDAY = 4 }; /* 1970-01-01 */
    int64_t since_sunday = days + THURSDAY;

    return (int)(since_sunday - civil_floor_div(since_sunday, DAYS_PER_WEEK) * DAYS_PER_WEEK);
}
