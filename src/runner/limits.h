/*
 * limits.h - a class's limits of memory and CPU time, on the runner while its job runs
 *
 * A runner goes on to the next job, so a limit is what the job may take beyond what its runner has
 * when it starts. Memory is limited by the runner's control group, where it has one that can
 * (own_group.h): at the limit the kernel kills. Else by a soft RLIMIT_DATA above the memory in use,
 * so that allocating fails with ENOMEM. CPU time is limited by a timer of the process, whose
 * SIGXCPU ends the runner as a crash does, with the call stack. All are taken off afterwards.
 * Children that a job starts inherit RLIMIT_DATA and no limit of CPU time. An executable has limits
 * of its own (see executable.c).
 */
#ifndef PLAIN_RUNNER_LIMITS_H
#define PLAIN_RUNNER_LIMITS_H

#include <stdbool.h>

#include "core/class.h"

void limits_begin(const struct class_limits *limits);
/* Before limits_end(): whether the limit of memory was reached, and the job lived on; without a
 * group that is errno. */
bool limits_memory_reached(const struct class_limits *limits);
void limits_end(const struct class_limits *limits);

#endif
