/* conformance_view.c - what people see: counts, lists, the life of a job; and retry by hand */
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/store/conformance.h"

static struct new_request request_of(const char *job_class, const char *queue)
{
    struct new_request r = request_default();

    r.job_class = job_class;
    r.queue = queue;
    return r;
}

/* Enqueues, claims and ends one job; returns its claim. */
static struct claim run_one(struct bench *b, const struct new_request *r, enum job_status status)
{
    const char *const queues[] = {r->queue, NULL};
    const char *const classes[] = {r->job_class, NULL};

    (void)bench_enqueue(b, r);
    struct cycle_result out = bench_claim_from(b, queues, classes, 1);
    assert_int_equal(out.claim_count, 1);
    struct job_end end = end_of(&out.claims[0], status);
    assert_int_equal(bench_end(b, &end), 1);
    return out.claims[0];
}

static void run_some(struct bench *b, const char *job_class, const char *queue,
                     enum job_status status, int count)
{
    for (int i = 0; i < count; i++) {
        struct new_request r = request_of(job_class, queue);
        (void)run_one(b, &r, status);
    }
}

void stats_equal_the_rows(void **state)
{
    struct store_stats stats;
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->stats(b.store, &stats, &b.err), PLAIN_OK);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(stats.by_status[JOB_SUCCESSFUL], 0);
    for (int status = 0; status < JOB_STATUS_COUNT; status++)
        run_some(&b, "Job", "default", (enum job_status)status, status + 1);
    for (int i = 0; i < 5; i++) {
        struct new_request r = request_default();
        (void)bench_enqueue(&b, &r);
    }
    assert_int_equal(bench_claim(&b, 2).claim_count, 2);
    assert_int_equal(b.store->ops->stats(b.store, &stats, &b.err), PLAIN_OK);
    assert_int_equal(stats.pending, 3);
    assert_int_equal(stats.processing, 2);
    for (int status = 0; status < JOB_STATUS_COUNT; status++)
        assert_int_equal(stats.by_status[status], status + 1);
    bench_close(&b);
}

void counters_are_kept_by_minute_and_class(void **state)
{
    static const char *const queues[] = {"default"};
    static const char *const classes[] = {"A", "B"};
    struct job_end ends[6];
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 6; i++) {
        struct new_request r = request_of(classes[i % 2], "default");
        (void)bench_enqueue(&b, &r);
    }
    const struct claim_wish wish = {queues, 1, classes, 2, bench_tokens(&b, 6), 6};
    struct cycle_result out = bench_cycle(&b, &(struct cycle){.wish = &wish});
    assert_int_equal(out.claim_count, 6);
    for (int i = 0; i < 6; i++) {
        ends[i] = end_of(&out.claims[i], i < 4 ? JOB_SUCCESSFUL : JOB_LOST);
        ends[i].ended_at = i < 2 ? 60 * (int64_t)US_PER_S - 1 : 60 * (int64_t)US_PER_S;
    }
    /* In two cycles, so that rows are both made and raised. */
    (void)bench_cycle(&b, &(struct cycle){.ends = ends, .end_count = 3});
    (void)bench_cycle(&b, &(struct cycle){.ends = ends + 3, .end_count = 3});
    assert_int_equal(bench_number(&b, "SELECT sum(n) FROM plainjobs_counter"), 6);
    assert_int_equal(bench_number(&b, "SELECT count(DISTINCT minute) FROM plainjobs_counter"), 2);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_counter"), 6);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_counter WHERE shard = 7"), 6);
    assert_int_equal(bench_number(&b, "SELECT sum(n) FROM plainjobs_counter"
                                      " WHERE job_class = 'A' AND status = 'SUCCESSFUL'"),
                     2);
    bench_close(&b);
}

void lists_page_by_id_newest_first(void **state)
{
    struct row_filter filter = {.limit = 3};
    struct bench b;
    plain_uuid uuids[7];
    size_t count, seen = 0;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
        struct new_request r = request_default();
        uuids[i] = bench_enqueue(&b, &r);
    }
    do {
        struct job_row *rows = bench_list(&b, TABLE_REQUEST, &filter, &count);
        for (size_t i = 0; i < count; i++, seen++)
            assert_uuid_equal(rows[i].request_uuid, uuids[ARRAY_SIZE(uuids) - 1 - seen]);
        if (count > 0)
            filter.before_id = rows[count - 1].id;
    } while (count == 3);
    assert_int_equal(seen, ARRAY_SIZE(uuids));
    assert_int_equal(count, 1);
    bench_close(&b);
}

static size_t count_listed(struct bench *b, enum job_table table, struct row_filter filter)
{
    size_t count;

    filter.limit = 100;
    struct job_row *rows = bench_list(b, table, &filter, &count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].table, table);
        if (filter.job_class)
            assert_string_equal(rows[i].job_class, filter.job_class);
        if (filter.queue)
            assert_string_equal(rows[i].queue, filter.queue);
    }
    return count;
}

