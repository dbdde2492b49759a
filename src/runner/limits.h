/*
 * limits.h - a class's limits of memory and CPU time, on the runner while its job runs
 *
 * A runner goes on to the next job, so a limit is what the job may take beyond what its runner has
 * when it starts: a soft RLIMIT_DATA above the memory in use, so that allocating fails with ENOMEM,
 * and a timer on the process's CPU time, whose SIGXCPU ends the runner as a crash does, with the
 * call stack. Both are taken off afterwards. Children that a job starts inherit the limit of memory
 * and none of CPU time. An executable has both as limits of its own (see executable.c).
 */
#ifndef PLAIN_RUNNER_LIMITS_H
#define PLAIN_RUNNER_LIMITS_H

#include <stdbool.h>

#include "core/class.h"

void limits_begin(const struct class_limits *limits);
void limits_end(const struct class_limits *limits);

#endif
