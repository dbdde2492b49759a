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

static void a_short_job_is_charged_with_its_time_and_every_16th_is_asked_for(void **state)
{
    const struct usage before = usage_now();
    struct usage now = before;
    int jobs = 0;

    (void)state;
    have_a_child(20 * US_PER_MS);
    do {
        struct usage after = usage_after(&now, 5);

        assert_int_equal(after.cpu_us, now.cpu_us + 5);
        assert_int_equal(after.children_us, before.children_us);
        now = usage_before(&after);
    } while (++jobs < 100 && now.reckoned > 0);
    assert_int_equal(jobs, 16);
    assert_true(now.children_us >= before.children_us + 20 * US_PER_MS);
    assert_int_equal(usage_before(NULL).reckoned, 0);
}

HARNESS_MAIN(a_job_is_charged_with_its_own_work_and_that_of_its_children,
             a_short_job_is_charged_with_its_time_and_every_16th_is_asked_for)
