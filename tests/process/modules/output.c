/*
 * output.c - a module whose jobs write to stdout, stderr and the log, in good and bad ways
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs.h>

struct how {
    const char *how;
    int64_t n;
};

static const plain_job *current;

static void say_in_order(void)
{
    printf("one\n");
    (void)fprintf(stderr, "two\n");
    plain_job_log(current, PLAIN_LOG_WARNING, "three");
    (void)!write(STDOUT_FILENO, "four\n", 5);
    plain_job_log(current, PLAIN_LOG_DEBUG, "not at this level");
    printf("five");
}

static void say_bytes(void)
{
    static const char bytes[] = "nul \0 bad \xFF\xFE cut \xE2\x82\n\x1B[31mred\x1B[0m\r\x85\tend";

    (void)!write(STDOUT_FILENO, bytes, sizeof(bytes) - 1);
}

static void forge(void)
{
    printf("x\n2026-01-01T00:00:00.000Z [ERROR] Forged job_class=Other\n\x1B]0;title\x07\n"
           "\" status=FORGED \"\n");
}

static void die(int number)
{
    printf("whole line\nhalf a line");
    if (number == SIGKILL)
        (void)fflush(stdout);
    (void)raise(number);
}

static void die_by_segfault(void)
{
    die(SIGSEGV);
}

static void die_by_abort(void)
{
    die(SIGABRT);
}

static void die_by_kill(void)
{
    die(SIGKILL);
}

static void die_by_exit(void)
{
    printf("whole line\nhalf a line");
    exit(3);
}

/* A process that holds the pipe for a while, in a group of its own. */
static void leave_somebody(void)
{
    printf("before\n");
    (void)fflush(stdout);
    if (fork() == 0) {
        (void)setsid();
        (void)signal(SIGPIPE, SIG_DFL);
        for (int i = 0; i < 600; i++) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
            (void)!write(STDOUT_FILENO, "from behind\n", 12);
        }
        _exit(0);
    }
}

static void close_all(void)
{
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
}

static void *say_in_thread(void *unused)
{
    (void)unused;
    plain_job_log(current, PLAIN_LOG_INFO, "from a thread");
    return NULL;
}

static void start_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, say_in_thread, NULL) == 0)
        (void)pthread_join(thread, NULL);
}

static void flood(int64_t n)
{
    static char block[1024 * 1024];

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = i % 64 == 63 ? '\n' : 'x';
    for (int64_t i = 0; i < n; i++)
        (void)!write(STDOUT_FILENO, block, sizeof(block));
    printf("the end\n");
}

static const struct {
    const char *name;
    void (*act)(void);
} ways[] = {
    {"order", say_in_order},       {"bytes", say_bytes},      {"forge", forge},
    {"segfault", die_by_segfault}, {"abort", die_by_abort},   {"kill", die_by_kill},
    {"exit", die_by_exit},         {"leave", leave_somebody}, {"close", close_all},
    {"thread", start_thread},
};

static int how_run(plain_job *job, const void *params)
{
    const struct how *self = params;

    current = job;
    if (strcmp(self->how, "flood") == 0)
        flood(self->n);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(self->how, ways[i].name) == 0)
            ways[i].act();
    }
    return PLAIN_OK;
}

static const plain_param how_params[] = {
    PLAIN_PARAM_DEFAULT(struct how, how, "\"order\""),
    PLAIN_PARAM(struct how, n, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class HowJob = {PLAIN_JOB_CLASS(struct how), .name = "HowJob",
                                       .params = how_params, .run = how_run};

/* Every second of them says its uuid, by turns with stdio and past it. */
static int own_run(plain_job *job, const void *params)
{
    static int count;
    char uuid[PLAIN_UUID_TEXT];

    (void)params;
    (void)plain_uuid_format(plain_job_request_uuid(job), uuid);
    if (++count % 2 == 0)
        return PLAIN_OK;
    if (count % 4 == 1)
        printf("%s\n", uuid);
    else
        (void)!write(STDERR_FILENO, uuid, strlen(uuid));
    return PLAIN_OK;
}

static const plain_job_class OwnJob = {PLAIN_JOB_CLASS_EMPTY, .name = "OwnJob", .run = own_run};

static int tries_run(plain_job *job, const void *params)
{
    (void)params;
    printf("try %d\n", plain_job_attempt(job));
    return plain_job_fail(job, "TestError", "no");
}

static int64_t loud_delay(const plain_job_class *self, const void *params, int attempt)
{
    (void)self;
    (void)params;
    printf("before try %d\n", attempt + 1);
    return 0;
}

static const plain_job_class TriesJob = {PLAIN_JOB_CLASS_EMPTY, .name = "TriesJob",
                                         .default_retries = 1, .calculate_retry_delay = loud_delay,
                                         .run = tries_run};

PLAIN_REGISTER_JOBS(&HowJob, &OwnJob, &TriesJob);
