/*
 * app.c - a program that is its own worker
 *
 * `app greet NAME` enqueues a job in the application's own code. Every other command is one of
 * `plain`: app migrate, app jobs worker, app jobs stats ...
 */
#include <stdio.h>
#include <string.h>

#include <plain/jobs.h>
#include <plain/jobs/main.h>

struct greet {
    const char *name;
};

static int greet_run(plain_job *job, const void *params)
{
    const struct greet *self = params;

    (void)job;
    printf("Good morning, %s!\n", self->name);
    fflush(stdout);
    return PLAIN_OK;
}

static const plain_param greet_params[] = {
    PLAIN_PARAM(struct greet, name, 0),
    PLAIN_PARAMS_END,
};

const plain_job_class GreetJob = {
    PLAIN_JOB_CLASS(struct greet),
    .name = "GreetJob",
    .params = greet_params,
    .run = greet_run,
};
PLAIN_JOB_TYPED(GreetJob, struct greet)

PLAIN_REGISTER_JOBS(&GreetJob);

static int report(const plain_error *err)
{
    fprintf(stderr, "error[PJ%d]: %s\n  %s\n", err->pj, err->message, err->fix);
    return 1;
}

static int enqueue_greeting(const char *name)
{
    plain_jobs *jobs;
    plain_request request;
    plain_error err;
    char uuid[PLAIN_UUID_TEXT];

    if (plain_jobs_open(NULL, &jobs, &err) < 0)
        return report(&err);
    int r = GreetJob_run_in_worker(jobs, &(struct greet){.name = name},
                                   PLAIN_OPTIONS(.retries = PLAIN_INT(2)), &request, &err);
    plain_jobs_close(jobs);
    if (r < 0)
        return report(&err);
    printf("enqueued %s\n", plain_uuid_format(&request.uuid, uuid));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "greet") == 0)
        return enqueue_greeting(argv[2]);
    return plain_main(argc, argv, &plain_module_v1);
}
