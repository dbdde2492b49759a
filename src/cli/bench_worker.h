/*
 * bench_worker.h - the worker of a measurement: a child, `plain jobs worker` with built-in jobs
 *
 * An exec of this program with BENCH_WORKER_COMMAND in front of the worker's words. It loads
 * nothing of the application (see runner/bench_jobs.h), and tells when it can take jobs. It dies
 * with the process that started it, however that ends.
 */
#ifndef PLAIN_CLI_BENCH_WORKER_H
#define PLAIN_CLI_BENCH_WORKER_H

#include <stdbool.h>

#include <plain/jobs/error.h>

#include "base/child.h"
#include "base/compiler.h"
#include "cli/interrupt.h"

#define BENCH_WORKER_COMMAND "plain-bench-worker"

struct bench_worker {
    struct child child;
    struct interrupt *interrupt;
};

struct bench_worker_options {
    const char *url;
    const char *folder; /* for its file, or NULL: see worker/folder.h */
    const char *config; /* --config, or NULL */
    int processes;
    bool drain;   /* ends when the queue is empty */
    bool verbose; /* logs all, else errors only   */
};

/* Starts one and waits until it can take jobs; *start_us tells how long that took. PLAIN_NONE when
 * a signal came meanwhile. Whatever comes of it, it is to be stopped. */
int bench_worker_start(struct bench_worker *w, const struct bench_worker_options *options,
                       struct interrupt *interrupt, int64_t *start_us,
                       plain_error *err) PLAIN_MUST_USE;

/* Waits until fd is readable. PLAIN_NONE when a signal came; PJ207 when the worker ended, or
 * nothing came for 30 s. */
int bench_worker_await(struct bench_worker *w, int fd, plain_error *err) PLAIN_MUST_USE;

/* Waits until it has ended. PLAIN_NONE when a signal came, PJ207 when it failed. */
int bench_worker_join(struct bench_worker *w, plain_error *err) PLAIN_MUST_USE;

/* Stops it, if it runs, in the end by force. */
void bench_worker_stop(struct bench_worker *w);

/* In the worker itself: tells its runners whose they are. */
int bench_worker_hand_over(plain_error *err) PLAIN_MUST_USE;

#endif
