/*
 * executable.h - the files of a folder that are job classes
 *
 * Whoever can write such a file runs commands as the worker, so one that others than its owner may
 * write is refused, and so is a folder that everybody may write. A symbolic link is followed: what
 * counts is the file behind it.
 */
#ifndef PLAIN_CORE_EXECUTABLE_H
#define PLAIN_CORE_EXECUTABLE_H

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* Borrowed for the call. */
struct executable {
    const char *name;   /* of the file */
    const char *doc;    /* the first comment line behind #!, "" when there is none */
    const char *origin; /* "jobs.d/hello" */
    const char *path;   /* absolute */
};

typedef int executable_fn(const struct executable *found, void *user, plain_error *err);

/* Calls fn for each executable of the folder, in no order, until it says an error. A folder that
 * does not exist has none, and a file that is taken away meanwhile may be left out. PJ106 for a
 * file that cannot be a job class, PJ705 when it cannot be read. */
int executable_scan(const char *folder, executable_fn *fn, void *user,
                    plain_error *err) PLAIN_MUST_USE;

#endif
