#include "schedule/words.h"

#include <assert.h>
#include <string.h>

#include "schedule/civil.h"

/* At most so many times of day are named one by one. */
enum { TIMES_MAX = 6 };

enum {
    ALL_HOURS = (1 << 24) - 1,
    ALL_MONTHS = (1 << 13) - 2,
    ALL_WEEKDAYS = (1 << 7) - 1,
};
#define ALL_MINUTES ((UINT64_C(1) << 60) - 1)
#define ALL_DAYS    UINT64_C(0xfffffffe)

static const char *const month_names[] = {"",        "January",  "February", "March",  "April",
                                          "May",     "June",     "July",     "August", "September",
                                          "October", "November", "December"};
static const char *const weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};

static bool has(uint64_t bits, int i)
{
    return bits >> i & 1;
}

static int count(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

static void put_value(struct buf *out, const char *const *names, int value)
{
    if (names)
        buf_puts(out, names[value]);
    else
        buf_putf(out, "%d", value);
}

/* Takes the lowest value out of bits, or the lowest run of three values or more. */
static void take_run(uint64_t *bits, int *first, int *last)
{
    *first = *last = __builtin_ctzll(*bits);
    while (has(*bits, *last + 1))
        ++*last;
    if (*last - *first < 2)
        *last = *first;
    *bits &= ~((UINT64_C(2) << *last) - 1);
}

/* "1", "1 and 2", "1 to 3", "1, 3 and 5 to 9" */
static void put_set(struct buf *out, uint64_t bits, const char *const *names)
{
    int first, last, ignored;

    while (bits) {
        take_run(&bits, &first, &last);
        put_value(out, names, first);
        if (last > first) {
            buf_puts(out, " to ");
            put_value(out, names, last);
        }
        if (!bits)
            break;
        uint64_t rest = bits;
        take_run(&rest, &ignored, &ignored);
        buf_puts(out, rest ? ", " : " and ");
    }
}

/* n when the minutes are 0, n, 2n ... over the whole hour and n divides it; else 0. */
static int step_of(uint64_t minutes)
{
    if (!has(minutes, 0) || count(minutes) < 2)
        return 0;
    int step = __builtin_ctzll(minutes & ~UINT64_C(1));
    if (MINUTES_PER_HOUR % step != 0 || count(minutes) != MINUTES_PER_HOUR / step)
        return 0;
    for (int m = 0; m < MINUTES_PER_HOUR; m += step) {
        if (!has(minutes, m))
            return 0;
    }
    return step;
}

/* "at 09:00, 09:30 and 17:00" */
static void put_times(struct buf *out, const plain_schedule *s)
{
    int left = count(s->minutes) * count(s->hours);

    buf_puts(out, "at ");
    for (int t = 0; t < MINUTES_PER_DAY; t++) {
        if (!has(s->hours, t / MINUTES_PER_HOUR) || !has(s->minutes, t % MINUTES_PER_HOUR))
            continue;
        buf_putf(out, "%02d:%02d", t / MINUTES_PER_HOUR, t % MINUTES_PER_HOUR);
        left--;
        buf_puts(out, left > 1 ? ", " : left == 1 ? " and " : "");
    }
}

static void put_minutes(struct buf *out, uint64_t minutes, bool every_hour)
{
    int step = step_of(minutes);

    if (minutes == ALL_MINUTES) {
        buf_puts(out, "every minute");
    } else if (step > 0) {
        buf_putf(out, "every %d minutes", step);
    } else if (minutes == 1 && every_hour) {
        buf_puts(out, "every hour");
    } else {
        buf_puts(out, count(minutes) == 1 ? "at minute " : "at minutes ");
        put_set(out, minutes, NULL);
        buf_puts(out, every_hour ? " of every hour" : "");
    }
}

static void put_time(struct buf *out, const plain_schedule *s, bool every_day)
{
    if (count(s->minutes) * count(s->hours) <= TIMES_MAX) {
        buf_puts(out, every_day ? "every day " : "");
        put_times(out, s);
        return;
    }
    put_minutes(out, s->minutes, s->hours == ALL_HOURS);
    if (s->hours == ALL_HOURS)
        return;
    buf_puts(out, count(s->hours) == 1 ? " of hour " : " of hours ");
    put_set(out, s->hours, NULL);
}

static void put_days(struct buf *out, const plain_schedule *s)
{
    bool by_day = s->days != ALL_DAYS;
    bool by_weekday = s->weekdays != ALL_WEEKDAYS;

    if (by_day) {
        buf_puts(out, count(s->days) == 1 ? " on day " : " on days ");
        put_set(out, s->days, NULL);
        buf_puts(out, " of the month");
    }
    if (by_day && by_weekday)
        buf_puts(out, s->flags & PLAIN_SCHEDULE_EITHER_DAY ? " or" : " if it falls");
    if (by_weekday) {
        buf_puts(out, " on ");
        put_set(out, s->weekdays, weekday_names);
    }
}

void schedule_describe(const plain_schedule *s, struct buf *out)
{
    plain_schedule shown = *s;

    /* Either of two, of which one is every day, is every day. */
    if (s->flags & PLAIN_SCHEDULE_EITHER_DAY &&
        (s->days == ALL_DAYS || s->weekdays == ALL_WEEKDAYS)) {
        shown.days = (uint32_t)ALL_DAYS;
        shown.weekdays = ALL_WEEKDAYS;
    }
    put_time(out, &shown, shown.days == ALL_DAYS && shown.weekdays == ALL_WEEKDAYS);
    put_days(out, &shown);
    if (s->months != ALL_MONTHS) {
        buf_puts(out, " in ");
        put_set(out, s->months, month_names);
    }
}

/* Bytes that are shown before, in and after the fault. */
enum { BEFORE_MAX = 60, FAULT_MAX = 40, AFTER_MAX = 20 };

/*
 * Appends s[0, n) with '?' for each character that is not printable ASCII: one column each, so that
 * the carets stand where they should, and nothing that a terminal would obey. Returns the columns.
 */
static size_t put_columns(struct buf *out, const char *s, size_t n)
{
    size_t columns = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if ((c & 0xc0) == 0x80) /* the rest of a character */
            continue;
        buf_putc(out, c == '\t' ? ' ' : c >= ' ' && c < 0x7f ? (char)c : '?');
        columns++;
    }
    return columns;
}

static void put_many(struct buf *out, char c, size_t n)
{
    while (n-- > 0)
        buf_putc(out, c);
}

static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

void words_put_caret(struct buf *out, const char *text, const struct cron_fault *fault)
{
    static const char cut[] = "...";
    size_t start = fault->at > BEFORE_MAX ? fault->at - BEFORE_MAX : 0;
    size_t length = at_most(fault->length, FAULT_MAX);
    const char *after = text + fault->at + length;

    assert(fault->at + fault->length <= strlen(text));
    size_t left = put_columns(out, cut, start > 0 ? strlen(cut) : 0);
    left += put_columns(out, text + start, fault->at - start);
    size_t marked = put_columns(out, text + fault->at, length);
    (void)put_columns(out, after, at_most(strlen(after), AFTER_MAX));
    buf_putc(out, '\n');
    put_many(out, ' ', left);
    put_many(out, '^', marked > 0 ? marked : 1);
    buf_putf(out, " %s: ", fault->field);
    (void)put_columns(out, fault->reason, strlen(fault->reason));
}
