/* hanging_rule.c - a class whose rule hangs while there is a file `hang` */
#include <plain/jobs.h>

#include <unistd.h>

static int run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static int rule(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                const char *key)
{
    (void)self;
    (void)tx;
    (void)params;
    (void)key;
    if (access("hang", F_OK) == 0)
        (void)pause();
    return 1;
}

static const plain_job_class RuledJob = {PLAIN_JOB_CLASS_EMPTY, .name = "RuledJob", .run = run,
                                         .should_enqueue = rule};

PLAIN_REGISTER_JOBS(&RuledJob);
