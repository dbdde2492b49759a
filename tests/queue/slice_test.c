/* slice_test.c - how large a slice of housekeeping is */
#include "queue/slice.h"

#include "base/clock.h"
#include "tests/harness/harness.h"

static void grows_to_the_most_while_it_is_quick(void **state)
{
    struct slice s = SLICE_INIT;

    (void)state;
    assert_int_equal(s.rows, SLICE_FIRST);
    for (int i = 0; i < 10; i++)
        slice_took(&s, US_PER_MS);
    assert_int_equal(s.rows, STORE_SLICE);
}

static void shrinks_to_the_least_while_it_is_slow(void **state)
{
    struct slice s = SLICE_INIT;

    (void)state;
    slice_took(&s, 60 * US_PER_MS);
    assert_int_equal(s.rows, SLICE_FIRST / 2);
    for (int i = 0; i < 10; i++)
        slice_took(&s, US_PER_S);
    assert_int_equal(s.rows, SLICE_LEAST);
    slice_took(&s, US_PER_MS);
    assert_int_equal(s.rows, 2 * SLICE_LEAST);
}

static void stays_where_it_fits(void **state)
{
    struct slice s = SLICE_INIT;

    (void)state;
    slice_took(&s, 40 * US_PER_MS);
    assert_int_equal(s.rows, SLICE_FIRST);
}

HARNESS_MAIN(grows_to_the_most_while_it_is_quick, shrinks_to_the_least_while_it_is_slow,
             stays_where_it_fits)
