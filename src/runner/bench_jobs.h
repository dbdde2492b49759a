/*
 * bench_jobs.h - the jobs of `plain jobs bench`, which every program has in it
 *
 * A runner has them, and nothing else, when its worker hands over RUNNER_BENCH: so no job of an
 * application can be in the way, and none of its workers knows these classes.
 *
 * A job that is to be measured tells when it was entered by a datagram to an abstract socket,
 * whose random name is one of its parameters. Both sides read CLOCK_MONOTONIC of one host; who
 * sent it is known from the kernel.
 */
#ifndef PLAIN_RUNNER_BENCH_JOBS_H
#define PLAIN_RUNNER_BENCH_JOBS_H

#include <plain/jobs/class.h>

#define RUNNER_BENCH "PLAIN_RUNNER_BENCH"

/* Does nothing. */
struct bench_noop {
    int64_t i;
    const char *a;
};
extern const plain_job_class bench_noop_class;

struct bench_told {
    const char *socket; /* its name, without the NUL in front */
    int64_t number;     /* comes back in the message */
};
/* Tells and ends. */
extern const plain_job_class bench_pickup_class;
/* Tells and stays until its process is killed, or it is asked to end. */
extern const plain_job_class bench_victim_class;

struct bench_message {
    int64_t number;
    int64_t entered_us; /* by the monotonic clock */
};

extern const plain_module bench_module;

#endif
