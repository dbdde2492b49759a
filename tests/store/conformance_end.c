/* conformance_end.c - how an attempt ends, is continued, or is put back */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/store/conformance.h"

/* A bench with one job, claimed. */
static struct claim open_with_claim(struct bench *b, struct new_request *r)
{
    *r = request_default();
    bench_open(b);
    (void)bench_enqueue(b, r);
    return bench_claim_one(b);
}

void an_end_is_recorded_with_every_value(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    size_t count;

    (void)state;
    r.concurrency_key = "key";
    r.priority = 3;
    r.retries = 9;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    struct job_end end = end_of(&c, JOB_LOST);
    end.error = "line 1\nline 2 \xE2\x82\xAC";
    end.error_type = "Crash";
    end.error_message = "line 1";
    end.fingerprint = "0123abcd";
    end.exit_code = 3;
    end.exit_signal = 11;
    end.crash_count = 1;
    end.runner_pid = 4712;
    end.cpu_us = 123456789012;
    end.max_rss_kb = 5000000000;
    assert_int_equal(bench_end(&b, &end), 1);

    struct job_row *row = bench_all(&b, TABLE_RESULT, &count);
    assert_int_equal(count, 1);
    assert_int_equal(row->table, TABLE_RESULT);
    assert_int_equal(row->status, JOB_LOST);
    assert_uuid_equal(row->token, c.token);
    assert_uuid_equal(row->request_uuid, r.uuid);
    assert_uuid_equal(row->root_uuid, r.uuid);
    assert_uuid_equal(row->worker_id, b.worker.id);
    assert_true(uuid_is_zero(&row->retry_of));
    assert_true(uuid_is_zero(&row->retry_request_uuid));
    assert_string_equal(row->job_class, r.job_class);
    assert_string_equal(row->queue, r.queue);
    assert_string_equal(row->concurrency_key, r.concurrency_key);
    assert_string_equal(row->source, r.source);
    assert_string_equal(row->error, end.error);
    assert_string_equal(row->error_type, end.error_type);
    assert_string_equal(row->error_message, end.error_message);
    assert_string_equal(row->fingerprint, end.fingerprint);
    assert_string_equal(row->worker_host, b.worker.host);
    assert_int_equal(row->priority, r.priority);
    assert_int_equal(row->retries, r.retries);
    assert_int_equal(row->retry_attempt, 0);
    assert_int_equal(row->run_no, 1);
    assert_int_equal(row->crash_count, 1);
    assert_int_equal(row->worker_pid, b.worker.pid);
    assert_int_equal(row->runner_pid, end.runner_pid);
    assert_int_equal(row->exit_code, end.exit_code);
    assert_int_equal(row->exit_signal, end.exit_signal);
    assert_true(row->cpu_us == end.cpu_us);
    assert_true(row->max_rss_kb == end.max_rss_kb);
    assert_int_equal(row->requested_at, c.requested_at);
    assert_int_equal(row->started_at, end.started_at);
    assert_int_equal(row->ended_at, end.ended_at);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    bench_close(&b);
}

/* A timeout belongs to the request, the number of lost attempts to the job: both go with it. */
void limits_go_from_the_request_to_its_successor(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    r.retries = 9;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    (void)bench_number(&b, "UPDATE plainjobs_jobrequest SET timeout_ms = 5000000000 RETURNING 1");
    struct claim c = bench_claim_one(&b);
    assert_int_equal(c.timeout_ms, 5000000000);
    assert_int_equal(c.lost_count, 0);
    assert_int_equal(bench_release(&b, &c.token), 1);
    c = bench_claim_one(&b);
    assert_int_equal(c.timeout_ms, 5000000000);
    struct job_end end = end_of(&c, JOB_LOST);
    end.lost_count = 2;
    end.output = "its last words";
    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    assert_int_equal(bench_end(&b, &end), 1);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult"
                                      " WHERE output = 'its last words' AND lost_count = 2"
                                      " AND timeout_ms = 5000000000"),
                     1);
    c = bench_claim_one(&b);
    assert_int_equal(c.timeout_ms, 5000000000);
    assert_int_equal(c.lost_count, 2);
    bench_close(&b);
}

