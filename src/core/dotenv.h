/*
 * dotenv.h - the lines of a .env file
 *
 *     # a comment
 *     PLAIN_JOBS_WORKER_MAX_PROCESSES=4
 *     export DATABASE_URL='postgresql://app@db/app'   # another
 *     PLAIN_JOBS_MODULES="[\"app/jobs.so\"]"
 *
 * NAME=VALUE with blanks around both passed over. Without quotes a value ends at the end of the
 * line or at a '#' behind a blank. In single quotes every character stands for itself; in double
 * quotes
 * \" and \\ are a quote and a backslash, and every other backslash stands for itself. A value in
 * quotes may hold line ends. Nothing is expanded and nothing is run.
 *
 * Other programs read the file too: a line of theirs that is not of this form is passed over.
 */
#ifndef PLAIN_CORE_DOTENV_H
#define PLAIN_CORE_DOTENV_H

#include <stdbool.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/compiler.h"

/* One value, in the order of the file. Both texts live in the arena. */
typedef int dotenv_fn(const char *name, const char *value, unsigned line, void *user,
                      plain_error *err);

/* Whether a name is of interest; values of others are read over. */
typedef bool dotenv_filter(const char *name);

/* Calls fn for each value whose name passes the filter, until it says an error. path is for
 * messages. PJ203 for a quote that is never closed, and for a line of interest that is malformed.
 */
int dotenv_parse(const char *path, const char *text, struct arena *a, dotenv_filter *filter,
                 dotenv_fn *fn, void *user, plain_error *err) PLAIN_MUST_USE;

#endif
