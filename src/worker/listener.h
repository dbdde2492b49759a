/*
 * listener.h - what the first store thread hears on its connection: new requests of others, and
 * that an operator wants something of this worker
 *
 * It belongs to that thread; what is atomic is shared with the loop. After an error, and behind
 * every new subscription, the worker is told to look once, since what came meanwhile was not heard.
 * Where nothing can be heard, the worker polls, and the heartbeat tells what is wanted.
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
    atomic_llong told;   /* whoever claims takes it: TOLD_NOTHING, TOLD_MUCH, or the id of the only
                            request that was told of since */
    atomic_bool asked;   /* an operator may want something; the loop takes it */
    atomic_bool waiting; /* set by the loop: foreign writers are worth a look */

    plain_uuid worker;
    struct listening at;
    unsigned failures; /* in a row */
    bool refused;      /* this database cannot tell: asked for no more */
    int64_t retry_us;  /* clock_boot_us(): not before; INT64_MAX: nothing to do */
    int64_t again_us;  /* likewise, for hear() */
};

void listener_init(struct listener *l, const plain_uuid *worker);
/* Subscribes if need be, and hears what came. True: there is something new in told or asked. */
bool listener_run(struct listener *l, struct store *s);
/* Fills at most two; returns how many. */
int listener_fds(const struct listener *l, struct pollfd *out);
int64_t listener_next_us(const struct listener *l); /* clock_boot_us(); INT64_MAX: never */

#endif