void an_attempt_ends_once(void **state)
{
    struct new_request r;
    struct bench b;
    size_t count;

    (void)state;
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &end), 1);

    struct job_end again = end_of(&c, JOB_ERRORED);
    again.error = "too late";
    again.successor = uuid_new();
    assert_int_equal(bench_end(&b, &again), 0);
    const struct job_end twice[] = {again, again};
    assert_int_equal(bench_cycle(&b, &(struct cycle){.ends = twice, .end_count = 2}).ended, 0);

    struct job_row *row = bench_all(&b, TABLE_RESULT, &count);
    assert_int_equal(count, 1);
    assert_int_equal(row->status, JOB_SUCCESSFUL);
    assert_string_equal(row->error, "");
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_number(&b, "SELECT sum(n) FROM plainjobs_counter"), 1);
    bench_close(&b);
}

void an_unknown_token_changes_nothing(void **state)
{
    struct claim nobody = {.token = uuid_new()};
    struct job_end end = end_of(&nobody, JOB_SUCCESSFUL);
    struct bench b;

    (void)state;
    end.successor = uuid_new();
    bench_open(&b);
    struct cycle_result out = bench_cycle(
        &b, &(struct cycle){
                .ends = &end, .end_count = 1, .releases = &nobody.token, .release_count = 1});
    assert_int_equal(out.ended, 0);
    assert_int_equal(out.released, 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 0);
    bench_close(&b);
}

void a_retry_is_linked_both_ways(void **state)
{
    struct new_request r;
    struct bench b;
    size_t count;

    (void)state;
    struct claim first = open_with_claim(&b, &r);
    struct job_end end = end_of(&first, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_start_at = end.ended_at - 1000;
    end.successor_retry_attempt = 1;
    end.crash_count = 2;
    assert_int_equal(bench_end(&b, &end), 1);

    struct job_row *request = bench_all(&b, TABLE_REQUEST, &count);
    assert_int_equal(count, 1);
    assert_uuid_equal(request->request_uuid, end.successor);
    assert_uuid_equal(request->retry_of, first.token);
    assert_uuid_equal(request->root_uuid, r.uuid);
    assert_int_equal(request->requested_at, end.ended_at);
    assert_int_equal(request->start_at, end.successor_start_at);
    assert_int_equal(request->retry_attempt, 1);
    assert_int_equal(request->run_no, 2);
    assert_int_equal(request->crash_count, 2);
    assert_string_equal(request->source, r.source);

    struct claim second = bench_claim_one(&b);
    assert_uuid_equal(second.request_uuid, end.successor);
    assert_uuid_equal(second.root_uuid, r.uuid);
    assert_uuid_not_equal(second.token, first.token);
    assert_int_equal(second.retry_attempt, 1);
    assert_int_equal(second.run_no, 2);
    assert_int_equal(second.crash_count, 2);
    assert_int_equal(second.due_at, end.successor_start_at);
    struct job_end last = end_of(&second, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &last), 1);

    struct job_row *result = bench_all(&b, TABLE_RESULT, &count);
    assert_int_equal(count, 2); /* newest first */
    assert_uuid_equal(result[1].retry_request_uuid, end.successor);
    assert_uuid_equal(result[0].retry_of, first.token);
    assert_uuid_equal(result[0].root_uuid, r.uuid);
    assert_true(uuid_is_zero(&result[0].retry_request_uuid));
    bench_close(&b);
}

void a_deferral_keeps_the_attempt_and_raises_the_run(void **state)
{
    struct new_request r;
    struct bench b;

    (void)state;
    struct claim c = open_with_claim(&b, &r);
    for (int run = 1; run <= 3; run++) {
        struct job_end end = end_of(&c, JOB_DEFERRED);

        assert_int_equal(c.run_no, run);
        assert_int_equal(c.retry_attempt, 0);
        assert_uuid_equal(c.root_uuid, r.uuid);
        end.successor = uuid_new();
        assert_int_equal(bench_end(&b, &end), 1);
        c = bench_claim_one(&b);
    }
    bench_close(&b);
}

