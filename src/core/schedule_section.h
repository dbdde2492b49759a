/*
 * schedule_section.h - what a section `schedule NAME { ... }` of plain.conf may hold
 *
 * What the texts mean is queue/schedules.h's.
 */
#ifndef PLAIN_CORE_SCHEDULE_SECTION_H
#define PLAIN_CORE_SCHEDULE_SECTION_H

#include "core/section.h"

/* X(id, name, is a list) */
#define SCHEDULE_OPTION_MAP(X)                                                                     \
    X(JOB, "job", false)                                                                           \
    X(COMMAND, "command", true)                                                                    \
    X(CRON, "cron", false)                                                                         \
    X(TIMEZONE, "timezone", false)                                                                 \
    X(PARAMETERS, "parameters", false)                                                             \
    X(QUEUE, "queue", false)                                                                       \
    X(PRIORITY, "priority", false)                                                                 \
    X(RETRIES, "retries", false)                                                                   \
    X(DST, "dst", false)                                                                           \
    X(MISSED, "missed", false)                                                                     \
    X(MISSED_MAX, "missed_max", false)                                                             \
    X(OVERLAP, "overlap", false)

enum schedule_option_id {
#define SCHEDULE_OPTION_ENUM(id, name, is_list) SCHEDULE_OPTION_##id,
    SCHEDULE_OPTION_MAP(SCHEDULE_OPTION_ENUM)
#undef SCHEDULE_OPTION_ENUM
        SCHEDULE_OPTION_COUNT
};

_Static_assert((int)SCHEDULE_OPTION_COUNT <= (int)SECTION_OPTIONS_MAX, "SECTION_OPTIONS_MAX");

#endif
