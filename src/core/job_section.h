/*
 * job_section.h - what a section `job NAME { ... }` of plain.conf may hold
 *
 * What the texts mean is executable_class.h's.
 */
#ifndef PLAIN_CORE_JOB_SECTION_H
#define PLAIN_CORE_JOB_SECTION_H

#include "core/section.h"

/* X(id, name, is a list). params come first: what follows may speak of them. */
#define JOB_OPTION_MAP(X)                                                                          \
    X(PARAMS, "params", true)                                                                      \
    X(DOC, "doc", false)                                                                           \
    X(QUEUE, "queue", false)                                                                       \
    X(PRIORITY, "priority", false)                                                                 \
    X(RETRIES, "retries", false)                                                                   \
    X(RETRY_DELAY, "retry_delay", false)                                                           \
    X(CONCURRENCY_KEY, "concurrency_key", false)                                                   \
    X(DEFER_DELAY, "defer_delay", false)                                                           \
    X(TIMEOUT, "timeout", false)                                                                   \
    X(MEMORY_LIMIT, "memory_limit", false)                                                         \
    X(CPU_LIMIT, "cpu_limit", false)

enum job_option_id {
#define JOB_OPTION_ENUM(id, name, is_list) JOB_OPTION_##id,
    JOB_OPTION_MAP(JOB_OPTION_ENUM)
#undef JOB_OPTION_ENUM
        JOB_OPTION_COUNT
};

_Static_assert((int)JOB_OPTION_COUNT <= (int)SECTION_OPTIONS_MAX, "SECTION_OPTIONS_MAX");

#endif
