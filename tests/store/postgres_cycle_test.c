/* postgres_cycle_test.c - what a cycle claims on PostgreSQL, and the statements that end attempts
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

/*
 * The moving lower bound.
 */

/* A row that comes in before the bound is found when the bound is forgotten, in 100 ms at most. */
static void a_row_before_the_bound_is_found_soon(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 10; i++) {
        r.uuid = uuid_new();
        (void)bench_enqueue(&b, &r);
    }
    assert_int_equal(bench_claim(&b, 2).claim_count, 2);
    r.uuid = uuid_new();
    r.start_at = US_PER_S; /* due before all of them */
    (void)bench_enqueue(&b, &r);
    (void)usleep(110 * US_PER_MS);
    struct claim first = bench_claim(&b, 2).claims[0];
    assert_uuid_equal(first.request_uuid, r.uuid);
    bench_close(&b);
}

/* Ten requests of one statement: they are due at the same moment. The first one's id. */
static int64_t enqueue_ten(struct bench *b)
{
    struct bench_source s;

    bench_source_open(&s, 10);
    assert_int_equal(bench_source_run(&s, b), PLAIN_OK);
    bench_source_close(&s);
    return bench_number(b, "SELECT min(id) FROM plainjobs_jobrequest");
}

static void assert_two_claimed(struct bench *b, size_t ahead, int64_t id, int64_t other_id)
{
    static const char *const names[] = {"default"}, *const classes[] = {"Job"};
    const struct claim_wish wish = {names, 1, classes, 1, bench_tokens(b, 2), 2};
    struct cycle_result out = bench_cycle(b, &(struct cycle){.wish = &wish, .ahead = ahead});

    assert_int_equal(out.claim_count, id > 0 ? 2 : 0);
    if (id > 0) {
        assert_int_equal(out.claims[0].id, id);
        assert_int_equal(out.claims[1].id, other_id);
    }
}

static int64_t stopped_us;

static int64_t read_stopped(void)
{
    return stopped_us;
}

/* What another claim may be taking is left to it, and found when it was not taken. Time stands
 * still, so that no bound grows old. */
static void a_claim_begins_behind_one_that_is_under_way(void **state)
{
    static const struct clock_source stopped = {.wall_us = read_stopped, .mono_us = read_stopped};
    struct bench b;

    (void)state;
    bench_open(&b);
    int64_t first = enqueue_ten(&b);
    stopped_us = clock_wall_us();
    clock_set_source(&stopped);
    assert_two_claimed(&b, 3, first, first + 1); /* from the top there is nothing behind */
    assert_two_claimed(&b, 3, first + 5, first + 6);
    assert_two_claimed(&b, 3, 0, 0);
    assert_two_claimed(&b, 0, first + 2, first + 3);
    assert_two_claimed(&b, 0, first + 4, first + 7);
    assert_two_claimed(&b, 0, first + 8, first + 9);
    clock_set_source(NULL);
    bench_close(&b);
}

static void a_higher_priority_passes_the_bound_at_once(void **state)
{
    static const int priorities[] = {5, 5, 5, 5, -3, -3, -7, INT16_MIN, 9, INT16_MAX};
    static const int expected[] = {INT16_MAX, 9, 5, 5, 5, 5, -3, -3, -7, INT16_MIN};
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(priorities); i++) {
        r.uuid = uuid_new();
        r.priority = priorities[i];
        (void)bench_enqueue(&b, &r);
    }
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_int_equal(bench_claim_one(&b).priority, expected[i]);
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    bench_close(&b);
}

/*
 * Two statements that end attempts.
 */

/* One for plain successes, one for all: what they write of a success is the same. */
static void a_success_is_recorded_alike_beside_a_failure(void **state)
{
    static const char kinds[] =
        "SELECT count(DISTINCT to_jsonb(t) - '{id,uuid,created_at,requested_at,job_process_uuid,"
        "job_request_uuid,root_uuid}'::text[]) FROM plainjobs_jobresult t"
        " WHERE status = 'SUCCESSFUL' AND worker_host IS NOT NULL AND root_uuid = job_request_uuid"
        " AND uuid = job_process_uuid";
    struct new_request r = request_default();
    struct job_end ends[3];
    struct bench b;

    (void)state;
    bench_open(&b);
    r.priority = 3;
    r.retries = 9;
    r.source = "here";
    r.timeout_ms = 5000;
    for (int i = 0; i < 3; i++) {
        r.uuid = uuid_new();
        (void)bench_enqueue(&b, &r);
    }
    struct cycle_result claimed = bench_claim(&b, 3);
    assert_int_equal(claimed.claim_count, 3);
    for (int i = 0; i < 3; i++) {
        ends[i] = end_of(&claimed.claims[i], i == 2 ? JOB_ERRORED : JOB_SUCCESSFUL);
        ends[i].started_at = ends[0].started_at;
        ends[i].ended_at = ends[0].ended_at;
        ends[i].runner_pid = 4712;
        ends[i].cpu_us = 12;
        ends[i].max_rss_kb = 3456;
    }
    assert_int_equal(bench_end(&b, &ends[0]), 1);
    assert_int_equal(bench_cycle(&b, &(struct cycle){.ends = ends + 1, .end_count = 2}).ended, 2);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult"), 3);
    assert_int_equal(bench_number(&b, "SELECT sum(n) FROM plainjobs_counter"), 3);
    assert_int_equal(bench_number(&b, kinds), 1);
    bench_close(&b);
}

DATABASE_MAIN(&cluster_database, a_row_before_the_bound_is_found_soon,
              a_claim_begins_behind_one_that_is_under_way,
              a_higher_priority_passes_the_bound_at_once,
              a_success_is_recorded_alike_beside_a_failure)
