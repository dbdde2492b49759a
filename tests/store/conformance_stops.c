/* conformance_stops.c - limits of a run; cancelling; completing in a transaction */
#include "tests/store/conformance_stops.h"
#include "base/clock.h"
#include "base/uuid.h"

static int admit(struct store_tx *tx, void *user)
{
    (void)tx;
    (void)user;
    return 1;
}

static struct new_request with_timeout(int64_t timeout_ms)
{
    struct new_request r = request_default();

    r.timeout_ms = timeout_ms;
    return r;
}

/* Alone, as one that may exist, by a rule, and with others, of which one has none. */
void a_timeout_goes_with_every_way_to_enqueue(void **state)
{
    static const int64_t expected[] = {30000, INT64_C(5000000000), 40000, 0, 1, 2};
    struct new_request alone = with_timeout(30000), again = with_timeout(INT64_C(5000000000));
    struct new_request ruled = with_timeout(40000);
    struct bench_source many;
    plain_request out;
    struct bench b;

    (void)state;
    bench_open(&b);
    bench_source_open(&many, 3);
    for (int i = 0; i < 3; i++)
        many.requests[i].timeout_ms = i;
    again.may_exist = many.requests[2].may_exist = true;
    const struct store_ops *ops = b.store->ops;
    (void)bench_enqueue(&b, &alone);
    (void)bench_enqueue(&b, &again);
    assert_int_equal(ops->enqueue_ruled(b.store, &ruled, "lock", admit, NULL, &out, &b.err), 0);
    assert_int_equal(bench_source_run(&many, &b), 0);
    bench_source_close(&many);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct claim c = bench_claim_one(&b);

        assert_true(c.timeout_ms == expected[i]);
    }
    assert_int_equal(
        bench_number(&b, "SELECT count(*) FROM plainjobs_jobprocess WHERE timeout_ms IS NULL"), 1);
    bench_close(&b);
}

static enum cancel_outcome cancel(struct bench *b, const plain_uuid *uuid)
{
    enum cancel_outcome outcome = (enum cancel_outcome)99;

    assert_int_equal(b->store->ops->cancel(b->store, uuid, "ada", &outcome, &b->err), PLAIN_OK);
    return outcome;
}

static struct claim open_with_claim(struct bench *b, struct new_request *r)
{
    *r = request_default();
    r->retries = 3;
    r->concurrency_key = "key";
    bench_open(b);
    (void)bench_enqueue(b, r);
    return bench_claim_one(b);
}

/* What is said of one attempt that runs: its state, -1 when there is nothing to say. */
static int watch(struct bench *b, const plain_uuid *token, const char **by)
{
    struct cycle_result out = bench_cycle(b, &(struct cycle){.watched = token, .watched_count = 1});

    *by = NULL;
    if (out.watched_count == 0)
        return -1;
    assert_int_equal(out.watched_count, 1);
    assert_uuid_equal(out.watched->token, *token);
    *by = out.watched->by;
    return out.watched->state;
}

static struct job_row only_result(struct bench *b)
{
    size_t count;
    struct job_row *row = bench_all(b, TABLE_RESULT, &count);

    assert_int_equal(count, 1);
    return *row;
}

static int64_t counted(struct bench *b, enum job_status status)
{
    struct store_stats stats;

    assert_int_equal(b->store->ops->stats(b->store, &stats, &b->err), PLAIN_OK);
    return stats.by_status[status];
}

/* How many rows it took. */
static size_t fold(struct bench *b)
{
    return bench_cycle(b, &(struct cycle){.fold = true}).folded;
}

