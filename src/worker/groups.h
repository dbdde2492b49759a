/*
 * groups.h - a control group of its own for each runner, where a part of the tree is ours
 *
 *     GROUP                        where the worker was started; no process of ours stays in it
 *      ├─ plain-worker.0a1b2c3d    the worker and its scheduler
 *      ├─ plain-runner.0a1b2c3d.1  a runner and all that its jobs start
 *      └─ plain-runner.0a1b2c3d.2  ...a new one for each process
 *
 * Whatever a job has started, in however many steps, ends with its runner. Where the memory
 * controller is delegated too, a class's memory_limit is the group's memory.max (runner/limits.h),
 * and memory.events tells a killing for its sake from any other. Nothing rests on it: without
 * delegation runners are process groups with rlimits, as they are everywhere.
 *
 * What a killed worker left is found by the next one in the same group: by its name, and as dead by
 * the group of the worker, which the kernel says is empty.
 */
#ifndef PLAIN_WORKER_GROUPS_H
#define PLAIN_WORKER_GROUPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { GROUPS_TAG_SIZE = 9, GROUPS_LEFT_MAX = 64, GROUPS_PATH_SIZE = PATH_MAX };

struct groups {
    bool is_moved;       /* the worker stands in its own */
    bool on;             /* runners get groups */
    bool has_memory;     /* the memory controller is on */
    const char *why_not; /* in words, where one of them is false: a text that stays */
    char folder[PATH_MAX];
    char tag[GROUPS_TAG_SIZE];
    unsigned made;                  /* groups of runners; they count from 1 */
    unsigned left[GROUPS_LEFT_MAX]; /* that could not be removed yet */
    int left_count;
};

/* Moves this process into a group of its own, where that is ours to do, and sweeps up after dead
 * workers. root as in cgroup.h; tag: eight characters, this worker's own. */
void groups_begin(struct groups *g, const char *root, const char *tag);
/* When all runners have ended: everything as it was before. */
void groups_end(struct groups *g);
/* They cannot be had after all. */
void groups_give_up(struct groups *g, const char *why);

/* A new group; its number, or 0: there is none. */
unsigned groups_make(struct groups *g);
/* Its folder; "" of 0. */
const char *groups_path(const struct groups *g, unsigned number, char out[GROUPS_PATH_SIZE]);
void groups_kill(const struct groups *g, unsigned number); /* all that is in it */
/* Nobody is in it any more; it is removed as soon as that is true. */
void groups_drop(struct groups *g, unsigned number);

/* What the kernel has counted in a group; 0 of each where that is not told. */
struct group_deaths {
    int64_t by_limit; /* how often its own limit was reached, and nothing could be freed */
    int64_t killed;   /* its processes that were killed for want of memory, wherever */
};
struct group_deaths groups_deaths(const struct groups *g, unsigned number);

#endif
