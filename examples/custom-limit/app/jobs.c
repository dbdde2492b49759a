/*
 * jobs.c - two classes with rules of their own
 *
 * SyncJob: at most three running and one waiting for an account. ReportJob: one at all for a user.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs.h>

struct sync {
    int64_t account_id;
};

struct report {
    int64_t user_id;
};

/* Runs until there is a file "go", for a minute at most: the next enqueues find it running. */
static int work_a_while(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    for (int tenths = 0; access("go", F_OK) != 0 && tenths < 600; tenths++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    return PLAIN_OK;
}

static int account_key(const plain_job_class *self, const void *params, char *out, size_t size)
{
    const struct sync *sync = params;

    (void)self;
    return snprintf(out, size, "account-%" PRId64, sync->account_id);
}

static int user_key(const plain_job_class *self, const void *params, char *out, size_t size)
{
    const struct report *report = params;

    (void)self;
    return snprintf(out, size, "user-%" PRId64, report->user_id);
}

/* A count that failed fails the enqueue, whatever the rule makes of its negative number. */
static int three_and_one(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                         const char *key)
{
    (void)self;
    (void)params;
    return plain_count_processing(tx, key, PLAIN_COUNT_RETRIES) < 3 &&
           plain_count_requested(tx, key, PLAIN_COUNT_RETRIES) < 1;
}

static int only_one(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                    const char *key)
{
    (void)self;
    (void)params;
    return plain_count_processing(tx, key, PLAIN_COUNT_RETRIES) == 0 &&
           plain_count_requested(tx, key, PLAIN_COUNT_RETRIES) == 0;
}

static const plain_param sync_params[] = {PLAIN_PARAM(struct sync, account_id, 0),
                                          PLAIN_PARAMS_END};
static const plain_param report_params[] = {PLAIN_PARAM(struct report, user_id, 0),
                                            PLAIN_PARAMS_END};

const plain_job_class SyncJob = {
    PLAIN_JOB_CLASS(struct sync),
    .name = "SyncJob",
    .doc = "At most three running and one waiting for an account.",
    .params = sync_params,
    .default_concurrency_key_for = account_key,
    .should_enqueue = three_and_one,
    .run = work_a_while,
};

const plain_job_class ReportJob = {
    PLAIN_JOB_CLASS(struct report),
    .name = "ReportJob",
    .doc = "One running or waiting for a user.",
    .params = report_params,
    .default_concurrency_key_for = user_key,
    .should_enqueue = only_one,
    .run = work_a_while,
};

PLAIN_REGISTER_JOBS(&SyncJob, &ReportJob);
