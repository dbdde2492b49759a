/* enqueue_test.c - what queue.h and jobs.h promise, on a store that does as it is told */
#include "queue/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "tests/harness/harness.h"

/*
 * The store: counts what is done to it, keeps a copy of the last request, and answers as `script`
 * says.
 */
enum { ANSWERS_MAX = 4, TEXT_SIZE = 512 };

static struct {
    int answers[ANSWERS_MAX]; /* of the next enqueues; PLAIN_OK behind them */
    int answer_count;
    int open_answer;
    int version;

    char url[TEXT_SIZE];
    atomic_int opened, closed, enqueued, in_use, most_in_use;
    pthread_barrier_t *meeting; /* every enqueue waits here, when set */

    struct new_request last;
    bool first_may_exist;
    char job_class[TEXT_SIZE], parameters[TEXT_SIZE], queue[TEXT_SIZE], key[TEXT_SIZE],
        source[TEXT_SIZE];
} script;

static pthread_mutex_t script_mutex = PTHREAD_MUTEX_INITIALIZER;

static void keep(const struct new_request *r)
{
    script.last = *r;
    (void)text_copy(script.job_class, TEXT_SIZE, r->job_class);
    (void)text_copy(script.parameters, TEXT_SIZE, r->parameters);
    (void)text_copy(script.queue, TEXT_SIZE, r->queue);
    (void)text_copy(script.key, TEXT_SIZE, r->concurrency_key);
    (void)text_copy(script.source, TEXT_SIZE, r->source);
}

static int fake_enqueue(struct store *s, const struct new_request *r, plain_request *out,
                        plain_error *err)
{
    int using = atomic_fetch_add(&script.in_use, 1) + 1;
    int answer = PLAIN_OK;

    (void)s;
    if (script.meeting)
        (void)pthread_barrier_wait(script.meeting);
    (void)pthread_mutex_lock(&script_mutex);
    int n = script.enqueued++;
    if (using > script.most_in_use)
        script.most_in_use = using;
    if (n == 0)
        script.first_may_exist = r->may_exist;
    if (n < script.answer_count)
        answer = script.answers[n];
    keep(r);
    (void)pthread_mutex_unlock(&script_mutex);
    if (answer == PLAIN_SKIPPED) {
        out->holder = r->uuid;
        out->holder_state = PLAIN_HOLDER_PENDING;
        out->holder_age_ms = 5;
    }
    if (answer < 0)
        (void)error_set(err, answer, 301, "", "told to");
    (void)atomic_fetch_sub(&script.in_use, 1);
    return answer;
}

static void fake_close(struct store *s)
{
    script.closed++;
    mem_free(s);
}

static int fake_version(struct store *s, int *version, plain_error *err)
{
    (void)s;
    (void)err;
    *version = script.version;
    return PLAIN_OK;
}

static int fake_newest(void)
{
    return 1;
}

static struct store_ops fake_ops = {
    .size = sizeof(fake_ops),
    .name = "fake",
    .close = fake_close,
    .schema_version = fake_version,
    .newest_version = fake_newest,
    .enqueue = fake_enqueue,
};

static int fake_open(const char *url, unsigned flags, struct store **out, plain_error *err)
{
    (void)flags;
    if (script.open_answer < 0)
        return error_set(err, script.open_answer, 301, "", "told to");
    *out = mem_zalloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    (*out)->ops = &fake_ops;
    (void)pthread_mutex_lock(&script_mutex);
    script.opened++;
    (void)text_copy(script.url, sizeof(script.url), url);
    (void)pthread_mutex_unlock(&script_mutex);
    return PLAIN_OK;
}

static plain_jobs *open_fake(unsigned caps)
{
    plain_jobs *jobs = NULL;

    memset(&script, 0, sizeof(script));
    script.version = 1;
    fake_ops.caps = caps;
    assert_int_equal(jobs_open_with(fake_open, "fake:x", 0, &jobs, NULL), PLAIN_OK);
    return jobs;
}

static void tell(int first, int second)
{
    script.answers[0] = first;
    script.answers[1] = second;
    script.answer_count = 2;
}

