/*
 * environment.h - what an executable finds in its environment
 *
 * The worker's own, without what is not a job's business: variables whose name ends in
 * DATABASE_URL, secrets of ours (PLAIN_* with SECRET, PASSWORD, TOKEN, KEY or URL in the name), and
 * what looks like one of the following without being it. Then
 *
 *     PLAIN_JOB_UUID PLAIN_JOB_REQUEST_UUID PLAIN_JOB_ROOT_UUID PLAIN_JOB_WORKER PLAIN_JOB_CLASS
 *     PLAIN_JOB_QUEUE PLAIN_JOB_ATTEMPT PLAIN_JOB_RUN PLAIN_JOB_RETRIES PLAIN_JOB_PRIORITY
 *     PLAIN_JOB_CONCURRENCY_KEY PLAIN_JOB_SOURCE
 *
 * and PLAIN_ARG_<NAME>, in capitals, for each parameter whose name is [A-Za-z_][A-Za-z0-9_]*: texts
 * as they are, dates without their tag, all else as JSON, null not at all. The whole truth stands
 * on stdin: of names that differ only in case the first counts here, and a value that an
 * environment cannot hold (over 128 KiB, or 512 KiB or 1,000 variables together) is left out.
 */
#ifndef PLAIN_RUNNER_ENVIRONMENT_H
#define PLAIN_RUNNER_ENVIRONMENT_H

#include "core/job.h"
#include "core/json.h"

/* NULL-terminated, in the job's arena; NULL when memory is out. cls tells the declared types; it
 * may be NULL. */
char *const *environment_make(const plain_job *job, const plain_job_class *cls,
                              struct jtext arguments) PLAIN_MUST_USE;

#endif
