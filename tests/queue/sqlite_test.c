/* sqlite_test.c - the public calls on a real database */
#include <plain/jobs.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "queue/jobs.h"
#include "tests/harness/harness.h"

enum { THREADS = 16, EACH = 50, URL_SIZE = 512 };

/* The URL of a new database with its schema. */
static const char *make_database(void)
{
    static char url[URL_SIZE];
    static unsigned n;
    struct store *store;
    int from, to;
    plain_error err;

    (void)snprintf(url, sizeof(url), "sqlite:%s/queue-%u.db", harness_tmpdir(), n++);
    if (store_open(url, STORE_CREATE, &store, &err) < 0)
        fail_msg("%s", err.message);
    if (store->ops->migrate(store, &from, &to, &err) < 0)
        fail_msg("%s", err.message);
    store_close(store);
    return url;
}

static plain_jobs *open_new(void)
{
    plain_jobs *jobs;
    plain_error err;

    if (plain_jobs_open(make_database(), &jobs, &err) < 0)
        fail_msg("%s", err.message);
    return jobs;
}

static int64_t count_pending(plain_jobs *jobs)
{
    struct store *store;
    struct store_stats stats;

    assert_int_equal(jobs_take_store(jobs, &store, NULL), PLAIN_OK);
    assert_int_equal(store->ops->stats(store, &stats, NULL), PLAIN_OK);
    jobs_give_store(jobs, store);
    return stats.pending;
}

struct greeting {
    const char *text;
    double warmth;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param greeting_params[] = {
    PLAIN_PARAM(struct greeting, text, 0),
    PLAIN_PARAM(struct greeting, warmth, 0),
    PLAIN_PARAMS_END,
};

static const plain_job_class GreetJob = {
    PLAIN_JOB_CLASS(struct greeting),
    .name = "GreetJob",
    .params = greeting_params,
    .run = run_nothing,
};

static void a_row_holds_what_was_given(void **state)
{
    plain_jobs *jobs = open_new();
    struct arena a = ARENA_INIT;
    struct store *store;
    struct job_row *rows;
    size_t count;
    plain_request request;
    plain_error err;

    (void)state;
    if (plain_run_in_worker(jobs, &GreetJob, &(struct greeting){"h\xC3\xA9llo", 1},
                            PLAIN_OPTIONS(.queue = "mail", .priority = PLAIN_INT(-5),
                                          .retries = PLAIN_INT(2), .source = "a test"),
                            &request, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(jobs_take_store(jobs, &store, NULL), PLAIN_OK);
    assert_int_equal(store->ops->find(store, &request.uuid, 0, &a, &rows, &count, &err), PLAIN_OK);
    jobs_give_store(jobs, store);
    assert_int_equal(count, 1);
    assert_string_equal(rows->job_class, "GreetJob");
    assert_string_equal(rows->parameters, "{\"args\": [], \"kwargs\": {\"text\": \"h\xC3\xA9llo\", "
                                          "\"warmth\": 1.0}}");
    assert_string_equal(rows->queue, "mail");
    assert_string_equal(rows->source, "a test");
    assert_int_equal(rows->priority, -5);
    assert_int_equal(rows->retries, 2);
    arena_release(&a);
    plain_jobs_close(jobs);
}

static void the_same_uuid_twice_is_one_job(void **state)
{
    plain_jobs *jobs = open_new();
    const plain_uuid uuid = uuid_new();

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            plain_run_in_worker_by_name(jobs, "X", NULL, PLAIN_OPTIONS(.uuid = uuid), NULL, NULL),
            PLAIN_OK);
    assert_int_equal(count_pending(jobs), 1);
    plain_jobs_close(jobs);
}

static void a_held_key_names_its_holder(void **state)
{
    plain_jobs *jobs = open_new();
    plain_request first, second;

    (void)state;
    assert_int_equal(plain_run_in_worker_by_name(
                         jobs, "X", NULL, PLAIN_OPTIONS(.concurrency_key = "k"), &first, NULL),
                     PLAIN_OK);
    assert_int_equal(plain_run_in_worker_by_name(
                         jobs, "X", NULL, PLAIN_OPTIONS(.concurrency_key = "k"), &second, NULL),
                     PLAIN_SKIPPED);
    assert_true(uuid_is_zero(&second.uuid));
    assert_true(uuid_equal(&second.holder, &first.uuid));
    assert_int_equal(second.holder_state, PLAIN_HOLDER_PENDING);
    assert_int_equal(count_pending(jobs), 1);
    plain_jobs_close(jobs);
}

static void a_missing_file_is_an_error_and_is_not_made(void **state)
{
    char url[URL_SIZE];
    plain_jobs *jobs = NULL;
    plain_error err;

    (void)state;
    (void)snprintf(url, sizeof(url), "sqlite:%s/missing.db", harness_tmpdir());
    assert_int_equal(plain_jobs_open(url, &jobs, &err), PLAIN_E_UNREACHABLE);
    assert_int_equal(err.pj, 301);
    assert_int_equal(access(url + strlen("sqlite:"), F_OK), -1);
}

static void *enqueue_each(void *arg)
{
    uintptr_t failures = 0;

    for (int i = 0; i < EACH; i++)
        failures += plain_run_in_worker_by_name(arg, "X", "{\"n\": 1}", NULL, NULL, NULL) < 0;
    return (void *)failures;
}

static void sixteen_threads_share_one_handle(void **state)
{
    plain_jobs *jobs = open_new();
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, enqueue_each, jobs), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failures;

        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    assert_int_equal(count_pending(jobs), THREADS * EACH);
    plain_jobs_close(jobs);
}

static void a_child_that_closes_leaves_the_parents_connection_alone(void **state)
{
    plain_jobs *jobs = open_new();
    int status;

    (void)state;
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, NULL), PLAIN_OK);
    pid_t pid = fork();
    if (pid == 0) {
        bool refused =
            plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, NULL) == PLAIN_E_FORKED;
        plain_jobs_close(jobs);
        harness_end_child(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, NULL), PLAIN_OK);
    assert_int_equal(count_pending(jobs), 2);
    plain_jobs_close(jobs);
}

/* What a child makes of a database that its parent has open, or has closed. */
static int opened_by_a_child(const char *url)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        plain_jobs *jobs = NULL;
        int r = plain_jobs_open(url, &jobs, NULL);
        if (r == PLAIN_OK)
            r = plain_run_in_worker_by_name(jobs, "X", NULL, NULL, NULL, NULL);
        plain_jobs_close(jobs);
        harness_end_child(r == PLAIN_OK ? 0 : r == PLAIN_E_FORKED ? 1 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* It would have none of the locks that SQLite believes it has. */
static void a_child_of_a_process_with_an_open_database_opens_none(void **state)
{
    const char *url = make_database();
    plain_jobs *jobs;

    (void)state;
    assert_int_equal(plain_jobs_open(url, &jobs, NULL), PLAIN_OK);
    assert_int_equal(opened_by_a_child(url), 1);
    plain_jobs_close(jobs);
    assert_int_equal(opened_by_a_child(url), 0);
}

HARNESS_MAIN(a_row_holds_what_was_given, the_same_uuid_twice_is_one_job,
             a_held_key_names_its_holder, a_missing_file_is_an_error_and_is_not_made,
             sixteen_threads_share_one_handle,
             a_child_that_closes_leaves_the_parents_connection_alone,
             a_child_of_a_process_with_an_open_database_opens_none)
