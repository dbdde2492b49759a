/* schedule.c - the public functions: they check what they are given and turn failures into errors
 */
#include <plain/jobs/schedule.h>

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "schedule/civil.h"
#include "schedule/cron.h"
#include "schedule/search.h"
#include "schedule/words.h"

_Static_assert(sizeof(plain_schedule) == 32, "the public struct never changes its size");

/* 50 years of the calendar, rounded up to whole days. */
#define SEARCH_SECONDS (INT64_C(18263) * SECONDS_PER_DAY)

/* 0001-01-01 00:00:00 UTC, the first time that is taken; CLOCK_MAX_US is the last. */
#define FIRST_SECOND (-INT64_C(62135596800))
#define LAST_SECOND  (CLOCK_MAX_US / US_PER_S)

static int fail_text(plain_error *err, const struct cron_fault *fault)
{
    return error_set(err, PLAIN_E_INVALID, 401, fault->field, "%s: %s", fault->field,
                     fault->reason);
}

static int fail_argument(plain_error *err, const char *name, const char *reason)
{
    return error_set(err, PLAIN_E_INVALID, 401, name, "%s %s", name, reason);
}

int plain_schedule_parse(const char *text, plain_schedule *out, plain_error *err)
{
    struct cron_fault fault;

    if (!text || !out)
        return fail_argument(err, text ? "out" : "schedule", "must not be NULL");
    return cron_parse(text, out, &fault) ? PLAIN_OK : fail_text(err, &fault);
}

/* The first version of the struct, of which shorter ones do not exist. */
static bool fields_are_known(const plain_schedule_fields *fields)
{
    enum { FIELDS_SIZE_MAX = 4096 }; /* more is no size: it was never set */
    const unsigned char *bytes = (const unsigned char *)fields;

    if (fields->size < sizeof(*fields) || fields->size > FIELDS_SIZE_MAX)
        return false;
    for (size_t i = sizeof(*fields); i < fields->size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

int plain_schedule_from_fields(const plain_schedule_fields *fields, plain_schedule *out,
                               plain_error *err)
{
    struct cron_fault fault;

    if (!fields || !out)
        return fail_argument(err, fields ? "out" : "fields", "must not be NULL");
    if (!fields_are_known(fields))
        return error_set(err, PLAIN_E_VERSION, 401, "size",
                         "fields of a schedule: size %zu is not one that this library knows",
                         fields->size);
    return cron_parse_fields(fields, out, &fault) ? PLAIN_OK : fail_text(err, &fault);
}

int plain_schedule_caret(const char *text, char *out, size_t size)
{
    struct buf b = BUF_INIT(PLAIN_SCHEDULE_CARET_SIZE);
    struct cron_fault fault;
    plain_schedule ignored;

    if (!text || !out || size == 0)
        return PLAIN_E_INVALID;
    *out = '\0';
    if (cron_parse(text, &ignored, &fault))
        return PLAIN_NONE;
    words_put_caret(&b, text, &fault);
    int r = buf_ok(&b) ? PLAIN_OK : PLAIN_E_NOMEM;
    (void)text_copy(out, size, b.data);
    buf_release(&b);
    return r;
}

static int check_search(const plain_schedule *schedule, const char *time_name, int64_t time_us,
                        int dst, const int64_t *out, plain_error *err)
{
    if (!schedule || !out)
        return fail_argument(err, schedule ? "out" : "schedule", "must not be NULL");
    if (!cron_is_sound(schedule))
        return fail_argument(err, "schedule", "was never filled by a parser");
    if (dst & ~PLAIN_DST_WALL)
        return fail_argument(err, "dst", "has bits that are no PLAIN_DST_ flag");
    if (time_us < FIRST_SECOND * US_PER_S || time_us > CLOCK_MAX_US)
        return fail_argument(err, time_name, "is not in the years 1 to 9999");
    return PLAIN_OK;
}

/* The length of the longest month that the schedule names, in a leap year. */
static int longest_month(const plain_schedule *s)
{
    enum { A_LEAP_YEAR = 2000 };
    int longest = 0;

    for (int month = 1; month <= MONTHS_PER_YEAR; month++) {
        int length = civil_days_in_month(A_LEAP_YEAR, month);

        if (s->months >> month & 1 && length > longest)
            longest = length;
    }
    return longest;
}

static int fail_never(const plain_schedule *s, const char *where, plain_error *err)
{
    int first_day = __builtin_ctz(s->days);

    if (!(s->flags & PLAIN_SCHEDULE_EITHER_DAY) && first_day > longest_month(s))
        return error_set(err, PLAIN_E_INVALID, 402, "schedule",
                         "the schedule can never run: no month that it names has a day %d",
                         first_day);
    return error_set(err, PLAIN_E_INVALID, 402, "schedule",
                     "the schedule can never run: no match within 50 years %s the given time",
                     where);
}

int plain_schedule_next(const plain_schedule *schedule, const char *zone, int64_t after_us, int dst,
                        int64_t *out_us, plain_error *err)
{
    struct search search = {.schedule = schedule, .dst = dst};
    int64_t found;

    int r = check_search(schedule, "after_us", after_us, dst, out_us, err);
    if (r == PLAIN_OK)
        r = zone_find(zone, &search.zone, err);
    if (r < 0)
        return r;
    int64_t from = civil_floor_div(after_us, US_PER_S) + 1;
    int64_t to = from + SEARCH_SECONDS < LAST_SECOND ? from + SEARCH_SECONDS : LAST_SECOND;
    if (!search_first(&search, from, to, &found))
        return fail_never(schedule, "after", err);
    *out_us = found * US_PER_S;
    return PLAIN_OK;
}

int plain_schedule_prev(const plain_schedule *schedule, const char *zone, int64_t before_us,
                        int dst, int64_t *out_us, plain_error *err)
{
    struct search search = {.schedule = schedule, .dst = dst};
    int64_t found;

    int r = check_search(schedule, "before_us", before_us, dst, out_us, err);
    if (r == PLAIN_OK)
        r = zone_find(zone, &search.zone, err);
    if (r < 0)
        return r;
    int64_t to = civil_ceil_div(before_us, US_PER_S) - 1;
    int64_t from = to - SEARCH_SECONDS > FIRST_SECOND ? to - SEARCH_SECONDS : FIRST_SECOND;
    if (!search_last(&search, from, to, &found))
        return fail_never(schedule, "before", err);
    *out_us = found * US_PER_S;
    return PLAIN_OK;
}
