/*
 * plain/jobs/schedule.h - when is it due: cron text and time zones as pure functions
 *
 * A plain_schedule is a set of wall-clock minutes. plain_schedule_next() and _prev() say when such
 * a minute comes in a time zone of the world, over changes of summer time too. Nothing here needs a
 * database or a handle.
 *
 *     plain_schedule nightly;
 *     plain_error err;
 *     int64_t at_us;
 *
 *     if (plain_schedule_parse("30 2 * * MON-FRI", &nightly, &err) < 0 ||
 *         plain_schedule_next(&nightly, "Europe/Berlin", now_us, PLAIN_DST_CRON, &at_us, &err) < 0)
 *         fprintf(stderr, "error[PJ%d]: %s\n", err.pj, err.message);
 *
 * Cron text: five fields parted by blanks or tabs, as crontab(5) of Vixie cron and cronie says.
 *
 *     minute 0-59 | hour 0-23 | day of month 1-31 | month 1-12, JAN-DEC | day of week 0-7, SUN-SAT
 *
 *     *        every value            a,b,c      a list, of any of these
 *     a        one value              a-b/s      every s-th from a to b
 *     a-b      a range                a/s        every s-th from a on (cronie refuses this one)
 *
 * - "/s" may stand behind * too: every s-th value, from the lowest on.
 * - Names stand for numbers, in any case. 0 and 7 are Sunday. A range of weekdays may end in 0 or
 * SUN: FRI-SUN. No other range runs backward. A step past the end of its range gives the first
 * value.
 * - A field that starts with * counts as unrestricted. If the day of month or the day of week does,
 *   both must match; if neither does, either may: "0 0 1,15 * MON" runs on Mondays too.
 * - @yearly @annually @monthly @weekly @daily @midnight @hourly.
 * - At most PLAIN_SCHEDULE_MAX_TEXT bytes. Anything else is refused (PJ401).
 *
 * Changes of the clock (PLAIN_DST_CRON, the default): a schedule whose minute or hour starts with *
 * follows the wall clock: it does not run at times that are skipped and runs at both passes of an
 * hour that is repeated. Any other names fixed times, and runs once for each: when the time is
 * skipped, right after the jump (several such at once are one run), when it is repeated, at the
 * first pass. The rule in full: the wall clock has a high-water mark; a fixed time is due when the
 * mark reaches or passes it. That holds for jumps of any size, also where a zone skipped a whole
 * day.
 *
 * Time zones are the names of the system's zone files in /usr/share/zoneinfo (Debian: tzdata), read
 * once per process and zone: a running program sees an update of tzdata when it is started again.
 * "UTC", "" and NULL need no file. TZ, tzset() and the locale are neither used nor changed.
 *
 * Units: times are microseconds since 1970 UTC, of the years 1 to 9999. Schedules are whole
 * minutes. Ownership: a plain_schedule is plain data, copied freely, nothing to free; all strings
 * are borrowed. Threads: any, without locks. Blocking: never, but the first use of a zone reads one
 * small file. Cost: under a microsecond as a rule; a search looks at 50 years at most, some hundred
 * steps.
 */
#ifndef PLAIN_JOBS_SCHEDULE_H
#define PLAIN_JOBS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/compiler.h>
#include <plain/jobs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest cron text that is read, in bytes. */
#define PLAIN_SCHEDULE_MAX_TEXT 1000

/* Flags of a plain_schedule. */
enum {
    PLAIN_SCHEDULE_EITHER_DAY = 1 << 0, /* day of month or day of week; else both must match      */
    PLAIN_SCHEDULE_WILDCARD = 1 << 1    /* minute or hour starts with *: follows the wall clock   */
};

/*
 * A set of minutes, one bit a value. 32 bytes for ever. Filled by plain_schedule_parse() and
 * plain_schedule_from_fields(); two schedules that mean the same compare equal with memcmp().
 */
typedef struct plain_schedule {
    uint64_t minutes; /* bits 0 to 59           */
    uint32_t hours;   /* bits 0 to 23           */
    uint32_t days;    /* bits 1 to 31           */
    uint16_t months;  /* bits 1 to 12           */
    uint8_t weekdays; /* bits 0 (Sunday) to 6   */
    uint8_t flags;    /* PLAIN_SCHEDULE_...     */
    uint8_t reserved[12];
} plain_schedule;

