/*
 * jobs.c - the jobs of the tests with real processes
 *
 * Good ones leave a trace in the working folder, outside of the database: "S request attempt pid"
 * when they start and "E ..." when they end, each one line appended at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void append(const char *file, const char *line, size_t n)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, line, n) != (ssize_t)n)
        abort();
    (void)close(fd);
}

static void trace(const plain_job *job, char what)
{
    char request[PLAIN_UUID_TEXT], line[128];
    int n = snprintf(line, sizeof(line), "%c %s %d %d\n", what,
                     plain_uuid_format(plain_job_request_uuid(job), request),
                     plain_job_attempt(job), (int)getpid());

    append("trace.log", line, (size_t)n);
}

static void sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        continue;
}

/* ---- jobs that work ---- */

static int noop_run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_job_class NoopJob = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "NoopJob",
    .run = noop_run,
};

struct trace {
    int64_t n;
    int64_t ms;
};

static int trace_run(plain_job *job, const void *params)
{
    const struct trace *self = params;

    trace(job, 'S');
    if (self->ms > 0)
        sleep_ms(self->ms);
    trace(job, 'E');
    return PLAIN_OK;
}

static const plain_param trace_params[] = {
    PLAIN_PARAM(struct trace, n, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct trace, ms, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const char *const trace_aliases[] = {"OldTraceJob", NULL};

static const plain_job_class TraceJob = {
    PLAIN_JOB_CLASS(struct trace), .name = "TraceJob",       .doc = "Leaves a trace.",
    .params = trace_params,        .aliases = trace_aliases, .run = trace_run,
};

/* Every type of parameter, written out as it arrived. */
struct types {
    bool yes;
    int32_t small;
    int64_t large;
    uint32_t natural;
    double real;
    const char *text;
    plain_json raw;
};

static int types_run(plain_job *job, const void *params)
{
    const struct types *self = params;
    size_t size = self->raw.length + (self->text ? strlen(self->text) : 0) + 256;
    char *line = plain_job_alloc(job, size);

    if (!line)
        return plain_job_fail(job, "OutOfMemory", "no %zu bytes", size);
    int n = snprintf(line, size, "%d|%" PRId32 "|%" PRId64 "|%" PRIu32 "|%.17g|%s|%.*s", self->yes,
                     self->small, self->large, self->natural, self->real,
                     self->text ? self->text : "(null)", (int)self->raw.length,
                     self->raw.text ? self->raw.text : "");
    append("types.log", line, (size_t)n);
    return PLAIN_OK;
}

static const plain_param types_params[] = {
    PLAIN_PARAM(struct types, yes, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct types, small, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct types, large, 0),
    PLAIN_PARAM(struct types, natural, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct types, real, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct types, text, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct types, raw, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class TypesJob = {
    PLAIN_JOB_CLASS(struct types),
    .name = "TypesJob",
    .params = types_params,
    .run = types_run,
};

/* What a job can ask, and the data of its class: two classes share this run. */
static int info_run(plain_job *job, const void *params)
{
    char uuids[4][PLAIN_UUID_TEXT], line[1024];
    const char *data = plain_job_definition(job)->data;

    (void)params;
    int n = snprintf(line, sizeof(line),
                     "{\"uuid\": \"%s\", \"request\": \"%s\", \"root\": \"%s\", \"worker\": \"%s\","
                     " \"attempt\": %d, \"run\": %d, \"retries\": %d, \"priority\": %d,"
                     " \"queue\": \"%s\", \"key\": \"%s\", \"data\": \"%s\", \"url\": \"%s\"}\n",
                     plain_uuid_format(plain_job_uuid(job), uuids[0]),
                     plain_uuid_format(plain_job_request_uuid(job), uuids[1]),
                     plain_uuid_format(plain_job_root_uuid(job), uuids[2]),
                     plain_uuid_format(plain_job_worker(job), uuids[3]), plain_job_attempt(job),
                     plain_job_run_no(job), plain_job_retries(job), plain_job_priority(job),
                     plain_job_queue(job), plain_job_concurrency_key(job), data,
                     getenv("DATABASE_URL"));
    append("info.log", line, (size_t)n);
    plain_job_log(job, PLAIN_LOG_INFO, "told about %s", data);
    plain_job_log(job, PLAIN_LOG_DEBUG, "told in secret");
    return PLAIN_OK;
}

static char first_data[] = "first", second_data[] = "second";

static const plain_job_class FirstInfoJob = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "FirstInfoJob",
    .data = first_data,
    .run = info_run,
};

static const plain_job_class SecondInfoJob = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "SecondInfoJob",
    .data = second_data,
    .default_queue = "second",
    .default_priority = 7,
    .default_retries = 2,
    .default_concurrency_key = "only-one",
    .run = info_run,
};

/* Defaults that are functions of the parameters beat the constants beside them. */
static int text_for(const plain_job_class *self, const void *params, char *out, size_t out_size)
{
    const struct trace *trace = params;

    (void)self;
    return snprintf(out, out_size, "for-%" PRId64, trace->n);
}

static int int_for(const plain_job_class *self, const void *params)
{
    const struct trace *trace = params;

    (void)self;
    return (int)trace->n;
}

static const plain_job_class FunctionsJob = {
    PLAIN_JOB_CLASS(struct trace),
    .name = "FunctionsJob",
    .params = trace_params,
    .default_queue = "constant",
    .default_priority = 1,
    .default_retries = 1,
    .default_concurrency_key = "constant",
    .default_queue_for = text_for,
    .default_priority_for = int_for,
    .default_retries_for = int_for,
    .default_concurrency_key_for = text_for,
    .run = trace_run,
};

/* Takes a minute in its first attempt, and no time in the next. */
static int first_slow_run(plain_job *job, const void *params)
{
    (void)params;
    append("slow.log", "S\n", 2);
    if (plain_job_attempt(job) == 1)
        sleep_ms(60000);
    return PLAIN_OK;
}

static const plain_job_class FirstSlowJob = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "FirstSlowJob",
    .run = first_slow_run,
};

/* ---- jobs that fail, defer and retry ---- */

struct fail {
    const char *message;
};

static int fail_run(plain_job *job, const void *params)
{
    const struct fail *self = params;

    return plain_job_fail(job, "SmtpError", "mail server said: %s", self->message);
}

static const plain_param fail_params[] = {
    PLAIN_PARAM(struct fail, message, 0),
    PLAIN_PARAMS_END,
};

static const plain_job_class FailJob = {
    PLAIN_JOB_CLASS(struct fail),
    .name = "FailJob",
    .params = fail_params,
    .run = fail_run,
};

static int bad_return_run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return -5;
}

