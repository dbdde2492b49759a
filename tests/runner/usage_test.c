/* usage_test.c - what usage.h promises */
#include "runner/usage.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/harness/harness.h"

/* A child that has worked for so long. */
static void have_a_child(int64_t cpu_us)
{
    pid_t child = fork();

    if (child == 0) {
        while (usage_now().cpu_us < cpu_us)
            ;
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void work_until(int64_t cpu_us)
{
    while (usage_now().cpu_us < cpu_us)
        ;
}

static void a_job_is_charged_with_its_own_work_and_that_of_its_children(void **state)
{
    struct usage before = usage_now();
    int64_t started = clock_mono_us();

    (void)state;
    work_until(before.cpu_us + 20 * US_PER_MS);
    have_a_child(20 * US_PER_MS);
    struct usage after = usage_after(&before, clock_mono_us() - started);
    assert_true(after.cpu_us >= before.cpu_us + 20 * US_PER_MS);
    assert_true(after.children_us >= before.children_us + 20 * US_PER_MS);
    assert_true(after.max_rss_kb > 0);
}

static void the_child_that_a_short_job_waited_for_is_counted_with_the_next_long_one(void **state)
{
    struct usage before = usage_now();

    (void)state;
    have_a_child(20 * US_PER_MS);
    struct usage after = usage_after(&before, 5);
    assert_int_equal(after.children_us, before.children_us);
    assert_true(after.cpu_us >= before.cpu_us);
    after = usage_after(&after, US_PER_MS);
    assert_true(after.children_us >= before.children_us + 20 * US_PER_MS);
}

HARNESS_MAIN(a_job_is_charged_with_its_own_work_and_that_of_its_children,
             the_child_that_a_short_job_waited_for_is_counted_with_the_next_long_one)
