/*
 * schedule_draft.h - schedules as they were written, before anybody asked whether they can be
 */
#ifndef PLAIN_QUEUE_SCHEDULE_DRAFT_H
#define PLAIN_QUEUE_SCHEDULE_DRAFT_H

#include "queue/schedules.h"

/* Texts are NULL where nothing was given. */
struct draft {
    const char *name, *origin;
    const char *job;
    const char **argv; /* of a command; NULL: it is a job */
    size_t argc;
    bool is_twice;                            /* the name stands in plain.conf twice */
    const char *options[SECTION_OPTIONS_MAX]; /* by enum schedule_option_id */
    const plain_job_class *cls;               /* whose own schedule it is */
};

struct drafts {
    struct draft *items;
    size_t count;
};

/* The drafts of sections and JOBS_SCHEDULE, with room for `more`; all lives in a. PJ202. */
int drafts_read(const struct schedule_sources *sources, size_t more, struct arena *a,
                struct drafts *out, plain_error *err) PLAIN_MUST_USE;

#endif
