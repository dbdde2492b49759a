/* conformance_rule.c - a class's own should_enqueue */
#include <pthread.h>
#include <string.h>

#include "base/uuid.h"
#include "core/job.h"
#include "tests/store/conformance_transactions.h"

/* The rule of the class "Job" here; the test decides what it does. */
static _Thread_local int (*rule)(plain_enqueue_tx *tx, const char *key);
static _Thread_local int asked;

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static int ask_rule(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                    const char *key)
{
    (void)self;
    (void)params;
    asked++;
    return rule(tx, key);
}

static const plain_job_class Ruled = {PLAIN_JOB_CLASS_EMPTY, .name = "Job", .run = run_nothing,
                                      .should_enqueue = ask_rule};

static int try_enqueue(struct scene *s, const char *key, plain_request *request)
{
    return plain_run_in_worker(s->jobs, &Ruled, NULL,
                               PLAIN_OPTIONS(.concurrency_key = key, .retries = PLAIN_INT(1)),
                               request, &s->err);
}

static int admit(plain_enqueue_tx *tx, const char *key)
{
    (void)tx;
    (void)key;
    return 1;
}

static int refuse(plain_enqueue_tx *tx, const char *key)
{
    (void)tx;
    (void)key;
    return 0;
}

static int64_t requested[4], processing[4];

static int count_all(plain_enqueue_tx *tx, const char *key)
{
    for (unsigned flags = 0; flags < 4; flags++) {
        requested[flags] = plain_count_requested(tx, key, flags);
        processing[flags] = plain_count_processing(tx, key, flags);
    }
    return 0;
}

static void assert_counts(struct scene *s, const char *key, const int64_t wanted_requested[4],
                          const int64_t wanted_processing[4])
{
    rule = count_all;
    assert_int_equal(try_enqueue(s, key, NULL), PLAIN_SKIPPED);
    for (int flags = 0; flags < 4; flags++) {
        assert_int_equal(requested[flags], wanted_requested[flags]);
        assert_int_equal(processing[flags], wanted_processing[flags]);
    }
}

static void must_enqueue(struct scene *s, const char *key)
{
    rule = admit;
    if (try_enqueue(s, key, NULL) != PLAIN_OK)
        fail_msg("%s", s->err.message);
}

/* Ends the claim with a retry, which is a request again. */
static void retry(struct scene *s, const struct claim *claim)
{
    struct job_end end = end_of(claim, JOB_ERRORED);

    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    assert_int_equal(bench_end(&s->bench, &end), 1);
}

/* By flags: none, retries, self, both. */
void a_rule_counts_exactly(void **state)
{
    struct scene s;
    struct new_request other_class = request_default();

    (void)state;
    scene_open(&s);
    assert_counts(&s, "k", (int64_t[]){0, 0, 0, 0}, (int64_t[]){0, 0, 0, 0});
    for (int i = 0; i < 2; i++)
        must_enqueue(&s, "k");
    struct cycle_result first = bench_claim(&s.bench, 2);
    retry(&s, &first.claims[0]);
    retry(&s, &first.claims[1]);
    struct claim again = bench_claim_one(&s.bench);
    for (int i = 0; i < 3; i++)
        must_enqueue(&s, "k");
    must_enqueue(&s, "other");
    must_enqueue(&s, "");
    other_class.job_class = "Other";
    other_class.concurrency_key = "k";
    (void)bench_enqueue(&s.bench, &other_class);
    /* One retry is processed; one waits, and three first attempts. */
    assert_counts(&s, "k", (int64_t[]){3, 4, 3, 4}, (int64_t[]){0, 1, 0, 1});
    plain_job running = {.token = again.token};
    job_set_current(&running);
    assert_counts(&s, "k", (int64_t[]){3, 4, 3, 4}, (int64_t[]){0, 0, 0, 1});
    job_set_current(NULL);
    struct cycle_result rest = bench_claim(&s.bench, 10);
    assert_int_equal(rest.claim_count, 6);
    assert_counts(&s, "k", (int64_t[]){0, 0, 0, 0}, (int64_t[]){3, 5, 3, 5});
    for (size_t i = 0; i < rest.claim_count; i++) {
        if (rest.claims[i].retry_attempt == 0 && strcmp(rest.claims[i].concurrency_key, "k") == 0)
            running.token = rest.claims[i].token;
    }
    job_set_current(&running);
    assert_counts(&s, "k", (int64_t[]){0, 0, 0, 0}, (int64_t[]){2, 4, 3, 5});
    job_set_current(NULL);
    assert_counts(&s, "other", (int64_t[]){0, 0, 0, 0}, (int64_t[]){1, 1, 1, 1});
    assert_counts(&s, "", (int64_t[]){0, 0, 0, 0}, (int64_t[]){1, 1, 1, 1});
    scene_close(&s);
}

