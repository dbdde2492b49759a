/* conformance_lease.c - who may claim, and whose jobs are rescued */
#include "tests/store/conformance.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

enum { LEASE_MS = 60000, LAPSED_S = BENCH_LEASE_MS / 1000 + 1, ROUNDS = 40 };

static int beat(struct bench *b)
{
    return b->store->ops->beat(b->store, &b->worker.id, false, &b->err);
}

static void leave(struct bench *b, const plain_uuid *worker)
{
    assert_int_equal(b->store->ops->leave(b->store, worker, &b->err), PLAIN_OK);
}

static struct rescue_result rescue_with(struct bench *b, const struct rescue_wish *wish)
{
    struct rescue_wish w = *wish;
    struct rescue_result out;

    w.worker = &b->worker;
    w.lease_ms = w.lease_ms ? w.lease_ms : LEASE_MS;
    int r = b->store->ops->rescue(b->store, &w, &b->arena, &out, &b->err);
    if (r != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return out;
}

static struct rescue_result rescue(struct bench *b)
{
    return rescue_with(b, &(struct rescue_wish){.limit = STORE_RESCUE_MAX});
}

static struct rescue_result rescue_dead(struct bench *b, const struct bench *dead)
{
    return rescue_with(b, &(struct rescue_wish){.limit = STORE_RESCUE_MAX,
                                                .dead = &dead->worker.id,
                                                .dead_count = 1});
}

/* As if nobody but the one that pid names had been heard of for so long. */
static void age_row(struct bench *b, const struct bench *whose, int seconds)
{
    char sql[256];

    (void)snprintf(sql, sizeof(sql),
                   strcmp(b->store->ops->name, "sqlite") == 0
                       ? "UPDATE plainjobs_workerheartbeat SET last_heartbeat_at ="
                         " last_heartbeat_at - %d * 1000000 WHERE pid = %d"
                       : "UPDATE plainjobs_workerheartbeat SET last_heartbeat_at ="
                         " last_heartbeat_at - %d * interval '1 s' WHERE pid = %d",
                   seconds, whose->worker.pid);
    (void)bench_number(b, sql);
}

/* b and other share a database; their workers have different pids. */
static void open_two(struct bench *b, struct bench *other)
{
    bench_open(b);
    bench_join(other, b);
    leave(other, &other->worker.id);
    other->worker.pid = 4712;
    other->worker.host = "host-2";
    bench_register(other);
}

static void close_two(struct bench *b, struct bench *other)
{
    bench_close(other);
    bench_close(b);
}

void a_worker_without_a_row_claims_nothing(void **state)
{
    struct bench b;
    struct new_request r = request_default();

    (void)state;
    bench_open(&b);
    leave(&b, &b.worker.id);
    plain_uuid uuid = bench_enqueue(&b, &r);
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    bench_register(&b);
    assert_uuid_equal(bench_claim_one(&b).request_uuid, uuid);
    bench_close(&b);
}

void a_worker_whose_lease_is_over_claims_nothing(void **state)
{
    struct bench b;
    struct new_request r = request_default();

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    age_row(&b, &b, LAPSED_S);
    assert_int_equal(bench_claim(&b, 1).claim_count, 0);
    assert_int_equal(beat(&b), PLAIN_OK);
    assert_int_equal(bench_claim(&b, 1).claim_count, 1);
    bench_close(&b);
}

void a_heartbeat_needs_the_row(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(beat(&b), PLAIN_OK);
    bench_register(&b); /* repeating it is harmless */
    assert_int_equal(bench_rows(&b, "plainjobs_workerheartbeat"), 1);
    leave(&b, &b.worker.id);
    assert_int_equal(beat(&b), PLAIN_NONE);
    leave(&b, &b.worker.id);
    assert_int_equal(bench_rows(&b, "plainjobs_workerheartbeat"), 0);
    bench_close(&b);
}

void a_lapsed_worker_is_rescued_and_told_when_it_comes_back(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_two(&b, &other);
    r.retries = 3;
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&other);
    struct rescue_result none = rescue(&b);
    assert_int_equal(none.seized + none.orphan_count, 0);
    assert_in_range(none.next_lapse - none.now, (int64_t)(LAPSED_S - 60) * US_PER_S,
                    (int64_t)LAPSED_S * US_PER_S);

