/*
 * fork_mark.h - whether this is still the process that was started, or a child that it forked
 *
 * Asked behind each job, where getpid(2) would be a fifth of what a short one costs. So the answer
 * is a page that is empty in every child with a memory of its own, however it was made
 * (MADV_WIPEONFORK of madvise(2), since Linux 4.14). Where that is not known, getpid(2) is asked.
 */
#ifndef PLAIN_RUNNER_FORK_MARK_H
#define PLAIN_RUNNER_FORK_MARK_H

#include <stdbool.h>
#include <sys/types.h>

struct fork_mark {
    const bool *is_here; /* in the page; NULL: there is none */
    pid_t pid;
};

/* Marks this process. The page stays until its end. */
void fork_mark_set(struct fork_mark *m);
/* False in a child of the process that was marked. Any thread. */
bool fork_mark_is_here(const struct fork_mark *m);

#endif
