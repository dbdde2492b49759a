/* conformance_keeping.c - deleting what is old or unwanted, and the figures that tell of it */
#include "tests/store/conformance_keeping.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

static const char *const queues[] = {"default", NULL};
static const char *const classes[] = {"Job", NULL};

static int64_t clear_slice(struct bench *b, int64_t before)
{
    int64_t deleted = -1;

    if (b->store->ops->clear(b->store, before, STORE_SLICE, &deleted, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return deleted;
}

static int64_t clear_all(struct bench *b, int64_t before)
{
    int64_t sum = 0, deleted = STORE_SLICE;

    while (deleted == STORE_SLICE) {
        deleted = clear_slice(b, before);
        sum += deleted;
    }
    return sum;
}

static int64_t purge(struct bench *b)
{
    int64_t requests = -1;

    if (b->store->ops->purge(b->store, "ada", &requests, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return requests;
}

static int64_t now_of(struct bench *b)
{
    int64_t us = 0;

    assert_int_equal(b->store->ops->now(b->store, &us, &b->err), PLAIN_OK);
    return us;
}

static void enqueue_some(struct bench *b, int count, const char *queue)
{
    for (int i = 0; i < count; i++) {
        struct new_request r = request_default();

        r.queue = queue;
        (void)bench_enqueue(b, &r);
    }
}

/* Ends what is due in "default", at most a thousand, each with this status. */
static size_t end_some(struct bench *b, size_t limit, enum job_status status)
{
    struct cycle_result out = bench_claim_from(b, queues, classes, limit);
    struct job_end *ends = arena_array(&b->arena, out.claim_count + 1, sizeof(*ends));

    assert_non_null(ends);
    for (size_t i = 0; i < out.claim_count; i++)
        ends[i] = end_of(&out.claims[i], status);
    (void)bench_cycle(b, &(struct cycle){.ends = ends, .end_count = out.claim_count});
    return out.claim_count;
}

/* In one statement: a thousand commits take their time. */
static void enqueue_many(struct bench *b, int count)
{
    char sql[256];

    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                   " INSERT INTO plainjobs_jobrequest (job_class) SELECT 'Job' FROM n",
                   count);
    (void)bench_number(b, sql);
}

/* Results that are recorded now. */
static void make_results(struct bench *b, int count)
{
    enum { AT_ONCE = 1000 };
    size_t ended = 0;

    enqueue_many(b, count);
    while (ended < (size_t)count) {
        size_t some = end_some(b, AT_ONCE, JOB_SUCCESSFUL);

        assert_int_not_equal(some, 0);
        ended += some;
    }
    assert_int_equal(ended, count);
}

void clears_the_oldest_first_in_slices(void **state)
{
    enum { ROWS = 1230 };
    struct bench b;

    (void)state;
    bench_open(&b);
    make_results(&b, ROWS);
    int64_t before = now_of(&b) + US_PER_S;
    int64_t oldest = bench_number(&b, "SELECT min(id) FROM plainjobs_jobresult");
    for (int slice = 1; slice <= 2; slice++) {
        assert_int_equal(clear_slice(&b, before), STORE_SLICE);
        assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), ROWS - slice * STORE_SLICE);
        assert_int_equal(bench_number(&b, "SELECT min(id) FROM plainjobs_jobresult"),
                         oldest + (int64_t)slice * STORE_SLICE);
    }
    assert_int_equal(clear_slice(&b, before), ROWS - 2 * STORE_SLICE);
    assert_int_equal(clear_slice(&b, before), 0);
    bench_close(&b);
}

void clears_exactly_what_was_created_before(void **state)
{
    struct row_filter filter = {.limit = 10};
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    make_results(&b, 3);
    int64_t before = now_of(&b);
    while (now_of(&b) == before)
        continue;
    before = now_of(&b);
    make_results(&b, 2);
    assert_int_equal(clear_all(&b, before), 3);
    (void)bench_list(&b, TABLE_RESULT, &filter, &count);
    assert_int_equal(count, 2);
    /* By when they were recorded, whatever the times of the attempt say. */
    assert_int_equal(clear_all(&b, before), 0);
    bench_close(&b);
}

void clears_nothing_of_an_empty_database(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(clear_slice(&b, now_of(&b)), 0);
    assert_int_equal(purge(&b), 0);
    bench_close(&b);
}

/* 10,000 results are 20 transactions: who writes waits for one of them at most. */
void others_write_between_the_slices(void **state)
{
    enum { ROWS = 10000 };
    struct bench b, other;
    int slices = 0;
    int64_t deleted = STORE_SLICE;

    (void)state;
    bench_open(&b);
    bench_join(&other, &b);
    make_results(&b, ROWS);
    int64_t before = now_of(&b);
    while (deleted == STORE_SLICE) {
        deleted = clear_slice(&b, before);
        slices++;
        enqueue_some(&other, 1, "default");
        assert_int_equal(end_some(&other, 1, JOB_SUCCESSFUL), 1);
        assert_int_equal(bench_rows(&b, "plainjobs_jobresult"),
                         ROWS - (slices < 20 ? slices : 20) * STORE_SLICE + slices);
    }
    assert_int_equal(slices, ROWS / STORE_SLICE + 1);
    bench_close(&other);
    bench_close(&b);
}

static void assert_counts_equal_rows(struct bench *b)
{
    struct store_stats stats;
    char sql[128];

    assert_int_equal(b->store->ops->stats(b->store, &stats, &b->err), PLAIN_OK);
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM plainjobs_jobresult WHERE status = '%s'",
                       job_status_names[i]);
        assert_int_equal(stats.by_status[i], bench_number(b, sql));
    }
    assert_int_equal(stats.pending, bench_rows(b, "plainjobs_jobrequest"));
    assert_int_equal(stats.processing, bench_rows(b, "plainjobs_jobprocess"));
}

