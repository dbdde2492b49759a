/*
 * orphans.h - children that others left to this process
 *
 * The first process of a container is given whatever outlives its parent: what an executable left
 * in the background, and the executable itself when its runner was killed. Somebody has to wait for
 * them, or they stay as zombies until no process can be started any more. So is a subreaper
 * (PR_SET_CHILD_SUBREAPER in prctl(2)); to other processes it never happens.
 */
#ifndef PLAIN_WORKER_ORPHANS_H
#define PLAIN_WORKER_ORPHANS_H

#include <stdbool.h>
#include <sys/types.h>

/* Waits for those that have ended. One that is_ours() is left to who started it, and what ended
 * behind it to the next call. Does not block. */
void orphans_reap(bool is_ours(pid_t pid, void *user), void *user);

#endif
