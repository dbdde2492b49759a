/* conformance_slots.c - schedules in the database, and the ledger of their slots */
#include "tests/store/conformance.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

#define MINUTE (INT64_C(60) * US_PER_S)

static const struct schedule_definition nightly = {
    .name = "nightly",
    .hash = "hash-1",
    .cron = "30 2 * * *",
    .timezone = "Europe/Berlin",
    .dst = 3,
    .job_class = "Job",
    .started_at = INT64_C(1000000),
    .started_by = "host-1:4711",
};

static int declare(struct bench *b, const struct schedule_definition *d, int64_t slot_at)
{
    int r = b->store->ops->schedule_declare(b->store, d, slot_at, &b->err);

    if (r < 0)
        fail_msg("%s", b->err.message);
    return r;
}

static int64_t now_of(struct bench *b)
{
    int64_t now = 0;

    assert_int_equal(b->store->ops->now(b->store, &now, &b->err), PLAIN_OK);
    return now;
}

static struct schedule_row found(struct bench *b, const char *name)
{
    struct schedule_row row;
    int64_t now;

    if (b->store->ops->schedule_find(b->store, name, &b->arena, &row, &now, &b->err) != PLAIN_OK)
        fail_msg("no schedule %s", name);
    return row;
}

/* A batch of one slot behind the mark. */
struct one {
    struct new_request request;
    struct slot_job job;
    struct slot slot;
    struct slot_batch batch;
};

static void make_one(struct one *o, const struct schedule_definition *d, int64_t from,
                     enum slot_status status)
{
    *o = (struct one){.request = request_default()};
    o->job = (struct slot_job){.request = &o->request};
    o->slot = (struct slot){from + MINUTE, status, status == SLOT_RUN ? "" : "a reason"};
    o->batch = (struct slot_batch){
        .schedule = d->name,
        .hash = d->hash,
        .from = from,
        .upto = from + MINUTE,
        .now = from + MINUTE + 5,
        .slots = &o->slot,
        .count = 1,
        .job = status == SLOT_RUN ? &o->job : NULL,
        .keep_from = STORE_NO_TIME,
    };
}

struct outcome {
    int result;
    enum slot_status became;
    plain_request request;
};

static struct outcome account(struct bench *b, const struct slot_batch *batch)
{
    struct outcome o = {.became = SLOT_STATUS_COUNT};

    o.result =
        b->store->ops->schedule_account(b->store, batch, false, &o.became, &o.request, &b->err);
    return o;
}

static struct outcome must_account(struct bench *b, const struct slot_batch *batch)
{
    struct outcome o = account(b, batch);

    if (o.result != PLAIN_OK)
        fail_msg("%d: %s", o.result, b->err.message);
    return o;
}

