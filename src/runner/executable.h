/*
 * executable.h - a job that is a program of jobs.d
 *
 * It gets its parameters as a JSON object on stdin (arguments.h), and with what else there is to
 * know in its environment (environment.h). Exit 0 is SUCCESSFUL, 75 (EX_TEMPFAIL of sysexits.h)
 * DEFERRED, any other ERRORED with the last line of its stderr as the message, death by a signal
 * LOST. It is deferred for what the last line of its stderr says when that is exactly "defer 30s"
 * (or 5m, 300ms, ...), else for the defer_delay of its section, else for EXECUTABLE_DEFER_MS; one
 * that says "defer" and no length of time is warned. What it writes goes to the runner's stdout and
 * stderr. It is executed directly, never through a shell, in the runner's process group; whatever
 * it leaves behind is killed with the group when the runner ends.
 */
#ifndef PLAIN_RUNNER_EXECUTABLE_H
#define PLAIN_RUNNER_EXECUTABLE_H

#include "runner/attempt.h"

enum { EXECUTABLE_EXIT_DEFER = 75, EXECUTABLE_DEFER_MS = 10 * 1000 };

/* Returns what run() of a class would: PLAIN_OK or the value that belongs to job->outcome. How it
 * ended and what it used is in *out. */
int executable_run(const struct job_entry *entry, plain_job *job, const char *stored,
                   struct attempt *out);

#endif