    age_row(&b, &other, LAPSED_S);
    struct rescue_result found = rescue(&b);
    assert_int_equal(found.seized, 1);
    assert_int_equal(found.orphan_count, 1);
    const struct orphan *o = &found.orphans[0];
    assert_uuid_equal(o->claim.token, c.token);
    assert_uuid_equal(o->claim.request_uuid, c.request_uuid);
    assert_uuid_equal(o->worker_id, other.worker.id);
    assert_string_equal(o->worker_host, "host-2");
    assert_int_equal(o->worker_pid, 4712);
    assert_int_equal(o->claim.retries, 3);
    assert_string_equal(o->claim.job_class, "Job");
    assert_int_not_equal(o->started_at, STORE_NO_TIME);

    assert_int_equal(beat(&other), PLAIN_NONE);
    const struct worker_row row = {.identity = &other.worker, .lease_ms = LEASE_MS};
    assert_int_equal(other.store->ops->register_worker(other.store, &row, &other.err), PLAIN_NONE);
    (void)bench_enqueue(&b, &(struct new_request){.uuid = uuid_new(),
                                                  .job_class = "Job",
                                                  .parameters = r.parameters,
                                                  .queue = "default",
                                                  .concurrency_key = "",
                                                  .source = "",
                                                  .start_at = STORE_NO_TIME});
    assert_int_equal(bench_claim(&other, 1).claim_count, 0);

    struct job_end end = end_of(&o->claim, JOB_LOST);
    assert_int_equal(bench_end(&b, &end), 1);
    end = end_of(&c, JOB_SUCCESSFUL); /* the late end of the dead one */
    assert_int_equal(bench_end(&other, &end), 0);
    assert_int_equal(
        bench_number(&b, "SELECT count(*) FROM plainjobs_jobresult WHERE worker_host = 'host-2'"
                         " AND worker_pid = 4712 AND status = 'LOST'"),
        1);
    assert_int_equal(rescue(&b).orphan_count, 0);
    assert_int_equal(bench_rows(&b, "plainjobs_workerheartbeat"), 1);
    close_two(&b, &other);
}

void a_dead_worker_is_rescued_before_its_lease_is_over(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_two(&b, &other);
    plain_uuid uuid = bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&other);
    struct rescue_result found = rescue_dead(&b, &other);
    assert_int_equal(found.orphan_count, 1);
    assert_int_equal(found.unfinished_count, 1);
    assert_uuid_equal(found.unfinished[0], other.worker.id);

    assert_int_equal(bench_release(&b, &c.token), 1);
    found = rescue_dead(&b, &other);
    assert_int_equal(found.orphan_count + found.unfinished_count, 0);
    assert_int_equal(bench_rows(&b, "plainjobs_workerheartbeat"), 1);
    struct claim again = bench_claim_one(&b);
    assert_uuid_equal(again.request_uuid, uuid);
    assert_int_equal(again.retry_attempt, 0);
    close_two(&b, &other);
}

void a_living_worker_is_spared_when_the_clock_jumps(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_two(&b, &other);
    (void)bench_enqueue(&b, &r);
    (void)bench_claim_one(&other);
    age_row(&b, &other, 2 * LAPSED_S);
    struct rescue_result found = rescue_with(&b, &(struct rescue_wish){.limit = STORE_RESCUE_MAX,
                                                                       .living = &other.worker.id,
                                                                       .living_count = 1});
    assert_int_equal(found.orphan_count, 0);
    assert_int_equal(beat(&other), PLAIN_OK);
    close_two(&b, &other);
}

/* The other worker is dead, with one job. */
static void open_three(struct bench *b, struct bench *other, struct bench *third)
{
    struct new_request r = request_default();

    open_two(b, other);
    bench_join(third, b);
    (void)bench_enqueue(b, &r);
    (void)bench_claim_one(other);
    age_row(b, other, LAPSED_S);
}

void two_rescuers_do_not_share_a_dead_worker(void **state)
{
    struct bench b, other, third;

    (void)state;
    open_three(&b, &other, &third);
    assert_int_equal(rescue(&b).orphan_count, 1);
    assert_int_equal(rescue(&third).orphan_count, 0);
    assert_int_equal(rescue_dead(&third, &other).orphan_count, 0);
    assert_int_equal(rescue(&b).orphan_count, 1); /* and goes on where it was */

    /* The first rescuer dies: the third takes its place. */
    const plain_uuid dead[] = {other.worker.id, b.worker.id};
    struct rescue_result found = rescue_with(
        &third, &(struct rescue_wish){.limit = STORE_RESCUE_MAX, .dead = dead, .dead_count = 2});
    assert_int_equal(found.orphan_count, 1);
    bench_close(&third);
    close_two(&b, &other);
}