void a_pending_job_is_cancelled_at_once(void **state)
{
    struct new_request r = with_timeout(7000);
    struct bench b;

    (void)state;
    r.concurrency_key = "key";
    r.priority = 3;
    r.retries = 9;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(cancel(&b, &r.uuid), CANCEL_DONE);
    struct job_row row = only_result(&b);
    assert_int_equal(row.status, JOB_CANCELLED);
    assert_uuid_equal(row.request_uuid, r.uuid);
    assert_uuid_equal(row.root_uuid, r.uuid);
    assert_true(uuid_is_zero(&row.worker_id));
    assert_true(uuid_is_zero(&row.retry_request_uuid));
    assert_false(uuid_is_zero(&row.token));
    assert_string_equal(row.error_type, "Cancelled");
    assert_string_equal(row.error_message, "cancelled by ada");
    assert_string_equal(row.concurrency_key, "key");
    assert_int_equal(row.priority, 3);
    assert_int_equal(row.retries, 9);
    assert_int_equal(row.run_no, 1);
    assert_true(row.started_at == STORE_NO_TIME);
    assert_true(row.ended_at >= row.requested_at);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    assert_int_equal(counted(&b, JOB_CANCELLED), 1);
    (void)fold(&b);
    (void)fold(&b);
    assert_int_equal(counted(&b, JOB_CANCELLED), 1);
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 1);
    assert_int_equal(cancel(&b, &r.uuid), CANCEL_ENDED);
    assert_int_equal(cancel(&b, &row.token), CANCEL_ENDED);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobresult RETURNING 1");
    assert_int_equal(counted(&b, JOB_CANCELLED), 0); /* removed ones are taken off */
    bench_close(&b);
}

/* A job whose first attempt failed and whose retry waits. */
static struct claim open_with_retry(struct bench *b, struct new_request *r, plain_uuid *retry)
{
    struct claim c = open_with_claim(b, r);
    struct job_end end = end_of(&c, JOB_ERRORED);

    end.successor = *retry = uuid_new();
    end.successor_retry_attempt = 1;
    assert_int_equal(bench_end(b, &end), 1);
    return c;
}

void a_job_is_cancelled_by_any_of_its_uuids(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct new_request r;
        struct bench b;
        plain_uuid retry;
        struct claim c = open_with_retry(&b, &r, &retry);
        const plain_uuid *const uuids[] = {&r.uuid, &c.token, &retry};
        size_t count;

        assert_int_equal(cancel(&b, uuids[which]), CANCEL_DONE);
        struct job_row *rows = bench_find(&b, &r.uuid, &count);
        assert_int_equal(count, 2);
        assert_int_equal(rows[1].status, JOB_CANCELLED);
        assert_uuid_equal(rows[1].request_uuid, retry);
        assert_uuid_equal(rows[1].retry_of, c.token);
        assert_int_equal(rows[1].run_no, 2);
        assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
        bench_close(&b);
    }
}

/* Retention may have taken the attempts before it, or an operator. */
void a_retry_is_found_though_its_first_attempt_is_gone(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct new_request r;
        struct bench b;
        plain_uuid retry;
        enum delete_outcome outcome = (enum delete_outcome)99;
        size_t count = 0;

        (void)open_with_retry(&b, &r, &retry);
        const plain_uuid *uuid = which % 2 ? &r.uuid : &retry;
        (void)bench_number(&b, "DELETE FROM plainjobs_jobresult RETURNING 1");
        (void)bench_find(&b, uuid, &count);
        assert_int_equal(count, 1);
        if (which / 2 == 0) {
            assert_int_equal(cancel(&b, uuid), CANCEL_DONE);
            assert_uuid_equal(only_result(&b).request_uuid, retry);
            assert_uuid_equal(only_result(&b).root_uuid, r.uuid);
        } else {
            assert_int_equal(b.store->ops->delete_job(b.store, uuid, "", &outcome, &b.err), 0);
            assert_int_equal(outcome, DELETE_DONE);
        }
        assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
        assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
        bench_close(&b);
    }
}

void cancelling_nothing_is_none(void **state)
{
    enum cancel_outcome outcome;
    plain_uuid uuid = uuid_new();
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->cancel(b.store, &uuid, "", &outcome, &b.err), PLAIN_NONE);
    bench_close(&b);
}

void a_running_job_is_asked_and_its_worker_sees_it(void **state)
{
    struct new_request r;
    struct bench b;
    const char *by;
    struct claim c = open_with_claim(&b, &r);

    (void)state;
    assert_int_equal(watch(&b, &c.token, &by), -1);
    assert_int_equal(cancel(&b, &r.uuid), CANCEL_ASKED);
    assert_int_equal(cancel(&b, &c.token), CANCEL_ASKED);
    assert_int_equal(watch(&b, &c.token, &by), WATCH_CANCELLED);
    assert_string_equal(by, "ada");
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 0);
    struct job_end end = end_of(&c, JOB_CANCELLED);
    assert_int_equal(bench_end(&b, &end), 1);
    assert_string_equal(only_result(&b).error_message, "cancelled by ada");
    bench_close(&b);
}

