/* stops.c - jobs that do not end by themselves, each in its own way; see test_timeout.py */
#define _GNU_SOURCE
#include <plain/jobs.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct stop {
    const char *how;
    int64_t ms;
};

static void write_line(const char *file, const char *line)
{
    FILE *f = fopen(file, "a");

    if (f) {
        (void)fprintf(f, "%s\n", line);
        (void)fclose(f);
    }
}

static void sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        continue;
}

static volatile sig_atomic_t was_told;

static void on_sigterm(int number)
{
    (void)number;
    was_told = 1;
}

static void block_all(void)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
}

static void fork_stubborn(void)
{
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            (void)signal(SIGTERM, SIG_IGN);
            if (fork() == 0)
                block_all();
            sleep_ms(60000);
            _exit(0);
        }
    }
}

static int prepare(plain_job *job, const char *how)
{
    if (strcmp(how, "ignore") == 0)
        (void)signal(SIGTERM, SIG_IGN);
    else if (strcmp(how, "block") == 0)
        block_all();
    else if (strcmp(how, "fork") == 0)
        fork_stubborn();
    else if (strcmp(how, "handle") == 0)
        (void)signal(SIGTERM, on_sigterm);
    else if (strcmp(how, "sleep") != 0 && strcmp(how, "look") != 0)
        return plain_job_fail(job, "Test", "how? %s", how);
    return PLAIN_OK;
}

static int stop_run(plain_job *job, const void *params)
{
    const struct stop *self = params;
    int r = prepare(job, self->how);
    int64_t left = self->ms;
    bool looks = strcmp(self->how, "look") == 0;

    if (r != PLAIN_OK)
        return r;
    write_line("running", self->how);
    for (; left > 0 && !was_told; left -= 10) {
        sleep_ms(10);
        if (looks && plain_job_cancelled(job)) {
            write_line("cleaned", self->how);
            return PLAIN_OK;
        }
    }
    write_line("ended", self->how);
    return PLAIN_OK;
}

static int told(const plain_job_class *self, const void *params, const plain_aborted *result)
{
    char line[256];

    (void)self;
    (void)params;
    (void)snprintf(line, sizeof(line), "%s %s %d", result->status, result->error_message,
                   result->will_retry);
    write_line("hooks", line);
    return PLAIN_OK;
}

static const plain_param stop_params[] = {PLAIN_PARAM(struct stop, how, 0),
                                          PLAIN_PARAM_DEFAULT(struct stop, ms, "60000"),
                                          PLAIN_PARAMS_END};

static const plain_job_class StopJob = {
    PLAIN_JOB_CLASS(struct stop), .name = "StopJob", .params = stop_params, .run = stop_run,
    .on_aborted = told,
};

static const plain_job_class BriefJob = {
    PLAIN_JOB_CLASS(struct stop), .name = "BriefJob", .params = stop_params, .run = stop_run,
    .on_aborted = told,           .timeout_ms = 300,
};

static int64_t slow_minute(const plain_job_class *self, const void *params, int attempt)
{
    (void)self;
    (void)params;
    (void)attempt;
    sleep_ms(150); /* within its own limit */
    return 60 * 1000;
}

static const plain_job_class PatientJob = {
    PLAIN_JOB_CLASS(struct stop),
    .name = "PatientJob",
    .params = stop_params,
    .run = stop_run,
    .timeout_ms = 300,
    .calculate_retry_delay = slow_minute,
};

PLAIN_REGISTER_JOBS(&StopJob, &BriefJob, &PatientJob);