/* Declares it, and runs its first slot. */
static plain_uuid run_first(struct bench *b, const struct new_request *request)
{
    struct one o;

    (void)declare(b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    if (request)
        o.request = *request;
    struct outcome out = must_account(b, &o.batch);
    assert_int_equal(out.became, SLOT_RUN);
    return out.request.uuid;
}

void a_schedule_begins_when_it_is_first_seen(void **state)
{
    struct bench b;
    struct schedule_row row;
    int64_t now = 0;

    (void)state;
    bench_open(&b);
    int64_t before = now_of(&b);
    assert_int_equal(b.store->ops->schedule_find(b.store, "nightly", &b.arena, &row, &now, &b.err),
                     PLAIN_NONE);
    assert_in_range(now, before, now_of(&b));
    assert_int_equal(declare(&b, &nightly, now), PLAIN_OK);
    row = found(&b, "nightly");
    assert_string_equal(row.definition.name, "nightly");
    assert_string_equal(row.definition.hash, "hash-1");
    assert_string_equal(row.definition.cron, "30 2 * * *");
    assert_string_equal(row.definition.timezone, "Europe/Berlin");
    assert_int_equal(row.definition.dst, 3);
    assert_string_equal(row.definition.job_class, "Job");
    assert_int_equal(row.definition.started_at, 1000000);
    assert_string_equal(row.definition.started_by, "host-1:4711");
    assert_int_equal(row.slot_at, now);
    assert_int_equal(row.skip_until, STORE_NO_TIME);
    assert_int_equal(row.paused_at, STORE_NO_TIME);
    assert_int_equal(row.removed_at, STORE_NO_TIME);
    assert_true(uuid_is_zero(&row.last_request));
    assert_false(row.is_busy);
    assert_int_equal(row.ledger_at, STORE_NO_TIME);
    assert_null(row.ledger_status);
    assert_null(row.result_status);
    bench_close(&b);
}

void the_later_start_wins_a_schedule(void **state)
{
    struct schedule_definition other = nightly;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    other.hash = "hash-2";
    other.started_by = "host-2:1";
    other.started_at = nightly.started_at;
    assert_int_equal(declare(&b, &other, 101 * MINUTE), PLAIN_SKIPPED);
    other.started_at = nightly.started_at - 1;
    assert_int_equal(declare(&b, &other, 101 * MINUTE), PLAIN_SKIPPED);
    assert_string_equal(found(&b, "nightly").definition.started_by, "host-1:4711");
    other.started_at = nightly.started_at + 1;
    assert_int_equal(declare(&b, &other, 101 * MINUTE), PLAIN_OK);
    assert_string_equal(found(&b, "nightly").definition.started_by, "host-2:1");
    /* An earlier start with the same words agrees, and takes nothing from the later one. */
    other.started_at = 1;
    other.started_by = "host-3:1";
    assert_int_equal(declare(&b, &other, 101 * MINUTE), PLAIN_OK);
    struct schedule_row row = found(&b, "nightly");
    assert_string_equal(row.definition.started_by, "host-2:1");
    assert_int_equal(row.definition.started_at, nightly.started_at + 1);
    bench_close(&b);
}

void a_changed_schedule_moves_its_mark_with_its_times_only(void **state)
{
    struct schedule_definition d = nightly;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &d, 100 * MINUTE);
    d.hash = "hash-2";
    d.job_class = "OtherJob";
    d.started_at++;
    (void)declare(&b, &d, 200 * MINUTE);
    assert_int_equal(found(&b, "nightly").slot_at, 100 * MINUTE);
    d.hash = "hash-3";
    d.timezone = "UTC";
    d.started_at++;
    (void)declare(&b, &d, 200 * MINUTE);
    assert_int_equal(found(&b, "nightly").slot_at, 200 * MINUTE);
    d.hash = "hash-4";
    d.cron = "@daily";
    d.started_at++;
    (void)declare(&b, &d, 150 * MINUTE); /* by a clock that went back */
    assert_int_equal(found(&b, "nightly").slot_at, 200 * MINUTE);
    bench_close(&b);
}

static int remove_at(struct bench *b, int64_t started_at, int64_t now)
{
    int r = b->store->ops->schedule_remove(b->store, "nightly", started_at, now, &b->err);

    if (r < 0)
        fail_msg("%s", b->err.message);
    return r;
}

void a_removed_schedule_begins_anew(void **state)
{
    struct schedule_definition d = nightly;
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(remove_at(&b, nightly.started_at + 1, 50 * MINUTE), PLAIN_NONE);
    (void)declare(&b, &nightly, 100 * MINUTE);
    assert_int_equal(remove_at(&b, nightly.started_at + 1, 150 * MINUTE), PLAIN_OK);
    assert_int_equal(found(&b, "nightly").removed_at, 150 * MINUTE);
    assert_int_equal(remove_at(&b, nightly.started_at + 1, 151 * MINUTE), PLAIN_NONE);
    /* One that was there before has it still, and goes on. */
    (void)declare(&b, &nightly, 160 * MINUTE);
    struct schedule_row row = found(&b, "nightly");
    assert_int_equal(row.removed_at, STORE_NO_TIME);
    assert_int_equal(row.slot_at, 100 * MINUTE);
    assert_int_equal(row.skip_until, STORE_NO_TIME);
    /* One that started afterwards begins anew. */
    assert_int_equal(remove_at(&b, nightly.started_at + 1, 170 * MINUTE), PLAIN_OK);
    d.started_at = 171 * MINUTE;
    (void)declare(&b, &d, 180 * MINUTE);
    row = found(&b, "nightly");
    assert_int_equal(row.removed_at, STORE_NO_TIME);
    assert_int_equal(row.skip_until, 180 * MINUTE);
    assert_string_equal(row.skip_reason, "it was removed");
    bench_close(&b);
}

void a_schedule_of_an_earlier_start_is_not_removed(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    assert_int_equal(remove_at(&b, nightly.started_at, 150 * MINUTE), PLAIN_NONE);
    assert_int_equal(found(&b, "nightly").removed_at, STORE_NO_TIME);
    bench_close(&b);
}

