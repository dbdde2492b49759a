/*
 * section.h - titled sections of plain.conf, `job NAME { ... }` and `schedule NAME { ... }`, as
 * texts
 *
 * They travel as JSON: from the file to the settings of a process, and from a worker to its
 * runners, which read no file that may have changed since.
 *
 *     [{"name": "thumbnail", "place": "plain.conf:3",
 *       "queue": ["plain.conf:4", "slow"], "params": ["plain.conf:5", "file:string",
 * "width:int32"]}]
 *
 * The first text of an option is where it stands. A name that the file has twice has `"twice":
 * true`, and is what the second of its sections says.
 */
#ifndef PLAIN_CORE_SECTION_H
#define PLAIN_CORE_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/arena.h"

struct section_option_kind {
    const char *name;
    bool is_list;
};

struct section_option {
    const char *place; /* "plain.conf:4"; NULL: not given */
    const char **values;
    size_t count; /* 1 where it is no list */
};

enum { SECTION_OPTIONS_MAX = 32 };

struct section {
    const char *name;
    const char *place; /* where it begins */
    bool is_twice;
    struct section_option options[SECTION_OPTIONS_MAX]; /* in the order of their kinds */
};

struct sections {
    struct section *items;
    size_t count;
};

/* The kinds of sections, and what they may hold. */
struct section_kind {
    const char *word; /* "job" */
    const struct section_option_kind *options;
    size_t option_count;
    bool may_be_twice; /* an error of that section, not of the file */
};
enum section_id { SECTION_JOB, SECTION_SCHEDULE, SECTION_COUNT };
extern const struct section_kind section_kinds[SECTION_COUNT];

/* Reads the JSON; all lives in a. PJ202 when it is not of that form. */
int sections_read(enum section_id id, const char *json, struct arena *a, struct sections *out,
                  plain_error *err) PLAIN_MUST_USE;

/* NULL when there is none of this name. */
const struct section *sections_find(const struct sections *sections, const char *name);

#endif
