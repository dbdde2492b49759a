/*
 * loop_child.h - a child process whose end is told by the event loop
 */
#ifndef PLAIN_WORKER_LOOP_CHILD_H
#define PLAIN_WORKER_LOOP_CHILD_H

#include <stdbool.h>
#include <uv.h>

#include <plain/jobs/error.h>

#include "base/child.h"
#include "base/compiler.h"

struct loop_child;

/* The child has ended and is gone, with what was left in its process group. */
typedef void loop_child_fn(struct loop_child *c, const struct child_end *end, void *user);

/* The caller's memory, which must stay until fn was called. Zeroed: none. */
struct loop_child {
    struct child child;
    uv_poll_t *poll;
    loop_child_fn *fn;
    void *user;
};

/* spec must give the child a group of its own: everything in it ends with the child. */
int loop_child_start(uv_loop_t *loop, const struct child_spec *spec, loop_child_fn *fn, void *user,
                     struct loop_child *c, plain_error *err) PLAIN_MUST_USE;

static inline bool loop_child_runs(const struct loop_child *c)
{
    return c->child.pid != 0;
}

#endif
