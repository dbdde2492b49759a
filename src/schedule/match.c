#include "schedule/match.h"

#include "schedule/civil.h"

/* A month of the calendar and the days of it that may match: bit 1 is the first. */
struct month {
    int year;
    int month;
    int64_t first; /* the day number of its first day */
    uint32_t days;
};

static int lowest_bit(uint64_t bits)
{
    return __builtin_ctzll(bits);
}

static int highest_bit(uint64_t bits)
{
    return 63 - __builtin_clzll(bits);
}

/* Bits from to 63, and bits 0 to to. from and to are in 0 to 63. */
static uint64_t bits_from(int from)
{
    return ~UINT64_C(0) << from;
}

static uint64_t bits_up_to(int to)
{
    return ~UINT64_C(0) >> (63 - to);
}

/* The days of five weeks, bit 1 first, that fall on weekdays when day 1 falls on first_weekday. */
static uint64_t days_of_weekdays(unsigned weekdays, int first_weekday)
{
    const uint64_t five_weeks = 1 | 1 << 7 | 1 << 14 | 1 << 21 | UINT64_C(1) << 28;
    uint64_t week = (weekdays >> first_weekday | weekdays << (7 - first_weekday)) & 0x7f;

    return week * five_weeks << 1;
}

static void month_find_days(struct month *m, const plain_schedule *s)
{
    m->days = 0;
    if (!(s->months >> m->month & 1))
        return;
    uint64_t by_weekday = days_of_weekdays(s->weekdays, civil_weekday(m->first));
    uint64_t days =
        s->flags & PLAIN_SCHEDULE_EITHER_DAY ? s->days | by_weekday : s->days & by_weekday;
    m->days = (uint32_t)(days & bits_up_to(civil_days_in_month(m->year, m->month)) & ~UINT64_C(1));
}

/* The month of day number day; *of_month is its day in it. */
static struct month month_of(int64_t day, const plain_schedule *s, int *of_month)
{
    struct civil c = civil_from_days(day);
    struct month m = {.year = c.year, .month = c.month, .first = day - c.day + 1};

    month_find_days(&m, s);
    *of_month = c.day;
    return m;
}

static void month_go_on(struct month *m, const plain_schedule *s)
{
    m->first += civil_days_in_month(m->year, m->month);
    if (++m->month > MONTHS_PER_YEAR) {
        m->month = 1;
        m->year++;
    }
    month_find_days(m, s);
}

static void month_go_back(struct month *m, const plain_schedule *s)
{
    if (--m->month < 1) {
        m->month = MONTHS_PER_YEAR;
        m->year--;
    }
    m->first -= civil_days_in_month(m->year, m->month);
    month_find_days(m, s);
}

/* The first match of a day at or after minute_of_day; -1 when there is none. */
static int first_in_day(const plain_schedule *s, int minute_of_day)
{
    int hour = minute_of_day / MINUTES_PER_HOUR;
    uint64_t minutes = s->minutes & bits_from(minute_of_day % MINUTES_PER_HOUR);

    if (s->hours >> hour & 1 && minutes)
        return hour * MINUTES_PER_HOUR + lowest_bit(minutes);
    uint64_t hours = s->hours & bits_from(hour + 1);
    return hours ? lowest_bit(hours) * MINUTES_PER_HOUR + lowest_bit(s->minutes) : -1;
}

/* The last match of a day at or before minute_of_day; -1 when there is none. */
static int last_in_day(const plain_schedule *s, int minute_of_day)
{
    int hour = minute_of_day / MINUTES_PER_HOUR;
    uint64_t minutes = s->minutes & bits_up_to(minute_of_day % MINUTES_PER_HOUR);

    if (s->hours >> hour & 1 && minutes)
        return hour * MINUTES_PER_HOUR + highest_bit(minutes);
    uint64_t hours = s->hours & ~bits_from(hour);
    return hours ? highest_bit(hours) * MINUTES_PER_HOUR + highest_bit(s->minutes) : -1;
}

bool match_first(const plain_schedule *s, int64_t low, int64_t high, int64_t *out, unsigned *steps)
{
    int64_t day = civil_floor_div(low, MINUTES_PER_DAY);
    int of_month;
    struct month m = month_of(day, s, &of_month);
    int of_day = first_in_day(s, (int)(low - day * MINUTES_PER_DAY));

    /* What is left of the day of low, then whole days. */
    if (!(m.days >> of_month & 1) || of_day < 0) {
        m.days &= (uint32_t)bits_from(of_month + 1);
        of_day = first_in_day(s, 0);
        for (; !m.days; ++*steps) {
            month_go_on(&m, s);
            if (m.first * MINUTES_PER_DAY >= high)
                return false;
        }
        day = m.first + lowest_bit(m.days) - 1;
    }
    *out = day * MINUTES_PER_DAY + of_day;
    return *out < high;
}

bool match_last(const plain_schedule *s, int64_t low, int64_t high, int64_t *out, unsigned *steps)
{
    int64_t day = civil_floor_div(high - 1, MINUTES_PER_DAY);
    int of_month;
    struct month m = month_of(day, s, &of_month);
    int of_day = last_in_day(s, (int)(high - 1 - day * MINUTES_PER_DAY));

    if (!(m.days >> of_month & 1) || of_day < 0) {
        m.days &= (uint32_t)~bits_from(of_month);
        of_day = last_in_day(s, MINUTES_PER_DAY - 1);
        for (; !m.days; ++*steps) {
            if (m.first * MINUTES_PER_DAY <= low)
                return false;
            month_go_back(&m, s);
        }
        day = m.first + highest_bit(m.days) - 1;
    }
    *out = day * MINUTES_PER_DAY + of_day;
    return *out >= low;
}
