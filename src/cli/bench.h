/*
 * bench.h - what `plain jobs bench` measures
 *
 * In a place of its own, with a worker and jobs of its own: see bench_place.h, bench_worker.h.
 */
#ifndef PLAIN_CLI_BENCH_H
#define PLAIN_CLI_BENCH_H

#include <stdint.h>

#include <plain/jobs/error.h>

#include "cli/bench_place.h"
#include "cli/interrupt.h"

struct bench_rate {
    int64_t count, us;
};

struct bench_times {
    int64_t count, p50_us, p90_us, p99_us, max_us;
};

struct bench_figures {
    struct bench_rate enqueue; /* in calls of plain_run_many() */
    struct bench_rate drain;   /* from when the worker is ready until it has ended */
    int64_t start_us;          /* from the start of that worker until it was ready */
    struct bench_times pickup; /* from the call of enqueue to the entry of run, idle worker */
    struct bench_times lost;   /* from the SIGKILL of a runner in a job to its LOST result */
};

struct bench_plan {
    int64_t jobs;
    int64_t pickups, victims; /* at most BENCH_TIMES_MAX */
    int processes;
    const char *config; /* --config, or NULL */
    bool verbose;
    /* Told before each step what it is. */
    void (*step)(void *user, const char *what);
    void *user;
};
enum { BENCH_TIMES_MAX = 1000, BENCH_JOBS_MAX = 10000000 };

/* PLAIN_NONE when a signal came. Nothing runs any more when it returns. */
int bench_run(const struct bench_plan *plan, const struct bench_place *place,
              struct interrupt *interrupt, struct bench_figures *out,
              plain_error *err) PLAIN_MUST_USE;

/* Sorts us; count is at least 1. The p-th percentile is the first that p % are below. */
struct bench_times bench_times_of(int64_t *us, int64_t count);

#endif
