/*
 * output.h - what jobs write to stdout, stderr and the log, on its way to the worker
 *
 * The runner's stdout and stderr are one pipe. The worker reads it while a job runs, and asks the
 * page of progress which job that is. When a job ends, output_take() hands what is still in the
 * pipe over in a frame, so that the pipe is empty whenever no job runs, and every byte is the
 * running job's: of a job that wrote nothing that costs one system call, and the worker nothing.
 *
 * Both ends read the pipe, so the worker says in the page (`reading`) from before its read until
 * after its look at the page; the runner looks at that after it has emptied the pipe, and waits: so
 * the worker never takes a job's bytes for those of the next (Dekker's argument, as in progress.h).
 * A process that a job left behind writes into whatever job runs then.
 *
 * Log records go through the channel, behind what was written before them; the page counts them, so
 * that the worker reads what it takes from the pipe behind those that were sent before it. Those of
 * other threads and of forked children are lines of stderr.
 */
#ifndef PLAIN_RUNNER_OUTPUT_H
#define PLAIN_RUNNER_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel/channel.h"
#include "channel/progress.h"

struct output {
    struct channel *channel;
    struct progress *progress;
    uint64_t seq; /* of the job that runs; 0: none */
    ino_t inode;  /* of the pipe */
    pid_t thread;
};

/* From now on the log is the worker's and stdout is written line by line. channel and progress stay
 * where they are as long as the process. */
void output_start(struct output *o, struct channel *channel, struct progress *progress);

/* Hands over what was written so far. stdio is flushed before. False when a standard descriptor or
 * the pipe has been closed, or the pipe replaced: what the next job prints would go elsewhere; and
 * when the channel is not ours any more: nobody would hear of it. */
bool output_take(struct output *o);

#endif
