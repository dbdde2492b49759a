/* conformance_claim.c - what a claim takes, in which order, and what it hands over */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/store/conformance.h"

static void enqueue_with(struct bench *b, const char *source, int priority, int64_t start_at)
{
    struct new_request r = request_default();

    r.source = source;
    r.priority = priority;
    r.start_at = start_at;
    (void)bench_enqueue(b, &r);
}

/* Sources of claims in their order: "a b c". */
static const char *order_of(struct bench *b, const struct cycle_result *out)
{
    const char *text = "";

    for (size_t i = 0; i < out->claim_count; i++)
        text = arena_printf(&b->arena, "%s%s%s", text, i ? " " : "", out->claims[i].source);
    return text;
}

void claims_by_priority_then_due_time_then_id(void **state)
{
    struct bench b;
    int64_t past = clock_wall_us() - 10 * (int64_t)US_PER_S;

    (void)state;
    bench_open(&b);
    enqueue_with(&b, "e", -5, past - 9);
    enqueue_with(&b, "c", 0, past + 1);
    enqueue_with(&b, "d", 0, past + 1);
    enqueue_with(&b, "b", 0, past);
    enqueue_with(&b, "f", -32768, past - 9);
    enqueue_with(&b, "a", 32767, past + 2);
    struct cycle_result out = bench_claim(&b, 10);
    assert_string_equal(order_of(&b, &out), "a b c d e f");
    bench_close(&b);
}

void a_delayed_job_waits_and_the_next_due_time_is_told(void **state)
{
    struct new_request soon = request_default();
    struct new_request later = request_default();
    struct bench b;

    (void)state;
    soon.delay_us = 300 * US_PER_MS;
    later.delay_us = 3600 * (int64_t)US_PER_S;
    bench_open(&b);
    (void)bench_enqueue(&b, &later);
    (void)bench_enqueue(&b, &soon);
    struct cycle_result out = bench_claim(&b, 5);
    assert_int_equal(out.claim_count, 0);
    assert_true(out.next_due > out.now - soon.delay_us && out.next_due <= out.now + soon.delay_us);
    for (int tries = 0; out.claim_count == 0 && tries < 100; tries++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 50 * US_PER_MS * 1000}, NULL);
        out = bench_claim(&b, 5);
    }
    assert_int_equal(out.claim_count, 1);
    assert_uuid_equal(out.claims[0].request_uuid, soon.uuid);
    assert_true(out.now >= out.claims[0].due_at);
    out = bench_claim(&b, 5);
    assert_int_equal(out.claim_count, 0);
    assert_true(out.next_due > out.now + later.delay_us / 2);
    bench_close(&b);
}

void a_start_time_in_the_past_goes_ahead_of_later_jobs(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_with(&b, "now", 0, STORE_NO_TIME);
    enqueue_with(&b, "old", 0, 1000 * (int64_t)US_PER_S);
    struct cycle_result out = bench_claim(&b, 5);
    assert_string_equal(order_of(&b, &out), "old now");
    assert_int_equal(out.claims[0].due_at, 1000 * (int64_t)US_PER_S);
    bench_close(&b);
}

static void enqueue_on(struct bench *b, const char *queue, const char *source, int priority)
{
    struct new_request r = request_default();

    r.queue = queue;
    r.source = source;
    r.priority = priority;
    (void)bench_enqueue(b, &r);
}

void claims_from_several_queues_in_one_order(void **state)
{
    static const char *const queues[] = {"x", "y", "x", "z", NULL};
    static const char *const classes[] = {"Job", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_on(&b, "x", "d", 0);
    enqueue_on(&b, "y", "e", 0);
    enqueue_on(&b, "x", "f", 0);
    enqueue_on(&b, "y", "b", 5);
    enqueue_on(&b, "z", "c", 5);
    enqueue_on(&b, "z", "a", 6);
    struct cycle_result out = bench_claim_from(&b, queues, classes, 4);
    assert_string_equal(order_of(&b, &out), "a b c d");
    out = bench_claim_from(&b, queues, classes, 4);
    assert_string_equal(order_of(&b, &out), "e f");
    bench_close(&b);
}

void claims_nothing_of_other_queues(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_on(&b, "other", "", 0);
    enqueue_on(&b, "default ", "", 0);
    enqueue_on(&b, "Default", "", 0);
    r.queue = "other";
    r.delay_us = 60 * (int64_t)US_PER_S;
    (void)bench_enqueue(&b, &r);
    struct cycle_result out = bench_claim(&b, 10);
    assert_int_equal(out.claim_count, 0);
    assert_true(out.next_due == STORE_NO_TIME);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 4);
    bench_close(&b);
}

