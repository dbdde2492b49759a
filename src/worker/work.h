/*
 * work.h - a claimed job in a worker's hands
 *
 *     claim -> ready -> given to a runner -> ended -> recorded
 *                ^         |      |
 *                |         |      +-> asking: its runner died, another is asked for the retry's
 * delay
 *                +---------+-> returning: it was not entered and goes back to the queue
 *
 * An end that the database refuses for what it says waits in `refused` until it takes it, as does
 * what it does not take back into the queue.
 *
 * A work is in exactly one list at a time; who moves it is named at each list in worker.h's struct.
 *
 * An on_aborted that is to be called is a work too (WORK_HOOK): taken -> hooks -> given -> hooked.
 *
 * Claims of one cycle share an arena, which is freed with the last of them.
 */
#ifndef PLAIN_WORKER_WORK_H
#define PLAIN_WORKER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/tail.h"
#include "channel/progress.h"
#include "store/store.h"

enum work_kind {
    WORK_JOB,
    WORK_ASK, /* a job that was lost: how long until its retry? */
    WORK_HOOK /* a result whose on_aborted is to be called */
};

/* Why a job is stopped: see stops.c. */
enum stop_why { WHY_NONE, WHY_TIMEOUT, WHY_CANCELLED, WHY_GONE, WHY_SHUTDOWN };

struct batch {
    struct arena arena;
    size_t refs;
};

/* What clock_mono_us() is on the database's clock: `+ offset_us` is never later than the truth, and
 * `+ offset_us + slack_us` never earlier. */
struct db_clock {
    int64_t offset_us, slack_us;
};

/* Whether both can be right: else the database's clock was set, or another server's took its place,
 * or this host has slept, between the two. */
bool clocks_agree(const struct db_clock *a, const struct db_clock *b);

struct work {
    struct work *next;
    struct batch *batch;
    const struct claim *claim;
    struct db_clock clock; /* as it was when the job was claimed, or after a step since then */
    uint64_t seq;          /* in its runner */
    enum work_kind kind;
    enum stop_why why;
    bool is_recorded;             /* it completed in a transaction of its own */
    bool goes_back;               /* to the queue: it has no end */
    int64_t stop_us;              /* since when it is being stopped */
    int64_t since_us;             /* when it was claimed, by clock_mono_us() */
    int64_t limit_ms;             /* of its run, once it was handed out; 0: none */
    const struct hook *hook;      /* of a WORK_HOOK; claim points into it */
    struct job_end end;           /* valid from ended on */
    char *texts;                  /* memory behind the texts of end */
    struct tail *tail;            /* what it has written so far; NULL: nothing */
    char *output;                 /* the same as text, once it has ended */
    bool rescued;                 /* it was another worker's */
    bool completing;              /* ...and what job_end has of that name */
    unsigned refusals;            /* of its end, sent alone: after the first without words */
    struct job_end *worded;       /* what it was with them; NULL: it still is, or memory was out */
    struct progress_entry *noted; /* where the worker's file has it; NULL: nowhere */
};

struct work_list {
    struct work *head, *tail;
    size_t count;
};

void work_list_push(struct work_list *l, struct work *w);           /* at the end    */
struct work *work_list_pop(struct work_list *l);                    /* first or NULL */
void work_list_append(struct work_list *l, struct work_list *from); /* empties from  */

/* Empties from into l, which is in the order in which jobs start (priority, due time, id) and stays
 * so. Linear where from is in that order too. */
void work_list_merge(struct work_list *l, struct work_list *from);

/* Makes a work of each claim and each hook of a cycle, merged into jobs and at the end of hooks;
 * takes the arena over (it is left empty). False when memory is out: then nothing was taken. */
bool work_take(struct work_list *jobs, struct work_list *hooks, struct arena *arena,
               const struct cycle_result *result, const struct db_clock *clock);

void work_free(struct work *w); /* and its batch with the last */
void work_list_free(struct work_list *l);

#endif
