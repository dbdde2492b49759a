/*
 * generation.h - one worker of those that a reloading worker runs in turn
 *
 * A child in a process group of its own, so that a signal to the supervisor's group reaches it
 * through the supervisor, once. It tells by a pipe that it can take jobs.
 */
#ifndef PLAIN_WORKER_GENERATION_H
#define PLAIN_WORKER_GENERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "worker/loop_child.h"

struct generation;

/* What all generations of a supervisor have in common. */
struct generation_kind {
    uv_loop_t *loop;
    const char *program;
    char *const *argv;
    void (*ready)(struct generation *g, void *user); /* not for one that is told to stop */
    /* It has ended; it is freed afterwards. */
    void (*ended)(struct generation *g, const struct child_end *end, void *user);
    void *user;
};

struct generation {
    const struct generation_kind *kind;
    struct generation *next; /* the supervisor's: the older one */
    struct loop_child process;
    uv_poll_t *ready_poll;
    int ready_fd;
    uv_timer_t *deadline; /* of one that is told to stop and was never ready */
    int number;
    int pid;
    int64_t started_us;
    bool ready;
    bool told; /* to stop */
};

/* Starts one; it is there until kind->ended() was called. NULL and err when it cannot be. */
struct generation *generation_start(const struct generation_kind *kind, int number,
                                    plain_error *err) PLAIN_MUST_USE;

/* Tells it to stop gracefully. Once only, since to a worker a second signal means more. One that
 * was never ready has claimed nothing, so it is not given for ever. */
void generation_stop(struct generation *g);

/* Tells it again. */
void generation_hurry(const struct generation *g);

#endif
