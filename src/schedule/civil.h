/*
 * civil.h - days of the Gregorian calendar as numbers
 *
 * Day 0 is 1970-01-01; the calendar is extended backward (there was no Julian one). Valid for the
 * years -9999 to 19999, far more than any caller needs. Pure functions.
 */
#ifndef PLAIN_SCHEDULE_CIVIL_H
#define PLAIN_SCHEDULE_CIVIL_H

#include <stdint.h>

enum {
    SECONDS_PER_MINUTE = 60,
    SECONDS_PER_HOUR = 3600,
    SECONDS_PER_DAY = 86400,
    MINUTES_PER_HOUR = 60,
    MINUTES_PER_DAY = 1440,
    DAYS_PER_WEEK = 7,
    MONTHS_PER_YEAR = 12
};

struct civil {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

int64_t civil_to_days(int year, int month, int day);
struct civil civil_from_days(int64_t days);
int civil_days_in_month(int year, int month);
int civil_weekday(int64_t days); /* 0 is Sunday */

/* a / b rounded down and up; b is positive. */
int64_t civil_floor_div(int64_t a, int64_t b);
int64_t civil_ceil_div(int64_t a, int64_t b);

#endif