void lists_filter_by_class_queue_and_status(void **state)
{
    static const char *const ab[] = {"A", "B", NULL};
    static const char *const x[] = {"x", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    run_some(&b, "A", "x", JOB_SUCCESSFUL, 3);
    run_some(&b, "A", "y", JOB_ERRORED, 2);
    run_some(&b, "B", "x", JOB_ERRORED, 1);
    for (int i = 0; i < 4; i++) {
        struct new_request r = request_of(i % 2 ? "A" : "B", "x");
        (void)bench_enqueue(&b, &r);
    }
    assert_int_equal(bench_claim_from(&b, x, ab, 1).claim_count, 1); /* the first, a B */

    const struct row_filter any = {0}, a = {.job_class = "A"},
                            b_x = {.job_class = "B", .queue = "x"};
    const struct row_filter errored = {.status = "ERRORED"};
    const struct row_filter a_errored = {.job_class = "A", .status = "ERRORED"};
    const struct row_filter successful = {.status = "SUCCESSFUL"}, nothing = {.queue = "z"};
    assert_int_equal(count_listed(&b, TABLE_REQUEST, any), 3);
    assert_int_equal(count_listed(&b, TABLE_REQUEST, a), 2);
    assert_int_equal(count_listed(&b, TABLE_REQUEST, b_x), 1);
    assert_int_equal(count_listed(&b, TABLE_PROCESS, a), 0);
    assert_int_equal(count_listed(&b, TABLE_PROCESS, b_x), 1);
    assert_int_equal(count_listed(&b, TABLE_RESULT, any), 6);
    assert_int_equal(count_listed(&b, TABLE_RESULT, errored), 3);
    assert_int_equal(count_listed(&b, TABLE_RESULT, a_errored), 2);
    assert_int_equal(count_listed(&b, TABLE_RESULT, successful), 3);
    assert_int_equal(count_listed(&b, TABLE_RESULT, nothing), 0);
    bench_close(&b);
}

static void assert_last(struct bench *b, const plain_uuid *uuid, size_t most,
                        const struct job_row *all, size_t length)
{
    struct job_row *rows = NULL;
    size_t count, expected = most < length ? most : length;

    assert_int_equal(b->store->ops->find(b->store, uuid, most, &b->arena, &rows, &count, &b->err),
                     PLAIN_OK);
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++)
        assert_uuid_equal(rows[i].request_uuid, all[length - expected + i].request_uuid);
}

static void assert_life(struct bench *b, const plain_uuid *uuid, const plain_uuid *requests,
                        size_t length)
{
    size_t count;
    struct job_row *rows = bench_find(b, uuid, &count);

    assert_int_equal(count, length);
    for (size_t i = 0; i < length; i++) {
        assert_uuid_equal(rows[i].request_uuid, requests[i]);
        assert_uuid_equal(rows[i].root_uuid, requests[0]);
        assert_int_equal(rows[i].run_no, (int)i + 1);
    }
    for (size_t most = 1; most <= length + 1; most++)
        assert_last(b, uuid, most, rows, length);
}

void finds_the_whole_life_by_any_uuid(void **state)
{
    struct new_request r = request_default();
    struct new_request bystander = request_default();
    plain_uuid requests[3], tokens[3];
    struct bench b;

    (void)state;
    bench_open(&b);
    requests[0] = bench_enqueue(&b, &r);
    bystander.delay_us = 3600 * (int64_t)US_PER_S;
    (void)bench_enqueue(&b, &bystander);
    for (int run = 0; run < 3; run++) {
        assert_life(&b, &requests[0], requests, (size_t)run + 1); /* pending */
        assert_life(&b, &requests[run], requests, (size_t)run + 1);
        struct claim c = bench_claim_one(&b);
        tokens[run] = c.token;
        for (int i = 0; i <= run; i++) {
            assert_life(&b, &requests[i], requests, (size_t)run + 1);
            assert_life(&b, &tokens[i], requests, (size_t)run + 1);
        }
        struct job_end end = end_of(&c, JOB_ERRORED);
        if (run < 2)
            end.successor = requests[run + 1] = uuid_new();
        assert_int_equal(bench_end(&b, &end), 1);
    }
    for (int i = 0; i < 3; i++) {
        assert_life(&b, &requests[i], requests, 3);
        assert_life(&b, &tokens[i], requests, 3);
    }
    bench_close(&b);
}

void finds_nothing_for_an_unknown_uuid(void **state)
{
    struct job_row *rows;
    struct bench b;
    plain_uuid unknown = uuid_new();
    size_t count;

    (void)state;
    bench_open(&b);
    run_some(&b, "Job", "default", JOB_SUCCESSFUL, 1);
    assert_int_equal(b.store->ops->find(b.store, &unknown, 0, &b.arena, &rows, &count, &b.err),
                     PLAIN_NONE);
    bench_close(&b);
}

