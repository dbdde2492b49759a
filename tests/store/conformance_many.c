/* conformance_many.c - many jobs in one call */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"
#include "tests/store/conformance_transactions.h"

/* MOST are more than two statements of PostgreSQL. */
enum { MOST = 12000, KEY_SIZE = 32 };

/* Items whose options the test fills. */
struct batch {
    size_t count;
    plain_item *items;
    plain_options *options;
    plain_request *results;
    char (*keys)[KEY_SIZE];
};

static void batch_open(struct batch *b, size_t count)
{
    *b = (struct batch){.count = count};
    b->items = calloc(count, sizeof(*b->items));
    b->options = calloc(count, sizeof(*b->options));
    b->results = calloc(count, sizeof(*b->results));
    b->keys = calloc(count, sizeof(*b->keys));
    assert_true(b->items && b->options && b->results && b->keys);
    for (size_t i = 0; i < count; i++) {
        b->options[i].size = sizeof(plain_options);
        b->items[i] = (plain_item){.size = sizeof(plain_item), .options = &b->options[i]};
    }
}

static void batch_key(struct batch *b, size_t i, const char *key)
{
    (void)snprintf(b->keys[i], KEY_SIZE, "%s", key);
    b->options[i].concurrency_key = b->keys[i];
}

static void batch_close(struct batch *b)
{
    free(b->items);
    free(b->options);
    free(b->results);
    free(b->keys);
}

/* How many were made. */
static size_t run_many_by(plain_jobs *jobs, struct batch *b)
{
    plain_error err;
    size_t made = 0;
    int r = plain_run_many(jobs, &Job, b->items, b->count, b->results, &made, &err);

    if (r < 0)
        fail_msg("%s: %s", plain_error_name(r), err.message);
    assert_int_equal(r, PLAIN_OK);
    return made;
}

static size_t run_many(struct scene *s, struct batch *b)
{
    return run_many_by(s->jobs, b);
}

void many_commit_or_roll_back_together(void **state)
{
    struct scene s;
    struct batch b;

    (void)state;
    scene_open(&s);
    batch_open(&b, 100);
    batch_key(&b, 50, "k");
    scene_run(&s, "BEGIN");
    assert_int_equal(run_many(&s, &b), 100);
    scene_run(&s, "ROLLBACK");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 0);
    assert_int_equal(run_many(&s, &b), 100); /* a transaction of its own */
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 100);
    scene_run(&s, "BEGIN");
    assert_int_equal(run_many(&s, &b), 99);
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 199);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 1);
    assert_int_equal(plain_run_many(s.jobs, &Job, NULL, 0, NULL, NULL, &s.err), PLAIN_OK);
    batch_close(&b);
    scene_close(&s);
}

static void assert_held(const plain_request *r, const plain_uuid *holder, int state)
{
    assert_true(uuid_is_zero(&r->uuid));
    assert_uuid_equal(r->holder, *holder);
    assert_int_equal(r->holder_state, state);
    assert_in_range(r->holder_age_ms, 0, 60000);
}

void many_answer_each_item(void **state)
{
    struct scene s;
    struct batch b;
    plain_request pending, processing;

    (void)state;
    scene_open(&s);
    (void)scene_enqueue(&s, "processing", &processing);
    (void)bench_claim_one(&s.bench);
    (void)scene_enqueue(&s, "pending", &pending);
    batch_open(&b, 9);
    batch_key(&b, 1, "z");
    batch_key(&b, 2, "pending");
    batch_key(&b, 3, "processing");
    batch_key(&b, 4, "a");
    batch_key(&b, 5, "z");
    batch_key(&b, 6, "pending");
    batch_key(&b, 7, "a");
    assert_int_equal(run_many(&s, &b), 4);
    for (size_t i = 0; i < b.count; i++)
        assert_int_equal(uuid_is_zero(&b.results[i].uuid),
                         strchr("235678", '0' + (int)i) && i != 8);
    assert_held(&b.results[2], &pending.uuid, PLAIN_HOLDER_PENDING);
    assert_held(&b.results[3], &processing.uuid, PLAIN_HOLDER_PROCESSING);
    assert_held(&b.results[5], &b.results[1].uuid, PLAIN_HOLDER_PENDING);
    assert_held(&b.results[6], &pending.uuid, PLAIN_HOLDER_PENDING);
    assert_held(&b.results[7], &b.results[4].uuid, PLAIN_HOLDER_PENDING);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 5);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 4);
    batch_close(&b);
    scene_close(&s);
}

