/* house_test.c - when a worker deletes old results, and how much of its time that takes */
#include "worker/house.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "tests/harness/harness.h"

/* What stands for a database. */
static int64_t old_results, asked_before;
static int duty, clears;
static bool broken, held;

static int take_duty(struct store *s, const char *name, const plain_uuid *holder, int64_t ms,
                     plain_error *err)
{
    (void)s;
    (void)holder;
    (void)err;
    assert_string_equal(name, "clear");
    held = ms > 0 && duty == PLAIN_OK;
    return duty;
}

static int now_of(struct store *s, int64_t *us, plain_error *err)
{
    (void)s;
    (void)err;
    *us = clock_wall_us();
    return PLAIN_OK;
}

static int clear(struct store *s, int64_t before, int most, int64_t *deleted, plain_error *err)
{
    (void)s;
    clears++;
    assert_true(held);
    asked_before = before;
    if (broken)
        return error_set(err, PLAIN_E_BUSY, 305, "", "busy");
    *deleted = old_results < most ? old_results : most;
    old_results -= *deleted;
    return PLAIN_OK;
}

static const struct store_ops ops = {.take_duty = take_duty, .now = now_of, .clear = clear};
static struct store store = {.ops = &ops};
static const plain_uuid worker = {{1}};

static void begin(struct house *h, int64_t retention_ms, int64_t results)
{
    house_init(h, retention_ms);
    old_results = results;
    duty = PLAIN_OK;
    clears = 0;
    broken = false;
}

static void deletes_one_slice_at_a_step_with_a_rest(void **state)
{
    struct house h;
    int steps = 0;

    (void)state;
    begin(&h, 7000, 1000);
    while (old_results > 0) {
        int64_t before = old_results, start = clock_boot_us();

        house_step(&h, &store, &worker);
        assert_in_range(before - old_results, 1, STORE_SLICE);
        assert_true(h.due_us > start);
        h.due_us = 0;
        steps++;
    }
    assert_true(steps >= 3);
    house_step(&h, &store, &worker);
    assert_false(held); /* nothing is left: somebody else may look next */
    assert_in_range(clock_wall_us() - asked_before, 7000 * US_PER_MS, 7000 * US_PER_MS + US_PER_S);
}

static void does_nothing_before_its_time(void **state)
{
    struct house h;

    (void)state;
    begin(&h, 7000, 5);
    house_step(&h, &store, &worker);
    house_step(&h, &store, &worker);
    assert_int_equal(clears, 1);
    assert_in_range(house_next_us(&h) - clock_boot_us(), 0, 1000 * US_PER_MS);
}

static void zero_keeps_for_ever(void **state)
{
    struct house h;

    (void)state;
    begin(&h, 0, 5);
    house_step(&h, &store, &worker);
    assert_int_equal(clears, 0);
    assert_true(house_next_us(&h) == INT64_MAX);
}

static void one_without_the_duty_deletes_nothing(void **state)
{
    struct house h;

    (void)state;
    begin(&h, 7000, 5);
    duty = PLAIN_NONE;
    house_step(&h, &store, &worker);
    assert_int_equal(clears, 0);
    assert_true(house_next_us(&h) > clock_boot_us());
}

static void a_failure_is_tried_again_later(void **state)
{
    struct house h;

    (void)state;
    begin(&h, 7000, 5);
    broken = true;
    house_step(&h, &store, &worker);
    broken = false;
    assert_int_equal(old_results, 5);
    assert_true(house_next_us(&h) > clock_boot_us());
    h.due_us = 0;
    house_step(&h, &store, &worker);
    assert_int_equal(old_results, 0);
}

HARNESS_MAIN(deletes_one_slice_at_a_step_with_a_rest, does_nothing_before_its_time,
             zero_keeps_for_ever, one_without_the_duty_deletes_nothing,
             a_failure_is_tried_again_later)
