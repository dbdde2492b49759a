/*
 * fence.h - a class's limits of memory and CPU time, around an executable
 *
 * Each process of it has RLIMIT_DATA and RLIMIT_CPU (whole seconds). In a control group of the
 * runner's (own_group.h) memory is limited for all of them together instead, and so is CPU time,
 * beside: it is looked at now and then, and what has used it up gets SIGXCPU, and SIGKILL a second
 * of CPU time later.
 */
#ifndef PLAIN_RUNNER_FENCE_H
#define PLAIN_RUNNER_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/child.h"
#include "core/class.h"

struct fence {
    struct child_limit limits[2]; /* limit_count of them, for the child */
    size_t limit_count;
    bool memory_is_group;
    int64_t cpu_end_us;   /* what the group's CPU time may become; 0: no limit */
    int64_t kills_before; /* for want of memory, in the group above all of us; -1: not told */
    bool cpu_reached, memory_reached; /* after fence_end() */
    bool was_short_of_memory;         /* something was killed for want of it, limit or not */
};

void fence_begin(struct fence *f, const struct class_limits *limits);
/* Does what is due. How long poll() may wait until it is to be called again, in ms; -1: for ever.
 */
int fence_watch_cpu(struct fence *f);
void fence_end(struct fence *f);

#endif