static const plain_job_class BadReturnJob = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "BadReturnJob",
    .run = bad_return_run,
};

struct defer {
    int64_t delay_ms;
    int32_t times;
    bool increment;
};

static int defer_run(plain_job *job, const void *params)
{
    const struct defer *self = params;

    if (plain_job_run_no(job) > self->times)
        return PLAIN_OK;
    return plain_job_defer(job, self->delay_ms, self->increment);
}

static const plain_param defer_params[] = {
    PLAIN_PARAM(struct defer, delay_ms, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct defer, times, 0),
    PLAIN_PARAM(struct defer, increment, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class DeferJob = {
    PLAIN_JOB_CLASS(struct defer),
    .name = "DeferJob",
    .params = defer_params,
    .run = defer_run,
};

/* Fails, or dies, in its first attempts. */
struct flaky {
    int32_t bad_attempts;
    bool dies;
};

static int flaky_run(plain_job *job, const void *params)
{
    const struct flaky *self = params;

    if (plain_job_attempt(job) > self->bad_attempts)
        return PLAIN_OK;
    if (self->dies)
        (void)raise(SIGSEGV);
    return plain_job_fail(job, "Flaky", "attempt %d", plain_job_attempt(job));
}

static const plain_param flaky_params[] = {
    PLAIN_PARAM(struct flaky, bad_attempts, 0),
    PLAIN_PARAM(struct flaky, dies, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static int64_t flaky_delay(const plain_job_class *self, const void *params, int attempt)
{
    (void)self;
    (void)params;
    return PLAIN_SECONDS(1) << (attempt - 1);
}

static const plain_job_class FlakyJob = {
    PLAIN_JOB_CLASS(struct flaky),
    .name = "FlakyJob",
    .params = flaky_params,
    .default_retries = 3,
    .calculate_retry_delay = flaky_delay,
    .run = flaky_run,
};

static const plain_job_class EagerJob = {
    PLAIN_JOB_CLASS(struct flaky), .name = "EagerJob",   .doc = "FlakyJob that is retried at once.",
    .params = flaky_params,        .default_retries = 3, .run = flaky_run,
};

/* ---- nasty jobs ---- */

__attribute__((noinline)) static void nasty_segfault(void)
{
    volatile int *volatile nowhere = (volatile int *)8;

    *nowhere = 1;
}

__attribute__((noinline)) static void nasty_null_call(void)
{
    void (*volatile nothing)(void) = NULL;

    nothing();
}

__attribute__((noinline)) static int nasty_deeper(volatile int n)
{
    volatile char room[4096];

    memset((char *)(uintptr_t)room, n, sizeof(room));
    return n < 0 ? 0 : nasty_deeper(n + 1) + room[n % 7];
}

__attribute__((noinline)) static void nasty_stack_overflow(void)
{
    (void)nasty_deeper(0);
}

__attribute__((noinline)) static void nasty_abort(void)
{
    abort();
}

static void nasty_exit_0(void)
{
    exit(0);
}

static void nasty_exit_3(void)
{
    exit(3);
}

static void nasty__exit(void)
{
    _exit(4);
}

static void nasty_kill_self(void)
{
    (void)kill(getpid(), SIGKILL);
}

static void nasty_kill_group(void)
{
    (void)kill(0, SIGKILL);
}

static void nasty_stop_worker(void)
{
    (void)kill(getppid(), SIGSTOP);
}

/* Until somebody kills it: its pid stands in loop.pid. */
static void nasty_pthread_exit(void)
{
    pthread_exit(NULL);
}

static void nasty_loop(void)
{
    volatile unsigned turns = 0;
    char line[16];
    int n = snprintf(line, sizeof(line), "%d\n", (int)getpid());

    append("loop.pid", line, (size_t)n);
    for (;;)
        turns++;
}

static void nasty_close_all(void)
{
    (void)close_range(0, ~0U, 0);
}

/* What a job opens behind close_all: other files at the numbers of the runner's. */
static void nasty_take_descriptors(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        abort();
    for (int fd = 3; fd < pair[0]; fd++)
        (void)dup2(pair[0], fd);
}

/* What a log that a job opens is to the next one's output, when it has the number of the pipe. */
static void nasty_take_output(void)
{
    int fd = open("taken.log", O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, "x", 1) != 1 || lseek(fd, 0, SEEK_SET) != 0 || dup2(fd, 5) != 5)
        abort();
}

static void nasty_much_output(void)
{
    static char block[1024 * 1024];

    memset(block, 'x', sizeof(block) - 1);
    block[sizeof(block) - 1] = '\n';
    for (int i = 0; i < 10; i++) {
        if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
            abort();
    }
}

static bool nasty_in_child;

/* The child goes on as if it were the job, and is sooner at its end. */
static void nasty_fork(void)
{
    int status;
    pid_t child = fork();

    if (child < 0)
        abort();
    nasty_in_child = child == 0;
    if (child > 0 && waitpid(child, &status, 0) == child)
        (void)usleep(300 * 1000);
}

static void nasty_fork_crash(void)
{
    pid_t child = fork();

    if (child < 0)
        abort();
    if (child == 0)
        nasty_segfault();
    (void)waitpid(child, NULL, 0);
}

static void nasty_hang(void)
{
    for (;;)
        (void)pause();
}

static void nasty_hang_at_exit(void)
{
    if (atexit(nasty_hang) != 0)
        abort();
}

/* Into the group of its worker. */
static void nasty_leave_group(void)
{
    if (setpgid(0, getpgid(getppid())) < 0)
        abort();
    nasty_hang();
}

static void nasty_close_stdout(void)
{
    (void)close(STDOUT_FILENO);
}

static void nasty_change_folder(void)
{
    if (chdir("/") < 0)
        abort();
}

static void *read_for_ever(void *argument)
{
    char line[16];

    (void)fgets(line, sizeof(line), argument);
    return NULL;
}

/* While a thread reads a stream it has the stream's lock. */
static void nasty_hold_a_stream(void)
{
    pthread_t thread;
    int ends[2];
    FILE *stream = pipe(ends) == 0 ? fdopen(ends[0], "r") : NULL;

    if (!stream || pthread_create(&thread, NULL, read_for_ever, stream) != 0)
        abort();
    (void)pthread_detach(thread);
    sleep_ms(100); /* so that it has begun */
}

static void nasty_nothing(void) {}

static const struct nasty_way {
    const char *name;
    void (*act)(void);
} nasty_ways[] = {
    {"segfault", nasty_segfault},
    {"null_call", nasty_null_call},
    {"stack_overflow", nasty_stack_overflow},
    {"abort", nasty_abort},
    {"exit_0", nasty_exit_0},
    {"exit_3", nasty_exit_3},
    {"_exit", nasty__exit},
    {"kill_self", nasty_kill_self},
    {"kill_group", nasty_kill_group},
    {"pthread_exit", nasty_pthread_exit},
    {"stop_worker", nasty_stop_worker},
    {"loop", nasty_loop},
    {"close_all", nasty_close_all},
    {"take_descriptors", nasty_take_descriptors},
    {"take_output", nasty_take_output},
    {"much_output", nasty_much_output},
    {"nothing", nasty_nothing},
    {"fork", nasty_fork},
    {"fork_crash", nasty_fork_crash},
    {"hang_at_exit", nasty_hang_at_exit},
    {"leave_group", nasty_leave_group},
    {"close_stdout", nasty_close_stdout},
    {"change_folder", nasty_change_folder},
    {"hold_a_stream", nasty_hold_a_stream},
};

struct nasty {
    const char *how;
    bool fails; /* afterwards, if it comes to that */
    const char *load;
};

static int nasty_run(plain_job *job, const void *params)
{
    const struct nasty *self = params;

    for (size_t i = 0; i < ARRAY_SIZE(nasty_ways); i++) {
        if (strcmp(nasty_ways[i].name, self->how) == 0) {
            nasty_ways[i].act();
            return self->fails || nasty_in_child ? plain_job_fail(job, "TestError", "after all")
                                                 : PLAIN_OK;
        }
    }
    return plain_job_fail(job, "TestError", "there is no way '%s'", self->how);
}

static const plain_param nasty_params[] = {
    PLAIN_PARAM(struct nasty, how, 0),
    PLAIN_PARAM_DEFAULT(struct nasty, fails, "false"),
    PLAIN_PARAM_DEFAULT(struct nasty, load, "\"\""),
    PLAIN_PARAMS_END,
};

static const plain_job_class NastyJob = {
    PLAIN_JOB_CLASS(struct nasty),
    .name = "NastyJob",
    .params = nasty_params,
    .run = nasty_run,
};

static int tag_run(plain_job *job, plain_next *next, void *user)
{
    (void)user;
    plain_job_log(job, PLAIN_LOG_INFO, "tagged");
    return plain_next_run(next);
}

static const plain_middleware TagMiddleware = {
    PLAIN_MIDDLEWARE,
    .name = "TagMiddleware",
    .run = tag_run,
};

PLAIN_REGISTER(PLAIN_JOBS(&NoopJob, &TraceJob, &TypesJob, &FirstInfoJob, &SecondInfoJob,
                          &FunctionsJob, &FirstSlowJob, &FailJob, &BadReturnJob, &DeferJob,
                          &FlakyJob, &EagerJob, &NastyJob),
               PLAIN_MIDDLEWARES(&TagMiddleware));