/* Whatever its worker makes of it, which may not know. */
void what_was_cancelled_has_no_successor(void **state)
{
    static const enum job_status statuses[] = {JOB_ERRORED, JOB_LOST, JOB_DEFERRED};

    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct new_request r;
        struct bench b;
        struct claim c = open_with_claim(&b, &r);
        struct job_end end = end_of(&c, statuses[i]);

        assert_int_equal(cancel(&b, &r.uuid), CANCEL_ASKED);
        end.error = "its own words";
        end.successor = uuid_new();
        end.successor_retry_attempt = 1;
        end.wants_hook = true;
        assert_int_equal(bench_end(&b, &end), 1);
        struct job_row row = only_result(&b);
        assert_int_equal(row.status, JOB_CANCELLED);
        assert_string_equal(row.error_type, "Cancelled");
        assert_string_equal(row.error, "its own words");
        assert_true(uuid_is_zero(&row.retry_request_uuid));
        assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
        assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
        assert_int_equal(counted(&b, JOB_CANCELLED), 1);
        assert_int_equal(counted(&b, statuses[i]), 0);
        assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult"
                                          " WHERE aborted_hook_at IS NOT NULL"),
                         1);
        bench_close(&b);
    }
}

void what_succeeded_all_the_same_is_successful(void **state)
{
    struct new_request r;
    struct bench b;
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_SUCCESSFUL);

    (void)state;
    assert_int_equal(cancel(&b, &r.uuid), CANCEL_ASKED);
    end.wants_hook = true;
    assert_int_equal(bench_end(&b, &end), 1);
    assert_int_equal(only_result(&b).status, JOB_SUCCESSFUL);
    assert_null(only_result(&b).error_type);
    assert_int_equal(cancel(&b, &r.uuid), CANCEL_ENDED);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult"
                                      " WHERE aborted_hook_at IS NOT NULL"),
                     0);
    bench_close(&b);
}

void what_was_cancelled_is_not_put_back(void **state)
{
    struct new_request r;
    struct bench b;
    struct claim c = open_with_claim(&b, &r);

    (void)state;
    assert_int_equal(cancel(&b, &r.uuid), CANCEL_ASKED);
    assert_int_equal(bench_release(&b, &c.token), 1);
    struct job_row row = only_result(&b);
    assert_int_equal(row.status, JOB_CANCELLED);
    assert_uuid_equal(row.token, c.token);
    assert_uuid_equal(row.worker_id, b.worker.id);
    assert_string_equal(row.error_message, "cancelled by ada");
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    assert_int_equal(counted(&b, JOB_CANCELLED), 1);
    bench_close(&b);
}

void everything_that_is_claimed_is_cancelled(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    int64_t count;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 3; i++) {
        r.uuid = uuid_new();
        (void)bench_enqueue(&b, &r);
    }
    struct cycle_result claimed = bench_claim(&b, 2);
    assert_int_equal(cancel(&b, &claimed.claims[0].request_uuid), CANCEL_ASKED);
    assert_int_equal(b.store->ops->cancel_claimed(b.store, "purge", &count, &b.err), PLAIN_OK);
    assert_int_equal(count, 1);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobprocess"
                                      " WHERE cancel_at IS NOT NULL AND cancel_by = 'ada'"),
                     1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void a_row_that_is_gone_is_seen(void **state)
{
    struct new_request r;
    struct bench b;
    const char *by;
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_LOST);

    (void)state;
    assert_int_equal(bench_end(&b, &end), 1); /* as one that rescues it */
    assert_int_equal(watch(&b, &c.token, &by), WATCH_GONE);
    plain_uuid unknown = uuid_new();
    assert_int_equal(watch(&b, &unknown, &by), WATCH_GONE);
    bench_close(&b);
}

static int complete(struct bench *b, const plain_uuid *token)
{
    return b->store->ops->complete(b->store, token, &b->err);
}

void an_attempt_completes_once(void **state)
{
    struct new_request r;
    struct bench b;
    const char *by;
    struct claim c = open_with_claim(&b, &r);

    (void)state;
    assert_int_equal(complete(&b, &c.token), PLAIN_OK);
    struct job_row row = only_result(&b);
    assert_int_equal(row.status, JOB_SUCCESSFUL);
    assert_uuid_equal(row.token, c.token);
    assert_uuid_equal(row.request_uuid, r.uuid);
    assert_uuid_equal(row.worker_id, b.worker.id);
    assert_true(row.started_at <= row.ended_at);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 1);
    (void)fold(&b);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 1);
    assert_int_equal(watch(&b, &c.token, &by), WATCH_COMPLETED);
    assert_int_equal(complete(&b, &c.token), PLAIN_E_REFUSED);
    assert_int_equal(b.err.pj, 507);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 1);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 1);
    bench_close(&b);
}

