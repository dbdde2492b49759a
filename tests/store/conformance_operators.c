/* conformance_operators.c - queues, pauses and workers, as operators see and change them */
#include "tests/store/conformance_operators.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

static const char *const classes[] = {"Job", "Other", NULL};

static void enqueue_in(struct bench *b, const char *queue, const char *job_class)
{
    struct new_request r = request_default();

    r.queue = queue;
    r.job_class = job_class;
    (void)bench_enqueue(b, &r);
}

static bool pause_some(struct bench *b, enum pause_kind kind, const char *name, const char *reason,
                       const char *by)
{
    const struct pause pause = {.kind = kind, .name = name, .reason = reason, .by = by};
    bool is_new = false;

    if (b->store->ops->pause(b->store, &pause, &is_new, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return is_new;
}

static int resume_some(struct bench *b, enum pause_kind kind, const char *name)
{
    return b->store->ops->resume(b->store, kind, name, "ada", &b->err);
}

static struct pause *pauses_of(struct bench *b, size_t *count)
{
    struct pause *pauses = NULL;

    if (b->store->ops->pauses(b->store, &b->arena, &pauses, count, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return pauses;
}

static size_t claim_count(struct bench *b, const char *const *queues)
{
    return bench_claim_from(b, queues, classes, 10).claim_count;
}

static const char *const *names_behind(struct bench *b, const char *after, size_t limit,
                                       size_t *count)
{
    const char *const *names = NULL;

    if (b->store->ops->queue_names(b->store, after, limit, &b->arena, &names, count, &b->err) !=
        PLAIN_OK)
        fail_msg("%s", b->err.message);
    return names;
}

void queues_with_requests_are_named_behind_a_name(void **state)
{
    static const char *const made[] = {"c", "a", "b", "a", "c"};
    struct bench b;
    size_t count = 1;

    (void)state;
    bench_open(&b);
    (void)names_behind(&b, "", 10, &count);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < ARRAY_SIZE(made); i++)
        enqueue_in(&b, made[i], "Job");
    const char *const *names = names_behind(&b, "", 10, &count);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[2], "c");
    names = names_behind(&b, "a", 1, &count);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], "b");
    (void)names_behind(&b, "c", 10, &count);
    assert_int_equal(count, 0);
    bench_close(&b);
}

void a_paused_queue_is_left_where_it_is(void **state)
{
    static const char *const both[] = {"default", "mail", NULL};
    static const char *const mail[] = {"mail", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_in(&b, "default", "Job");
    enqueue_in(&b, "mail", "Job");
    assert_true(pause_some(&b, PAUSE_QUEUE, "mail", "SES is down", "ada@job1"));
    struct cycle_result out = bench_claim_from(&b, both, classes, 10);
    assert_int_equal(out.claim_count, 1);
    assert_string_equal(out.claims[0].queue, "default");
    assert_int_equal(claim_count(&b, mail), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    assert_int_equal(resume_some(&b, PAUSE_QUEUE, "mail"), PLAIN_OK);
    assert_int_equal(claim_count(&b, mail), 1);
    bench_close(&b);
}

void a_paused_pattern_holds_every_queue_that_it_means(void **state)
{
    static const char *const queues[] = {"mail", "mailing", "mai", "default", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; queues[i]; i++)
        enqueue_in(&b, queues[i], "Job");
    (void)pause_some(&b, PAUSE_QUEUE, "mail*", "", "");
    assert_int_equal(claim_count(&b, queues), 2);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobrequest"
                                      " WHERE queue IN ('mail', 'mailing')"),
                     2);
    (void)pause_some(&b, PAUSE_QUEUE, "*", "", "");
    (void)resume_some(&b, PAUSE_QUEUE, "mail*");
    assert_int_equal(claim_count(&b, queues), 0);
    (void)resume_some(&b, PAUSE_QUEUE, "*");
    assert_int_equal(claim_count(&b, queues), 2);
    bench_close(&b);
}

void a_paused_class_is_held_in_every_queue(void **state)
{
    static const char *const queues[] = {"default", "mail", NULL};
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_in(&b, "default", "Other");
    enqueue_in(&b, "mail", "Other");
    enqueue_in(&b, "mail", "Job");
    (void)pause_some(&b, PAUSE_CLASS, "Other", "", "");
    (void)pause_some(&b, PAUSE_QUEUE, "Job", "", ""); /* a queue of that name is no class */
    struct cycle_result out = bench_claim_from(&b, queues, classes, 10);
    assert_int_equal(out.claim_count, 1);
    assert_string_equal(out.claims[0].job_class, "Job");
    assert_int_equal(resume_some(&b, PAUSE_CLASS, "Other"), PLAIN_OK);
    assert_int_equal(claim_count(&b, queues), 2);
    bench_close(&b);
}