/* A job class. */
struct user {
    int64_t user_id;
    const char *locale;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static int key_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    const struct user *user = params;
    out[0] = user->user_id > 40 ? 'b' : 's';
    out[1] = '\0';
    return size > 1 ? 1 : -1;
}

static const plain_param user_params[] = {
    PLAIN_PARAM(struct user, user_id, 0),
    PLAIN_PARAM(struct user, locale, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class WelcomeUserJob = {
    PLAIN_JOB_CLASS(struct user),
    .name = "WelcomeUserJob",
    .params = user_params,
    .default_retries = 3,
    .default_concurrency_key_for = key_for,
    .run = run_nothing,
};
PLAIN_JOB_TYPED(WelcomeUserJob, struct user)

static void hands_every_value_to_the_store(void **state)
{
    plain_jobs *jobs = open_fake(0);
    plain_request request;
    plain_error err;

    (void)state;
    memset(&request, 0xAA, sizeof(request));
    int r = WelcomeUserJob_run_in_worker(
        jobs, &(struct user){.user_id = 42},
        PLAIN_OPTIONS(.queue = "slow", .delay_ms = PLAIN_SECONDS(60), .priority = PLAIN_INT(10)),
        &request, &err);
    assert_int_equal(r, PLAIN_OK);
    assert_string_equal(script.job_class, "WelcomeUserJob");
    assert_string_equal(script.parameters, "{\"args\": [], \"kwargs\": {\"user_id\": 42}}");
    assert_string_equal(script.queue, "slow");
    assert_string_equal(script.key, "b");
    assert_non_null(strstr(script.source, "enqueue_test.c:"));
    assert_int_equal(script.last.priority, 10);
    assert_int_equal(script.last.retries, 3);
    assert_true(script.last.delay_us == 60000000);
    assert_true(script.last.start_at == STORE_NO_TIME);
    assert_false(script.first_may_exist);
    assert_false(uuid_is_zero(&request.uuid));
    assert_true(uuid_equal(&request.uuid, &script.last.uuid));
    assert_true(uuid_is_zero(&request.holder));
    assert_int_equal(request.holder_state, PLAIN_HOLDER_NONE);
    for (size_t i = 0; i < sizeof(request.reserved); i++)
        assert_int_equal(request.reserved[i], 0);
    plain_jobs_close(jobs);
    assert_int_equal(script.opened, script.closed);
}

static void the_callers_uuid_may_exist(void **state)
{
    plain_jobs *jobs = open_fake(0);
    const plain_uuid uuid = uuid_new();
    plain_request request;

    (void)state;
    assert_int_equal(plain_run_in_worker_by_name(jobs, "Elsewhere", NULL,
                                                 PLAIN_OPTIONS(.uuid = uuid), &request, NULL),
                     PLAIN_OK);
    assert_true(script.first_may_exist);
    assert_true(uuid_equal(&request.uuid, &uuid));
    plain_jobs_close(jobs);
}

static void json_is_checked_against_the_class(void **state)
{
    plain_jobs *jobs = open_fake(0);
    plain_error err;

    (void)state;
    assert_int_equal(
        plain_run_in_worker_json(jobs, &WelcomeUserJob, "{\"user_id\": 1}", NULL, NULL, &err),
        PLAIN_OK);
    assert_string_equal(script.parameters, "{\"args\": [], \"kwargs\": {\"user_id\": 1}}");
    assert_string_equal(script.key, "s");
    assert_int_equal(plain_run_in_worker_json(jobs, &WelcomeUserJob, NULL, NULL, NULL, &err),
                     PLAIN_E_INVALID);
    assert_int_equal(err.pj, 102);
    assert_int_equal(
        plain_run_in_worker_json(jobs, &WelcomeUserJob, "{\"user_id\": \"x\"}", NULL, NULL, &err),
        PLAIN_E_INVALID);
    assert_int_equal(err.pj, 103);
    assert_int_equal(script.enqueued, 1);
    plain_jobs_close(jobs);
}

static void a_class_that_nobody_has_here_gets_plain_defaults(void **state)
{
    plain_jobs *jobs = open_fake(0);

    (void)state;
    assert_int_equal(
        plain_run_in_worker_by_name(jobs, "Elsewhere", "{\"x\": [1,2]}", NULL, NULL, NULL),
        PLAIN_OK);
    assert_string_equal(script.job_class, "Elsewhere");
    assert_string_equal(script.parameters, "{\"args\": [], \"kwargs\": {\"x\": [1,2]}}");
    assert_string_equal(script.queue, "default");
    assert_string_equal(script.key, "");
    assert_int_equal(script.last.retries, 0);
    plain_jobs_close(jobs);
}

static void nothing_refused_reaches_the_store(void **state)
{
    plain_jobs *jobs = open_fake(0);
    const plain_job_class no_run = {PLAIN_JOB_CLASS_EMPTY, .name = "NoRun"};
    const struct user user = {.user_id = 1};
    plain_options no_size = {0};
    plain_request r;
    plain_error e;

    (void)state;
    memset(&r, 0xAA, sizeof(r));
    assert_int_equal(plain_run_in_worker(NULL, &WelcomeUserJob, &user, NULL, &r, &e),
                     PLAIN_E_INVALID);
    assert_true(uuid_is_zero(&r.uuid));
    assert_int_equal(plain_run_in_worker(jobs, NULL, &user, NULL, &r, &e), PLAIN_E_INVALID);
    assert_int_equal(plain_run_in_worker(jobs, &no_run, NULL, NULL, &r, &e), PLAIN_E_INVALID);
    assert_int_equal(e.pj, 110);
    assert_int_equal(plain_run_in_worker(jobs, &WelcomeUserJob, NULL, NULL, &r, &e),
                     PLAIN_E_INVALID);
    assert_int_equal(e.pj, 102);
    assert_int_equal(plain_run_in_worker(jobs, &WelcomeUserJob, &user, &no_size, &r, &e),
                     PLAIN_E_VERSION);
    assert_int_equal(
        plain_run_in_worker(jobs, &WelcomeUserJob, &user, PLAIN_OPTIONS(.delay_ms = -1), &r, &e),
        PLAIN_E_INVALID);
    assert_int_equal(plain_run_in_worker_by_name(jobs, NULL, NULL, NULL, &r, &e), PLAIN_E_INVALID);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "", NULL, NULL, &r, &e), PLAIN_E_INVALID);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", "[]", NULL, &r, &e), PLAIN_E_INVALID);
    assert_int_equal(e.pj, 602);
    assert_int_equal(plain_run_in_worker_json(jobs, NULL, "{}", NULL, NULL, NULL), PLAIN_E_INVALID);
    assert_int_equal(script.enqueued, 0);
    plain_jobs_close(jobs);
}

