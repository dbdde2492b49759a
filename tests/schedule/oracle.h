/*
 * oracle.h - cron once more, slow and simple, to compare with
 *
 * It shares nothing with src/schedule: another parser, arrays instead of bits, and a clock that is
 * stepped minute by minute with the C library's own idea of local time.
 */
#ifndef PLAIN_TESTS_SCHEDULE_ORACLE_H
#define PLAIN_TESTS_SCHEDULE_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct oracle {
    bool minute[60];
    bool hour[24];
    bool day[32];
    bool month[13];
    bool weekday[8]; /* 7 is folded into 0 */
    bool either_day;
    bool wildcard;
};

/* False when text is no schedule. */
bool oracle_parse(const char *text, struct oracle *out);

/* Whether the schedule names this minute of a wall clock. */
bool oracle_matches(const struct oracle *o, const struct tm *local);

/* What the clock on the wall shows at a UTC minute. */
struct oracle_minute {
    int64_t local; /* minutes since 1970-01-01 00:00 of that clock */
    struct tm tm;
};

/* Minutes start, start + 1, ... since 1970 UTC in the zone that TZ names (tzset() has been called).
 */
void oracle_fill(int64_t start, size_t n, struct oracle_minute *out);

/*
 * Whether the schedule is due at each of minutes[1..n-1]; due[0] is false: minutes[0] is where the
 * clock stood before. dst is PLAIN_DST_...
 */
void oracle_run(const struct oracle *o, const struct oracle_minute *minutes, size_t n, int dst,
                bool *due);

/* The clock of this process is now in that zone. */
void oracle_set_zone(const char *zone);

/*
 * Reads text with both parsers and, when it is a schedule, compares what is due in the hours around
 * some changes of the clock. Aborts with a message on stderr when they do not agree.
 */
void oracle_compare(const char *text);

#endif