void a_cleared_result_leaves_the_counts(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int status = 0; status < JOB_STATUS_COUNT; status++) {
        enqueue_many(&b, 300);
        assert_int_equal(end_some(&b, 300, (enum job_status)status), 300);
    }
    (void)clear_slice(&b, now_of(&b) + US_PER_S);
    assert_counts_equal_rows(&b);
    assert_int_equal(bench_number(&b, "SELECT sum(n_removed) FROM plainjobs_counter"), STORE_SLICE);
    assert_int_equal(bench_number(&b, "SELECT sum(n) FROM plainjobs_counter"),
                     300 * JOB_STATUS_COUNT);
    (void)clear_all(&b, now_of(&b) + US_PER_S);
    assert_counts_equal_rows(&b);
    bench_close(&b);
}

/* Such as the Python package writes, which keeps no counters. */
void a_result_that_nobody_counted_is_not_taken_off(void **state)
{
    struct store_stats stats;
    struct bench b;

    (void)state;
    bench_open(&b);
    make_results(&b, 2);
    (void)bench_number(&b, "UPDATE plainjobs_jobresult SET worker_id = NULL"
                           " WHERE id = (SELECT min(id) FROM plainjobs_jobresult)");
    assert_int_equal(clear_all(&b, now_of(&b) + US_PER_S), 2);
    assert_int_equal(b.store->ops->stats(b.store, &stats, &b.err), PLAIN_OK);
    assert_int_equal(stats.by_status[JOB_SUCCESSFUL], 1);
    bench_close(&b);
}

/* A step of a history; seed decides what it is. */
static void random_step(struct bench *b, unsigned *seed)
{
    static const char *const removals[] = {
        "DELETE FROM plainjobs_jobresult WHERE id % 3 = 0",
        "DELETE FROM plainjobs_jobresult WHERE status = 'LOST'",
    };

    *seed = *seed * 1103515245u + 12345u;
    unsigned choice = *seed >> 16;
    switch (choice % 8) {
    case 0:
    case 1:
        enqueue_some(b, (int)(choice / 8 % 7), "default");
        break;
    case 2:
        (void)bench_claim(b, choice / 8 % 4);
        break;
    case 3:
        (void)clear_slice(b, now_of(b) - (int64_t)(choice / 8 % 5) * US_PER_MS);
        break;
    case 4:
        (void)bench_number(b, removals[choice / 8 % ARRAY_SIZE(removals)]);
        break;
    default:
        (void)end_some(b, 1 + choice / 8 % 5, (enum job_status)(choice / 64 % JOB_STATUS_COUNT));
    }
}

void counts_equal_the_rows_after_random_histories(void **state)
{
    enum { HISTORIES = 3, STEPS = 60 };

    (void)state;
    for (unsigned history = 1; history <= HISTORIES; history++) {
        unsigned seed = history;
        struct bench b;

        bench_open(&b);
        for (int i = 0; i < STEPS; i++) {
            random_step(&b, &seed);
            if (i % 10 == 9)
                assert_counts_equal_rows(&b);
        }
        bench_close(&b);
    }
}

void purges_all_requests_in_slices(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_many(&b, STORE_SLICE + 3);
    enqueue_some(&b, 4, "mail");
    assert_int_equal(purge(&b), STORE_SLICE + 7);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(purge(&b), 0);
    enqueue_many(&b, STORE_SLICE);
    assert_int_equal(purge(&b), STORE_SLICE);
    bench_close(&b);
}

