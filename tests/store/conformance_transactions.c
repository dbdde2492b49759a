/* conformance_transactions.c - enqueueing in transactions of the application */
#include "tests/store/conformance_transactions.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/uuid.h"

static const struct application *app;

const struct application *transactions_application(void)
{
    return app;
}

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

const plain_job_class Job = {PLAIN_JOB_CLASS_EMPTY, .name = "Job", .run = run_nothing};

void transactions_use(const struct application *used)
{
    app = used;
    conformance_use(used->database);
}

#define must(call, s)                                                                              \
    do {                                                                                           \
        int r_ = (call);                                                                           \
        if (r_ < 0)                                                                                \
            fail_msg("%s: %s", plain_error_name(r_), (s)->err.message);                            \
    } while (0)

static void adopt(struct scene *s)
{
    s->connection = app->connect(s->bench.url);
    must(app->adopt(s->connection, &s->jobs, &s->err), s);
}

void scene_open(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    bench_open(&s->bench);
    adopt(s);
    scene_run(s, "CREATE TABLE app_user (id INTEGER)");
}

void scene_join(struct scene *s, const struct scene *other)
{
    memset(s, 0, sizeof(*s));
    bench_join(&s->bench, &other->bench);
    adopt(s);
}

void scene_close(struct scene *s)
{
    plain_jobs_close(s->jobs);
    app->disconnect(s->connection);
    bench_close(&s->bench);
}

void scene_run(struct scene *s, const char *sql)
{
    app->run(s->connection, sql);
}

int scene_enqueue(struct scene *s, const char *key, plain_request *request)
{
    int r = plain_run_in_worker(s->jobs, &Job, NULL, PLAIN_OPTIONS(.concurrency_key = key), request,
                                &s->err);

    must(r, s);
    return r;
}

void scene_enqueues(struct scene *s, const char *key)
{
    assert_int_equal(scene_enqueue(s, key, NULL), PLAIN_OK);
}

static void begin(struct scene *s)
{
    scene_run(s, app->begin);
    scene_run(s, "INSERT INTO app_user VALUES (1)");
}

static void assert_rows(struct scene *s, int users, int requests, int keys)
{
    assert_int_equal(bench_rows(&s->bench, "app_user"), users);
    assert_int_equal(bench_rows(&s->bench, "plainjobs_jobrequest"), requests);
    assert_int_equal(bench_rows(&s->bench, "plainjobs_jobkey"), keys);
}

void a_commit_enqueues(void **state)
{
    struct scene s;
    plain_request request;

    (void)state;
    scene_open(&s);
    begin(&s);
    assert_int_equal(scene_enqueue(&s, "k", &request), PLAIN_OK);
    scene_enqueues(&s, "");
    assert_rows(&s, 0, 0, 0); /* for everybody else */
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 2, 1);
    struct claim claim = bench_claim_one(&s.bench);
    assert_uuid_equal(claim.request_uuid, request.uuid);
    scene_close(&s);
}

void a_rollback_leaves_no_request_and_no_key(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    begin(&s);
    scene_enqueues(&s, "k");
    scene_enqueues(&s, "");
    scene_run(&s, "ROLLBACK");
    assert_rows(&s, 0, 0, 0);
    scene_enqueues(&s, "k");
    assert_rows(&s, 0, 1, 1);
    scene_close(&s);
}

void an_enqueue_outside_a_transaction_commits_itself(void **state)
{
    struct scene s;
    plain_request request;

    (void)state;
    scene_open(&s);
    scene_enqueues(&s, "k");
    assert_rows(&s, 0, 1, 1);
    assert_int_equal(scene_enqueue(&s, "k", &request), PLAIN_SKIPPED);
    begin(&s); /* no transaction was left open */
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 1, 1);
    scene_close(&s);
}

void a_held_key_leaves_the_transaction_usable(void **state)
{
    struct scene s;
    plain_request held, made;

    (void)state;
    scene_open(&s);
    assert_int_equal(scene_enqueue(&s, "before", &made), PLAIN_OK);
    begin(&s);
    assert_int_equal(scene_enqueue(&s, "before", &held), PLAIN_SKIPPED);
    assert_uuid_equal(held.holder, made.uuid);
    assert_int_equal(held.holder_state, PLAIN_HOLDER_PENDING);
    assert_int_equal(scene_enqueue(&s, "now", &made), PLAIN_OK);
    assert_int_equal(scene_enqueue(&s, "now", &held), PLAIN_SKIPPED);
    assert_uuid_equal(held.holder, made.uuid);
    scene_run(&s, "INSERT INTO app_user VALUES (2)");
    scene_run(&s, "COMMIT");
    assert_rows(&s, 2, 2, 2);
    scene_close(&s);
}

void a_savepoint_of_the_application_undoes_the_enqueue(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    begin(&s);
    scene_enqueues(&s, "outer");
    scene_run(&s, "SAVEPOINT inner_one");
    scene_enqueues(&s, "inner");
    scene_run(&s, "ROLLBACK TO SAVEPOINT inner_one");
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 1, 1);
    scene_enqueues(&s, "inner");
    scene_close(&s);
}