void claims_only_classes_that_the_worker_knows(void **state)
{
    static const char *const queues[] = {"default", NULL};
    static const char quoted[] = "Quo\"ted\\";
    static const char unicode[] = "\xC3\x9Cnicode \xF0\x9F\x90\xA2";
    static const char *const known[] = {quoted, unicode, NULL};
    static const char *const enqueued[] = {"Job", quoted, "Quo", unicode, "job"};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(enqueued); i++) {
        struct new_request r = request_default();

        r.job_class = enqueued[i];
        (void)bench_enqueue(&b, &r);
    }
    struct cycle_result out = bench_claim_from(&b, queues, known, 10);
    assert_int_equal(out.claim_count, 2);
    assert_string_equal(out.claims[0].job_class, known[0]);
    assert_string_equal(out.claims[1].job_class, known[1]);
    bench_close(&b);
}

void claims_at_most_the_limit(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 5; i++)
        enqueue_with(&b, "", 0, STORE_NO_TIME);
    assert_int_equal(bench_claim(&b, 3).claim_count, 3);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 3);
    assert_int_equal(bench_claim(&b, 3).claim_count, 2);
    assert_int_equal(bench_claim(&b, 3).claim_count, 0);
    bench_close(&b);
}

void a_claim_has_every_value_of_its_request(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    size_t count;

    (void)state;
    r.concurrency_key = "key";
    r.priority = -7;
    r.retries = 12;
    r.start_at = 1234567 * (int64_t)US_PER_MS;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    assert_uuid_equal(c.request_uuid, r.uuid);
    assert_uuid_equal(c.root_uuid, r.uuid);
    assert_string_equal(c.job_class, r.job_class);
    assert_string_equal(c.queue, r.queue);
    assert_string_equal(c.concurrency_key, r.concurrency_key);
    assert_string_equal(c.source, r.source);
    assert_int_equal(c.priority, r.priority);
    assert_int_equal(c.retries, r.retries);
    assert_int_equal(c.retry_attempt, 0);
    assert_int_equal(c.run_no, 1);
    assert_int_equal(c.crash_count, 0);
    assert_int_equal(c.due_at, r.start_at);
    assert_true(c.requested_at > clock_wall_us() - 60 * (int64_t)US_PER_S);
    assert_true(c.id > 0);

    struct job_row *row = bench_all(&b, TABLE_PROCESS, &count);
    assert_int_equal(count, 1);
    assert_uuid_equal(row->token, c.token);
    assert_uuid_equal(row->worker_id, b.worker.id);
    assert_uuid_equal(row->request_uuid, r.uuid);
    assert_int_equal(row->start_at, r.start_at);
    assert_int_equal(row->requested_at, c.requested_at);
    assert_int_equal(row->started_at, row->claimed_at);
    assert_true(row->claimed_at >= row->requested_at);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}

void an_empty_cycle_tells_the_time(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    struct cycle_result out = bench_cycle(&b, &(struct cycle){0});
    assert_int_equal(out.ended + out.released + out.claim_count, 0);
    assert_true(llabs(out.now - clock_wall_us()) < 60 * (int64_t)US_PER_S);
    out = bench_claim(&b, 10);
    assert_int_equal(out.claim_count, 0);
    assert_true(out.next_due == STORE_NO_TIME);
    bench_close(&b);
}

void delayed_jobs_of_high_priority_do_not_hide_due_ones(void **state)
{
    struct bench b;
    int64_t future = clock_wall_us() + 3600 * (int64_t)US_PER_S;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 20; i++)
        enqueue_with(&b, "later", 10 + i % 3, future + i);
    enqueue_with(&b, "due", 0, STORE_NO_TIME);
    struct cycle_result out = bench_claim(&b, 2);
    assert_string_equal(order_of(&b, &out), "due");
    assert_int_equal(bench_claim(&b, 2).next_due, future);
    bench_close(&b);
}

