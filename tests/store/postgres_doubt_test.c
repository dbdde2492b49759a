/* postgres_doubt_test.c - a claim whose connection was lost before it was known to be committed */
#include <libpq-fe.h>

#include "base/uuid.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

static const struct conformance_database postgres = {cluster_fresh, cluster_number};

/* As a claim that waits for its commit: it holds what claims hold, and has moved the request. */
static PGconn *begin_claim(const struct bench *b, const plain_uuid *token)
{
    char worker[PLAIN_UUID_TEXT], attempt[PLAIN_UUID_TEXT], sql[1024];
    PGconn *conn = PQconnectdb(b->url);

    cluster_run(conn, "BEGIN");
    (void)snprintf(sql, sizeof(sql),
                   "SELECT 1 FROM plainjobs_workerheartbeat WHERE worker_id = '%s' FOR KEY SHARE",
                   plain_uuid_format(&b->worker.id, worker));
    cluster_run(conn, sql);
    (void)snprintf(sql, sizeof(sql),
                   "WITH r AS (DELETE FROM plainjobs_jobrequest RETURNING *)"
                   " INSERT INTO plainjobs_jobprocess (uuid, job_request_uuid, requested_at,"
                   " worker_id, job_class, parameters)"
                   " SELECT '%s', uuid, created_at, '%s', job_class, parameters FROM r",
                   plain_uuid_format(token, attempt), worker);
    cluster_run(conn, sql);
    return conn;
}

static void what_was_claimed_late_is_released_all_the_same(void **state)
{
    struct new_request r = request_default();
    const plain_uuid token = uuid_new();
    struct cycle_result out;
    struct bench b;
    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    const struct cycle release = {
        .worker = &b.worker, .releases = &token, .release_count = 1, .in_doubt = true};
    PGconn *conn = begin_claim(&b, &token);
    int early = b.store->ops->cycle(b.store, &release, &b.arena, &out, &b.err);
    assert_true(early < 0 && b.err.retryable); /* it is still under way */
    cluster_run(conn, "COMMIT");
    PQfinish(conn);
    assert_int_equal(bench_cycle(&b, &release).released, 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

static void what_was_never_claimed_is_released_at_once(void **state)
{
    const plain_uuid token = uuid_new();
    struct bench b;
    (void)state;
    bench_open(&b);
    const struct cycle release = {
        .worker = &b.worker, .releases = &token, .release_count = 1, .in_doubt = true};
    assert_int_equal(bench_cycle(&b, &release).released, 0);
    bench_close(&b);
}

DATABASE_MAIN(&postgres, what_was_claimed_late_is_released_all_the_same,
              what_was_never_claimed_is_released_at_once)
