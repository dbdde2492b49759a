/*
 * job_line.h - one line of `plain jobs enqueue CLASS --from FILE`: a job as a JSON object
 *
 *     {"params": {"user_id": 42}, "queue": "mail", "delay": "5m", "retries": 3}
 */
#ifndef PLAIN_CLI_JOB_LINE_H
#define PLAIN_CLI_JOB_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/class.h>
#include <plain/jobs/queue.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "core/params.h"

/* The parameters, and room for everything else. */
enum { JOB_LINE_MAX = PLAIN_PARAMETERS_MAX + 64 * 1024 };

struct job_line {
    size_t number;    /* in the file, from 1 */
    const char *json; /* the parameters; NULL: none were given */
    plain_options options;
    bool is_timed; /* it has a delay or start_at of its own, 0 too */
};

/* Reads the n bytes of text into out; what they do not say is as in base. Texts live in a, or are
 * base's. PJ602 for what is no such object, PJ105 for a value, PJ201 for a name. */
int job_line_read(const char *text, size_t n, const plain_options *base, struct arena *a,
                  struct job_line *out, plain_error *err) PLAIN_MUST_USE;

/* Whether the line can be enqueued: all that is checked before anything is written. cls may be
 * NULL. */
int job_line_check(const struct job_line *line, const plain_job_class *cls,
                   plain_error *err) PLAIN_MUST_USE;

#endif