enum { SHARED_JOBS = 300, CLAIMERS = 4 };

struct claimer {
    struct bench bench;
    size_t claimed;
    pthread_t thread;
};

static void *claim_until_empty(void *user)
{
    struct claimer *c = user;
    size_t count;

    /* PostgreSQL may give nobody a row that another one is just looking at: more than one try. */
    for (int empty = 0; empty < 3; empty += count == 0) {
        count = bench_claim(&c->bench, 7).claim_count;
        c->claimed += count;
    }
    return NULL;
}

void two_claimers_never_share_a_job(void **state)
{
    static struct claimer claimers[CLAIMERS];
    struct bench b;
    size_t claimed = 0;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < SHARED_JOBS; i++)
        enqueue_with(&b, "", 0, STORE_NO_TIME);
    for (int i = 0; i < CLAIMERS; i++) {
        claimers[i] = (struct claimer){0};
        bench_join(&claimers[i].bench, &b);
    }
    for (int i = 0; i < CLAIMERS; i++)
        assert_int_equal(pthread_create(&claimers[i].thread, NULL, claim_until_empty, &claimers[i]),
                         0);
    for (int i = 0; i < CLAIMERS; i++) {
        (void)pthread_join(claimers[i].thread, NULL);
        claimed += claimers[i].claimed;
        bench_close(&claimers[i].bench);
    }
    assert_int_equal(claimed, SHARED_JOBS);
    assert_int_equal(bench_number(&b, "SELECT count(DISTINCT job_request_uuid)"
                                      " FROM plainjobs_jobprocess"),
                     SHARED_JOBS);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}

void texts_of_every_kind_come_back_as_they_were(void **state)
{
    static const char *const texts[] = {
        "'; DROP TABLE plainjobs_jobrequest; --",
        "quote \" back\\slash / percent % under_score",
        "tab\tline\nreturn\r bell\a escape\x1b delete\x7f",
        "\xC3\xA4\xC3\xB6\xC3\xBC \xE2\x82\xAC \xF0\x9F\x90\xA2 \xF4\x8F\xBF\xBF",
        "combining e\xCC\x81, right to left \xE2\x80\xAE, BOM \xEF\xBB\xBF",
        "  blanks at both ends  ",
        "{array,\"of\",postgres}, NULL, \\N, $1, ?1, {schema}",
        "\xC2\x80 \xEF\xBF\xBD \xEF\xBF\xBF",
    };
    static const char *const queues[] = {"default", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *const in[] = {texts[i], NULL};
        struct new_request r = request_default();

        r.job_class = r.concurrency_key = r.source = r.queue = texts[i];
        (void)bench_enqueue(&b, &r);
        assert_int_equal(bench_claim_from(&b, queues, in, 1).claim_count, 0);
        struct cycle_result out = bench_claim_from(&b, in, in, 1);
        assert_int_equal(out.claim_count, 1);
        assert_string_equal(out.claims[0].job_class, texts[i]);
        assert_string_equal(out.claims[0].queue, texts[i]);
        assert_string_equal(out.claims[0].concurrency_key, texts[i]);
        assert_string_equal(out.claims[0].source, texts[i]);
    }
    bench_close(&b);
}

void parameters_of_one_mebibyte_come_back(void **state)
{
    static const char begin[] = "{\"args\": [], \"kwargs\": {\"text\": \"";
    static const char end[] = "\"}}";
    enum { SIZE = 1024 * 1024 };
    struct new_request r = request_default();
    struct bench b;
    char *json = malloc(SIZE + 1);

    (void)state;
    assert_non_null(json);
    memset(json, 'x', SIZE);
    memcpy(json, begin, sizeof(begin) - 1);
    memcpy(json + SIZE - (sizeof(end) - 1), end, sizeof(end));
    r.parameters = json;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    /* Servers that keep JSON parsed may write blanks and the order of names anew. */
    const char *text = strstr(c.parameters, "xxx");
    assert_non_null(text);
    assert_int_equal(strspn(text, "x"), SIZE - (sizeof(begin) - 1) - (sizeof(end) - 1));
    free(json);
    bench_close(&b);
}