static void a_skip_names_the_holder(void **state)
{
    plain_jobs *jobs = open_fake(0);
    plain_request request;

    (void)state;
    tell(PLAIN_SKIPPED, PLAIN_OK);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, &request, NULL),
                     PLAIN_SKIPPED);
    assert_true(uuid_is_zero(&request.uuid));
    assert_true(uuid_equal(&request.holder, &script.last.uuid));
    assert_int_equal(request.holder_state, PLAIN_HOLDER_PENDING);
    assert_int_equal(request.holder_age_ms, 5);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, NULL), PLAIN_OK);
    plain_jobs_close(jobs);
}

static void a_lost_answer_is_asked_for_once_more_with_the_same_uuid(void **state)
{
    plain_jobs *jobs = open_fake(0);
    plain_request request;
    plain_error err;

    (void)state;
    tell(PLAIN_E_UNREACHABLE, PLAIN_OK);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, &request, &err), PLAIN_OK);
    assert_int_equal(script.enqueued, 2);
    assert_false(script.first_may_exist);
    assert_true(script.last.may_exist);
    assert_true(uuid_equal(&request.uuid, &script.last.uuid));
    plain_jobs_close(jobs);
}

static void a_link_that_stays_down_leaves_the_uuid(void **state)
{
    plain_jobs *jobs = open_fake(0);
    plain_request request;
    plain_error err;

    (void)state;
    tell(PLAIN_E_UNREACHABLE, PLAIN_E_UNREACHABLE);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, &request, &err),
                     PLAIN_E_UNREACHABLE);
    assert_int_equal(script.enqueued, 2);
    assert_true(uuid_equal(&request.uuid, &script.last.uuid));
    assert_true(err.retryable);
    plain_jobs_close(jobs);
}

