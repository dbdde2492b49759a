/*
 * arguments.h - the parameters of an executable: one JSON object of names and values
 *
 * Without declared parameters it is what was enqueued, to the byte. With them it is checked as a
 * class's are, values that were given by place get their names, and defaults are put in, so that
 * the program finds everything in one form.
 */
#ifndef PLAIN_RUNNER_ARGUMENTS_H
#define PLAIN_RUNNER_ARGUMENTS_H

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "base/arena.h"
#include "core/json.h"

/* *out lives in a, or where stored does. cls NULL: nothing is declared. Errors are those of
 * params.h. */
int arguments_make(const plain_job_class *cls, const char *stored, struct arena *a,
                   struct jtext *out, plain_error *err) PLAIN_MUST_USE;

#endif
