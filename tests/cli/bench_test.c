/* bench_test.c - percentiles of what was measured */
#include "tests/harness/harness.h"

#include "cli/bench.h"

static void of_one_all_are_the_same(void **state)
{
    int64_t us[] = {7};
    struct bench_times t = bench_times_of(us, 1);

    (void)state;
    assert_int_equal(t.count, 1);
    assert_true(t.p50_us == 7 && t.p90_us == 7 && t.p99_us == 7 && t.max_us == 7);
}

static void percentiles_are_of_the_sorted_times(void **state)
{
    int64_t us[1000];

    (void)state;
    for (int i = 0; i < 1000; i++)
        us[i] = (i * 7919) % 1000; /* 0 to 999, each once */
    struct bench_times t = bench_times_of(us, 1000);
    assert_int_equal(t.p50_us, 500);
    assert_int_equal(t.p90_us, 900);
    assert_int_equal(t.p99_us, 990);
    assert_int_equal(t.max_us, 999);
}

HARNESS_MAIN(of_one_all_are_the_same, percentiles_are_of_the_sorted_times)
