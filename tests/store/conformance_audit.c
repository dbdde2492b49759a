/* conformance_audit.c - what people did is noted; deleting; telling a worker */
#include "tests/store/conformance_audit.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/uuid.h"

enum { SOON_MS = 10000 };

struct audit_row *audit_rows(struct bench *b, const plain_uuid *uuid, size_t *count)
{
    struct audit_row *rows = NULL;

    if (b->store->ops->audit(b->store, uuid, 0, STORE_AUDIT_MAX, &b->arena, &rows, count,
                             &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return rows;
}

void audit_assert_sound(struct bench *b)
{
    struct finding *findings = NULL;
    size_t count = 0;

    if (b->store->ops->verify(b->store, &b->arena, &findings, &count, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    if (count > 0)
        fail_msg("%s", findings->check);
}

/* The newest row says this. */
static void assert_noted(struct bench *b, size_t count, const char *action, const char *target,
                         const char *detail)
{
    size_t found;
    struct audit_row *rows = audit_rows(b, NULL, &found);

    assert_int_equal(found, count);
    assert_string_equal(rows->actor, "ada");
    assert_string_equal(rows->action, action);
    assert_string_equal(rows->target, target);
    assert_string_equal(rows->detail, detail);
    assert_in_range(rows->at, clock_wall_us() - 60 * US_PER_S, clock_wall_us() + 60 * US_PER_S);
}

static int pause_it(struct bench *b, enum pause_kind kind, const char *name, const char *reason)
{
    const struct pause pause = {.kind = kind, .name = name, .reason = reason, .by = "ada"};
    bool is_new = false;

    return b->store->ops->pause(b->store, &pause, &is_new, &b->err);
}

void what_holds_back_is_noted_when_it_changes_something(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(pause_it(&b, PAUSE_QUEUE, "mail*", "SES is down"), PLAIN_OK);
    assert_noted(&b, 1, "queue.pause", "mail*", "SES is down");
    assert_int_equal(pause_it(&b, PAUSE_QUEUE, "mail*", ""), PLAIN_OK);
    assert_noted(&b, 1, "queue.pause", "mail*", "SES is down");
    assert_int_equal(pause_it(&b, PAUSE_QUEUE, "mail*", "still"), PLAIN_OK);
    assert_noted(&b, 2, "queue.pause", "mail*", "still");
    assert_int_equal(pause_it(&b, PAUSE_CLASS, "Job", ""), PLAIN_OK);
    assert_noted(&b, 3, "class.pause", "Job", "");
    assert_int_equal(ops->resume(b.store, PAUSE_QUEUE, "mail*", "ada", &b.err), PLAIN_OK);
    assert_noted(&b, 4, "queue.resume", "mail*", "");
    assert_int_equal(ops->resume(b.store, PAUSE_QUEUE, "mail*", "ada", &b.err), PLAIN_NONE);
    assert_int_equal(ops->resume(b.store, PAUSE_CLASS, "Job", "ada", &b.err), PLAIN_OK);
    assert_noted(&b, 5, "class.resume", "Job", "");
    bench_close(&b);
}

void asking_a_worker_is_noted(void **state)
{
    plain_uuid unknown = uuid_new();
    struct bench b;
    size_t count;
    char place[300];

    (void)state;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    (void)snprintf(place, sizeof(place), "%s:%d", b.worker.host, b.worker.pid);
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_QUIET, "ada", &b.err), PLAIN_OK);
    assert_noted(&b, 1, "worker.quiet", place, "");
    assert_int_equal(ops->ask_worker(b.store, &b.worker.id, WISH_STOP, "ada", &b.err), PLAIN_OK);
    assert_noted(&b, 2, "worker.stop", place, "");
    assert_int_equal(ops->ask_worker(b.store, &unknown, WISH_STOP, "ada", &b.err), PLAIN_NONE);
    struct audit_row *rows = audit_rows(&b, &b.worker.id, &count);
    assert_int_equal(count, 2);
    assert_uuid_equal(rows->uuid, b.worker.id);
    bench_close(&b);
}

static enum cancel_outcome cancel(struct bench *b, const plain_uuid *uuid)
{
    enum cancel_outcome outcome = (enum cancel_outcome)99;

    assert_int_equal(b->store->ops->cancel(b->store, uuid, "ada", &outcome, &b->err), PLAIN_OK);
    return outcome;
}

void cancelling_and_purging_are_noted(void **state)
{
    struct new_request first = request_default(), second = request_default(), third;
    struct bench b;
    int64_t n = 0;
    size_t count;

    (void)state;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    (void)bench_enqueue(&b, &first);
    assert_int_equal(cancel(&b, &first.uuid), CANCEL_DONE);
    assert_noted(&b, 1, "job.cancel", "Job", "pending");
    assert_int_equal(cancel(&b, &first.uuid), CANCEL_ENDED);
    (void)bench_enqueue(&b, &second);
    struct claim claim = bench_claim_one(&b);
    assert_int_equal(cancel(&b, &claim.token), CANCEL_ASKED);
    assert_noted(&b, 2, "job.cancel", "Job", "running");
    assert_uuid_equal(audit_rows(&b, NULL, &count)->uuid, second.uuid);
    assert_int_equal(cancel(&b, &second.uuid), CANCEL_ASKED); /* it was asked already */
    assert_int_equal(ops->cancel_claimed(b.store, "ada", &n, &b.err), PLAIN_OK);
    assert_int_equal(n, 0);
    assert_noted(&b, 2, "job.cancel", "Job", "running");
    (void)bench_number(&b, "UPDATE plainjobs_jobprocess SET cancel_at = NULL");
    assert_int_equal(ops->cancel_claimed(b.store, "ada", &n, &b.err), PLAIN_OK);
    assert_noted(&b, 3, "job.cancel", "*", "running");
    assert_int_equal(audit_rows(&b, NULL, &count)->n, 1);
    assert_int_equal(ops->purge(b.store, "ada", &n, &b.err), PLAIN_OK); /* of nothing */
    assert_noted(&b, 3, "job.cancel", "*", "running");
    third = request_default();
    (void)bench_enqueue(&b, &third);
    assert_int_equal(ops->purge(b.store, "ada", &n, &b.err), PLAIN_OK);
    assert_noted(&b, 4, "purge", "*", "pending");
    assert_int_equal(audit_rows(&b, NULL, &count)->n, 1);
    bench_close(&b);
}

void schedules_and_retries_by_hand_are_noted(void **state)
{
    struct new_request r = request_default(), scheduled = request_default();
    const struct slot_job job = {.request = &scheduled};
    const struct audit_row more = {.actor = "ada", .action = "clear", .target = "*", .n = 7};
    plain_uuid made = uuid_new();
    plain_request out;
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    int64_t now = clock_wall_us();
    assert_int_equal(ops->schedule_pause(b.store, "nightly", "ada", "audit", now, &b.err), 0);
    assert_noted(&b, 1, "schedule.pause", "nightly", "audit");
    assert_int_equal(ops->schedule_pause(b.store, "nightly", "bob", "", now, &b.err),
                     PLAIN_SKIPPED);
    assert_int_equal(ops->schedule_resume(b.store, "nightly", "ada", now, &b.err), PLAIN_OK);
    assert_noted(&b, 2, "schedule.resume", "nightly", "");
    assert_int_equal(ops->schedule_resume(b.store, "nightly", "ada", now, &b.err), PLAIN_NONE);
    assert_int_equal(ops->schedule_run(b.store, "nightly", &job, "ada", &out, &b.err), PLAIN_OK);
    assert_noted(&b, 3, "schedule.run", "nightly", "");
    assert_uuid_equal(audit_rows(&b, NULL, &count)->uuid, out.uuid);
    struct claim claim = bench_claim_one(&b);
    struct job_end end = end_of(&claim, JOB_SUCCESSFUL);
    (void)bench_end(&b, &end);
    (void)bench_enqueue(&b, &r);
    claim = bench_claim_one(&b);
    end = end_of(&claim, JOB_ERRORED);
    (void)bench_end(&b, &end);
    assert_int_equal(ops->retry(b.store, &claim.token, &made, "ada", &out, &b.err), PLAIN_OK);
    assert_noted(&b, 4, "job.retry", "Job", "");
    assert_uuid_equal(audit_rows(&b, NULL, &count)->uuid, r.uuid);
    assert_int_equal(ops->retry(b.store, &claim.token, &made, "ada", &out, &b.err),
                     PLAIN_E_REFUSED);
    assert_int_equal(ops->note(b.store, &more, &b.err), PLAIN_OK);
    assert_noted(&b, 5, "clear", "*", "");
    assert_int_equal(audit_rows(&b, NULL, &count)->n, 7);
    bench_close(&b);
}

void the_audit_pages_and_filters(void **state)
{
    static const char *const names[] = {"q0", "q1", "q2", "q3", "q4"};
    struct audit_row *rows = NULL;
    struct bench b;
    size_t count = 9;

    (void)state;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    (void)audit_rows(&b, NULL, &count);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(pause_it(&b, PAUSE_QUEUE, names[i], ""), PLAIN_OK);
    int64_t before = 0;
    for (size_t i = ARRAY_SIZE(names); i > 1; i -= 2) {
        assert_int_equal(ops->audit(b.store, NULL, before, 2, &b.arena, &rows, &count, &b.err), 0);
        assert_int_equal(count, 2);
        assert_string_equal(rows[0].target, names[i - 1]);
        assert_string_equal(rows[1].target, names[i - 2]);
        assert_true(uuid_is_zero(&rows[0].uuid));
        assert_int_equal(rows[0].n, -1);
        before = rows[1].id;
    }
    (void)audit_rows(&b, &b.worker.id, &count);
    assert_int_equal(count, 0);
    bench_close(&b);
}

/*
 * Deleting.
 */

static int try_delete(struct bench *b, const plain_uuid *uuid, enum delete_outcome *outcome)
{
    return b->store->ops->delete_job(b->store, uuid, "ada", outcome, &b->err);
}

static enum delete_outcome delete_it(struct bench *b, const plain_uuid *uuid)
{
    enum delete_outcome outcome = (enum delete_outcome)99;

    if (try_delete(b, uuid, &outcome) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return outcome;
}

/* Fails this attempt, which a retry follows when there is one left. */
static void fail_claim(struct bench *b, const struct claim *claim)
{
    struct job_end end = end_of(claim, JOB_ERRORED);

    if (claim->retry_attempt < claim->retries) {
        end.successor = uuid_new();
        end.successor_retry_attempt = claim->retry_attempt + 1;
    }
    assert_int_equal(bench_end(b, &end), 1);
}

static int64_t stored(struct bench *b, enum job_status status)
{
    struct store_stats stats;

    assert_int_equal(b->store->ops->stats(b->store, &stats, &b->err), PLAIN_OK);
    return stats.by_status[status];
}

void a_pending_job_is_deleted_with_its_results_and_its_key(void **state)
{
    struct new_request r = request_default(), other = request_default(), again = request_default();
    struct bench b;
    int64_t ended[JOB_STATUS_COUNT];
    size_t count;

    (void)state;
    bench_open(&b);
    r.concurrency_key = again.concurrency_key = "key";
    r.retries = 1;
    (void)bench_enqueue(&b, &r);
    struct claim claim = bench_claim_one(&b);
    fail_claim(&b, &claim); /* its retry is pending */
    (void)bench_enqueue(&b, &other);
    assert_int_equal(delete_it(&b, &r.uuid), DELETE_DONE);
    assert_noted(&b, 1, "job.delete", "Job", "pending");
    struct audit_row *row = audit_rows(&b, &r.uuid, &count);
    assert_int_equal(row->n, 1); /* result */
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    assert_int_equal(stored(&b, JOB_ERRORED), 0);
    assert_int_equal(b.store->ops->ended_since(b.store, 0, ended, &b.err), PLAIN_OK);
    assert_int_equal(ended[JOB_ERRORED], 1);
    audit_assert_sound(&b);
    (void)bench_enqueue(&b, &again); /* the key is free */
    assert_int_equal(delete_it(&b, &other.uuid), DELETE_DONE);
    assert_int_equal(audit_rows(&b, &other.uuid, &count)->n, -1);
    audit_assert_sound(&b);
    bench_close(&b);
}

void a_running_job_that_is_deleted_is_asked_to_end(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    r.concurrency_key = "key";
    r.retries = 3;
    (void)bench_enqueue(&b, &r);
    struct claim claim = bench_claim_one(&b);
    assert_int_equal(delete_it(&b, &r.uuid), DELETE_ASKED);
    assert_int_equal(delete_it(&b, &claim.token), DELETE_ASKED);
    assert_noted(&b, 1, "job.delete", "Job", "running");
    struct cycle_result seen =
        bench_cycle(&b, &(struct cycle){.watched = &claim.token, .watched_count = 1});
    assert_int_equal(seen.watched_count, 1);
    assert_int_equal(seen.watched->state, WATCH_CANCELLED);
    assert_int_equal(bench_release(&b, &claim.token), 1); /* never started: it ends all the same */
    struct job_row *row = bench_all(&b, TABLE_RESULT, &count);
    assert_int_equal(count, 1);
    assert_int_equal(row->status, JOB_CANCELLED);
    assert_string_equal(row->error_message, "cancelled by ada");
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobkey"), 0);
    assert_int_equal(stored(&b, JOB_CANCELLED), 1);
    audit_assert_sound(&b);
    assert_int_equal(delete_it(&b, &r.uuid), DELETE_DONE);
    assert_noted(&b, 2, "job.delete", "Job", "ended");
    assert_int_equal(stored(&b, JOB_CANCELLED), 0);
    audit_assert_sound(&b);
    bench_close(&b);
}

void an_ended_job_is_deleted_by_its_request(void **state)
{
    struct new_request r = request_default(), other = request_default();
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    r.retries = 2;
    (void)bench_enqueue(&b, &r);
    struct claim claim = bench_claim_one(&b);
    fail_claim(&b, &claim);
    claim = bench_claim_one(&b);
    fail_claim(&b, &claim);
    plain_uuid second = claim.request_uuid;
    claim = bench_claim_one(&b);
    fail_claim(&b, &claim);
    (void)bench_enqueue(&b, &other);
    claim = bench_claim_one(&b);
    fail_claim(&b, &claim);
    assert_int_equal(delete_it(&b, &second), DELETE_DONE); /* any request of it */
    assert_int_equal(audit_rows(&b, &r.uuid, &count)->n, 3);
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 1);
    assert_int_equal(stored(&b, JOB_ERRORED), 1);
    audit_assert_sound(&b);
    bench_close(&b);
}

/* In the middle, where the chain closes; at its end; and at its beginning. */
void an_attempt_is_deleted_alone(void **state)
{
    struct new_request r = request_default();
    struct claim claims[4];
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    r.retries = 3;
    (void)bench_enqueue(&b, &r);
    for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
        claims[i] = bench_claim_one(&b);
        if (i + 1 == ARRAY_SIZE(claims))
            break;
        fail_claim(&b, &claims[i]);
    }
    assert_int_equal(delete_it(&b, &claims[1].token), DELETE_DONE);
    assert_noted(&b, 1, "job.delete", "Job", "ended attempt");
    assert_uuid_equal(audit_rows(&b, NULL, &count)->uuid, claims[1].request_uuid);
    audit_assert_sound(&b);
    (void)bench_find(&b, &r.uuid, &count);
    assert_int_equal(count, 3);
    struct job_row *rows = bench_find(&b, &claims[0].token, &count);
    assert_uuid_equal(rows[0].retry_request_uuid, claims[2].request_uuid);
    fail_claim(&b, &claims[3]);
    assert_int_equal(delete_it(&b, &claims[3].token), DELETE_DONE);
    audit_assert_sound(&b);
    assert_int_equal(stored(&b, JOB_ERRORED), 2);
    assert_int_equal(delete_it(&b, &claims[0].token), DELETE_DONE);
    audit_assert_sound(&b);
    assert_int_equal(delete_it(&b, &r.uuid), DELETE_DONE); /* what is left of it */
    assert_int_equal(bench_rows(&b, "plainjobs_jobresult"), 0);
    audit_assert_sound(&b);
    bench_close(&b);
}

void deleting_what_is_not_there_is_none(void **state)
{
    enum delete_outcome outcome;
    struct new_request r = request_default();
    plain_uuid unknown = uuid_new();
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    assert_int_equal(try_delete(&b, &unknown, &outcome), PLAIN_NONE);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(delete_it(&b, &r.uuid), DELETE_DONE);
    assert_int_equal(try_delete(&b, &r.uuid, &outcome), PLAIN_NONE);
    (void)audit_rows(&b, NULL, &count);
    assert_int_equal(count, 1);
    bench_close(&b);
}

/* Claims in batches while the test deletes. */
struct claimer {
    struct bench bench;
    size_t wanted, seen;
};

enum { CONTESTED = 60 };

static void *claim_all(void *argument)
{
    struct claimer *c = argument;
    int64_t until = clock_mono_us() + 30 * US_PER_S;

    while (bench_rows(&c->bench, "plainjobs_jobrequest") > 0 && clock_mono_us() < until)
        c->seen += bench_claim(&c->bench, 7).claim_count;
    return NULL;
}

void a_job_that_is_claimed_meanwhile_is_deleted_or_asked(void **state)
{
    static plain_uuid uuids[CONTESTED];
    static struct claimer claimer;
    struct new_request r;
    pthread_t thread;
    struct bench b;
    size_t gone = 0, asked = 0;

    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < CONTESTED; i++) {
        r = request_default();
        uuids[i] = bench_enqueue(&b, &r);
    }
    claimer = (struct claimer){.seen = 0};
    bench_join(&claimer.bench, &b);
    assert_int_equal(pthread_create(&thread, NULL, claim_all, &claimer), 0);
    for (size_t i = CONTESTED; i > 0; i--) { /* the claims come from the other end */
        enum delete_outcome outcome = delete_it(&b, &uuids[i - 1]);

        gone += outcome == DELETE_DONE;
        asked += outcome == DELETE_ASKED;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(gone + asked, CONTESTED);
    assert_int_equal(claimer.seen, asked);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobprocess"
                                      " WHERE cancel_at IS NOT NULL"),
                     (int64_t)asked);
    assert_int_equal(bench_rows(&b, "plainjobs_audit"), CONTESTED);
    audit_assert_sound(&b);
    bench_close(&claimer.bench);
    bench_close(&b);
}

