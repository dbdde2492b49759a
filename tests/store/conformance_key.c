/* conformance_key.c - at most one job of a class and key, and one job of a uuid */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/store/conformance.h"

static struct new_request keyed(const char *key)
{
    struct new_request r = request_default();

    r.concurrency_key = key;
    return r;
}

static void assert_skipped(struct bench *b, const char *key, const plain_uuid *holder, int state)
{
    struct new_request r = keyed(key);
    plain_request out;

    assert_int_equal(bench_try_enqueue(b, &r, &out), PLAIN_SKIPPED);
    assert_true(uuid_is_zero(&out.uuid));
    assert_uuid_equal(out.holder, *holder);
    assert_int_equal(out.holder_state, state);
    assert_in_range(out.holder_age_ms, 0, 60 * MS_PER_S);
}

void a_held_key_is_skipped_and_names_the_pending_holder(void **state)
{
    struct new_request r = keyed("k");
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    assert_skipped(&b, "k", &r.uuid, PLAIN_HOLDER_PENDING);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void a_held_key_is_skipped_and_names_the_processing_holder(void **state)
{
    struct new_request r = keyed("k");
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    (void)bench_claim_one(&b);
    assert_skipped(&b, "k", &r.uuid, PLAIN_HOLDER_PROCESSING);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}

void a_key_is_held_per_class(void **state)
{
    struct new_request a = keyed("k");
    struct new_request other_class = keyed("k");
    struct new_request other_key = keyed("K");
    struct bench b;

    (void)state;
    other_class.job_class = "Other";
    bench_open(&b);
    (void)bench_enqueue(&b, &a);
    (void)bench_enqueue(&b, &other_class);
    (void)bench_enqueue(&b, &other_key);
    for (int i = 0; i < 3; i++) {
        struct new_request none = keyed("");
        (void)bench_enqueue(&b, &none);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 6);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 3);
    bench_close(&b);
}

void a_key_is_freed_by_the_end(void **state)
{
    static const enum job_status statuses[] = {JOB_SUCCESSFUL, JOB_ERRORED, JOB_LOST,
                                               JOB_CANCELLED};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct new_request r = keyed("k");

        (void)bench_enqueue(&b, &r);
        struct claim c = bench_claim_one(&b);
        struct job_end end = end_of(&c, statuses[i]);
        assert_int_equal(bench_end(&b, &end), 1);
        assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    }
    bench_close(&b);
}

void a_key_passes_to_the_successor(void **state)
{
    struct new_request r = keyed("k");
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    struct job_end end = end_of(&c, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    assert_int_equal(bench_end(&b, &end), 1);
    assert_skipped(&b, "k", &end.successor, PLAIN_HOLDER_PENDING);
    struct claim again = bench_claim_one(&b);
    assert_string_equal(again.concurrency_key, "k");
    assert_skipped(&b, "k", &end.successor, PLAIN_HOLDER_PROCESSING);
    struct job_end last = end_of(&again, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &last), 1);
    struct new_request next = keyed("k");
    (void)bench_enqueue(&b, &next);
    bench_close(&b);
}

void a_key_stays_with_a_released_claim(void **state)
{
    struct new_request r = keyed("k");
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    assert_int_equal(bench_release(&b, &c.token), 1);
    assert_skipped(&b, "k", &r.uuid, PLAIN_HOLDER_PENDING);
    c = bench_claim_one(&b);
    assert_skipped(&b, "k", &r.uuid, PLAIN_HOLDER_PROCESSING);
    bench_close(&b);
}

enum { CONTENDERS = 16, ROUNDS = 12 };

struct contender {
    struct bench bench;
    pthread_t thread;
    int enqueued;
    int ended;
    int most; /* jobs of the key alive at once, as this thread saw them */
};

/* Whoever gets the key through works the job off, retries it once, and frees the key. */
static void work_off(struct contender *c, const struct claim *claim)
{
    struct job_end end = end_of(claim, JOB_ERRORED);

    if (claim->retry_attempt == 0) {
        end.successor = uuid_new();
        end.successor_retry_attempt = 1;
    }
    c->ended += (int)bench_end(&c->bench, &end);
}