void slots_and_their_job_are_one_transaction(void **state)
{
    struct slot slots[] = {{101 * MINUTE, SLOT_COALESCED, "a later one was due"},
                           {102 * MINUTE, SLOT_SKIPPED, "missed"},
                           {103 * MINUTE, SLOT_RUN, ""}};
    struct bench b;
    struct one o;
    size_t count;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    o.batch.slots = slots;
    o.batch.count = 3;
    o.batch.upto = 103 * MINUTE;
    struct outcome out = must_account(&b, &o.batch);
    assert_int_equal(out.became, SLOT_RUN);
    assert_uuid_equal(out.request.uuid, o.request.uuid);
    struct schedule_row row = found(&b, "nightly");
    assert_int_equal(row.slot_at, 103 * MINUTE);
    assert_uuid_equal(row.last_request, o.request.uuid);
    assert_int_equal(row.ledger_at, 103 * MINUTE);
    assert_string_equal(row.ledger_status, "RUN");
    assert_string_equal(row.ledger_reason, "");
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 3);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_slot WHERE schedule = "
                                      "'nightly' AND status = 'COALESCED' AND reason = 'a later "
                                      "one was due' AND request_uuid IS NULL"),
                     1);
    struct job_row *rows = bench_all(&b, TABLE_REQUEST, &count);
    assert_int_equal(count, 1);
    assert_uuid_equal(rows[0].request_uuid, o.request.uuid);
    bench_close(&b);
}

void a_slot_is_accounted_for_once(void **state)
{
    struct bench b;
    struct one o, again;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    make_one(&again, &nightly, 100 * MINUTE, SLOT_RUN);
    (void)must_account(&b, &o.batch);
    assert_int_equal(account(&b, &again.batch).result, PLAIN_SKIPPED);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    assert_int_equal(found(&b, "nightly").slot_at, 101 * MINUTE);
    bench_close(&b);
}

/* Somebody put the mark back by hand: the unique row is the last word. */
void a_slot_that_stands_in_the_ledger_is_not_run(void **state)
{
    struct bench b;
    struct one o;

    (void)state;
    bench_open(&b);
    (void)run_first(&b, NULL);
    (void)bench_number(&b, "DELETE FROM plainjobs_schedule");
    (void)declare(&b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    struct outcome out = must_account(&b, &o.batch);
    assert_true(uuid_is_zero(&out.request.uuid));
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 1);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    assert_int_equal(found(&b, "nightly").slot_at, 101 * MINUTE);
    bench_close(&b);
}

void slots_of_another_definition_are_refused(void **state)
{
    struct schedule_definition d = nightly;
    struct bench b;
    struct one o;

    (void)state;
    bench_open(&b);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    assert_int_equal(account(&b, &o.batch).result, PLAIN_SKIPPED); /* there is no row */
    (void)declare(&b, &nightly, 100 * MINUTE);
    d.hash = "hash-2";
    d.started_at++;
    (void)declare(&b, &d, 100 * MINUTE);
    assert_int_equal(account(&b, &o.batch).result, PLAIN_SKIPPED);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}

void a_slot_whose_key_is_held_is_skipped_and_names_the_holder(void **state)
{
    struct new_request holder = request_default();
    char text[PLAIN_UUID_TEXT];
    struct bench b;
    struct one o;

    (void)state;
    bench_open(&b);
    holder.concurrency_key = "one";
    (void)bench_enqueue(&b, &holder);
    (void)declare(&b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    o.request.concurrency_key = "one";
    struct outcome out = must_account(&b, &o.batch);
    assert_int_equal(out.became, SLOT_SKIPPED);
    assert_true(uuid_is_zero(&out.request.uuid));
    assert_uuid_equal(out.request.holder, holder.uuid);
    struct schedule_row row = found(&b, "nightly");
    assert_string_equal(row.ledger_status, "SKIPPED");
    assert_non_null(strstr(row.ledger_reason, "concurrency key 'one' is held by request"));
    assert_non_null(strstr(row.ledger_reason, plain_uuid_format(&holder.uuid, text)));
    assert_int_equal(row.slot_at, 101 * MINUTE);
    assert_true(uuid_is_zero(&row.last_request));
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

static int answer(struct store_tx *tx, void *user)
{
    int64_t n = -1;

    assert_int_equal(tx->store->ops->count(tx, TABLE_REQUEST, "Job", "", 0, NULL, &n, NULL),
                     PLAIN_OK);
    assert_int_equal(n, 0);
    return *(int *)user;
}

static struct outcome account_by_rule(struct bench *b, int value)
{
    struct one o;

    (void)declare(b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    o.job.lock = "Job::";
    o.job.rule = answer;
    o.job.user = &value;
    return must_account(b, &o.batch);
}

void a_slot_whose_rule_says_no_is_skipped(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(account_by_rule(&b, 0).became, SLOT_SKIPPED);
    assert_non_null(strstr(found(&b, "nightly").ledger_reason, "should_enqueue"));
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 0);
    bench_close(&b);
}

void a_slot_whose_rule_says_yes_is_run(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    struct outcome out = account_by_rule(&b, 1);
    assert_int_equal(out.became, SLOT_RUN);
    assert_uuid_equal(found(&b, "nightly").last_request, out.request.uuid);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobrequest WHERE "
                                      "CAST(key_shared AS text) IN ('1', 'true')"),
                     1);
    bench_close(&b);
}

