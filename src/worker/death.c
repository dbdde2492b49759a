#include "worker/death.h"

#include <signal.h>
#include <stdio.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/text.h"

void death_begin(struct worker *w)
{
    w->oom_kills = cgroup_oom_kills("");
}

void death_settle(struct runner *r, bool was_killed)
{
    r->killed_before = groups_deaths(&r->worker->groups, r->group).killed;
    if (was_killed)
        death_begin(r->worker);
}

/* Whether the memory of its group was limited to what the class says, and ran out. */
static bool ran_out(struct runner *r)
{
    const struct group_deaths deaths = groups_deaths(&r->worker->groups, r->group);

    return deaths.by_limit > atomic_load(&r->progress->ran_out_before);
}

/* Whether the kernel has killed one more of its group, or of the worker's, than we know of. */
static bool was_oom_killed(struct runner *r, const struct child_end *how)
{
    struct worker *w = r->worker;

    if (how->exit_signal == SIGKILL &&
        groups_deaths(&w->groups, r->group).killed > r->killed_before)
        return true;
    if (how->exit_signal != SIGKILL || w->oom_kills < 0 || cgroup_oom_kills("") <= w->oom_kills)
        return false;
    w->oom_kills++;
    return true;
}

static struct death of_memory_limit(const struct known_class *class, const char *cause)
{
    struct death d = {.type = "MemoryLimit"};
    char size[TEXT_SIZE_SIZE];

    (void)snprintf(d.message, sizeof(d.message),
                   "memory limit of %s reached; the job's process ended with %s",
                   text_size(class->memory_limit, size), cause);
    return d;
}

static struct death of_cpu_limit(const struct known_class *class)
{
    struct death d = {.type = "CpuLimit"};

    (void)snprintf(d.message, sizeof(d.message), "CPU limit of %.15g s reached",
                   (double)class->cpu_limit_ms / MS_PER_S);
    return d;
}

struct death death_of(struct runner *r, const struct work *k, const struct child_end *how)
{
    const struct known_class *class = life_find_class(r->worker, k->claim->job_class);
    bool short_of_memory = atomic_load(&r->progress->short_of_memory) != 0;
    struct death d = {.type = "Lost"};
    char cause[64];

    (void)child_end_text(how, cause, sizeof(cause));
    if (class && class->cpu_limit_ms > 0 && how->exit_signal == SIGXCPU)
        return of_cpu_limit(class);
    if (class && class->memory_limit > 0 && (short_of_memory || ran_out(r)))
        return of_memory_limit(class, cause);
    if (was_oom_killed(r, how)) {
        d.type = "OutOfMemory";
        (void)snprintf(d.message, sizeof(d.message),
                       "out of memory: the kernel ended the job's process with %s", cause);
        return d;
    }
    (void)snprintf(d.message, sizeof(d.message), "the job's process ended with %s%s", cause,
                   short_of_memory ? ", after memory was refused to it" : "");
    return d;
}
