/*
 * rule.h - the yearly rule of a zone: the POSIX TZ text at the end of its file
 *
 * "EST5EDT,M3.2.0,M11.1.0" says how the zone goes on after its last recorded change. Read as RFC
 * 9636 has it: names in <>, hours from -167 to 167, no rule without its dates. Pure functions.
 */
#ifndef PLAIN_SCHEDULE_RULE_H
#define PLAIN_SCHEDULE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From at on (seconds since 1970 UTC), local time is UTC plus offset seconds. */
struct zone_change {
    int64_t at;
    int32_t offset;
};

enum rule_day_kind {
    RULE_DAY_WEEKDAY, /* Mm.w.d: weekday d of week w (5: the last) of month m */
    RULE_DAY_JULIAN,  /* Jn: 1 to 365, 29 February is never counted           */
    RULE_DAY_ORDINAL  /* n: 0 to 365, 29 February is counted                  */
};

struct rule_date {
    enum rule_day_kind kind;
    int month, week, weekday; /* RULE_DAY_WEEKDAY                         */
    int day;                  /* the others                               */
    int32_t time;             /* seconds after local midnight, may be < 0 */
};

struct zone_rule {
    int32_t standard; /* seconds east of UTC                                   */
    int32_t summer;   /* the same in summer; meaningful when has_summer is set */
    bool has_summer;
    struct rule_date begins; /* of summer time, by the standard clock */
    struct rule_date ends;   /* of summer time, by the summer clock   */
};

/* The largest distance from UTC that is believed, in seconds: more than any zone ever had. */
enum { ZONE_OFFSET_MAX = 27 * 3600 };

/* False when text[0, length) is no such rule. */
bool rule_parse(const char *text, size_t length, struct zone_rule *out);

/* The two changes of a year, not in order. has_summer must be set. */
void rule_changes(const struct zone_rule *rule, int year, struct zone_change out[2]);

#endif
