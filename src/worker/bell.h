/*
 * bell.h - calls the event loop from another thread
 *
 *     struct bell b = BELL_INIT;
 *     r = bell_open(&b, &loop, on_ring, user, err);
 *     ... in any thread: bell_ring(&b);
 *     uv_close() of b.poll, the loop's last run, then bell_release(&b);
 *
 * What uv_async_t is for. But its receiver waits until the sender is back from its write, by up to
 * a thousand pauses, some 40 us, and then sched_yield() (uv__async_spin() in src/unix/async.c of
 * libuv 1.44). With two cores that was in every second pick-up of a job: the sender had been set
 * aside for the receiver.
 */
#ifndef PLAIN_WORKER_BELL_H
#define PLAIN_WORKER_BELL_H

#include <uv.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* In the loop's thread, once for any number of rings since the last time. */
typedef void bell_fn(void *user);

struct bell {
    int fd; /* -1: not opened */
    uv_poll_t poll;
    bell_fn *fn;
    void *user;
};

#define BELL_INIT ((struct bell){.fd = -1})

/* On an error nothing is left to release. */
int bell_open(struct bell *b, uv_loop_t *loop, bell_fn *fn, void *user,
              plain_error *err) PLAIN_MUST_USE;

/* From any thread; never blocks. */
void bell_ring(const struct bell *b);

/* When the loop has closed the handle. */
void bell_release(struct bell *b);

#endif