/*
 * What happens to fixed times when the clock changes: PLAIN_DST_CRON, or flags added together.
 * Schedules with PLAIN_SCHEDULE_WILDCARD always follow the wall clock.
 */
enum {
    PLAIN_DST_CRON = 0,          /* skipped: right after the jump; repeated: the first pass    */
    PLAIN_DST_GAP_SKIP = 1 << 0, /* skipped times are left out                                 */
    PLAIN_DST_REPEAT_TWICE = 1 << 1, /* repeated times run at both passes */
    PLAIN_DST_WALL = PLAIN_DST_GAP_SKIP | PLAIN_DST_REPEAT_TWICE
};

/*
 * Reads cron text or a macro into *out. text and out must not be NULL. out is written on success
 * only.
 *
 * PLAIN_E_INVALID, PJ401: text is no schedule. err->field is "minute", "hour", "day of month",
 * "month", "day of week", or "schedule" when it is none of them; the message has the reason.
 * A schedule that can never match ("0 0 31 2 *") is read; the searches say so.
 */
PLAIN_EXPORT int plain_schedule_parse(const char *text, plain_schedule *out,
                                      plain_error *err) PLAIN_MUST_USE;

/* Enough for every answer of plain_schedule_caret(). */
#define PLAIN_SCHEDULE_CARET_SIZE 512

/*
 * Draws what is wrong with text: two lines, the second with ^ below the fault and the reason:
 *
 *     0 25 * * *
 *       ^^ hour: 25 is above 23
 *
 * Long text is cut around the fault; '?' stands for what is not printable ASCII. Writes at most
 * size bytes with the NUL, and no newline at the end. PLAIN_OK: drawn; PLAIN_NONE: nothing is
 * wrong, out is "". PLAIN_E_INVALID: an argument is NULL or size is 0; PLAIN_E_NOMEM.
 */
PLAIN_EXPORT int plain_schedule_caret(const char *text, char *out, size_t size);

/*
 * A schedule by its fields, each in the syntax above; NULL means "*". Set size to
 * sizeof(plain_schedule_fields): fields may be appended in later versions.
 */
typedef struct plain_schedule_fields {
    size_t size;
    const char *minute;
    const char *hour;
    const char *day_of_month;
    const char *month;
    const char *day_of_week;
    bool
        either_day; /* one of the day fields is enough where both are restricted, as in cron text */
} plain_schedule_fields;

/*
 * Builds *out from fields. Unlike in cron text, both day fields must match unless either_day is
 * set: .day_of_month = "13", .day_of_week = "FRI" is Friday the 13th.
 *
 * PLAIN_E_INVALID, PJ401: as plain_schedule_parse(); the length is limited field by field.
 * PLAIN_E_VERSION: size is none of a plain_schedule_fields that this library knows.
 */
PLAIN_EXPORT int plain_schedule_from_fields(const plain_schedule_fields *fields,
                                            plain_schedule *out, plain_error *err) PLAIN_MUST_USE;

/*
 * The first time strictly after after_us at which schedule is due in zone: from 12:00:30 the
 * earliest answer is 12:01, from 12:00:00 too. dst is PLAIN_DST_CRON, PLAIN_DST_WALL or one flag of
 * it. *out_us is written on success only.
 *
 * PLAIN_E_INVALID, PJ401: schedule was not filled by a function above, a time outside the years 1
 * to 9999, unknown bits in dst. PLAIN_E_INVALID, PJ402: no match within 50 years (nor before the
 * year 10000). 50 because "0 0 29 2 *" with a Sunday has gaps of 28 years, and of 40 across 2100.
 * PLAIN_E_INVALID, PJ403: zone is not the name of a time zone.
 * PLAIN_E_NOT_FOUND or PLAIN_E_IO, PJ403: this machine has no zone files, or the file is unusable.
 * PLAIN_E_NOMEM: at the first use of a zone.
 */
PLAIN_EXPORT int plain_schedule_next(const plain_schedule *schedule, const char *zone,
                                     int64_t after_us, int dst, int64_t *out_us,
                                     plain_error *err) PLAIN_MUST_USE;

/*
 * The last time strictly before before_us at which schedule was due: the mirror of
 * plain_schedule_next(), with the same rules and errors.
 */
PLAIN_EXPORT int plain_schedule_prev(const plain_schedule *schedule, const char *zone,
                                     int64_t before_us, int dst, int64_t *out_us,
                                     plain_error *err) PLAIN_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
