/*
 * guard.h - a runner ends itself when its worker's lease is over, or its worker has died
 *
 * The worker kills its runners when it loses its lease; but a worker that is stopped or stuck
 * cannot, and then somebody else would run the job beside this process. So a thread of the runner
 * looks at the deadline that the worker keeps moving, in a page that is mapped read-only, and at
 * that moment by CLOCK_BOOTTIME kills the process group. Another one waits for the end of the
 * worker: the signal that the kernel sends then would end this process, and leave what it has
 * started to run beside the job's next attempt.
 */
#ifndef PLAIN_RUNNER_GUARD_H
#define PLAIN_RUNNER_GUARD_H

#include <plain/jobs/error.h>

#include "channel/worker_file.h"

/* head: mapped for ever; group: the folder of the runner's control group, which is killed too, or
 * "". PLAIN_E_IO (PJ705) when there is no thread to be had. */
int guard_start(const struct worker_file_head *head, const char *group, plain_error *err);

#endif
