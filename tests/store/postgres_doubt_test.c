/* postgres_doubt_test.c - a claim whose connection was lost before it was known to be committed */
#include <libpq-fe.h>

#include "base/uuid.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

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

/* A claim of the worker's id is under way when its token is given back, by it or under the next id.
 */
static void release_what_is_claimed_late(bool has_another_id)
{
    struct new_request r = request_default();
    const plain_uuid token = uuid_new();
    struct cycle_result out;
    struct bench b;

    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    const plain_uuid claimer = b.worker.id;
    PGconn *conn = begin_claim(&b, &token);
    if (has_another_id) {
        b.worker.id = uuid_new();
        bench_register(&b);
    }
    const struct cycle release = {
        .worker = &b.worker, .releases = &token, .release_count = 1, .in_doubt_of = &claimer};
    int early = b.store->ops->cycle(b.store, &release, &b.arena, &out, &b.err);
    assert_true(early < 0 && b.err.retryable); /* it is still under way */
    cluster_run(conn, "COMMIT");
    PQfinish(conn);
    assert_int_equal(bench_cycle(&b, &release).released, 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

static void what_was_claimed_late_is_released_all_the_same(void **state)
{
    (void)state;
    release_what_is_claimed_late(false);
}

static void the_id_that_claimed_is_waited_for(void **state)
{
    (void)state;
    release_what_is_claimed_late(true);
}

/* An application's transaction that cancels one of two claimed jobs, and stays open. */
static PGconn *open_with_a_lock(struct bench *b, struct claim claims[2])
{
    char uuid[PLAIN_UUID_TEXT], sql[256];

    bench_open(b);
    for (int i = 0; i < 2; i++) {
        struct new_request r = request_default();

        (void)bench_enqueue(b, &r);
        claims[i] = bench_claim_one(b);
    }
    PGconn *conn = PQconnectdb(b->url);
    cluster_run(conn, "BEGIN");
    (void)snprintf(sql, sizeof(sql), "SELECT plain_jobs_cancel('%s')",
                   plain_uuid_format(&claims[0].token, uuid));
    cluster_run(conn, sql);
    return conn;
}

static void a_locked_end_keeps_no_other_waiting(void **state)
{
    struct bench b;
    struct claim claims[2];
    PGconn *conn = open_with_a_lock(&b, claims);
    struct job_end ends[] = {end_of(&claims[0], JOB_ERRORED), end_of(&claims[1], JOB_ERRORED)};

    (void)state;
    ends[0].is_locked = ends[1].is_locked = true;
    const struct cycle cycle = {.ends = ends, .end_count = 2};
    struct cycle_result out = bench_cycle(&b, &cycle);
    assert_int_equal(out.ended, 1);
    assert_int_equal(out.undecided_count, 1);
    assert_uuid_equal(out.undecided[0], claims[0].token);
    cluster_run(conn, "COMMIT");
    PQfinish(conn);
    assert_int_equal(bench_cycle(&b, &cycle).ended, 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 2);
    bench_close(&b);
}

static void a_locked_claim_keeps_no_other_from_going_back(void **state)
{
    struct bench b;
    struct claim claims[2];
    PGconn *conn = open_with_a_lock(&b, claims);
    const plain_uuid tokens[] = {claims[0].token, claims[1].token};
    const struct cycle cycle = {.releases = tokens, .release_count = 2};

    (void)state;
    struct cycle_result out = bench_cycle(&b, &cycle);
    assert_int_equal(out.released, 1);
    assert_int_equal(out.kept_count, 1);
    assert_uuid_equal(out.kept[0], claims[0].token);
    cluster_run(conn, "COMMIT");
    PQfinish(conn);
    out = bench_cycle(&b, &cycle);
    assert_int_equal(out.released, 1);
    assert_int_equal(out.kept_count, 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 1); /* CANCELLED */
    bench_close(&b);
}

static void what_was_never_claimed_is_released_at_once(void **state)
{
    const plain_uuid token = uuid_new();
    struct bench b;
    (void)state;
    bench_open(&b);
    const struct cycle release = {
        .worker = &b.worker, .releases = &token, .release_count = 1, .in_doubt_of = &b.worker.id};
    assert_int_equal(bench_cycle(&b, &release).released, 0);
    bench_close(&b);
}

static size_t claim_by(struct bench *b, const plain_uuid *token, int64_t told)
{
    static const char *const names[] = {"default"}, *const classes[] = {"Job"};
    const struct claim_wish wish = {.queues = names,
                                    .queue_count = 1,
                                    .classes = classes,
                                    .class_count = 1,
                                    .tokens = token,
                                    .limit = 1};

    return bench_cycle(b, &(struct cycle){.wish = &wish, .told = told}).claim_count;
}

/* Its server process may have been anywhere in front of the claim when the connection was lost. */
static void what_was_released_in_doubt_is_not_claimed_any_more(void **state)
{
    (void)state;
    for (int is_told = 0; is_told < 2; is_told++) {
        struct new_request r = request_default();
        struct bench b;

        bench_open(&b);
        (void)bench_enqueue(&b, &r);
        int64_t told = is_told ? bench_number(&b, "SELECT id FROM plainjobs_jobrequest") : 0;
        const plain_uuid late = uuid_new();
        const struct cycle release = {.worker = &b.worker,
                                      .releases = &late,
                                      .release_count = 1,
                                      .in_doubt_of = &b.worker.id};
        assert_int_equal(bench_cycle(&b, &release).released, 0);
        assert_int_equal(claim_by(&b, &late, told), 0);
        const plain_uuid next = uuid_new();
        assert_int_equal(claim_by(&b, &next, told), 1);
        bench_close(&b);
    }
}

DATABASE_MAIN(&cluster_database, what_was_claimed_late_is_released_all_the_same,
              what_was_never_claimed_is_released_at_once,
              what_was_released_in_doubt_is_not_claimed_any_more, the_id_that_claimed_is_waited_for,
              a_locked_end_keeps_no_other_waiting, a_locked_claim_keeps_no_other_from_going_back)
