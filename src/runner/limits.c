#define _GNU_SOURCE
#include "runner/limits.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/statm.h"
#include "runner/own_group.h"

static bool by_group; /* the limit of memory that holds now */
static rlim_t before; /* soft RLIMIT_DATA of this process */

static void limit_memory(int64_t bytes)
{
    struct rlimit limit;

    by_group = own_group_limit_memory(bytes);
    if (by_group)
        return;
    (void)getrlimit(RLIMIT_DATA, &limit);
    before = limit.rlim_cur;
    int64_t in_use = statm_bytes(0, STATM_DATA);
    rlim_t wanted = (rlim_t)((in_use > 0 ? in_use : 0) + bytes);
    if (wanted < limit.rlim_cur) {
        limit.rlim_cur = wanted;
        (void)setrlimit(RLIMIT_DATA, &limit);
    }
}

static void unlimit_memory(void)
{
    struct rlimit limit;

    if (by_group) {
        own_group_unlimit_memory();
        return;
    }
    (void)getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = before;
    (void)setrlimit(RLIMIT_DATA, &limit);
}

/* Sends SIGXCPU when the process has used so much more; 0 takes it off. */
static void set_timer(int64_t ms)
{
    static timer_t timer;
    static bool made;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGXCPU};

    if (!made && timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) < 0)
        return;
    made = true;
    const struct itimerspec when = {
        .it_value = {.tv_sec = ms / MS_PER_S, .tv_nsec = ms % MS_PER_S * 1000000}};
    (void)timer_settime(timer, 0, &when, NULL);
}

void limits_begin(const struct class_limits *limits)
{
    if (limits->memory > 0)
        limit_memory(limits->memory);
    if (limits->cpu_ms > 0)
        set_timer(limits->cpu_ms);
}

void limits_end(const struct class_limits *limits)
{
    if (limits->cpu_ms > 0)
        set_timer(0);
    if (limits->memory > 0)
        unlimit_memory();
}

bool limits_memory_reached(const struct class_limits *limits)
{
    if (limits->memory <= 0)
        return false;
    return by_group ? own_group_ran_out() : errno == ENOMEM;
}
