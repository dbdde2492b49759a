/*
 * listener.h - what the lease thread hears on its connection: new requests of others, and that an
 * operator wants something of this worker
 *
 * It belongs to the lease thread; the loop reads the three flags that are atomic. After an error,
 * and behind every new subscription, the worker is told to look once, since what came meanwhile was
 * not heard. Where nothing can be heard, the worker polls, and the heartbeat tells what is wanted.
 */
#ifndef PLAIN_WORKER_LISTENER_H
#define PLAIN_WORKER_LISTENER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <poll.h>

#include "store/store.h"

enum { TOLD_NOTHING = 0, TOLD_MUCH = -1 };

struct listener {
    atomic_bool hears;   /* enqueues are told to this worker */
    atomic_llong told;   /* the loop takes it: TOLD_NOTHING, TOLD_MUCH, or the id of the only
                            request that it was told of since */
    atomic_bool waiting; /* set by the loop: foreign writers are worth a look */

    bool asked; /* an operator may want something: the thread clears it when it has looked */
    struct listening at;
    unsigned failures; /* in a row */
    bool refused;      /* this database cannot tell: asked for no more */
    int64_t retry_us;  /* clock_boot_us(): not before; INT64_MAX: nothing to do */
    int64_t again_us;  /* likewise, for hear() */
};

void listener_init(struct listener *l);
/* The connection is gone, or not there yet: the next listener_run() subscribes. */
void listener_lost(struct listener *l);
/* Subscribes if need be, and hears what came. True: the worker is to be woken. */
bool listener_run(struct listener *l, struct store *s, const plain_uuid *worker);
/* Fills at most two; returns how many. */
int listener_fds(const struct listener *l, struct pollfd *out);
int64_t listener_next_us(const struct listener *l); /* clock_boot_us(); INT64_MAX: never */

#endif