void pausing_again_keeps_who_and_takes_the_reason(void **state)
{
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    assert_true(pause_some(&b, PAUSE_CLASS, "Job", "first", "ada@job1"));
    assert_true(pause_some(&b, PAUSE_QUEUE, "mail", "", "ada@job1"));
    int64_t at = pauses_of(&b, &count)[1].at;
    while (clock_wall_us() == at)
        continue;
    assert_false(pause_some(&b, PAUSE_CLASS, "Job", "", "bob@job2"));
    assert_string_equal(pauses_of(&b, &count)[1].reason, "first");
    assert_false(pause_some(&b, PAUSE_CLASS, "Job", "second", "bob@job2"));
    const struct pause *pauses = pauses_of(&b, &count);
    assert_int_equal(count, 2);
    assert_int_equal(pauses[0].kind, PAUSE_QUEUE);
    assert_string_equal(pauses[0].name, "mail");
    assert_int_equal(pauses[1].kind, PAUSE_CLASS);
    assert_string_equal(pauses[1].reason, "second");
    assert_string_equal(pauses[1].by, "ada@job1");
    assert_int_equal(pauses[1].at, at);
    bench_close(&b);
}

void resuming_what_is_not_paused_is_none(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)pause_some(&b, PAUSE_QUEUE, "mail*", "", "");
    assert_int_equal(resume_some(&b, PAUSE_QUEUE, "mail"), PLAIN_NONE);
    assert_int_equal(resume_some(&b, PAUSE_CLASS, "mail*"), PLAIN_NONE);
    assert_int_equal(resume_some(&b, PAUSE_QUEUE, "mail*"), PLAIN_OK);
    assert_int_equal(resume_some(&b, PAUSE_QUEUE, "mail*"), PLAIN_NONE);
    bench_close(&b);
}

void a_paused_class_does_not_stop_ends_and_retries(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    r.retries = 1;
    (void)bench_enqueue(&b, &r);
    struct claim claim = bench_claim_one(&b);
    (void)pause_some(&b, PAUSE_CLASS, "Job", "", "");
    struct job_end end = end_of(&claim, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    assert_int_equal(bench_end(&b, &end), 1);
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    (void)resume_some(&b, PAUSE_CLASS, "Job");
    assert_int_equal(bench_claim(&b, 1).claim_count, 1);
    bench_close(&b);
}

static struct worker_view *workers_of(struct bench *b, size_t *count)
{
    struct worker_view *workers = NULL;

    if (b->store->ops->workers(b->store, &b->arena, &workers, count, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return workers;
}

/* This bench's worker alone, with a row that says all that one can. */
static void register_fully(struct bench *b)
{
    static const char *const queues[] = {"default", "mail*"};
    const struct worker_row row = {.identity = &b->worker,
                                   .queues = queues,
                                   .queue_count = 2,
                                   .classes = classes,
                                   .class_count = 2,
                                   .lease_ms = 60000,
                                   .capacity = 4};

    (void)bench_number(b, "DELETE FROM plainjobs_workerheartbeat");
    assert_int_equal(b->store->ops->register_worker(b->store, &row, &b->err), PLAIN_OK);
}

void workers_are_listed_with_what_they_say(void **state)
{
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    register_fully(&b);
    enqueue_in(&b, "default", "Job");
    (void)bench_claim_one(&b);
    const struct worker_view *w = workers_of(&b, &count);
    assert_int_equal(count, 1);
    assert_uuid_equal(w->id, b.worker.id);
    assert_string_equal(w->host, "host-1");
    assert_int_equal(w->pid, 4711);
    assert_int_equal(w->queue_count, 2);
    assert_string_equal(w->queues[1], "mail*");
    assert_true(w->tells_classes);
    assert_int_equal(w->class_count, 2);
    assert_string_equal(w->classes[0], "Job");
    assert_int_equal(w->capacity, 4);
    assert_int_equal(w->lease_ms, 60000);
    assert_int_equal(w->running, 1);
    assert_false(w->stale);
    assert_int_equal(w->wish, WISH_NONE);
    assert_in_range(w->last_heartbeat_at, w->started_at, clock_wall_us() + 60 * US_PER_S);
    (void)bench_number(&b, "UPDATE plainjobs_workerheartbeat SET lease_ms = 0, classes = NULL");
    w = workers_of(&b, &count);
    assert_true(w->stale);
    assert_false(w->tells_classes);
    bench_close(&b);
}

/* A worker, and a job that it could claim. */
static void open_with_a_job(struct bench *b)
{
    bench_open(b);
    register_fully(b);
    enqueue_in(b, "default", "Job");
}

static enum worker_wish wish_of(struct bench *b, const plain_uuid *worker)
{
    enum worker_wish wish = WISH_COUNT;

    assert_int_equal(b->store->ops->wish_of_worker(b->store, worker, &wish, &b->err), PLAIN_OK);
    return wish;
}

void a_worker_that_is_asked_claims_no_more(void **state)
{
    struct bench b;
    size_t count;

    (void)state;
    open_with_a_job(&b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(wish_of(&b, &b.worker.id), WISH_NONE);
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_QUIET, "ada", &b.err), PLAIN_OK);
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_STOP, "ada", &b.err), PLAIN_OK);
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_QUIET, "ada", &b.err), PLAIN_OK);
    assert_int_equal(wish_of(&b, &b.worker.id), WISH_STOP);
    assert_int_equal(workers_of(&b, &count)->wish, WISH_STOP);
    /* Its lease goes on. */
    assert_int_equal(ops->beat(b.store, &b.worker.id, false, &b.err), PLAIN_OK);
    assert_int_equal(workers_of(&b, &count)->wish, WISH_STOP);
    bench_close(&b);
}