/* One of the jobs is pending, one is processed, one has ended. */
void many_of_used_uuids_are_one_job_each(void **state)
{
    struct scene s;
    struct batch b;

    (void)state;
    scene_open(&s);
    batch_open(&b, 4);
    for (size_t i = 0; i < b.count; i++)
        b.options[i].uuid = uuid_new();
    batch_key(&b, 0, "k0");
    batch_key(&b, 1, "k1");
    b.count = 2;
    assert_int_equal(run_many(&s, &b), 2);
    struct claim first = bench_claim_one(&s.bench);
    struct job_end end = end_of(&first, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&s.bench, &end), 1);
    (void)bench_claim_one(&s.bench);
    b.count = 3;
    assert_int_equal(run_many(&s, &b), 3);
    b.count = 4;
    batch_key(&b, 3, "k0"); /* free again: its job has ended */
    assert_int_equal(run_many(&s, &b), 4);
    for (size_t i = 0; i < b.count; i++)
        assert_uuid_equal(b.results[i].uuid, b.options[i].uuid);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 2);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobprocess"), 1);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobresult"), 1);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 2);
    batch_close(&b);
    scene_close(&s);
}

static const char *const wanted_queues[] = {"default", "q1", NULL};
static const char *const job_classes[] = {"Job", NULL};

void many_keep_their_order_and_values(void **state)
{
    struct scene s;
    struct batch b;

    (void)state;
    scene_open(&s);
    batch_open(&b, 40);
    for (size_t i = 0; i < b.count; i++) {
        batch_key(&b, i, i % 3 ? "" : (char[]){(char)('a' + (b.count - i) / 2), '\0'});
        b.options[i].retries = PLAIN_INT((int)i);
        b.options[i].source = i % 2 ? "odd" : "even";
    }
    b.options[7].queue = "q1";
    b.options[7].priority = PLAIN_INT(5);
    b.options[20].start_at = 1000000;
    b.options[30].delay_ms = PLAIN_SECONDS(3600);
    assert_int_equal(run_many(&s, &b), 40);
    struct cycle_result got = bench_claim_from(&s.bench, wanted_queues, job_classes, 50);
    assert_int_equal(got.claim_count, 39);
    assert_uuid_equal(got.claims[0].request_uuid, b.results[7].uuid);
    assert_string_equal(got.claims[0].queue, "q1");
    assert_uuid_equal(got.claims[1].request_uuid, b.results[20].uuid);
    for (size_t i = 2, item = 0; i < got.claim_count; i++, item++) {
        while (item == 7 || item == 20 || item == 30)
            item++;
        assert_uuid_equal(got.claims[i].request_uuid, b.results[item].uuid);
        assert_uuid_equal(got.claims[i].root_uuid, b.results[item].uuid);
        assert_int_equal(got.claims[i].retries, item);
        assert_string_equal(got.claims[i].source, item % 2 ? "odd" : "even");
        assert_string_equal(got.claims[i].concurrency_key, b.keys[item]);
        assert_int_equal(got.claims[i].run_no, 1);
    }
    batch_close(&b);
    scene_close(&s);
}

void many_thousands_with_keys(void **state)
{
    struct scene s;
    struct batch b;
    char key[KEY_SIZE];

    (void)state;
    scene_open(&s);
    batch_open(&b, MOST);
    for (size_t i = 0; i < b.count; i++) {
        (void)snprintf(key, sizeof(key), "k%zu", i * 7919 % (MOST / 4));
        batch_key(&b, i, i % 2 ? key : "");
    }
    /* Odd items have every odd key of a quarter of their number. */
    assert_int_equal(run_many(&s, &b), MOST / 2 + MOST / 8);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), MOST / 8);
    assert_int_equal(run_many(&s, &b), MOST / 2);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), MOST + MOST / 8);
    batch_close(&b);
    scene_close(&s);
}

enum { THREADS = 8, SHARED_KEYS = 300 };

struct contender {
    struct scene scene;
    struct batch batch;
    pthread_t thread;
    size_t made;
};

static void *contend(void *user)
{
    struct contender *c = user;

    c->made = run_many(&c->scene, &c->batch);
    return NULL;
}

/* Each in an order of its own: nobody waits for somebody who waits for him. */
void many_by_eight_threads_share_each_key(void **state)
{
    static struct contender contenders[THREADS];
    static const size_t steps[THREADS] = {1, 7, 11, 13, 17, 19, 23, 299};
    struct scene s;
    char key[KEY_SIZE];
    size_t made = 0;

    (void)state;
    scene_open(&s);
    for (size_t t = 0; t < THREADS; t++) {
        scene_join(&contenders[t].scene, &s);
        batch_open(&contenders[t].batch, SHARED_KEYS);
        for (size_t i = 0; i < SHARED_KEYS; i++) {
            (void)snprintf(key, sizeof(key), "k%zu", i * steps[t] % SHARED_KEYS);
            batch_key(&contenders[t].batch, i, key);
        }
    }
    for (size_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&contenders[t].thread, NULL, contend, &contenders[t]), 0);
    for (size_t t = 0; t < THREADS; t++) {
        (void)pthread_join(contenders[t].thread, NULL);
        made += contenders[t].made;
        batch_close(&contenders[t].batch);
        scene_close(&contenders[t].scene);
    }
    assert_int_equal(made, SHARED_KEYS);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), SHARED_KEYS);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), SHARED_KEYS);
    scene_close(&s);
}