static int retry(struct bench *b, const plain_uuid *token, plain_uuid *made, plain_request *out)
{
    *made = uuid_new();
    return b->store->ops->retry(b->store, token, made, "ada", out, &b->err);
}

void a_retry_by_hand_continues_the_job(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    plain_uuid made;
    struct bench b;
    size_t count;

    (void)state;
    r.concurrency_key = "k";
    r.priority = 5;
    r.retries = 1;
    bench_open(&b);
    struct claim c = run_one(&b, &r, JOB_ERRORED);
    assert_int_equal(retry(&b, &c.token, &made, &out), PLAIN_OK);
    assert_uuid_equal(out.uuid, made);

    struct job_row *request = bench_all(&b, TABLE_REQUEST, &count);
    assert_int_equal(count, 1);
    assert_uuid_equal(request->request_uuid, made);
    assert_uuid_equal(request->retry_of, c.token);
    assert_uuid_equal(request->root_uuid, r.uuid);
    assert_int_equal(request->retry_attempt, 1);
    assert_int_equal(request->run_no, 2);
    assert_int_equal(request->priority, r.priority);
    assert_int_equal(request->retries, r.retries);
    assert_true(request->start_at == STORE_NO_TIME);
    assert_string_equal(request->concurrency_key, "k");
    assert_uuid_equal(bench_all(&b, TABLE_RESULT, &count)->retry_request_uuid, made);
    assert_uuid_equal(bench_claim_one(&b).request_uuid, made);
    bench_close(&b);
}

void a_retry_by_hand_is_refused_twice(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    plain_uuid first, second;
    struct bench b;

    (void)state;
    bench_open(&b);
    struct claim c = run_one(&b, &r, JOB_SUCCESSFUL);
    assert_int_equal(retry(&b, &c.token, &first, &out), PLAIN_OK);
    assert_int_equal(retry(&b, &c.token, &second, &out), PLAIN_E_REFUSED);
    assert_int_equal(b.err.pj, 503);
    assert_uuid_equal(out.uuid, first);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

/* Purged, or deleted when it had ended: the attempt is the last one again. */
void a_retry_by_hand_continues_what_lost_its_end(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    plain_uuid made[3];
    struct bench b;
    int64_t purged;

    (void)state;
    bench_open(&b);
    struct claim first = run_one(&b, &r, JOB_ERRORED);
    assert_int_equal(retry(&b, &first.token, &made[0], &out), PLAIN_OK);
    assert_int_equal(b.store->ops->purge(b.store, "ada", &purged, &b.err), PLAIN_OK);
    assert_int_equal(retry(&b, &first.token, &made[1], &out), PLAIN_OK);
    assert_uuid_equal(out.uuid, made[1]);
    struct claim second = bench_claim_one(&b);
    assert_uuid_equal(second.request_uuid, made[1]);
    assert_int_equal(second.run_no, first.run_no + 1);
    assert_int_equal(retry(&b, &first.token, &made[2], &out), PLAIN_E_REFUSED); /* it runs */
    struct job_end end = end_of(&second, JOB_ERRORED);
    assert_int_equal(bench_end(&b, &end), 1);
    assert_int_equal(retry(&b, &first.token, &made[2], &out), PLAIN_E_REFUSED); /* it ended */
    assert_uuid_equal(out.uuid, made[1]);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobresult WHERE run_no = 2");
    assert_int_equal(retry(&b, &first.token, &made[2], &out), PLAIN_OK);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void a_retry_by_hand_of_a_held_key_is_skipped(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    plain_uuid made;
    struct bench b;
    size_t count;

    (void)state;
    r.concurrency_key = "k";
    bench_open(&b);
    struct claim c = run_one(&b, &r, JOB_ERRORED);
    r.uuid = uuid_new();
    (void)bench_enqueue(&b, &r);
    assert_int_equal(retry(&b, &c.token, &made, &out), PLAIN_SKIPPED);
    assert_uuid_equal(out.holder, r.uuid);
    assert_int_equal(out.holder_state, PLAIN_HOLDER_PENDING);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    struct job_row *result = bench_all(&b, TABLE_RESULT, &count);
    assert_true(uuid_is_zero(&result->retry_request_uuid));
    bench_close(&b);
}

void a_retry_by_hand_of_nothing_is_none(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    plain_uuid made, unknown = uuid_new();
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    assert_int_equal(retry(&b, &unknown, &made, &out), PLAIN_NONE);
    assert_int_equal(retry(&b, &c.token, &made, &out), PLAIN_NONE); /* it runs */
    assert_int_equal(retry(&b, &r.uuid, &made, &out), PLAIN_NONE);  /* no attempt */
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}
