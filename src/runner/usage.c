#include "runner/usage.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    NOTICEABLE_KB = 1024,
    SHORT_US = 50, /* no process starts, ends and is waited for in less */
    RECKONED_MAX = 16
};

static int64_t cpu_of(const struct rusage *u)
{
    return (int64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * US_PER_S + u->ru_utime.tv_usec +
           u->ru_stime.tv_usec;
}

struct usage usage_now(void)
{
    struct rusage own, children;

    (void)getrusage(RUSAGE_SELF, &own);
    (void)getrusage(RUSAGE_CHILDREN, &children);
    return (struct usage){
        .cpu_us = cpu_of(&own), .max_rss_kb = own.ru_maxrss, .children_us = cpu_of(&children)};
}

struct usage usage_before(const struct usage *last)
{
    return last && last->reckoned < RECKONED_MAX ? *last : usage_now();
}

struct usage usage_after(const struct usage *before, int64_t lasted_us)
{
    struct usage after = *before;

    if (lasted_us >= SHORT_US)
        return usage_now();
    after.cpu_us += lasted_us;
    after.reckoned++;
    return after;
}

/* "5" sets the peak back to what is in use now. Where /proc does not take it, peaks are those of
 * the process. */
static void reset_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, "5", 1);
    (void)close(fd);
}

void usage_settle(struct usage *now, int64_t *floor_kb)
{
    if (*floor_kb > 0 && now->max_rss_kb <= *floor_kb + NOTICEABLE_KB)
        return;
    reset_peak();
    *floor_kb = now->max_rss_kb = usage_now().max_rss_kb;
}
