#include "runner/fence.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "runner/own_group.h"

enum { LOOK_LEAST_MS = 20, LOOK_MOST_MS = 10000 };

static uint64_t lower(uint64_t a, rlim_t b)
{
    return a < (uint64_t)b ? a : (uint64_t)b;
}

/* One that holds already is never raised: nobody may raise a hard one, and a lower one is meant. */
static void add_limit(struct fence *f, int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit now = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    (void)getrlimit((__rlimit_resource_t)resource, &now);
    f->limits[f->limit_count++] = (struct child_limit){
        .resource = resource, .soft = lower(soft, now.rlim_cur), .hard = lower(hard, now.rlim_max)};
}

void fence_begin(struct fence *f, const struct class_limits *limits)
{
    int64_t used = own_group_cpu_us();

    *f = (struct fence){.kills_before = cgroup_oom_kills("")};
    f->memory_is_group = limits->memory > 0 && own_group_limit_memory(limits->memory);
    if (limits->memory > 0 && !f->memory_is_group)
        add_limit(f, RLIMIT_DATA, (uint64_t)limits->memory, (uint64_t)limits->memory);
    if (limits->cpu_ms > 0) {
        uint64_t seconds = (uint64_t)(limits->cpu_ms + MS_PER_S - 1) / MS_PER_S;

        add_limit(f, RLIMIT_CPU, seconds, seconds + 1);
        f->cpu_end_us = used < 0 ? 0 : clock_add(used, limits->cpu_ms * US_PER_MS);
    }
}

/* Nobody can use more than all CPUs do in that time. */
static int until(int64_t left_us)
{
    int64_t ms = left_us / US_PER_MS / cpus_allowed();

    return (int)(ms < LOOK_LEAST_MS ? LOOK_LEAST_MS : ms > LOOK_MOST_MS ? LOOK_MOST_MS : ms);
}

int fence_watch_cpu(struct fence *f)
{
    if (f->cpu_end_us == 0)
        return -1;
    int64_t left = f->cpu_end_us - own_group_cpu_us();
    if (left > 0)
        return until(left);
    own_group_signal_others(f->cpu_reached ? SIGKILL : SIGXCPU);
    f->cpu_reached = true;
    f->cpu_end_us = clock_add(f->cpu_end_us, US_PER_S);
    return LOOK_LEAST_MS;
}

void fence_end(struct fence *f)
{
    f->was_short_of_memory = f->kills_before >= 0 && cgroup_oom_kills("") > f->kills_before;
    if (!f->memory_is_group)
        return;
    f->memory_reached = own_group_ran_out();
    own_group_unlimit_memory();
}
