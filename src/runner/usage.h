/*
 * usage.h - what one job of a runner uses
 *
 * The kernel counts for a process, whose jobs are many. CPU time is a difference. The peak of
 * memory is told for the life of the process, so it is set back after each job that has raised it
 * noticeably: a small job after a large one has a small peak.
 *
 * To ask takes longer than a job that does little. One of less than 50 us is charged with the time
 * that it took, and the memory that was used before it; every 16th asks. What that is wrong by is
 * made up with the next longer one: less than a millisecond.
 */
#ifndef PLAIN_RUNNER_USAGE_H
#define PLAIN_RUNNER_USAGE_H

#include <stdint.h>

struct usage {
    int64_t cpu_us;      /* of this process */
    int64_t max_rss_kb;  /* likewise */
    int64_t children_us; /* CPU time of children that have ended */
    int reckoned;        /* jobs since the kernel was asked */
};

struct usage usage_now(void);
/* Before a job; last: behind the one before, NULL when anything else may have been done since. */
struct usage usage_before(const struct usage *last);
/* The same behind a job that lasted so long. */
struct usage usage_after(const struct usage *before, int64_t lasted_us);

/* A job has ended with `now`, whose peak is set back with the kernel's; *floor_kb is the one that
 * was there before it, kept by the caller, 0 at first. */
void usage_settle(struct usage *now, int64_t *floor_kb);

#endif