/* Who asked knew the worker by the id that it had before its lease was over. */
void what_was_asked_of_a_worker_holds_under_its_next_id(void **state)
{
    struct worker_identity next;
    struct bench b;

    (void)state;
    open_with_a_job(&b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_QUIET, "ada", &b.err), PLAIN_OK);
    next = b.worker;
    next.id = uuid_new();
    const struct worker_row row = {
        .identity = &next, .before = b.worker.id, .lease_ms = BENCH_LEASE_MS};
    assert_int_equal(ops->register_worker(b.store, &row, &b.err), PLAIN_OK);
    assert_int_equal(wish_of(&b, &next.id), WISH_QUIET);
    b.worker = next;
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    bench_close(&b);
}

void a_worker_that_stops_by_itself_says_so(void **state)
{
    struct bench b;
    size_t count;

    (void)state;
    open_with_a_job(&b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_QUIET, "ada", &b.err), PLAIN_OK);
    assert_int_equal(ops->beat(b.store, &b.worker.id, true, &b.err), PLAIN_OK);
    assert_int_equal(wish_of(&b, &b.worker.id), WISH_STOP);
    assert_int_equal(workers_of(&b, &count)->wish, WISH_STOP);
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    bench_close(&b);
}

void a_worker_that_is_not_there_cannot_be_asked(void **state)
{
    enum worker_wish wish = WISH_STOP;
    plain_uuid unknown = uuid_new();
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->ask_worker(b.store, &unknown, WISH_STOP, "ada", &b.err),
                     PLAIN_NONE);
    assert_int_equal(b.store->ops->wish_of_worker(b.store, &unknown, &wish, &b.err), PLAIN_OK);
    assert_int_equal(wish, WISH_NONE);
    bench_close(&b);
}

void what_waits_is_told_by_queue_and_class(void **state)
{
    struct new_request later = request_default();
    struct waiting *rows = NULL;
    struct bench b;
    size_t count = 1;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->waiting(b.store, &b.arena, &rows, &count, &b.err), PLAIN_OK);
    assert_int_equal(count, 0);
    later.delay_us = INT64_C(3600) * US_PER_S;
    (void)bench_enqueue(&b, &later);
    enqueue_in(&b, "mail", "Other");
    enqueue_in(&b, "mail", "Job");
    enqueue_in(&b, "mail", "Job");
    enqueue_in(&b, "slow", "Job");
    assert_int_equal(b.store->ops->waiting(b.store, &b.arena, &rows, &count, &b.err), PLAIN_OK);
    assert_int_equal(count, 3);
    assert_string_equal(rows[0].queue, "mail");
    assert_string_equal(rows[0].job_class, "Job");
    assert_int_equal(rows[0].count, 2);
    assert_string_equal(rows[0].source, "test.c:1");
    assert_in_range(rows[0].due_at, 1, clock_wall_us() + 60 * US_PER_S);
    assert_string_equal(rows[1].job_class, "Other");
    assert_string_equal(rows[2].queue, "slow");
    bench_close(&b);
}

