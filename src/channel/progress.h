/*
 * progress.h - the page of progress that a runner shares with its worker
 *
 * A runner tells a success by writing its times here and raising `ended`; frames carry only what
 * went otherwise. So a thousand short jobs cost one write(2), and neither a long job nor a crash
 * hides a finished one: after a runner's death the page says which jobs were entered and which
 * ended.
 *
 * The worker may take back jobs that the runner has not entered (a long job is before them, or the
 * worker stops): it raises the range [revoke_from, revoke_to). The runner first writes `entered`,
 * then looks at the range; the worker first writes the range, then looks at `entered`. Both are
 * sequentially consistent, so at least one sees the other (Dekker's argument): a job above
 * `entered` as the worker saw it will not be entered, and a job that both saw is settled by the
 * runner's frame, DONE, END or SKIP.
 *
 * The worker trusts nothing here that its own count of handed-out jobs does not allow.
 */
#ifndef PLAIN_CHANNEL_PROGRESS_H
#define PLAIN_CHANNEL_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

enum {
    PROGRESS_RING = 1024, /* more than a runner is ever given ahead */
    PROGRESS_CRASH_SIZE = 4096
};

struct progress_entry {
    int64_t started_us, ended_us; /* clock_mono_us() */
    int64_t cpu_us, max_rss_kb;
};

struct progress {
    _Atomic uint64_t entered;     /* the last job that was entered; jobs count from 1 */
    _Atomic int64_t entered_us;   /* when */
    _Atomic uint64_t ended;       /* the last job that ended, in whatever way */
    _Atomic uint64_t revoke_from; /* jobs in [from, to) are not to be entered */
    _Atomic uint64_t revoke_to;
    _Atomic uint64_t asked;        /* the job that is asked to end */
    _Atomic uint64_t heard;        /* the job that was told so when it looked */
    _Atomic int64_t cpu_before_us; /* of the process and its children, when the job was entered */
    _Atomic int reading;           /* 1: the worker reads the pipe of output (runner/output.h) */
    _Atomic uint64_t logged;       /* log records that the runner has sent */
    struct progress_entry ring[PROGRESS_RING]; /* of job n: ring[n % PROGRESS_RING] */
    char crash[PROGRESS_CRASH_SIZE];           /* call stack, written by the fatal-signal handler */
};

/* The worker's side: makes the page; *fd (close-on-exec) is for the runner. */
int progress_new(struct progress **out, int *fd, plain_error *err);
/* The runner's side. NULL when it cannot be mapped. */
struct progress *progress_map(int fd);
void progress_unmap(struct progress *p); /* NULL is fine */

static inline struct progress_entry *progress_entry(struct progress *p, uint64_t seq)
{
    return &p->ring[seq % PROGRESS_RING];
}

/* The runner is about to enter job seq: true if it may. */
bool progress_enter(struct progress *p, uint64_t seq, int64_t now_us);

/* The worker takes back what was not entered, up to next (exclusive). Returns the last job that may
 * have been entered: those above it are the worker's again. */
uint64_t progress_revoke(struct progress *p, uint64_t next);

#endif
