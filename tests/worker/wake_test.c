/* wake_test.c - when a worker looks again, by what it was answered */
#include <stdlib.h>

#include "base/clock.h"
#include "tests/harness/harness.h"
#include "worker/state.h"

static const struct store_ops ops = {.name = "a fake", .caps = STORE_IDLE_MARKS};
static struct store store = {.ops = &ops};

/* One that has marked itself and is calm; its claim found nothing. */
struct scene {
    struct worker w;
    struct lane *lane;
    struct order *o;
};

static void begin(struct scene *s)
{
    *s = (struct scene){.lane = calloc(1, sizeof(*s->lane)), .o = calloc(1, sizeof(*s->o))};
    assert_non_null(s->lane);
    assert_non_null(s->o);
    s->lane->store.store = &store;
    s->lane->store.event_fd = -1;
    s->lane->store.listener = &s->w.listener;
    s->w.lanes = s->lane;
    s->w.lane_count = 1;
    s->w.empty = true;
    s->w.wakeup = (struct wakeup){.is_marked = true, .step_ms = 1024, .empty_since_us = 1};
    atomic_store(&s->w.listener.hears, true);
    s->o->limit = 10;
    s->o->result = (struct cycle_result){.now = 4711, .next_due = STORE_NO_TIME};
}

static void end(struct scene *s)
{
    free(s->o);
    free(s->lane);
}

/* How long it will not look, in ms, behind a claim of one that found nothing. */
static int64_t waits_after(int64_t now)
{
    struct scene s;

    begin(&s);
    s.o->told = s.o->limit = 1;
    /* Of several looks one may have told when something will be due, and none the time. */
    s.o->result.now = now;
    if (now == STORE_NO_TIME)
        s.o->result.next_due = 4711;
    wake_reply(&s.w, s.o);
    assert_true(s.w.empty); /* so that it looks before it claims */
    end(&s);
    return (s.w.poll_at_us - clock_mono_us()) / US_PER_MS;
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
    struct scene s;

    (void)state;
    begin(&s);
    s.o->ahead = 100;
    wake_reply(&s.w, s.o);
    assert_false(s.w.empty);
    s.o->ahead = 0;
    wake_reply(&s.w, s.o);
    assert_true(s.w.empty);
    end(&s);
}

/* Nothing was found: how long it waits, between the two that it can be for what passed meanwhile.
 */
static void assert_waits(struct scene *s, int64_t ms)
{
    int64_t before = clock_mono_us();

    wake_reply(&s->w, s->o);
    int64_t after = clock_mono_us();
    assert_true(s->w.poll_at_us <= after + ms * US_PER_MS);
    assert_true(s->w.poll_at_us >= before + ms * US_PER_MS * 7 / 8); /* jitter */
}

/* What was enqueued by a transaction that is older than the mark tells nobody. */
static void behind_the_mark_it_looks_at_1_2_4_ms_and_on(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    s.w.wakeup = (struct wakeup){0};
    s.o->idle = IDLE_MARK;
    assert_waits(&s, 1);
    s.o->idle = IDLE_KEEP;
    s.o->look_first = true;
    s.o->look.is_open = true;
    for (int64_t ms = 2; ms <= 512; ms *= 2)
        assert_waits(&s, ms);
    assert_waits(&s, 120); /* such a transaction is still open */
    assert_waits(&s, 120);
    s.o->look.is_open = false;
    assert_waits(&s, 500);
    s.w.wakeup.empty_since_us = 1;
    assert_waits(&s, 2000);
    end(&s);
}

HARNESS_MAIN(behind_the_mark_it_looks_at_1_2_4_ms_and_on,
             what_was_told_and_not_to_be_had_is_looked_for_at_once,
             a_claim_that_left_jobs_to_another_does_not_prove_that_there_are_none)