void a_rule_takes_no_key_row(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    must_enqueue(&s, "k");
    must_enqueue(&s, "k");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 0);
    struct claim claim = bench_claim_one(&s.bench);
    asked = 0;
    retry(&s, &claim); /* beside the other one, and the rule is not asked */
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 2);
    claim = bench_claim_one(&s.bench);
    assert_int_equal(bench_release(&s.bench, &claim.token), 1);
    assert_int_equal(asked, 0);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobkey"), 0);
    assert_int_equal(bench_number(&s.bench, "SELECT count(*) FROM plainjobs_jobrequest WHERE"
                                            " key_shared"),
                     2);
    scene_close(&s);
}

static bool is_shared(struct scene *s, enum job_table table)
{
    size_t count;
    struct job_row *row = bench_all(&s->bench, table, &count);

    assert_int_equal(count, 1);
    assert_string_equal(row->concurrency_key, "k");
    return row->key_shared;
}

/* Makes the only job, in the three tables in turn: whether its rows say that they take no key. */
static void assert_told_as(struct scene *s, bool shared)
{
    assert_int_equal(is_shared(s, TABLE_REQUEST), shared);
    struct claim claim = bench_claim_one(&s->bench);
    assert_int_equal(is_shared(s, TABLE_PROCESS), shared);
    struct job_end end = end_of(&claim, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&s->bench, &end), 1);
    assert_int_equal(is_shared(s, TABLE_RESULT), shared);
    size_t count;
    struct job_row *row = bench_find(&s->bench, &claim.request_uuid, &count);
    assert_int_equal(count, 1);
    assert_int_equal(row->key_shared, shared);
}

void a_row_says_that_it_takes_no_key(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    must_enqueue(&s, "k");
    assert_told_as(&s, true);
    scene_close(&s);
}

void a_row_does_not_say_so_without_a_rule(void **state)
{
    struct new_request r = request_default();
    struct scene s;

    (void)state;
    scene_open(&s);
    r.concurrency_key = "k";
    (void)bench_enqueue(&s.bench, &r);
    assert_told_as(&s, false);
    scene_close(&s);
}

void a_rule_that_skips_writes_nothing(void **state)
{
    struct scene s;
    plain_request request;

    (void)state;
    scene_open(&s);
    rule = refuse;
    assert_int_equal(try_enqueue(&s, "k", &request), PLAIN_SKIPPED);
    assert_true(uuid_is_zero(&request.uuid));
    assert_int_equal(request.holder_state, PLAIN_HOLDER_NONE);
    scene_run(&s, "BEGIN");
    assert_int_equal(try_enqueue(&s, "k", &request), PLAIN_SKIPPED);
    scene_run(&s, "INSERT INTO app_user VALUES (1)");
    scene_run(&s, "COMMIT");
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&s.bench, "app_user"), 1);
    scene_close(&s);
}

static int break_off(plain_enqueue_tx *tx, const char *key)
{
    (void)tx;
    (void)key;
    return -7;
}

static int count_badly(plain_enqueue_tx *tx, const char *key)
{
    return plain_count_processing(tx, key, 64) < 3; /* a failure taken for a number */
}

static int count_control(plain_enqueue_tx *tx, const char *key)
{
    (void)key;
    return plain_count_requested(tx, "a\nb", 0) == 0;
}

