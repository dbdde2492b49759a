/*
 * work.h - a claimed job in a worker's hands
 *
 *     claim -> ready -> given to a runner -> ended -> recorded
 *                ^         |      |
 *                |         |      +-> asking: its runner died, another is asked for the retry's
 * delay
 *                +---------+-> returning: it was not entered and goes back to the queue
 *
 * A work is in exactly one list at a time; who moves it is named at each list in worker.h's struct.
 * Claims of one cycle share an arena, which is freed with the last of them.
 */
#ifndef PLAIN_WORKER_WORK_H
#define PLAIN_WORKER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"

struct batch {
    struct arena arena;
    size_t refs;
};

struct work {
    struct work *next;
    struct batch *batch;
    const struct claim *claim;
    int64_t offset_us; /* the database's clock minus clock_mono_us(), when it was claimed */
    uint64_t seq;      /* in its runner */
    bool asking;
    struct job_end end; /* valid from ended on */
    char *texts;        /* memory behind the texts of end */
};

struct work_list {
    struct work *head, *tail;
    size_t count;
};

void work_list_push(struct work_list *l, struct work *w);           /* at the end   */
void work_list_front(struct work_list *l, struct work *w);          /* at the front */
struct work *work_list_pop(struct work_list *l);                    /* first or NULL */
void work_list_append(struct work_list *l, struct work_list *from); /* empties from */

/* Makes a work of each claim of a cycle, in order, at the end of l; takes the arena over (it is
 * left empty). False when memory is out: then nothing was taken. */
bool work_take_claims(struct work_list *l, struct arena *arena, struct claim *claims, size_t count,
                      int64_t offset_us);

void work_free(struct work *w); /* and its batch with the last */
void work_list_free(struct work_list *l);

#endif
