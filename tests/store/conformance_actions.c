/* conformance_actions.c - what plain/jobs/operators.h promises */
#include <stdio.h>
#include <string.h>

#include <plain/jobs/operators.h>

#include "base/uuid.h"
#include "tests/store/conformance_audit.h"

static plain_jobs *open_jobs(struct bench *b)
{
    plain_jobs *jobs = NULL;

    bench_open(b);
    if (plain_jobs_open(b->url, &jobs, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return jobs;
}

static void close_jobs(struct bench *b, plain_jobs *jobs)
{
    plain_jobs_close(jobs);
    bench_close(b);
}

static void enqueue(struct bench *b, const char *queue)
{
    struct new_request r = request_default();

    r.queue = queue;
    (void)bench_enqueue(b, &r);
}

static size_t claimed(struct bench *b)
{
    static const char *const queues[] = {"mail", "slow", NULL}, *const classes[] = {"Job", NULL};

    return bench_claim_from(b, queues, classes, 1).claim_count;
}

void queues_and_classes_are_paused_in_c(void **state)
{
    struct bench b;
    plain_jobs *jobs = open_jobs(&b);
    size_t count;

    (void)state;
    enqueue(&b, "mail");
    assert_int_equal(plain_jobs_pause_queue(jobs, "mail", "SES is down", "ada", &b.err), PLAIN_OK);
    assert_int_equal(plain_jobs_pause_queue(jobs, "mail", NULL, "bob", &b.err), PLAIN_NONE);
    assert_int_equal(claimed(&b), 0);
    assert_int_equal(plain_jobs_resume_queue(jobs, "mail", NULL, &b.err), PLAIN_OK);
    assert_int_equal(plain_jobs_resume_queue(jobs, "mail", "ada", &b.err), PLAIN_NONE);
    assert_int_equal(claimed(&b), 1);
    enqueue(&b, "slow");
    assert_int_equal(plain_jobs_pause_class(jobs, "Job", NULL, NULL, &b.err), PLAIN_OK);
    assert_int_equal(claimed(&b), 0);
    assert_int_equal(plain_jobs_resume_class(jobs, "Job", "ada", &b.err), PLAIN_OK);
    assert_int_equal(claimed(&b), 1);
    assert_int_equal(plain_jobs_pause_queue(jobs, "sl*", NULL, "ada", &b.err), PLAIN_OK);
    assert_int_equal(plain_jobs_resume_queue(jobs, "slow", "ada", &b.err), PLAIN_E_REFUSED);
    assert_int_equal(b.err.pj, 206);
    assert_non_null(strstr(b.err.message, "sl*"));
    struct audit_row *rows = audit_rows(&b, NULL, &count);
    assert_int_equal(count, 5);
    assert_string_equal(rows[4].actor, "ada");
    assert_string_equal(rows[4].detail, "SES is down");
    assert_string_equal(rows[3].action, "queue.resume");
    assert_string_equal(rows[3].actor, "");
    close_jobs(&b, jobs);
}

void workers_are_asked_in_c(void **state)
{
    enum worker_wish wish;
    struct bench b, other;
    plain_jobs *jobs = open_jobs(&b);
    char id[PLAIN_UUID_TEXT], place[300];
    plain_uuid meant = {{0}};

    (void)state;
    const struct store_ops *ops = b.store->ops;
    (void)plain_uuid_format(&b.worker.id, id);
    (void)snprintf(place, sizeof(place), "%s:%d", b.worker.host, b.worker.pid);
    assert_int_equal(plain_jobs_quiet_worker(jobs, place, "ada", &meant, &b.err), PLAIN_OK);
    assert_uuid_equal(meant, b.worker.id);
    assert_int_equal(ops->wish_of_worker(b.store, &meant, &wish, &b.err), PLAIN_OK);
    assert_int_equal(wish, WISH_QUIET);
    assert_int_equal(plain_jobs_stop_worker(jobs, id + strlen(id) - 12, "ada", NULL, &b.err), 0);
    assert_int_equal(ops->wish_of_worker(b.store, &meant, &wish, &b.err), PLAIN_OK);
    assert_int_equal(wish, WISH_STOP);
    bench_join(&other, &b); /* of the same host and pid */
    assert_int_equal(plain_jobs_stop_worker(jobs, place, "ada", NULL, &b.err), PLAIN_E_INVALID);
    assert_int_equal(b.err.pj, 201);
    assert_int_equal(plain_jobs_stop_worker(jobs, id, "ada", &meant, &b.err), PLAIN_OK);
    (void)bench_number(&b, "DELETE FROM plainjobs_workerheartbeat");
    assert_int_equal(plain_jobs_stop_worker(jobs, id, "ada", &meant, &b.err), PLAIN_E_NOT_FOUND);
    assert_int_equal(b.err.pj, 205);
    bench_close(&other);
    close_jobs(&b, jobs);
}

void jobs_are_deleted_in_c(void **state)
{
    struct new_request r = request_default(), second = request_default();
    struct bench b;
    plain_jobs *jobs = open_jobs(&b);
    bool running = true;

    (void)state;
    (void)bench_enqueue(&b, &r);
    assert_int_equal(plain_jobs_delete(jobs, &r.uuid, "ada", &running, &b.err), PLAIN_OK);
    assert_false(running);
    assert_int_equal(plain_jobs_delete(jobs, &r.uuid, "ada", NULL, &b.err), PLAIN_E_NOT_FOUND);
    assert_int_equal(b.err.pj, 502);
    (void)bench_enqueue(&b, &second);
    struct claim claim = bench_claim_one(&b);
    assert_int_equal(plain_jobs_delete(jobs, &claim.token, NULL, &running, &b.err), PLAIN_OK);
    assert_true(running);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 1);
    close_jobs(&b, jobs);
}

void jobs_are_retried_in_c(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    plain_jobs *jobs = open_jobs(&b);
    plain_uuid unknown = uuid_new();
    plain_request request;

    (void)state;
    r.concurrency_key = "key";
    (void)bench_enqueue(&b, &r);
    memset(&request, 0xA5, sizeof(request));
    assert_int_equal(plain_jobs_retry(jobs, &r.uuid, "ada", &request, &b.err), PLAIN_E_REFUSED);
    assert_int_equal(b.err.pj, 503);
    assert_true(uuid_is_zero(&request.uuid));
    struct claim claim = bench_claim_one(&b);
    assert_int_equal(plain_jobs_retry(jobs, &claim.token, "ada", NULL, &b.err), PLAIN_E_REFUSED);
    struct job_end end = end_of(&claim, JOB_ERRORED);
    (void)bench_end(&b, &end);
    struct new_request holder = request_default();
    holder.concurrency_key = "key";
    (void)bench_enqueue(&b, &holder);
    assert_int_equal(plain_jobs_retry(jobs, &r.uuid, "ada", &request, &b.err), PLAIN_SKIPPED);
    assert_uuid_equal(request.holder, holder.uuid);
    assert_int_equal(plain_jobs_delete(jobs, &holder.uuid, "ada", NULL, &b.err), PLAIN_OK);
    assert_int_equal(plain_jobs_retry(jobs, &r.uuid, NULL, &request, &b.err), PLAIN_OK);
    assert_false(uuid_is_zero(&request.uuid));
    assert_int_equal(plain_jobs_retry(jobs, &claim.token, "ada", NULL, &b.err), PLAIN_E_REFUSED);
    assert_int_equal(plain_jobs_retry(jobs, &unknown, "ada", NULL, &b.err), PLAIN_E_NOT_FOUND);
    assert_int_equal(b.err.pj, 502);
    close_jobs(&b, jobs);
}

static void assert_refused(struct bench *b, int r, int pj, const char *field)
{
    assert_int_equal(r, PLAIN_E_INVALID);
    assert_int_equal(b->err.pj, pj);
    assert_string_equal(b->err.field, field);
}

void bad_input_is_refused_in_c(void **state)
{
    struct bench b;
    plain_jobs *jobs = open_jobs(&b);
    plain_error *err = &b.err;
    plain_uuid uuid = uuid_new();
    char longer[300];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_refused(&b, plain_jobs_pause_queue(jobs, NULL, NULL, NULL, err), 105, "queue");
    assert_refused(&b, plain_jobs_pause_queue(jobs, "", NULL, NULL, err), 105, "queue");
    assert_refused(&b, plain_jobs_pause_queue(jobs, "a*b", NULL, NULL, err), 201, "queue");
    assert_refused(&b, plain_jobs_pause_queue(jobs, "a", "b\nc", NULL, err), 105, "reason");
    assert_refused(&b, plain_jobs_pause_queue(jobs, "a", longer, NULL, err), 105, "reason");
    assert_refused(&b, plain_jobs_pause_queue(jobs, "a", NULL, "b\x01", err), 105, "by");
    assert_refused(&b, plain_jobs_pause_class(jobs, NULL, NULL, NULL, err), 105, "job_class");
    assert_refused(&b, plain_jobs_pause_class(jobs, longer, NULL, NULL, err), 105, "job_class");
    assert_refused(&b, plain_jobs_resume_queue(jobs, "*a", NULL, err), 201, "queue");
    assert_refused(&b, plain_jobs_resume_queue(jobs, "a", longer, err), 105, "by");
    assert_refused(&b, plain_jobs_resume_class(jobs, "", NULL, err), 105, "job_class");
    assert_refused(&b, plain_jobs_quiet_worker(jobs, NULL, NULL, NULL, err), 105, "worker");
    assert_refused(&b, plain_jobs_stop_worker(jobs, "a", "\xff", NULL, err), 105, "by");
    assert_refused(&b, plain_jobs_delete(jobs, NULL, NULL, NULL, err), 105, "uuid");
    assert_refused(&b, plain_jobs_retry(jobs, NULL, NULL, NULL, err), 105, "uuid");
    assert_refused(&b, plain_jobs_retry(jobs, &uuid, longer, NULL, err), 105, "by");
    assert_refused(&b, plain_jobs_delete(jobs, &uuid, "a\tb", NULL, err), 105, "by");
    assert_int_equal(plain_jobs_delete(NULL, &uuid, NULL, NULL, err), PLAIN_E_INVALID);
    assert_int_equal(plain_jobs_stop_worker(jobs, "", NULL, NULL, err), PLAIN_E_NOT_FOUND);
    assert_int_equal(bench_rows(&b, "plainjobs_pause"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_audit"), 0);
    close_jobs(&b, jobs);
}

void audit_delete_adopted(struct bench *b, const plain_uuid *uuid, plain_jobs *jobs,
                          void (*run)(void *connection, const char *sql), void *connection)
{
    static const char *const ends[] = {"ROLLBACK", "COMMIT"};

    for (int committed = 0; committed < 2; committed++) {
        run(connection, "BEGIN");
        assert_int_equal(plain_jobs_delete(jobs, uuid, "ada", NULL, &b->err), PLAIN_OK);
        run(connection, ends[committed]);
        assert_int_equal(bench_rows(b, "plainjobs_jobrequest"), 1 - committed);
        assert_int_equal(bench_rows(b, "plainjobs_audit"), committed);
    }
    plain_jobs_close(jobs);
}