void a_failing_account_changes_nothing(void **state)
{
    struct bench b;
    struct one o;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    o.request.job_class = "";
    assert_true(account(&b, &o.batch).result < 0);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 0);
    assert_int_equal(found(&b, "nightly").slot_at, 100 * MINUTE);
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    assert_int_equal(must_account(&b, &o.batch).became, SLOT_RUN);
    bench_close(&b);
}

void a_schedule_is_busy_until_its_job_has_ended(void **state)
{
    struct new_request request = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    request.retries = 1;
    (void)run_first(&b, &request);
    assert_true(found(&b, "nightly").is_busy);
    struct claim claim = bench_claim_one(&b);
    assert_true(found(&b, "nightly").is_busy);
    assert_null(found(&b, "nightly").result_status);
    struct job_end end = end_of(&claim, JOB_ERRORED);
    end.successor = uuid_new();
    end.successor_retry_attempt = 1;
    end.successor_start_at = STORE_NO_TIME;
    (void)bench_end(&b, &end);
    struct schedule_row row = found(&b, "nightly");
    assert_true(row.is_busy);
    assert_string_equal(row.result_status, "ERRORED");
    (void)bench_number(&b, "DELETE FROM plainjobs_jobresult RETURNING 1"); /* as retention does */
    assert_true(found(&b, "nightly").is_busy);
    claim = bench_claim_one(&b);
    assert_true(found(&b, "nightly").is_busy);
    end = end_of(&claim, JOB_SUCCESSFUL);
    (void)bench_end(&b, &end);
    row = found(&b, "nightly");
    assert_false(row.is_busy);
    assert_string_equal(row.result_status, "SUCCESSFUL");
    assert_true(row.result_at > 0);
    bench_close(&b);
}

static int pause_it(struct bench *b, const char *by, const char *reason, int64_t now)
{
    return b->store->ops->schedule_pause(b->store, "nightly", by, reason, now, &b->err);
}

void a_schedule_is_paused_once_and_skips_until_it_is_resumed(void **state)
{
    struct bench b;
    struct one o;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    assert_int_equal(b.store->ops->schedule_resume(b.store, "nightly", "ann", 1, &b.err),
                     PLAIN_NONE);
    assert_int_equal(pause_it(&b, "ann", "the ledger is locked", 110 * MINUTE), PLAIN_OK);
    assert_int_equal(pause_it(&b, "bob", "", 111 * MINUTE), PLAIN_SKIPPED);
    struct schedule_row row = found(&b, "nightly");
    assert_int_equal(row.paused_at, 110 * MINUTE);
    assert_string_equal(row.paused_by, "ann");
    assert_string_equal(row.pause_reason, "the ledger is locked");
    make_one(&o, &nightly, 100 * MINUTE, SLOT_RUN);
    assert_int_equal(account(&b, &o.batch).result, PLAIN_SKIPPED); /* it saw no pause */
    assert_int_equal(b.store->ops->schedule_resume(b.store, "nightly", "ann", 120 * MINUTE, &b.err),
                     PLAIN_OK);
    row = found(&b, "nightly");
    assert_int_equal(row.paused_at, STORE_NO_TIME);
    assert_int_equal(row.skip_until, 120 * MINUTE);
    assert_string_equal(row.skip_reason, "paused by ann: the ledger is locked");
    assert_int_equal(b.store->ops->schedule_resume(b.store, "other", "ann", 1, &b.err), PLAIN_NONE);
    bench_close(&b);
}

void a_schedule_is_paused_before_it_is_declared(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_int_equal(pause_it(&b, "ann", "", 110 * MINUTE), PLAIN_OK);
    assert_string_equal(found(&b, "nightly").definition.cron, "");
    assert_int_equal(declare(&b, &nightly, 120 * MINUTE), PLAIN_OK);
    struct schedule_row row = found(&b, "nightly");
    assert_string_equal(row.definition.cron, "30 2 * * *");
    assert_int_equal(row.slot_at, 120 * MINUTE);
    assert_int_equal(row.paused_at, 110 * MINUTE);
    bench_close(&b);
}

