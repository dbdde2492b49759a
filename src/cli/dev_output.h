/*
 * dev_output.h - what is to be printed, written as far as stdout has room: nothing here waits
 *
 * One that waited could not be told to stop, by Ctrl-C before all.
 */
#ifndef PLAIN_CLI_DEV_OUTPUT_H
#define PLAIN_CLI_DEV_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"

enum { DEV_OUTPUT_MAX = 64 * 1024 * 1024 };

#define DEV_OUTPUT_INIT                                                                            \
    {                                                                                              \
        .waiting = BUF_INIT(DEV_OUTPUT_MAX)                                                        \
    }

struct dev_output {
    struct buf waiting; /* whole lines are appended */
};

/* Writes what there is room for, whole lines together where they are short. 0, or the number of
 * the error: EPIPE when nobody reads; then nothing waits any more. */
int dev_output_push(struct dev_output *o) PLAIN_MUST_USE;
bool dev_output_waits(const struct dev_output *o);

/* At the end: waits for room, so long at most, and gives up what is left. */
int dev_output_finish(struct dev_output *o, int64_t ms) PLAIN_MUST_USE;

#endif
