/* wake_test.c - when a worker looks again, by what it was answered */
#include <stdlib.h>

#include "base/clock.h"
#include "tests/harness/harness.h"
#include "worker/state.h"

static const struct store_ops ops = {.name = "a fake", .caps = STORE_IDLE_MARKS};
static struct store store = {.ops = &ops};

/* One that has marked itself and is calm. */
static struct worker waiting_worker(struct lane *lane)
{
    struct worker w = {.lanes = lane, .lane_count = 1, .empty = true};

    lane->store.store = &store;
    lane->store.event_fd = -1;
    w.wakeup = (struct wakeup){.is_marked = true, .step_ms = 1024, .empty_since_us = 1};
    return w;
}

/* How long it will not look, in ms, behind a claim of one that found nothing. */
static int64_t waits_after(int64_t now)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    struct order *o = calloc(1, sizeof(*o));
    assert_non_null(lane);
    assert_non_null(o);
    struct worker w = waiting_worker(lane);

    lane->store.listener = &w.listener;
    atomic_store(&w.listener.hears, true);
    o->told = o->limit = 1;
    /* Of several looks one may have told when something will be due, and none the time. */
    o->result =
        (struct cycle_result){.now = now, .next_due = now == STORE_NO_TIME ? 4711 : STORE_NO_TIME};
    wake_reply(&w, o);
    assert_true(w.empty); /* so that it looks before it claims */
    free(o);
    free(lane);
    return (w.poll_at_us - clock_mono_us()) / US_PER_MS;
}

static void what_was_told_and_not_to_be_had_is_looked_for_at_once(void **state)
{
    (void)state;
    assert_true(waits_after(STORE_NO_TIME) <= 0);
    assert_true(waits_after(4711) > 100);
}

/* It began behind what the other connection may have been claiming. */
static void a_claim_that_left_jobs_to_another_does_not_prove_that_there_are_none(void **state)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    struct order *o = calloc(1, sizeof(*o));

    (void)state;
    assert_non_null(lane);
    assert_non_null(o);
    struct worker w = waiting_worker(lane);
    lane->store.listener = &w.listener;
    o->limit = 10;
    o->result = (struct cycle_result){.now = 4711, .next_due = STORE_NO_TIME};
    o->ahead = 100;
    wake_reply(&w, o);
    assert_false(w.empty);
    o->ahead = 0;
    wake_reply(&w, o);
    assert_true(w.empty);
    free(o);
    free(lane);
}

/* Nothing was found: how long it waits, between the two that it can be for what passed meanwhile.
 */
static void assert_waits(struct worker *w, struct order *o, int64_t ms)
{
    int64_t before = clock_mono_us();

    wake_reply(w, o);
    int64_t after = clock_mono_us();
    assert_true(w->poll_at_us <= after + ms * US_PER_MS);
    assert_true(w->poll_at_us >= before + ms * US_PER_MS * 7 / 8); /* jitter */
}

/* What was enqueued by a transaction that is older than the mark tells nobody. */
static void behind_the_mark_it_looks_at_1_2_4_ms_and_on(void **state)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    struct order *o = calloc(1, sizeof(*o));

    (void)state;
    assert_non_null(lane);
    assert_non_null(o);
    struct worker w = waiting_worker(lane);
    lane->store.listener = &w.listener;
    atomic_store(&w.listener.hears, true);
    o->limit = 10;
    o->result = (struct cycle_result){.now = 4711, .next_due = STORE_NO_TIME};
    w.wakeup = (struct wakeup){0};
    o->idle = IDLE_MARK;
    assert_waits(&w, o, 1);
    o->idle = IDLE_KEEP;
    o->look_first = true;
    o->look.is_open = true;
    for (int64_t ms = 2; ms <= 512; ms *= 2)
        assert_waits(&w, o, ms);
    assert_waits(&w, o, 120); /* such a transaction is still open */
    assert_waits(&w, o, 120);
    o->look.is_open = false;
    assert_waits(&w, o, 500);
    w.wakeup.empty_since_us = 1;
    assert_waits(&w, o, 2000);
    free(o);
    free(lane);
}

HARNESS_MAIN(behind_the_mark_it_looks_at_1_2_4_ms_and_on,
             what_was_told_and_not_to_be_had_is_looked_for_at_once,
             a_claim_that_left_jobs_to_another_does_not_prove_that_there_are_none)