void a_running_row_says_who_wants_its_end(void **state)
{
    const struct row_filter all = {.limit = 1};
    struct new_request r = request_default();
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    assert_true(bench_list(&b, TABLE_REQUEST, &all, &count)->cancel_at == STORE_NO_TIME);
    struct claim claim = bench_claim_one(&b);
    struct job_row *row = bench_list(&b, TABLE_PROCESS, &all, &count);
    assert_true(row->cancel_at == STORE_NO_TIME);
    assert_null(row->cancel_by);
    (void)cancel(&b, &claim.token);
    row = bench_list(&b, TABLE_PROCESS, &all, &count);
    assert_in_range(row->cancel_at, clock_wall_us() - 60 * US_PER_S,
                    clock_wall_us() + 60 * US_PER_S);
    assert_string_equal(row->cancel_by, "ada");
    assert_string_equal(bench_find(&b, &r.uuid, &count)->cancel_by, "ada");
    bench_close(&b);
}

/* Of being asked alone, and by another connection, so that no heartbeat is needed. */
void a_worker_that_is_asked_is_told(void **state)
{
    struct bench b, other;
    struct listening at;
    struct heard heard = {.is_woken = false};
    enum worker_wish wish;

    (void)state;
    bench_open(&b);
    bench_join(&other, &b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(ops->listen(b.store, &b.worker.id, &at, &b.err), PLAIN_OK);
    assert_int_equal(ops->hear(b.store, false, &heard, &b.err), PLAIN_OK);
    assert_false(heard.is_asked);
    assert_int_equal(ops->ask_worker(other.store, &b.worker.id, WISH_STOP, "ada", &b.err), 0);
    while (!heard.is_asked) {
        struct pollfd p = {.fd = at.told_fd, .events = POLLIN};

        assert_int_equal(poll(&p, 1, SOON_MS), 1);
        assert_int_equal(ops->hear(b.store, false, &heard, &b.err), PLAIN_OK);
    }
    assert_false(heard.is_woken);
    assert_int_equal(ops->wish_of_worker(b.store, &b.worker.id, &wish, &b.err), PLAIN_OK);
    assert_int_equal(wish, WISH_STOP);
    bench_close(&other);
    bench_close(&b);
}
