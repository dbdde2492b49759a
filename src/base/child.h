/*
 * child.h - the seam to child processes
 *
 * A child is exec'ed, leads its own process group, has exactly the descriptors that are given to
 * it, default signal handling, and is known by a pidfd, so that no signal can hit a stranger who
 * got its number. Reaped by wait4, for its CPU time and peak memory.
 */
#ifndef PLAIN_BASE_CHILD_H
#define PLAIN_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

struct child {
    pid_t pid; /* 0: none */
    int pidfd; /* readable when the child has ended; -1: none */
};

struct child_limit {
    int resource; /* RLIMIT_... */
    uint64_t soft, hard;
};

struct child_spec {
    const char *path; /* with a '/' as it is, else found in PATH */
    char *const *argv;
    char *const *envp; /* NULL: our own environment */
    const int *fds;    /* fds[i] becomes descriptor i; -1: /dev/null */
    size_t fd_count;
    const struct child_limit *limits; /* limit_count of them, set before it is executed */
    size_t limit_count;
    const char *group;    /* the folder of a control group that it enters (group.h); NULL: ours */
    bool own_group;       /* setpgid(0, 0) */
    bool own_session;     /* setsid(), a group of its own too: no terminal stops it, which stops
                             whoever reads or, with `stty tostop`, writes in the background */
    bool die_with_parent; /* SIGKILL when the thread that started it ends */
};

/* How a child ended. Both -1: another part of the program waited for it first (a job with a SIGCHLD
 * handler of its own); then nothing else is known either. */
struct child_end {
    int exit_code;   /* -1 when a signal ended it */
    int exit_signal; /* -1 when it exited */
    int64_t cpu_us;
    int64_t max_rss_kb;
};

/* Starts a child. PLAIN_E_IO (PJ705) with the step that failed, also when exec fails. Where SIGCHLD
 * is ignored, it no longer is: a child's end is to be known. */
int child_spawn(const struct child_spec *spec, struct child *out, plain_error *err) PLAIN_MUST_USE;

/* Whether the child has ended; then fills end, and the child is gone. Before that, with
 * kill_group, everything left in its process group is killed. */
bool child_reap(struct child *c, bool kill_group, struct child_end *end);

/* Starts a child and waits until it has ended, however long that takes. */
int child_run(const struct child_spec *spec, struct child_end *end,
              plain_error *err) PLAIN_MUST_USE;

/* The first process of a container, or a subreaper (PR_SET_CHILD_SUBREAPER), is given what outlives
 * its parent: what a job left in the background, and an executable whose runner was killed.
 * Somebody has to wait for them, or they stay as zombies until no process can be started any more.
 * In any other process this does nothing. One that is_ours() is left to who started it, and what
 * ended behind it to the next call. Does not block. */
void child_reap_orphans(bool is_ours(pid_t pid, void *user), void *user);

/* SIGTERM is followed by SIGCONT: whoever is stopped would not hear it. */
void child_signal(const struct child *c, int signal);       /* to it alone     */
void child_signal_group(const struct child *c, int signal); /* to its group    */

/* "signal 11 (SIGSEGV)" or "exit code 3" into out, of at least 64 bytes; returns out. */
const char *child_end_text(const struct child_end *end, char *out, size_t size);

#endif
