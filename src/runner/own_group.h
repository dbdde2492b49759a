/*
 * own_group.h - the control group of a runner, and what a job is allowed in it
 *
 * Where its worker could give it one (worker/groups.h), with the memory controller, a class's limit
 * of memory holds for all processes of a job together: memory.max, while the job runs, is what the
 * runner's group has when it starts and the limit. What can be dropped, such as cached files, does
 * not count, and nothing goes to swap. At the limit the kernel kills; memory.events says so.
 *
 * In a process that is not a runner there is no group, and each function says so.
 */
#ifndef PLAIN_RUNNER_OWN_GROUP_H
#define PLAIN_RUNNER_OWN_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "channel/progress.h"

/* folder: of the group, "" of none. page: where it notes what was counted before a job. */
void own_group_install(const char *folder, struct progress *page);

/* From now on so much more; false when that cannot be. */
bool own_group_limit_memory(int64_t bytes);
void own_group_unlimit_memory(void);
/* Whether that limit was reached since it was set. */
bool own_group_ran_out(void);

/* CPU time of all that were ever in the group; -1: not told. */
int64_t own_group_cpu_us(void);
/* A signal to everybody in the group but this process. */
void own_group_signal_others(int signal);

#endif
