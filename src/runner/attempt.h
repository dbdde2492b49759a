/*
 * attempt.h - running one attempt of a job, whatever kind it is
 */
#ifndef PLAIN_RUNNER_ATTEMPT_H
#define PLAIN_RUNNER_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "channel/frame.h"
#include "core/job.h"
#include "core/registry.h"

enum attempt_result { ATTEMPT_SUCCESSFUL, ATTEMPT_FAILED, ATTEMPT_DEFERRED, ATTEMPT_LOST };

/* How it ended, beside job->outcome. */
struct attempt {
    enum attempt_result result;
    int exit_code, exit_signal; /* of an executable; -1: none */
    int64_t cpu_us, max_rss_kb; /* of an executable and its children; -1: ask this process */
};

/* Runs it inside of the chain. job->arena, ids and entry are given; stored are the parameters as
 * they were stored (NULL: none). Whatever happens is in *out and job->outcome: nothing is printed,
 * nothing is returned. */
void attempt_run(const struct job_entry *entry, const struct middleware_chain *chain,
                 plain_job *job, const char *stored, struct attempt *out);

/* Milliseconds until the retry of an attempt that failed or died; 0 when the class has no say. */
int64_t attempt_retry_delay(const struct job_entry *entry, const char *stored, int attempt);

/* Calls the class's on_aborted, if it has one. entry may be NULL. */
void attempt_aborted(const struct job_entry *entry, const struct frame_hook *f);

#endif