/*
 * What shows late, when a store may have begun.
 */

static plain_jobs *open_own(struct scene *s)
{
    plain_jobs *own = NULL;

    assert_int_equal(plain_jobs_open(s->bench.url, &own, &s->err), PLAIN_OK);
    return own;
}

static void refuse_many_by(plain_jobs *jobs, struct batch *b, const char *message)
{
    static const plain_request nothing;
    plain_error err;
    size_t made = 99;

    memset(b->results, 0xAA, b->count * sizeof(*b->results));
    assert_int_equal(plain_run_many(jobs, &Job, b->items, b->count, b->results, &made, &err),
                     PLAIN_E_INVALID);
    assert_memory_equal(err.message, message, strlen(message));
    assert_false(err.transaction_aborted);
    assert_int_equal(made, 0);
    for (size_t i = 0; i < b->count; i++)
        assert_memory_equal(&b->results[i], &nothing, sizeof(nothing));
}

/* By a handle of its own, and in a transaction of the application, which stays usable. */
static void assert_refused(struct scene *s, struct batch *b, const char *message)
{
    plain_jobs *own = open_own(s);

    refuse_many_by(own, b, message);
    assert_int_equal(bench_rows(&s->bench, "plainjobs_jobrequest"), 0);
    assert_int_equal(plain_run_in_worker(own, &Job, NULL, NULL, NULL, &s->err), PLAIN_OK);
    plain_jobs_close(own);
    scene_run(s, "BEGIN");
    scene_run(s, "INSERT INTO app_user VALUES (1)");
    refuse_many_by(s->jobs, b, message);
    scene_enqueues(s, "k");
    scene_run(s, "COMMIT");
    assert_int_equal(bench_rows(&s->bench, "plainjobs_jobrequest"), 2);
    assert_int_equal(bench_rows(&s->bench, "plainjobs_jobkey"), 1);
    assert_int_equal(bench_rows(&s->bench, "app_user"), 1);
}

void many_with_a_late_bad_item_write_nothing(void **state)
{
    struct scene s;
    struct batch b;

    (void)state;
    scene_open(&s);
    batch_open(&b, MOST + 1);
    b.options[MOST].delay_ms = -1;
    assert_refused(&s, &b, "item 12000: delay_ms");
    b.options[MOST].delay_ms = 0;
    assert_int_equal(run_many(&s, &b), MOST + 1);
    batch_close(&b);
    scene_close(&s);
}

void many_with_a_late_uuid_twice_write_nothing(void **state)
{
    struct scene s;
    struct batch b;

    (void)state;
    scene_open(&s);
    batch_open(&b, MOST);
    b.options[MOST / 2].uuid = b.options[MOST - 1].uuid = uuid_new();
    assert_refused(&s, &b, "items 6000 and 11999 have one uuid");
    b.options[MOST - 1].uuid = uuid_new();
    assert_int_equal(run_many(&s, &b), MOST);
    assert_int_equal(run_many(&s, &b), MOST); /* two of them once more */
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 2 + MOST + MOST - 2);
    assert_uuid_equal(b.results[MOST / 2].uuid, b.options[MOST / 2].uuid);
    batch_close(&b);
    scene_close(&s);
}

static void assert_in_order(struct scene *s)
{
    assert_int_equal(bench_number(&s->bench,
                                  "SELECT count(*) FROM (SELECT retries - lag(retries) OVER"
                                  " (ORDER BY id) AS step FROM plainjobs_jobrequest) AS steps"
                                  " WHERE step < 0"),
                     0);
}

void many_with_late_keys_take_each_once(void **state)
{
    struct scene s;
    struct batch b;
    plain_request held;

    (void)state;
    scene_open(&s);
    (void)scene_enqueue(&s, "held", &held);
    batch_open(&b, MOST);
    for (size_t i = 0; i < b.count; i++)
        b.options[i].retries = PLAIN_INT((int)i);
    batch_key(&b, 7000, "z");
    batch_key(&b, 7001, "held");
    batch_key(&b, 11000, "a");
    batch_key(&b, 11500, "z");
    batch_key(&b, 11999, "a");
    plain_jobs *own = open_own(&s);
    assert_int_equal(run_many_by(own, &b), MOST - 3);
    plain_jobs_close(own);
    assert_held(&b.results[7001], &held.uuid, PLAIN_HOLDER_PENDING);
    assert_held(&b.results[11500], &b.results[7000].uuid, PLAIN_HOLDER_PENDING);
    assert_held(&b.results[11999], &b.results[11000].uuid, PLAIN_HOLDER_PENDING);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 1 + MOST - 3);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 3);
    assert_in_order(&s);
    assert_int_equal(run_many(&s, &b), MOST - 5);
    batch_close(&b);
    scene_close(&s);
}