/* What the job could not know when it completed: its end tells it, once. */
void what_completed_gets_the_figures_of_its_end(void **state)
{
    struct new_request r;
    struct bench b;
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_SUCCESSFUL);

    (void)state;
    assert_int_equal(complete(&b, &c.token), PLAIN_OK);
    assert_int_equal(only_result(&b).runner_pid, -1);
    end.runner_pid = 77;
    end.cpu_us = 1234;
    end.max_rss_kb = -1;
    end.output = "hello";
    assert_int_equal(bench_cycle(&b, &(struct cycle){.ends = &end, .end_count = 1}).recorded, 1);
    struct job_row row = only_result(&b);
    assert_int_equal(row.runner_pid, 77);
    assert_int_equal(row.cpu_us, 1234);
    assert_int_equal(row.max_rss_kb, -1);
    assert_string_equal(row.output, "hello");
    end.runner_pid = 78; /* whoever says so later */
    end.output = "later";
    assert_int_equal(bench_cycle(&b, &(struct cycle){.ends = &end, .end_count = 1}).recorded, 1);
    assert_int_equal(only_result(&b).runner_pid, 77);
    assert_string_equal(only_result(&b).output, "hello");
    bench_close(&b);
}

/* They are summed as before, also when one of those results is removed later. */
void counts_of_old_minutes_become_one(void **state)
{
    static const int days_ago[] = {0, 3, 4, 400};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_SIZE(days_ago); i++) {
        struct new_request r = request_default();

        (void)bench_enqueue(&b, &r);
        struct claim c = bench_claim_one(&b);
        struct job_end end = end_of(&c, JOB_SUCCESSFUL);
        end.ended_at -= (int64_t)days_ago[i] * 86400 * US_PER_S;
        assert_int_equal(bench_end(&b, &end), 1);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 4);
    assert_int_equal(fold(&b), 3);
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 2);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 4);
    (void)bench_number(&b, "DELETE FROM plainjobs_jobresult WHERE id = 3");
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 3);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 3);
    assert_int_equal(fold(&b), 1);
    assert_int_equal(fold(&b), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_counter"), 2);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 3);
    bench_close(&b);
}

/* Both ask which rows are left: on PostgreSQL one statement twice, which has no name there yet. */
void what_may_complete_and_what_goes_back_share_a_cycle(void **state)
{
    struct new_request r, other = request_default();
    struct bench b;
    struct claim c = open_with_claim(&b, &r);
    struct job_end end = end_of(&c, JOB_SUCCESSFUL);

    (void)state;
    (void)bench_enqueue(&b, &other);
    struct claim back = bench_claim_one(&b);
    end.completing = true;
    struct cycle_result out = bench_cycle(
        &b,
        &(struct cycle){.ends = &end, .end_count = 1, .releases = &back.token, .release_count = 1});
    assert_int_equal(out.ended, 1);
    assert_int_equal(out.released, 1);
    assert_int_equal(out.undecided_count, 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
    bench_close(&b);
}

/* Its worker's own end, whatever it is, neither counts nor continues it. */
void an_end_of_what_completed_is_recorded_already(void **state)
{
    static const enum job_status statuses[] = {JOB_SUCCESSFUL, JOB_ERRORED, JOB_LOST};
    struct new_request r;
    struct bench b;
    struct claim c = open_with_claim(&b, &r);

    (void)state;
    assert_int_equal(complete(&b, &c.token), PLAIN_OK);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct job_end end = end_of(&c, statuses[i]);

        end.completing = i > 0;
        end.successor = i > 0 ? uuid_new() : (plain_uuid){{0}};
        struct cycle_result out = bench_cycle(&b, &(struct cycle){.ends = &end, .end_count = 1});
        assert_int_equal(out.ended, 0);
        assert_int_equal(out.recorded, 1);
        assert_int_equal(out.undecided_count, 0);
    }
    assert_int_equal(only_result(&b).status, JOB_SUCCESSFUL);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(counted(&b, JOB_SUCCESSFUL), 1);
    bench_close(&b);
}
