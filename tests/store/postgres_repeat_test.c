/*
 * postgres_repeat_test.c - calls that are repeated while the first one is on its way to its commit
 *
 * The first call is another session here, which is held in the middle of its transaction.
 */
#include <pthread.h>
#include <stdio.h>

#include "base/uuid.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

enum { SQL_SIZE = 1024 };

/* A request whose job is claimed before the repetition gets any further: between its look and its
 * INSERT. */
struct repetition {
    struct bench *bench;
    struct new_request request;
    plain_request out;
    int result;
    int (*enqueue)(struct repetition *r);
};

static int enqueue_alone(struct repetition *r)
{
    return store_postgres.enqueue(r->bench->store, &r->request, &r->out, &r->bench->err);
}

static int enqueue_as_many(struct repetition *r)
{
    struct bench_source s;

    bench_source_open(&s, 1);
    s.requests[0] = r->request;
    int result = bench_source_run(&s, r->bench);
    r->out = s.out[0];
    bench_source_close(&s);
    return result;
}

static int admit(struct store_tx *tx, void *user)
{
    (void)tx;
    (void)user;
    return 1;
}

static int enqueue_by_rule(struct repetition *r)
{
    return store_postgres.enqueue_ruled(r->bench->store, &r->request, "lock", admit, NULL, &r->out,
                                        &r->bench->err);
}

static void *repeat_call(void *user)
{
    struct repetition *r = user;

    r->result = r->enqueue(r);
    return NULL;
}

/* The first call and the claim are one transaction. */
static void enqueue_and_claim(PGconn *conn, const struct new_request *r)
{
    char text[PLAIN_UUID_TEXT], sql[SQL_SIZE];

    (void)plain_uuid_format(&r->uuid, text);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO plainjobs_jobrequest (uuid, job_class, concurrency_key)"
                   " VALUES ('%s', '%s', '%s')",
                   text, r->job_class, r->concurrency_key);
    cluster_run(conn, sql);
    cluster_run(conn, "INSERT INTO plainjobs_jobprocess"
                      " (job_request_uuid, worker_id, job_class, concurrency_key)"
                      " SELECT uuid, uuid, job_class, concurrency_key FROM plainjobs_jobrequest");
    cluster_run(conn, "DELETE FROM plainjobs_jobrequest");
}

static void assert_one_job_when_repeated(int (*enqueue)(struct repetition *r), const char *key)
{
    struct bench b;
    struct repetition r = {.bench = &b, .request = request_default(), .enqueue = enqueue};
    pthread_t thread;

    r.request.concurrency_key = key;
    r.request.may_exist = true;
    bench_open(&b);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN");
    enqueue_and_claim(conn, &r.request);
    assert_int_equal(pthread_create(&thread, NULL, repeat_call, &r), 0);
    cluster_await_lock(b.url);
    cluster_run(conn, "COMMIT");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(r.result, PLAIN_OK);
    assert_uuid_equal(r.out.uuid, r.request.uuid);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), *key ? 1 : 0);
    PQfinish(conn);
    bench_close(&b);
}

static void a_uuid_that_is_claimed_between_look_and_insert_is_one_job(void **state)
{
    (void)state;
    assert_one_job_when_repeated(enqueue_alone, "");
    assert_one_job_when_repeated(enqueue_as_many, "");
    assert_one_job_when_repeated(enqueue_by_rule, "");
}

/* Its key is held then: by that job itself. */
static void a_keyed_uuid_that_is_claimed_between_look_and_insert_is_one_job(void **state)
{
    (void)state;
    assert_one_job_when_repeated(enqueue_alone, "k");
    assert_one_job_when_repeated(enqueue_as_many, "k");
}

struct second_retry {
    struct bench *bench;
    plain_uuid token;
    plain_request out;
    int result;
};

static void *retry_too(void *user)
{
    const plain_uuid fresh = uuid_new();
    struct second_retry *r = user;

    r->result =
        store_postgres.retry(r->bench->store, &r->token, &fresh, "", &r->out, &r->bench->err);
    return NULL;
}

/* What the first one makes is not in the snapshot of the second, which waits for it. */
static void two_retries_at_once_are_one(void **state)
{
    static const char link_sql[] =
        "WITH made AS (INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job') RETURNING uuid)"
        " UPDATE plainjobs_jobresult SET retry_job_request_uuid = made.uuid FROM made";
    struct new_request r = request_default();
    pthread_t thread;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    struct job_end end = end_of(&c, JOB_ERRORED);
    assert_int_equal(bench_end(&b, &end), 1);
    struct second_retry second = {.bench = &b, .token = c.token};
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN");
    cluster_run(conn, link_sql);
    assert_int_equal(pthread_create(&thread, NULL, retry_too, &second), 0);
    cluster_await_lock(b.url);
    cluster_run(conn, "COMMIT");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(second.result, PLAIN_E_REFUSED);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    PQfinish(conn);
    bench_close(&b);
}

DATABASE_MAIN(&cluster_database, a_uuid_that_is_claimed_between_look_and_insert_is_one_job,
              a_keyed_uuid_that_is_claimed_between_look_and_insert_is_one_job,
              two_retries_at_once_are_one)
