/*
 * progress.h - the page of progress that a runner shares with its worker
 *
 * A part of the worker's file (worker_file.h), so what stands here is still there when both are
 * dead. It serves two readers.
 *
 * The worker. A runner tells a success by writing its times here and raising `ended`; frames carry
 * only what went otherwise. So a thousand short jobs cost one write(2), and neither a long job nor
 * a crash hides a finished one: after a runner's death the page says which jobs were entered and
 * which ended.
 *
 * The worker may take back jobs that the runner has not entered (a long job is before them, or the
 * worker stops): it raises the range [revoke_from, revoke_to). The runner first writes `entered`,
 * then looks at the range; the worker first writes the range, then looks at `entered`. Both are
 * sequentially consistent, so at least one sees the other (Dekker's argument): a job above
 * `entered` as the worker saw it will not be entered, and a job that both saw is settled by the
 * runner's frame, DONE, END or SKIP.
 *
 * Whoever rescues. An entry stands for one attempt, from the moment before it is handed out until
 * its end is in the database: given, then entered, then ended, with the frame of an end that was no
 * success. What has no entry was not entered. Numbers of jobs go on over the processes of one
 * runner, and a place of the ring is used again only when it is free.
 *
 * What jobs write passes through the worker, so the worker notes it here: the last bytes of each
 * runner, with where an attempt's own begin and end (the worker alone writes these).
 *
 * The worker trusts nothing here that its own count of handed-out jobs does not allow, and a
 * rescuer nothing whose check is wrong: a job can write to its runner's page.
 */
#ifndef PLAIN_CHANNEL_PROGRESS_H
#define PLAIN_CHANNEL_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>
#include <plain/jobs/uuid.h>

#include "base/process_mark.h"

enum {
    PROGRESS_RING = 2048, /* twice what a runner is ever given ahead: ends wait for the database */
    PROGRESS_CRASH_SIZE = 4096,
    PROGRESS_FRAMES_SIZE = 64 * 1024,
    PROGRESS_OUTPUT_SIZE = 64 * 1024
};

enum progress_state {
    PROGRESS_GIVEN,
    PROGRESS_ENTERED,
    PROGRESS_SUCCEEDED,
    PROGRESS_ENDED, /* otherwise: its frame says how */
    PROGRESS_STATES
};

struct progress_times {
    int64_t started_us, ended_us; /* clock_mono_us() */
    int64_t cpu_us, max_rss_kb;
};

/* How an attempt ended, its words apart; as in struct frame_end. */
struct progress_how {
    int64_t delay_ms;
    int32_t kind, increment_retries, exit_code, exit_signal;
};

struct progress_entry {
    _Atomic uint64_t seq; /* 0: free */
    plain_uuid token;
    uint32_t check;         /* of seq and token */
    _Atomic uint32_t state; /* enum progress_state */
    struct progress_times times;
    struct progress_how how;                      /* when ENDED */
    uint32_t frame_at, frame_length, frame_check; /* of the frame in `frames`; a later one may have
                                                     overwritten it: then the check is wrong */
    uint32_t completing;             /* 1: it may have completed in a transaction of its own */
    uint64_t output_from, output_to; /* what it wrote: bytes of the runner's, counted from the first
                                        that was ever noted */
    uint64_t output_missing;         /* bytes of it before these */
};

struct progress {
    _Atomic uint64_t entered;     /* the last job that was entered; jobs count from 1 */
    _Atomic int64_t entered_us;   /* when */
    _Atomic uint64_t ended;       /* the last job that ended, in whatever way */
    _Atomic uint64_t revoke_from; /* jobs in [from, to) are not to be entered */
    _Atomic uint64_t revoke_to;
    _Atomic uint64_t asked;         /* the job that is asked to end */
    _Atomic uint64_t heard;         /* the job that was told so when it looked */
    _Atomic int64_t cpu_before_us;  /* of the process and its children, when the job was entered */
    _Atomic int reading;            /* 1: the worker reads the pipe of output (runner/output.h) */
    _Atomic uint64_t logged;        /* log records that the runner has sent */
    struct process_mark runner;     /* who runs here, as its worker says */
    uint32_t frames_at;             /* where the next frame goes */
    _Atomic int short_of_memory;    /* 1: ENOMEM was the last error when a job ended the runner */
    _Atomic int64_t ran_out_before; /* times that the group's limit was reached before the job */
    struct progress_entry ring[PROGRESS_RING]; /* of job n: ring[n % PROGRESS_RING] */
    char crash[PROGRESS_CRASH_SIZE];           /* call stack, written by the fatal-signal handler */
    char frames[PROGRESS_FRAMES_SIZE];
    _Atomic uint64_t output_begun, output_noted; /* bytes: the former is written before the copy */
    char output[PROGRESS_OUTPUT_SIZE];           /* of byte n: output[n % PROGRESS_OUTPUT_SIZE] */
};

static inline struct progress_entry *progress_entry(struct progress *p, uint64_t seq)
{
    return &p->ring[seq % PROGRESS_RING];
}

/* ---- the worker ---- */

/* A new process begins here; its first job will be next. */
void progress_begin(struct progress *p, uint64_t next, const struct process_mark *runner);
/* The first job from seq on whose place is free; 0: none is. One that is long in use, by an end
 * that the database refuses, is passed over. */
uint64_t progress_next_free(struct progress *p, uint64_t seq);
/* Notes an attempt that is about to be handed out. */
struct progress_entry *progress_give(struct progress *p, uint64_t seq, const plain_uuid *token);
/* The attempt has written these bytes. */
void progress_note_output(struct progress *p, struct progress_entry *e, const char *bytes,
                          size_t n);
/* It is recorded, or nobody's business any more. NULL is fine. */
void progress_forget(struct progress_entry *e);
/* The worker takes back what was not entered, up to next (exclusive). Returns the last job that may
 * have been entered: those above it are the worker's again. */
uint64_t progress_revoke(struct progress *p, uint64_t next);

/* ---- the runner ---- */

/* The runner is about to enter job seq: true if it may. */
bool progress_enter(struct progress *p, uint64_t seq, int64_t now_us);
/* Likewise of what is no attempt and has no entry (a question, a hook): its place in the ring may
 * be that of an attempt. */
bool progress_begin_unnoted(struct progress *p, uint64_t seq, int64_t now_us);
void progress_succeed(struct progress *p, uint64_t seq, const struct progress_times *times);
/* Another end: its frame, with the header, of which its words are read as long as no later one has
 * overwritten it. False when it is too long to be kept; nothing is. */
bool progress_end(struct progress *p, uint64_t seq, const struct progress_how *how,
                  const struct progress_times *times, const char *frame, size_t length);

/* ---- whoever rescues ---- */

/* Whether the entry at place i of the ring is one that can be: free, or with the right checks. */
bool progress_entry_is_sound(const struct progress *p, size_t i);
/* The frame of an end; NULL when it was overwritten. */
const char *progress_frame(const struct progress *p, const struct progress_entry *e,
                           size_t *length);
/* What is left of an attempt's output: its length, and in *missing the bytes before that, which are
 * not. out: PROGRESS_OUTPUT_SIZE bytes; NULL: just the length. */
size_t progress_output(const struct progress *p, const struct progress_entry *e, char *out,
                       int64_t *missing);

#endif
