/* usage_test.c - what usage.h promises */
#include "runner/usage.h"

#include <string.h>
#include <sys/mman.h>
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

static void a_short_job_behind_a_large_one_has_a_small_peak(void **state)
{
    enum { LARGE = 40 * 1024 * 1024 };
    int64_t floor_kb = 0;
    struct usage now = usage_now();

    (void)state;
    usage_settle(&now, &floor_kb);
    void *memory = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    memset(memory, 1, LARGE);
    (void)munmap(memory, LARGE);
    now = usage_now();
    int64_t large = now.max_rss_kb;
    assert_true(large >= LARGE / 1024);
    usage_settle(&now, &floor_kb);
    if (usage_now().max_rss_kb >= large) /* /proc does not take it */
        return;
    assert_true(usage_after(&now, 5).max_rss_kb < large - LARGE / 1024 / 2);
}

HARNESS_MAIN(a_short_job_behind_a_large_one_has_a_small_peak,
             a_job_is_charged_with_its_own_work_and_that_of_its_children,
             a_short_job_is_charged_with_its_time_and_every_16th_is_asked_for)