/* The first try may be on its way to its commit while the second one waits for it in vain. */
static void an_error_of_the_second_try_leaves_the_outcome_unknown(void **state)
{
    static const int answers[] = {PLAIN_E_BUSY,   PLAIN_E_TIMEOUT, PLAIN_E_DB,
                                  PLAIN_E_SCHEMA, PLAIN_E_NOMEM,   PLAIN_E_INVALID};
    plain_request request;
    plain_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        plain_jobs *jobs = open_fake(0);

        tell(PLAIN_E_UNREACHABLE, answers[i]);
        assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, &request, &err),
                         PLAIN_E_UNREACHABLE);
        assert_int_equal(script.enqueued, 2);
        assert_true(uuid_equal(&request.uuid, &script.last.uuid));
        assert_int_equal(err.code, PLAIN_E_UNREACHABLE);
        assert_true(err.retryable);
        assert_non_null(strstr(err.message, "told to"));
        assert_non_null(strstr(err.fix, "uuid"));
        plain_jobs_close(jobs);
    }
}

static void other_errors_are_passed_on_at_once(void **state)
{
    plain_jobs *jobs = open_fake(0);
    plain_request request;
    plain_error err;

    (void)state;
    tell(PLAIN_E_BUSY, PLAIN_OK);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, &request, &err),
                     PLAIN_E_BUSY);
    assert_int_equal(script.enqueued, 1);
    assert_true(uuid_is_zero(&request.uuid));
    plain_jobs_close(jobs);
}

static void open_fails_with_what_is_wrong(void **state)
{
    plain_jobs *jobs = NULL;
    plain_error err;

    (void)state;
    plain_jobs_close(open_fake(0));
    script.opened = script.closed = 0;
    script.version = 0;
    assert_int_equal(jobs_open_with(fake_open, "fake:x", 0, &jobs, &err), PLAIN_E_SCHEMA);
    assert_int_equal(script.closed, 1);
    script.open_answer = PLAIN_E_UNREACHABLE;
    assert_int_equal(jobs_open_with(fake_open, "fake:x", 0, &jobs, &err), PLAIN_E_UNREACHABLE);
    assert_null(jobs);
    assert_int_equal(plain_jobs_open("fake:x", NULL, &err), PLAIN_E_INVALID);
    plain_jobs_close(NULL);
}

static void the_url_comes_from_the_environment_or_is_plain_db(void **state)
{
    static const struct {
        const char *variable, *url;
    } cases[] = {{"postgresql://a/b", "postgresql://a/b"},
                 {"", "sqlite:plain.db"},
                 {NULL, "sqlite:plain.db"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        plain_jobs *jobs;

        plain_jobs_close(open_fake(0));
        (void)unsetenv("DATABASE_URL");
        if (cases[i].variable)
            (void)setenv("DATABASE_URL", cases[i].variable, 1);
        assert_int_equal(jobs_open_with(fake_open, NULL, 0, &jobs, NULL), PLAIN_OK);
        assert_string_equal(script.url, cases[i].url);
        plain_jobs_close(jobs);
    }
}

/* Many threads on one handle. */
enum { THREADS = 16, EACH = 50 };

static void *enqueue_each(void *arg)
{
    uintptr_t failures = 0;

    for (int i = 0; i < EACH; i++)
        failures += plain_run_in_worker_by_name(arg, "X", NULL, NULL, NULL, NULL) != PLAIN_OK;
    return (void *)failures;
}

static void run_threads(plain_jobs *jobs, int count, void *(*fn)(void *))
{
    pthread_t threads[THREADS];

    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fn, jobs), 0);
    for (int i = 0; i < count; i++) {
        void *failures;

        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
}

static void one_writer_gets_one_connection(void **state)
{
    plain_jobs *jobs = open_fake(STORE_ONE_WRITER);

    (void)state;
    run_threads(jobs, THREADS, enqueue_each);
    assert_int_equal(script.enqueued, THREADS * EACH);
    assert_int_equal(script.opened, 1);
    assert_int_equal(script.most_in_use, 1);
    plain_jobs_close(jobs);
    assert_int_equal(script.closed, 1);
}

