#include "runner/usage.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    NOTICEABLE_KB = 1024,
    CHILD_MIN_US = 50 /* no process starts, ends and is waited for in less */
};

static int64_t cpu_of(const struct rusage *u)
{
    return (int64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * US_PER_S + u->ru_utime.tv_usec +
           u->ru_stime.tv_usec;
}

static int64_t children_us(void)
{
    struct rusage children;

    (void)getrusage(RUSAGE_CHILDREN, &children);
    return cpu_of(&children);
}

static struct usage usage_with(int64_t children)
{
    struct rusage own;

    (void)getrusage(RUSAGE_SELF, &own);
    return (struct usage){
        .cpu_us = cpu_of(&own), .max_rss_kb = own.ru_maxrss, .children_us = children};
}

struct usage usage_now(void)
{
    return usage_with(children_us());
}

struct usage usage_after(const struct usage *before, int64_t lasted_us)
{
    return usage_with(lasted_us < CHILD_MIN_US ? before->children_us : children_us());
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

void usage_settle(const struct usage *now, int64_t *floor_kb)
{
    if (*floor_kb > 0 && now->max_rss_kb <= *floor_kb + NOTICEABLE_KB)
        return;
    reset_peak();
    *floor_kb = usage_now().max_rss_kb;
}