/* By somebody who repeats an enqueue, or who knows its uuid. */
void a_request_made_meanwhile_is_the_released_claim(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&b);
    (void)bench_number(&b, "INSERT INTO plainjobs_jobrequest (uuid, job_class)"
                           " SELECT job_request_uuid, job_class FROM plainjobs_jobprocess");
    assert_int_equal(bench_release(&b, &c.token), 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void a_released_claim_is_the_same_request_again(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    size_t count;

    (void)state;
    r.start_at = 1000 * (int64_t)US_PER_S;
    r.retries = 2;
    r.priority = 4;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    struct claim first = bench_claim_one(&b);
    struct job_end end = end_of(&first, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_start_at = 2000 * (int64_t)US_PER_S;
    end.successor_retry_attempt = 1;
    end.crash_count = 1;
    assert_int_equal(bench_end(&b, &end), 1);

    struct job_row before = *bench_all(&b, TABLE_REQUEST, &count);
    struct claim second = bench_claim_one(&b);
    assert_int_equal(bench_release(&b, &second.token), 1);
    assert_int_equal(bench_release(&b, &second.token), 0);
    struct job_row *after = bench_all(&b, TABLE_REQUEST, &count);
    assert_int_equal(count, 1);
    assert_uuid_equal(after->request_uuid, before.request_uuid);
    assert_uuid_equal(after->root_uuid, before.root_uuid);
    assert_uuid_equal(after->retry_of, before.retry_of);
    assert_string_equal(after->job_class, before.job_class);
    assert_string_equal(after->parameters, before.parameters);
    assert_string_equal(after->source, before.source);
    assert_int_equal(after->requested_at, before.requested_at);
    assert_int_equal(after->start_at, before.start_at);
    assert_int_equal(after->priority, before.priority);
    assert_int_equal(after->retries, before.retries);
    assert_int_equal(after->retry_attempt, before.retry_attempt);
    assert_int_equal(after->run_no, before.run_no);
    assert_int_equal(after->crash_count, before.crash_count);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    assert_uuid_equal(bench_claim_one(&b).request_uuid, second.request_uuid);
    bench_close(&b);
}

void a_released_claim_cannot_end(void **state)
{
    struct new_request r;
    struct bench b;

    (void)state;
    struct claim c = open_with_claim(&b, &r);
    assert_int_equal(bench_release(&b, &c.token), 1);
    struct job_end end = end_of(&c, JOB_SUCCESSFUL);
    assert_int_equal(bench_end(&b, &end), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void ends_releases_and_claims_share_a_cycle(void **state)
{
    static const char *const queues[] = {"default"};
    static const char *const classes[] = {"Job"};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 3; i++) {
        struct new_request r = request_default();
        (void)bench_enqueue(&b, &r);
    }
    struct cycle_result out = bench_claim(&b, 2);
    struct job_end end = end_of(&out.claims[0], JOB_SUCCESSFUL);
    const struct claim_wish wish = {queues, 1, classes, 1, bench_tokens(&b, 5), 5};
    struct cycle_result next = bench_cycle(&b, &(struct cycle){.ends = &end,
                                                               .end_count = 1,
                                                               .releases = &out.claims[1].token,
                                                               .release_count = 1,
                                                               .wish = &wish});
    assert_int_equal(next.ended, 1);
    assert_int_equal(next.released, 1);
    /* What was put back is claimed again at once, ahead of what came later. */
    assert_int_equal(next.claim_count, 2);
    assert_uuid_equal(next.claims[0].request_uuid, out.claims[1].request_uuid);
    assert_uuid_not_equal(next.claims[0].token, out.claims[1].token);
    bench_close(&b);
}

static void enqueue_many(struct bench *b, int count)
{
    for (int i = 0; i < count; i++) {
        struct new_request r = request_default();
        (void)bench_enqueue(b, &r);
    }
}

void a_thousand_ends_and_claims_in_one_cycle(void **state)
{
    static const char *const queues[] = {"default"};
    static const char *const classes[] = {"Job"};
    static struct job_end ends[STORE_END_MAX];
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_number(&b, "INSERT INTO plainjobs_jobrequest (job_class)"
                           " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                           " SELECT i + 1 FROM n WHERE i < 2000) SELECT 'Job' FROM n");
    struct cycle_result out = bench_claim(&b, STORE_CLAIM_MAX);
    assert_int_equal(out.claim_count, STORE_CLAIM_MAX);
    for (size_t i = 0; i < STORE_END_MAX; i++) {
        ends[i] = end_of(&out.claims[i], i % 2 ? JOB_SUCCESSFUL : JOB_ERRORED);
        if (i % 2 == 0)
            ends[i].successor = uuid_new();
    }
    const struct claim_wish wish = {
        queues, 1, classes, 1, bench_tokens(&b, STORE_CLAIM_MAX), STORE_CLAIM_MAX};
    out = bench_cycle(&b, &(struct cycle){.ends = ends, .end_count = STORE_END_MAX, .wish = &wish});
    assert_int_equal(out.ended, STORE_END_MAX);
    assert_int_equal(out.claim_count, STORE_CLAIM_MAX);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), STORE_END_MAX);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), STORE_CLAIM_MAX);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), STORE_END_MAX / 2);
    bench_close(&b);
}