static int64_t ahead_of(struct bench *b, const plain_uuid *request)
{
    int64_t count = -1;

    if (b->store->ops->count_ahead(b->store, request, &count, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return count;
}

/* As the order of claims says, from the requests in the order in which they were made. */
static int64_t expected_ahead(const struct new_request *made, int count, int of, int64_t now)
{
    const struct new_request *o = &made[of];
    int64_t ahead = 0;

    for (int i = 0; i < count; i++) {
        const struct new_request *r = &made[i];
        bool same_level = r->priority == o->priority;

        if (r->start_at > now || strcmp(r->queue, o->queue) != 0)
            continue;
        if (r->priority > o->priority || (same_level && r->start_at < o->start_at) ||
            (same_level && r->start_at == o->start_at && i < of))
            ahead++;
    }
    return ahead;
}

/* Times before, behind and equal to each other's, and to come, on several levels of two queues. */
void what_is_ahead_is_counted_whatever_the_times_and_priorities(void **state)
{
    enum { COUNT = 60, HOUR_S = 3600 };
    static const int hours[] = {-2, -1, 1, -1, -3, 2, -2};
    struct new_request made[COUNT];
    struct bench b;
    int64_t now, sum = 0;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->now(b.store, &now, &b.err), PLAIN_OK);
    for (int i = 0; i < COUNT; i++) {
        made[i] = request_default();
        made[i].start_at = now + hours[i % ARRAY_SIZE(hours)] * (int64_t)HOUR_S * US_PER_S;
        made[i].priority = i / 3 % 3 - 1;
        made[i].queue = i % 5 == 4 ? "mail" : "default";
        (void)bench_enqueue(&b, &made[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        int64_t expected = expected_ahead(made, COUNT, i, now);

        assert_int_equal(ahead_of(&b, &made[i].uuid), expected);
        sum += expected;
    }
    assert_true(sum > COUNT);
    bench_close(&b);
}

void what_is_ahead_is_counted_in_claim_order(void **state)
{
    struct new_request low = request_default(), high = request_default(), later = request_default();
    plain_uuid unknown = uuid_new();
    struct bench b;

    (void)state;
    bench_open(&b);
    low.priority = -1;
    high.priority = 5;
    later.delay_us = INT64_C(3600) * US_PER_S;
    later.priority = 9;
    enqueue_in(&b, "mail", "Job");
    enqueue_in(&b, "default", "Job");
    (void)bench_enqueue(&b, &low);
    (void)bench_enqueue(&b, &high);
    (void)bench_enqueue(&b, &later);
    assert_int_equal(ahead_of(&b, &high.uuid), 0);
    assert_int_equal(ahead_of(&b, &low.uuid), 2);
    assert_int_equal(ahead_of(&b, &unknown), 0);
    bench_close(&b);
}

static bool sees_jobs_of(struct bench *b, size_t class_count)
{
    static const char *const queue[] = {"default"};
    const struct claim_wish wish = {
        .queues = queue, .queue_count = 1, .classes = classes, .class_count = class_count};
    struct look look;

    if (b->store->ops->look(b->store, &wish, &look, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return look.is_due;
}

static bool sees_jobs(struct bench *b)
{
    return sees_jobs_of(b, 2);
}

void a_look_does_not_see_what_is_paused(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    enqueue_in(&b, "default", "Job");
    assert_true(sees_jobs(&b));
    (void)pause_some(&b, PAUSE_QUEUE, "def*", "", "");
    assert_false(sees_jobs(&b));
    (void)resume_some(&b, PAUSE_QUEUE, "def*");
    (void)pause_some(&b, PAUSE_CLASS, "Job", "", "");
    assert_false(sees_jobs(&b));
    assert_false(sees_jobs_of(&b, 1)); /* of all that this worker has */
    enqueue_in(&b, "default", "Other");
    assert_true(sees_jobs(&b));
    bench_close(&b);
}

static struct finding *verify(struct bench *b, size_t *count)
{
    struct finding *findings = NULL;

    if (b->store->ops->verify(b->store, &b->arena, &findings, count, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return findings;
}

void verify_finds_what_is_wrong_and_nothing_else(void **state)
{
    struct new_request keyed = request_default();
    struct bench b;
    size_t count = 1;

    (void)state;
    bench_open(&b);
    (void)verify(&b, &count);
    assert_int_equal(count, 0);
    keyed.concurrency_key = "k";
    keyed.retries = 1;
    (void)bench_enqueue(&b, &keyed);
    struct claim claim = bench_claim_one(&b);
    (void)verify(&b, &count);
    assert_int_equal(count, 0);
    struct job_end end = end_of(&claim, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    (void)bench_end(&b, &end);
    (void)verify(&b, &count);
    assert_int_equal(count, 0);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobkey");
    const struct finding *found = verify(&b, &count);
    assert_int_equal(count, 1);
    assert_string_equal(found->check, "key_not_held");
    assert_uuid_equal(found->uuid, end.successor);
    assert_string_equal(found->job_class, "Job");
    (void)bench_number(&b, "DELETE FROM plainjobs_jobrequest");
    (void)bench_number(&b, "UPDATE plainjobs_counter SET n = 3");
    found = verify(&b, &count);
    assert_int_equal(count, 2);
    assert_string_equal(found[0].check, "successor_gone");
    assert_uuid_equal(found[0].uuid, claim.token);
    assert_string_equal(found[1].check, "counter");
    assert_string_equal(found[1].job_class, "ERRORED");
    assert_int_equal(found[1].counted, 3);
    assert_int_equal(found[1].stored, 1);
    bench_close(&b);
}

/* Rows on both sides of the borders of slices. */
void verify_looks_at_every_slice(void **state)
{
    static const char *const ids[] = {"20001", "20000", "40001", "1"};
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        struct new_request r = request_default();
        char sql[128];

        r.concurrency_key = ids[i];
        (void)bench_enqueue(&b, &r);
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE plainjobs_jobrequest SET id = %s WHERE concurrency_key = '%s'",
                       ids[i], ids[i]);
        (void)bench_number(&b, sql);
    }
    (void)bench_number(&b, "DELETE FROM plainjobs_jobkey");
    (void)verify(&b, &count);
    assert_int_equal(count, ARRAY_SIZE(ids));
    bench_close(&b);
}

void a_duty_is_one_holders_until_its_time(void **state)
{
    const plain_uuid first = uuid_new(), second = uuid_new();
    struct bench b;

    (void)state;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(ops->take_duty(b.store, "clear", &first, 60000, &b.err), PLAIN_OK);
    assert_int_equal(ops->take_duty(b.store, "clear", &second, 60000, &b.err), PLAIN_NONE);
    assert_int_equal(ops->take_duty(b.store, "fold", &second, 60000, &b.err), PLAIN_OK);
    assert_int_equal(ops->take_duty(b.store, "clear", &first, 0, &b.err), PLAIN_OK);
    assert_int_equal(ops->take_duty(b.store, "clear", &second, 60000, &b.err), PLAIN_OK);
    assert_int_equal(ops->take_duty(b.store, "clear", &first, 60000, &b.err), PLAIN_NONE);
    bench_close(&b);
}

void a_claim_from_three_hundred_queues_is_in_one_order(void **state)
{
    enum { QUEUES = 300, EACH = 7, LIMIT = 500 };
    static char names[QUEUES][16];
    const char *queues[QUEUES + 1] = {NULL};
    char sql[512];
    struct bench b;
    size_t seen = 0;
    struct cycle_result out;
    struct claim last = {.priority = INT32_MAX};

    (void)state;
    bench_open(&b);
    for (int i = 0; i < QUEUES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "q%d", i);
        queues[i] = names[i];
    }
    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                   " INSERT INTO plainjobs_jobrequest (job_class, queue, priority)"
                   " SELECT 'Job', 'q' || CAST(i * 7919 %% %d AS text), i * 31 %% 3 FROM n",
                   QUEUES * EACH - 1, QUEUES);
    (void)bench_number(&b, sql);
    do {
        out = bench_claim_from(&b, queues, classes, LIMIT);
        for (size_t i = 0; i < out.claim_count; i++) {
            const struct claim *c = &out.claims[i];

            assert_true(c->priority <= last.priority);
            if (c->priority == last.priority)
                assert_true(c->due_at > last.due_at ||
                            (c->due_at == last.due_at && c->id > last.id));
            last = *c;
        }
        seen += out.claim_count;
    } while (out.claim_count == LIMIT);
    assert_int_equal(seen, QUEUES * EACH);
    bench_close(&b);
}
