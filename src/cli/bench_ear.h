/*
 * bench_ear.h - where jobs that are measured tell that they were entered; see runner/bench_jobs.h
 */
#ifndef PLAIN_CLI_BENCH_EAR_H
#define PLAIN_CLI_BENCH_EAR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

enum { BENCH_EAR_NAME = 40 };

struct bench_ear {
    int fd; /* readable when a job has told */
    char name[BENCH_EAR_NAME];
};

int bench_ear_open(struct bench_ear *ear, plain_error *err) PLAIN_MUST_USE;
void bench_ear_close(struct bench_ear *ear);

/* Takes one message: false when there is none, or not that of this number. pid: of the process that
 * sent it, as the kernel says. */
bool bench_ear_take(const struct bench_ear *ear, int64_t number, int64_t *entered_us, pid_t *pid);

#endif