void a_rule_that_fails_writes_nothing(void **state)
{
    static int (*const rules[])(plain_enqueue_tx *, const char *) = {break_off, count_badly,
                                                                     count_control};
    static const char *const fields[] = {"should_enqueue", "flags", "key"};
    struct scene s;

    (void)state;
    scene_open(&s);
    for (size_t i = 0; i < 3; i++) {
        rule = rules[i];
        assert_int_equal(try_enqueue(&s, "k", NULL), PLAIN_E_INVALID);
        assert_string_equal(s.err.field, fields[i]);
        scene_run(&s, "BEGIN");
        assert_int_equal(try_enqueue(&s, "k", NULL), PLAIN_E_INVALID);
        assert_false(s.err.transaction_aborted);
        scene_run(&s, "INSERT INTO app_user VALUES (1)");
        scene_run(&s, "COMMIT");
    }
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&s.bench, "app_user"), 3);
    must_enqueue(&s, "k");
    scene_close(&s);
}

void a_rule_is_not_asked_for_a_used_uuid(void **state)
{
    struct scene s;
    plain_uuid uuid = uuid_new();
    plain_request request;

    (void)state;
    scene_open(&s);
    asked = 0;
    rule = admit;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(plain_run_in_worker(s.jobs, &Ruled, NULL, PLAIN_OPTIONS(.uuid = uuid),
                                             &request, &s.err),
                         PLAIN_OK);
        assert_uuid_equal(request.uuid, uuid);
        rule = refuse;
    }
    assert_int_equal(asked, 1);
    assert_int_equal(bench_rows(&s.bench, "plainjobs_jobrequest"), 1);
    scene_close(&s);
}

/* At most LIMIT live jobs, from many threads, while jobs are claimed and ended. */
enum { THREADS = 16, ROUNDS = 6, LIMIT = 3 };

static int at_most_limit(plain_enqueue_tx *tx, const char *key)
{
    int64_t live = plain_count_processing(tx, key, PLAIN_COUNT_RETRIES) +
                   plain_count_requested(tx, key, PLAIN_COUNT_RETRIES);

    return live < LIMIT;
}

struct contender {
    struct scene scene;
    pthread_t thread;
    bool in_transaction;
    int made;
};

static void contend_once(struct contender *c)
{
    struct scene *s = &c->scene;

    if (c->in_transaction)
        scene_run(s, "BEGIN");
    int r = try_enqueue(s, "k", NULL);
    if (r < 0 && r != PLAIN_E_BUSY)
        fail_msg("%s", s->err.message);
    if (c->in_transaction)
        scene_run(s, r < 0 || random_u64() % 4 == 0 ? "ROLLBACK" : "COMMIT");
    c->made += r == PLAIN_OK;
    assert_in_range(bench_number(&s->bench, "SELECT (SELECT count(*) FROM plainjobs_jobrequest)"
                                            " + (SELECT count(*) FROM plainjobs_jobprocess)"),
                    0, LIMIT);
    struct cycle_result got = bench_claim(&s->bench, 1);
    if (got.claim_count > 0) {
        struct job_end end = end_of(&got.claims[0], JOB_SUCCESSFUL);
        (void)bench_end(&s->bench, &end);
    }
}

static void *contend(void *user)
{
    struct contender *c = user;

    rule = at_most_limit;
    for (int i = 0; i < ROUNDS; i++)
        contend_once(c);
    return NULL;
}

static void contend_all(bool in_transaction)
{
    static struct contender contenders[THREADS];
    struct scene s;
    int made = 0;

    scene_open(&s);
    for (int i = 0; i < THREADS; i++) {
        contenders[i] = (struct contender){.in_transaction = in_transaction};
        scene_join(&contenders[i].scene, &s);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&contenders[i].thread, NULL, contend, &contenders[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(contenders[i].thread, NULL);
        made += contenders[i].made;
        scene_close(&contenders[i].scene);
    }
    assert_in_range(made, LIMIT, THREADS * ROUNDS);
    scene_close(&s);
}

void a_rule_holds_over_sixteen_threads(void **state)
{
    (void)state;
    contend_all(false);
}

void a_rule_holds_in_transactions_of_the_application(void **state)
{
    (void)state;
    contend_all(true);
}