void a_refused_value_leaves_the_transaction_usable(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    begin(&s);
    assert_int_equal(
        plain_run_in_worker(s.jobs, &Job, NULL, PLAIN_OPTIONS(.delay_ms = -1), NULL, &s.err),
        PLAIN_E_INVALID);
    assert_string_equal(s.err.field, "delay_ms");
    assert_int_equal(plain_run_in_worker_json(s.jobs, &Job, "{\"no\": 1}", NULL, NULL, &s.err),
                     PLAIN_E_INVALID);
    scene_enqueues(&s, "");
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 1, 0);
    scene_close(&s);
}

void closing_the_handle_leaves_the_connection_open(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    begin(&s);
    scene_enqueues(&s, "k");
    plain_jobs_close(s.jobs);
    scene_run(&s, "INSERT INTO app_user VALUES (2)");
    must(app->adopt(s.connection, &s.jobs, &s.err), &s); /* in the middle of it */
    scene_enqueues(&s, "l");
    scene_run(&s, "COMMIT");
    assert_rows(&s, 2, 2, 2);
    scene_close(&s);
}

void adopting_without_tables_says_migrate(void **state)
{
    const char *url = conformance_fresh_url();
    plain_jobs *jobs = NULL;
    plain_error err;

    (void)state;
    void *connection = app->connect(url);
    app->run(connection, "CREATE TABLE app_user (id INTEGER)");
    app->run(connection, app->begin);
    app->run(connection, "INSERT INTO app_user VALUES (1)");
    assert_int_equal(app->adopt(connection, &jobs, &err), PLAIN_E_SCHEMA);
    assert_int_equal(err.pj, 302);
    assert_non_null(strstr(err.fix, "plain migrate"));
    assert_null(jobs);
    app->run(connection, "COMMIT");
    assert_int_equal(app->database->number(url, "SELECT count(*) FROM app_user"), 1);
    app->disconnect(connection);
}

void adopting_nothing_is_refused(void **state)
{
    plain_jobs *jobs = NULL;
    plain_error err;

    (void)state;
    assert_int_equal(app->adopt(NULL, &jobs, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "connection");
    assert_int_equal(err.pj, 308);
    assert_int_equal(app->adopt(NULL, &jobs, NULL), PLAIN_E_INVALID);
}

void a_child_is_told_that_it_forked(void **state)
{
    struct scene s;
    int status;

    (void)state;
    scene_open(&s);
    begin(&s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int r = plain_run_in_worker(s.jobs, &Job, NULL, NULL, NULL, &s.err);
        plain_jobs_close(s.jobs);
        harness_end_child(r == PLAIN_E_FORKED && s.err.pj == 701 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    scene_enqueues(&s, "k");
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 1, 1);
    scene_close(&s);
}

void a_repeated_uuid_in_a_transaction_is_one_job(void **state)
{
    struct scene s;
    plain_uuid uuid = uuid_new();

    (void)state;
    scene_open(&s);
    begin(&s);
    for (int i = 0; i < 3; i++)
        must(plain_run_in_worker(s.jobs, &Job, NULL,
                                 PLAIN_OPTIONS(.uuid = uuid, .concurrency_key = "k"), NULL, &s.err),
             &s);
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 1, 1);
    (void)bench_claim_one(&s.bench);
    must(plain_run_in_worker(s.jobs, &Job, NULL, PLAIN_OPTIONS(.uuid = uuid), NULL, &s.err), &s);
    assert_rows(&s, 1, 0, 1);
    scene_close(&s);
}

/* Adopts, enqueues one and two, and lets go. */
static int use_briefly(struct scene *s)
{
    const plain_item items[] = {{.size = sizeof(plain_item)}, {.size = sizeof(plain_item)}};
    plain_jobs *jobs = NULL;
    int r = app->adopt(s->connection, &jobs, &s->err);

    if (r == PLAIN_OK)
        r = plain_run_in_worker(jobs, &Job, NULL, PLAIN_OPTIONS(.concurrency_key = "k"), NULL,
                                &s->err);
    if (r >= 0)
        r = plain_run_many(jobs, &Job, items, 2, NULL, NULL, &s->err);
    plain_jobs_close(jobs);
    return r;
}

void memory_that_runs_out_leaves_the_transaction_usable(void **state)
{
    struct scene s;
    int r;

    (void)state;
    scene_open(&s);
    begin(&s);
    for (unsigned n = 0;; n++) {
        harness_fail_allocation(n);
        r = use_briefly(&s);
        if (!harness_allocation_failed())
            break;
        assert_int_equal(r, PLAIN_E_NOMEM);
        assert_false(s.err.transaction_aborted);
    }
    must(r, &s);
    scene_run(&s, "COMMIT");
    assert_rows(&s, 1, 3, 1);
    scene_close(&s);
}
