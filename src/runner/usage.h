/*
 * usage.h - what one job of a runner uses
 *
 * The kernel counts for a process, whose jobs are many. CPU time is a difference. The peak of
 * memory is told for the life of the process, so it is set back after each job that has raised it
 * noticeably: a small job after a large one has a small peak.
 */
#ifndef PLAIN_RUNNER_USAGE_H
#define PLAIN_RUNNER_USAGE_H

#include <stdint.h>

struct usage {
    int64_t cpu_us;      /* of this process */
    int64_t max_rss_kb;  /* likewise */
    int64_t children_us; /* CPU time of children that have ended */
};

struct usage usage_now(void);
/* The same behind a job that lasted so long, of which the usage before is known. Children are asked
 * for only when it may have had one: of an earlier job's, for which a short one waited, the next
 * that is asked tells. */
struct usage usage_after(const struct usage *before, int64_t lasted_us);

/* A job has ended with `now`; *floor_kb is the peak that was there before it, kept by the caller,
 * 0 at first. */
void usage_settle(const struct usage *now, int64_t *floor_kb);

#endif
