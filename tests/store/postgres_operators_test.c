/* postgres_operators_test.c - queues, pauses and workers on PostgreSQL */
#include <pthread.h>
#include <stdatomic.h>

#include <libpq-fe.h>

#include "tests/store/cluster.h"
#include "tests/store/conformance_operators.h"

static void *claim_one(void *bench)
{
    static struct cycle_result out;

    out = bench_claim(bench, 1);
    return &out;
}

/* A claim that begins while a pause is not committed yet has no job of it. */
static void a_claim_waits_for_a_pause_that_is_being_made(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    pthread_t thread;
    void *result;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    PGconn *conn = PQconnectdb(b.url);
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    cluster_run(conn, "BEGIN");
    cluster_run(conn, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'default')");
    assert_int_equal(pthread_create(&thread, NULL, claim_one, &b), 0);
    cluster_await_lock(b.url);
    cluster_run(conn, "COMMIT");
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_int_equal(((struct cycle_result *)result)->claim_count, 0);
    PQfinish(conn);
    bench_close(&b);
}

/* Whoever waits is told, whatever its queues are. */
static void resuming_wakes_workers(void **state)
{
    bool is_new;
    struct bench b;

    (void)state;
    bench_open(&b);
    const struct pause pause = {.kind = PAUSE_QUEUE, .name = "mail", .reason = "", .by = ""};
    assert_int_equal(b.store->ops->pause(b.store, &pause, &is_new, &b.err), PLAIN_OK);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "LISTEN plainjobs_wake");
    assert_int_equal(b.store->ops->resume(b.store, PAUSE_QUEUE, "mail", "", &b.err), PLAIN_OK);
    cluster_run(conn, "SELECT 1");
    PGnotify *told = PQnotifies(conn);
    assert_non_null(told);
    assert_string_equal(told->extra, "public ");
    PQfreemem(told);
    PQfinish(conn);
    bench_close(&b);
}

OPERATORS_MAIN(&cluster_database, resuming_wakes_workers,
               a_claim_waits_for_a_pause_that_is_being_made)
