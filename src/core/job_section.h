/*
 * job_section.h - the sections `job NAME { ... }` of plain.conf, as texts
 *
 * They travel as JSON: from the file to the settings of a process, and from a worker to its
 * runners, which read no file that may have changed since.
 *
 *     [{"name": "thumbnail", "place": "plain.conf:3",
 *       "queue": ["plain.conf:4", "slow"], "params": ["plain.conf:5", "file:string",
 * "width:int32"]}]
 *
 * The first text of an option is where it stands. What the texts mean is executable_class.h's.
 */
#ifndef PLAIN_CORE_JOB_SECTION_H
#define PLAIN_CORE_JOB_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/arena.h"

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

struct job_option_kind {
    const char *name;
    bool is_list;
};
extern const struct job_option_kind job_option_kinds[JOB_OPTION_COUNT];

struct job_option {
    const char *place; /* "plain.conf:4"; NULL: not given */
    const char **values;
    size_t count; /* 1 where it is no list */
};

struct job_section {
    const char *name;
    const char *place; /* where it begins */
    struct job_option options[JOB_OPTION_COUNT];
};

struct job_sections {
    struct job_section *items;
    size_t count;
};

/* Reads the JSON; all lives in a. PJ202 when it is not of that form. */
int job_sections_read(const char *json, struct arena *a, struct job_sections *out,
                      plain_error *err) PLAIN_MUST_USE;

/* NULL when there is none of this name. */
const struct job_section *job_sections_find(const struct job_sections *sections, const char *name);

#endif
