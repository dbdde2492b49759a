/*
 * watch.h - being told that files have changed, by the event loop
 *
 * Watches the folders of a snapshot. Events come in bursts (an editor writes a copy, renames it and
 * sets its mode; a checkout changes hundreds of files), so they are gathered until nothing has
 * happened for 200 ms, for 2 s at most. What happened is a matter of comparing snapshots.
 */
#ifndef PLAIN_WORKER_WATCH_H
#define PLAIN_WORKER_WATCH_H

#include <stddef.h>
#include <uv.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "worker/snapshot.h"

struct watch;

typedef void watch_fn(void *user);

/* The caller closes it. fn is called from the loop, once for a burst. */
int watch_open(uv_loop_t *loop, watch_fn *fn, void *user, struct watch **out,
               plain_error *err) PLAIN_MUST_USE;

/* Takes a snapshot and watches every folder of it from before it was read; folders that are gone
 * are no longer watched. named: as for snapshot_take(). A folder that cannot be watched is told in
 * the log, once. */
int watch_look(struct watch *w, const char *const *named, size_t count, struct snapshot *out,
               plain_error *err) PLAIN_MUST_USE;

/* As if there had been an event. */
void watch_note(struct watch *w);

/* NULL: nothing. Its memory is freed by the loop, which must run once more. */
void watch_close(struct watch *w);

#endif