void a_rescuer_that_stops_is_relieved(void **state)
{
    struct bench b, other, third;

    (void)state;
    open_three(&b, &other, &third);
    assert_int_equal(rescue(&b).seized, 1);
    age_row(&b, &other, RESCUE_LEASE_MS / 1000 + 1);
    struct rescue_result found = rescue(&third);
    assert_int_equal(found.seized, 1);
    assert_int_equal(found.orphan_count, 1);
    bench_close(&third);
    close_two(&b, &other);
}

void a_rescuer_that_leaves_is_relieved_at_once(void **state)
{
    struct bench b, other, third;

    (void)state;
    open_three(&b, &other, &third);
    assert_int_equal(rescue(&b).seized, 1);
    assert_int_equal(rescue(&third).seized, 0);
    leave(&b, &b.worker.id);
    struct rescue_result found = rescue(&third);
    assert_int_equal(found.seized, 1);
    assert_int_equal(found.orphan_count, 1);
    bench_close(&third);
    close_two(&b, &other);
}

void jobs_of_a_worker_without_a_row_wait_for_a_lease(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_two(&b, &other);
    (void)bench_enqueue(&b, &r);
    struct claim c = bench_claim_one(&other);
    leave(&b, &other.worker.id); /* an operator did */
    assert_int_equal(rescue(&b).orphan_count, 0);
    assert_int_equal(beat(&other), PLAIN_NONE);
    (void)bench_number(&b, "UPDATE plainjobs_workerheartbeat SET pid = 4712 WHERE pid = 0");
    age_row(&b, &other, 61);
    struct rescue_result found = rescue(&b);
    assert_int_equal(found.orphan_count, 1);
    assert_uuid_equal(found.orphans[0].claim.token, c.token);
    close_two(&b, &other);
}

void a_row_without_a_lease_length_has_300_seconds(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_two(&b, &other);
    (void)bench_enqueue(&b, &r);
    (void)bench_claim_one(&other);
    (void)bench_number(&b, "UPDATE plainjobs_workerheartbeat SET lease_ms = NULL WHERE pid = 4712");
    age_row(&b, &other, 290);
    assert_int_equal(rescue(&b).orphan_count, 0);
    age_row(&b, &other, 20);
    assert_int_equal(rescue(&b).orphan_count, 1);
    close_two(&b, &other);
}

void orphans_come_in_slices(void **state)
{
    struct bench b, other;

    (void)state;
    open_two(&b, &other);
    for (int i = 0; i < 5; i++) {
        struct new_request r = request_default();

        (void)bench_enqueue(&b, &r);
    }
    assert_int_equal(bench_claim(&other, 5).claim_count, 5);
    age_row(&b, &other, LAPSED_S);
    assert_int_equal(rescue_with(&b, &(struct rescue_wish){.limit = 0}).orphan_count, 0);
    for (int left = 5; left > 0; left -= 2) {
        struct rescue_result found = rescue_with(&b, &(struct rescue_wish){.limit = 2});

        assert_int_equal(found.orphan_count, left < 2 ? left : 2);
        for (size_t i = 0; i < found.orphan_count; i++)
            assert_int_equal(bench_release(&b, &found.orphans[i].claim.token), 1);
    }
    assert_int_equal(rescue(&b).orphan_count, 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 5);
    close_two(&b, &other);
}

/* One thread claims as a worker that another declares dead at any moment. */
struct contest {
    struct bench claimer;
    size_t claimed;
};

static void *claim_all(void *argument)
{
    struct contest *c = argument;

    for (int i = 0; i < ROUNDS; i++)
        c->claimed += bench_claim(&c->claimer, 1).claim_count;
    return NULL;
}

void what_is_claimed_is_seen_by_the_rescuer(void **state)
{
    struct bench b;
    struct contest c = {0};
    pthread_t thread;
    size_t found = 0;

    (void)state;
    open_two(&b, &c.claimer);
    for (int i = 0; i < ROUNDS; i++) {
        struct new_request r = request_default();

        (void)bench_enqueue(&b, &r);
    }
    assert_int_equal(pthread_create(&thread, NULL, claim_all, &c), 0);
    while (bench_rows(&b, "plainjobs_jobprocess") < ROUNDS / 8)
        continue;
    struct rescue_result at_first = rescue_dead(&b, &c.claimer);
    while (at_first.seized == 0) /* its row was locked: the next look */
        at_first = rescue_dead(&b, &c.claimer);
    assert_int_equal(pthread_join(thread, NULL), 0);
    found = rescue_dead(&b, &c.claimer).orphan_count;
    assert_int_equal(at_first.orphan_count, found); /* nothing came after it */
    assert_int_equal(found, c.claimed);
    close_two(&b, &c.claimer);
}