void a_purge_frees_the_keys(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    r.concurrency_key = "key";
    (void)bench_enqueue(&b, &r);
    assert_int_equal(purge(&b), 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    r.uuid = uuid_new();
    (void)bench_enqueue(&b, &r);
    bench_close(&b);
}

void a_purge_leaves_claimed_jobs_alone(void **state)
{
    struct new_request r = request_default();
    plain_request out;
    struct bench b;

    (void)state;
    bench_open(&b);
    r.concurrency_key = "key";
    (void)bench_enqueue(&b, &r);
    struct claim claim = bench_claim_one(&b);
    enqueue_some(&b, 2, "default");
    assert_int_equal(purge(&b), 2);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 1);
    r.uuid = uuid_new();
    assert_int_equal(bench_try_enqueue(&b, &r, &out), PLAIN_SKIPPED);
    struct job_end end = end_of(&claim, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &end), 1);
    bench_close(&b);
}

void now_is_the_time(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    int64_t before = clock_wall_us();
    assert_in_range(now_of(&b), before - US_PER_S, before + 60 * (int64_t)US_PER_S);
    bench_close(&b);
}

void ended_attempts_are_counted_by_minute(void **state)
{
    static const int64_t minute = 60 * (int64_t)US_PER_S;
    int64_t by_status[JOB_STATUS_COUNT];
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 4; i++) {
        enqueue_some(&b, 1, "default");
        struct claim claim = bench_claim_one(&b);
        struct job_end end = end_of(&claim, i == 3 ? JOB_LOST : JOB_SUCCESSFUL);
        end.ended_at = 100 * minute + i * minute;
        assert_int_equal(bench_end(&b, &end), 1);
    }
    /* Removed ones too. */
    assert_int_equal(clear_all(&b, now_of(&b) + US_PER_S), 4);
    assert_int_equal(b.store->ops->ended_since(b.store, 101 * minute, by_status, &b.err), PLAIN_OK);
    assert_int_equal(by_status[JOB_SUCCESSFUL], 2);
    assert_int_equal(by_status[JOB_LOST], 1);
    assert_int_equal(b.store->ops->ended_since(b.store, 101 * minute + 1, by_status, &b.err),
                     PLAIN_OK);
    assert_int_equal(by_status[JOB_SUCCESSFUL], 1);
    assert_int_equal(by_status[JOB_ERRORED], 0);
    bench_close(&b);
}

static struct queue_stats *count_queues(struct bench *b, size_t *count)
{
    struct queue_stats *found = NULL;

    if (b->store->ops->queue_stats(b->store, &b->arena, &found, count, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return found;
}

void queues_are_counted_one_by_one(void **state)
{
    static const int64_t early = INT64_C(1000) * US_PER_S;
    struct new_request r = request_default();
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    (void)count_queues(&b, &count);
    assert_int_equal(count, 0);
    enqueue_some(&b, 3, "default");
    (void)bench_claim_one(&b);
    enqueue_some(&b, 1, "a mail");
    r.queue = "a mail";
    for (int priority = -1; priority <= 1; priority++) {
        r.uuid = uuid_new();
        r.priority = priority;
        r.start_at = early + priority * (int64_t)US_PER_S;
        (void)bench_enqueue(&b, &r);
    }
    struct queue_stats *found = count_queues(&b, &count);
    assert_int_equal(count, 2);
    assert_string_equal(found[0].queue, "a mail");
    assert_int_equal(found[0].pending, 4);
    assert_int_equal(found[0].processing, 0);
    assert_int_equal(found[0].due_at, early - US_PER_S);
    assert_string_equal(found[1].queue, "default");
    assert_int_equal(found[1].pending, 2);
    assert_int_equal(found[1].processing, 1);
    assert_int_equal(purge(&b), 6);
    found = count_queues(&b, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].processing, 1);
    assert_true(found[0].due_at == STORE_NO_TIME);
    bench_close(&b);
}

void queues_are_bounded(void **state)
{
    char name[16];
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < STORE_QUEUES_MAX + 5; i++) {
        (void)snprintf(name, sizeof(name), "q%03d", i);
        enqueue_some(&b, 1, name);
    }
    struct queue_stats *found = count_queues(&b, &count);
    assert_int_equal(count, STORE_QUEUES_MAX);
    assert_string_equal(found[STORE_QUEUES_MAX - 1].queue, "q099");
    assert_int_equal(found[STORE_QUEUES_MAX - 1].pending, 1);
    bench_close(&b);
}