void a_schedule_is_run_by_hand(void **state)
{
    struct bench b;
    struct one o;
    plain_request made;

    (void)state;
    bench_open(&b);
    make_one(&o, &nightly, 0, SLOT_RUN);
    assert_int_equal(b.store->ops->schedule_run(b.store, "nightly", &o.job, "ann", &made, &b.err),
                     PLAIN_OK); /* without a row */
    assert_uuid_equal(made.uuid, o.request.uuid);
    (void)declare(&b, &nightly, 100 * MINUTE);
    make_one(&o, &nightly, 0, SLOT_RUN);
    o.request.concurrency_key = "one";
    assert_int_equal(b.store->ops->schedule_run(b.store, "nightly", &o.job, "ann", &made, &b.err),
                     PLAIN_OK);
    struct schedule_row row = found(&b, "nightly");
    assert_uuid_equal(row.last_request, made.uuid);
    assert_int_equal(row.slot_at, 100 * MINUTE);
    o.request.uuid = uuid_new();
    assert_int_equal(b.store->ops->schedule_run(b.store, "nightly", &o.job, "ann", &made, &b.err),
                     PLAIN_SKIPPED);
    assert_uuid_equal(made.holder, row.last_request);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 2);
    bench_close(&b);
}

void old_slots_are_forgotten_a_slice_at_a_time(void **state)
{
    struct slot slots[SLOT_BATCH_MAX];
    struct bench b;
    struct one o;
    int64_t mark = 100 * MINUTE;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, mark);
    for (int round = 0; round < 2; round++) {
        make_one(&o, &nightly, mark, SLOT_SKIPPED);
        for (size_t i = 0; i < SLOT_BATCH_MAX; i++)
            slots[i] = (struct slot){mark += MINUTE, SLOT_SKIPPED, "missed"};
        o.batch.slots = slots;
        o.batch.count = SLOT_BATCH_MAX;
        o.batch.upto = mark;
        (void)must_account(&b, &o.batch);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 2 * SLOT_BATCH_MAX);
    make_one(&o, &nightly, mark, SLOT_SKIPPED);
    o.batch.keep_from = mark;
    (void)must_account(&b, &o.batch);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 2 * SLOT_BATCH_MAX + 1 - STORE_SLICE);
    make_one(&o, &nightly, mark + MINUTE, SLOT_SKIPPED);
    o.batch.keep_from = mark;
    (void)must_account(&b, &o.batch);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), 3); /* the one at keep_from stays */
    bench_close(&b);
}

void schedules_are_listed_by_name(void **state)
{
    struct schedule_definition d = nightly;
    struct schedule_row *rows;
    struct bench b;
    size_t count;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->schedule_list(b.store, &b.arena, &rows, &count, &b.err),
                     PLAIN_OK);
    assert_int_equal(count, 0);
    (void)run_first(&b, NULL);
    d.name = "hourly";
    (void)declare(&b, &d, 7 * MINUTE);
    assert_int_equal(b.store->ops->schedule_list(b.store, &b.arena, &rows, &count, &b.err),
                     PLAIN_OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].definition.name, "hourly");
    assert_int_equal(rows[0].slot_at, 7 * MINUTE);
    assert_string_equal(rows[1].definition.name, "nightly");
    assert_int_equal(rows[1].ledger_at, 101 * MINUTE);
    assert_true(rows[1].is_busy);
    bench_close(&b);
}

struct contender {
    struct bench bench;
    pthread_t thread;
    int done;
};

static void *contend(void *of)
{
    enum { SLOTS = 20 };
    struct contender *c = of;
    struct one o;

    for (int i = 0; i < SLOTS; i++) {
        make_one(&o, &nightly, (100 + i) * MINUTE, SLOT_RUN);
        int r = account(&c->bench, &o.batch).result;
        if (r < 0)
            return NULL;
        c->done += r == PLAIN_OK;
    }
    return c;
}

void one_of_eight_threads_accounts_for_a_slot(void **state)
{
    enum { THREADS = 8, SLOTS = 20 };
    struct contender contenders[THREADS] = {{.done = 0}};
    struct bench b;
    int sum = 0;

    (void)state;
    bench_open(&b);
    (void)declare(&b, &nightly, 100 * MINUTE);
    for (int i = 0; i < THREADS; i++)
        bench_join(&contenders[i].bench, &b);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&contenders[i].thread, NULL, contend, &contenders[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *whole = NULL;

        (void)pthread_join(contenders[i].thread, &whole);
        if (!whole)
            fail_msg("%s", contenders[i].bench.err.message);
        sum += contenders[i].done;
        bench_close(&contenders[i].bench);
    }
    assert_int_equal(sum, SLOTS);
    assert_int_equal(bench_rows(&b, "plainjobs_slot"), SLOTS);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), SLOTS);
    bench_close(&b);
}