static void *enqueue_one(void *arg)
{
    int r = plain_run_in_worker_by_name(arg, "X", NULL, NULL, NULL, NULL);

    return (void *)(uintptr_t)(r != PLAIN_OK);
}

static void others_get_one_each_up_to_eight(void **state)
{
    plain_jobs *jobs = open_fake(0);
    pthread_barrier_t meeting;

    (void)state;
    /* 16 enqueues that go on only when 8 are under way. */
    assert_int_equal(pthread_barrier_init(&meeting, NULL, JOBS_STORES_MAX), 0);
    script.meeting = &meeting;
    run_threads(jobs, THREADS, enqueue_one);
    assert_int_equal(script.enqueued, THREADS);
    assert_int_equal(script.opened, JOBS_STORES_MAX);
    assert_int_equal(script.most_in_use, JOBS_STORES_MAX);
    plain_jobs_close(jobs);
    assert_int_equal(script.closed, JOBS_STORES_MAX);
    assert_int_equal(pthread_barrier_destroy(&meeting), 0);
}

static void a_connection_that_cannot_be_made_blocks_nobody(void **state)
{
    plain_jobs *jobs = open_fake(0);
    struct store *first, *second;

    (void)state;
    assert_int_equal(jobs_take_store(jobs, &first, NULL), PLAIN_OK);
    script.open_answer = PLAIN_E_UNREACHABLE;
    for (int i = 0; i < 2 * JOBS_STORES_MAX; i++)
        assert_int_equal(jobs_take_store(jobs, &second, NULL), PLAIN_E_UNREACHABLE);
    jobs_give_store(jobs, first);
    assert_int_equal(jobs_take_store(jobs, &second, NULL), PLAIN_OK);
    assert_ptr_equal(first, second);
    jobs_give_store(jobs, second);
    plain_jobs_close(jobs);
}

/* What a child does with its parent's handle; 0 when all is as promised. */
static int use_in_child(plain_jobs *jobs)
{
    struct store *store;
    plain_error err;

    if (plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, &err) != PLAIN_E_FORKED)
        return 1;
    if (err.pj != 701)
        return 2;
    if (jobs_take_store(jobs, &store, NULL) != PLAIN_E_FORKED)
        return 3;
    plain_jobs_close(jobs);
    return script.closed == 0 && script.enqueued == 0 ? 0 : 4;
}

static void a_child_may_only_close_and_touches_no_connection(void **state)
{
    plain_jobs *jobs = open_fake(0);
    int status;

    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        harness_end_child(use_in_child(jobs));
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, NULL), PLAIN_OK);
    plain_jobs_close(jobs);
}

static void survives_every_failing_allocation(void **state)
{
    bool failed = true;

    (void)state;
    plain_jobs_close(open_fake(0));
    for (unsigned nth = 0; failed; nth++) {
        plain_jobs *jobs = NULL;

        harness_fail_allocation(nth);
        int r = jobs_open_with(fake_open, "fake:x", 0, &jobs, NULL);
        if (r == PLAIN_OK)
            r = plain_run_in_worker_json(jobs, &WelcomeUserJob, "{\"user_id\": 1}", NULL, NULL,
                                         NULL);
        failed = harness_allocation_failed();
        assert_int_equal(r, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        plain_jobs_close(jobs);
    }
    assert_int_equal(script.opened, script.closed);
}

HARNESS_MAIN(hands_every_value_to_the_store, the_callers_uuid_may_exist,
             json_is_checked_against_the_class, a_class_that_nobody_has_here_gets_plain_defaults,
             nothing_refused_reaches_the_store, a_skip_names_the_holder,
             a_lost_answer_is_asked_for_once_more_with_the_same_uuid,
             a_link_that_stays_down_leaves_the_uuid,
             an_error_of_the_second_try_leaves_the_outcome_unknown,
             other_errors_are_passed_on_at_once, open_fails_with_what_is_wrong,
             the_url_comes_from_the_environment_or_is_plain_db, one_writer_gets_one_connection,
             others_get_one_each_up_to_eight, a_connection_that_cannot_be_made_blocks_nobody,
             a_child_may_only_close_and_touches_no_connection, survives_every_failing_allocation)