static void *contend(void *user)
{
    struct contender *c = user;

    for (int i = 0; i < ROUNDS; i++) {
        struct new_request r = keyed("one");
        plain_request out;

        c->enqueued += bench_try_enqueue(&c->bench, &r, &out) == PLAIN_OK;
        int alive =
            (int)bench_number(&c->bench, "SELECT (SELECT count(*) FROM plainjobs_jobrequest)"
                                         " + (SELECT count(*) FROM plainjobs_jobprocess)");
        if (alive > c->most)
            c->most = alive;
        struct cycle_result claimed = bench_claim(&c->bench, 2);
        assert_in_range(claimed.claim_count, 0, 1);
        if (claimed.claim_count > 0)
            work_off(c, &claimed.claims[0]);
    }
    return NULL;
}

static void work_off_the_rest(struct bench *b)
{
    struct contender c = {.bench = *b};
    struct cycle_result rest;

    while ((rest = bench_claim(&c.bench, 1)).claim_count > 0)
        work_off(&c, &rest.claims[0]);
    *b = c.bench;
}

void a_key_is_one_over_sixteen_threads(void **state)
{
    static struct contender contenders[CONTENDERS];
    struct bench b;
    int enqueued = 0;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < CONTENDERS; i++) {
        contenders[i] = (struct contender){0};
        bench_join(&contenders[i].bench, &b);
    }
    for (int i = 0; i < CONTENDERS; i++)
        assert_int_equal(pthread_create(&contenders[i].thread, NULL, contend, &contenders[i]), 0);
    for (int i = 0; i < CONTENDERS; i++) {
        (void)pthread_join(contenders[i].thread, NULL);
        enqueued += contenders[i].enqueued;
        assert_in_range(contenders[i].most, 0, 1);
        bench_close(&contenders[i].bench);
    }
    assert_in_range(enqueued, 1, CONTENDERS * ROUNDS);
    work_off_the_rest(&b);
    /* Each job was run, and each once retried; none ran beside another. */
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 2 * enqueued);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult a"
                                      " JOIN plainjobs_jobresult b ON a.id < b.id"
                                      " AND a.job_process_uuid = b.job_process_uuid"),
                     0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    bench_close(&b);
}

void a_key_row_remains_only_while_it_is_held(void **state)
{
    struct new_request r = keyed("k");
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 1);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobrequest");
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    r.uuid = uuid_new();
    (void)bench_enqueue(&b, &r);
    (void)bench_claim_one(&b);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 1);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobprocess");
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    r.uuid = uuid_new();
    (void)bench_enqueue(&b, &r);
    (void)bench_number(&b, "UPDATE plainjobs_jobrequest SET concurrency_key = 'other'");
    r.uuid = uuid_new();
    (void)bench_enqueue(&b, &r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 2);
    bench_close(&b);
}

static void repeat(struct bench *b, struct new_request r)
{
    plain_request out;

    r.may_exist = true;
    assert_int_equal(bench_try_enqueue(b, &r, &out), PLAIN_OK);
    assert_uuid_equal(out.uuid, r.uuid);
}

static void assert_one_job_in_every_state(struct new_request r)
{
    struct bench b;

    bench_open(&b);
    repeat(&b, r); /* the first time */
    repeat(&b, r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    struct claim c = bench_claim_one(&b);
    repeat(&b, r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    struct job_end end = end_of(&c, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &end), 1);
    repeat(&b, r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 1);
    bench_close(&b);
}

void a_repeated_uuid_is_one_job_in_every_state(void **state)
{
    (void)state;
    assert_one_job_in_every_state(keyed(""));
}

void a_repeated_uuid_with_a_key_is_one_job(void **state)
{
    (void)state;
    assert_one_job_in_every_state(keyed("k"));
}

/* As retention leaves it, when the retry waits for longer. */
void a_repeated_uuid_is_one_job_while_only_its_retry_is_left(void **state)
{
    struct new_request r = keyed("");
    struct bench b;

    (void)state;
    r.retries = 1;
    bench_open(&b);
    repeat(&b, r);
    struct claim c = bench_claim_one(&b);
    struct job_end end = end_of(&c, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    assert_int_equal(bench_end(&b, &end), 1);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobresult");
    repeat(&b, r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    c = bench_claim_one(&b);
    assert_uuid_equal(c.request_uuid, end.successor);
    repeat(&b, r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    end = end_of(&c, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &end), 1);
    repeat(&b, r);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}