void a_failing_cycle_changes_nothing(void **state)
{
    struct new_request r;
    struct cycle_result out;
    struct bench b;

    (void)state;
    struct claim c = open_with_claim(&b, &r);
    enqueue_many(&b, 1);
    struct claim d = bench_claim_one(&b);
    const struct job_end good = end_of(&c, JOB_SUCCESSFUL);
    struct job_end bad = end_of(&d, JOB_ERRORED);
    enqueue_many(&b, 1);
    size_t count;
    bad.successor = bench_all(&b, TABLE_REQUEST, &count)->request_uuid; /* taken already */
    const struct job_end ends[] = {good, bad};
    const struct cycle cycle = {.worker = &b.worker, .ends = ends, .end_count = 2};
    assert_true(b.store->ops->cycle(b.store, &cycle, &b.arena, &out, &b.err) < 0);
    assert_int_equal(b.err.pj, 304);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 2);
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 0);
    /* The store is of use afterwards. */
    assert_int_equal(bench_end(&b, &good), 1);
    bench_close(&b);
}

void an_end_without_texts_and_numbers_is_null(void **state)
{
    struct new_request r;
    struct bench b;
    size_t count;

    (void)state;
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_CANCELLED);
    end.started_at = STORE_NO_TIME;
    assert_int_equal(bench_end(&b, &end), 1);
    struct job_row *row = bench_all(&b, TABLE_RESULT, &count);
    assert_int_equal(row->status, JOB_CANCELLED);
    assert_string_equal(row->error, "");
    assert_null(row->error_type);
    assert_null(row->error_message);
    assert_null(row->fingerprint);
    assert_true(row->started_at == STORE_NO_TIME);
    assert_int_equal(row->exit_code, -1);
    assert_int_equal(row->exit_signal, -1);
    assert_int_equal(row->cpu_us, -1);
    assert_int_equal(row->max_rss_kb, -1);
    bench_close(&b);
}

void an_end_keeps_a_long_error(void **state)
{
    enum { SIZE = 256 * 1024 };
    struct new_request r;
    struct bench b;
    size_t count;
    char *text = malloc(SIZE + 1);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + i % 26);
    text[SIZE] = '\0';
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_ERRORED);
    end.error = text;
    assert_int_equal(bench_end(&b, &end), 1);
    assert_string_equal(bench_all(&b, TABLE_RESULT, &count)->error, text);
    free(text);
    bench_close(&b);
}
