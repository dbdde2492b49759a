/* own_group_test.c - limits in a runner's group, on files that imitate it */
#include "runner/own_group.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "runner/fence.h"
#include "runner/limits.h"
#include "tests/harness/groups.h"
#include "tests/harness/harness.h"

#define MB INT64_C(1048576)

static struct progress page;

static void install(void)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/g", groups_new_root());
    groups_put("/g/memory.max", "max");
    groups_put("/g/memory.swap.max", "max");
    groups_put("/g/memory.current", "31457280\n");
    groups_put("/g/memory.stat", "anon 12582912\nfile 10485760\nkernel 2097152\nshmem 1048576\n");
    groups_put("/g/memory.events", "low 0\nhigh 0\nmax 0\noom 4\noom_kill 4\n");
    groups_put("/g/cpu.stat", "usage_usec 7000000\nuser_usec 5000000\n");
    own_group_install(path, &page);
}

static void assert_max(int64_t bytes)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRId64, bytes);
    assert_string_equal(groups_text("/g/memory.max"), text);
    assert_string_equal(groups_text("/g/memory.swap.max"), "0");
}

/* Shortens the files first, as the kernel's are. */
static void assert_no_max(void)
{
    assert_memory_equal(groups_text("/g/memory.max"), "max", 3);
    assert_memory_equal(groups_text("/g/memory.swap.max"), "max", 3);
}

static void a_job_may_take_its_limit_beyond_what_cannot_be_dropped(void **state)
{
    const struct class_limits limits = {.memory = 64 * MB};

    (void)state;
    install();
    groups_put("/g/memory.max", "");
    groups_put("/g/memory.swap.max", "");
    limits_begin(&limits);
    assert_max(30 * MB - 10 * MB + 1 * MB + 64 * MB);
    assert_false(limits_memory_reached(&limits));
    assert_int_equal(atomic_load(&page.ran_out_before), 4);
    groups_put("/g/memory.events", "max 9\noom 5\noom_kill 5\n"); /* a child of it was killed */
    assert_true(limits_memory_reached(&limits));
    limits_end(&limits);
    assert_no_max();
    limits_begin(&limits); /* and not of the next job */
    assert_false(limits_memory_reached(&limits));
    limits_end(&limits);
}

static rlim_t data_limit(void)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_DATA, &limit), 0);
    return limit.rlim_cur;
}

static void with_a_group_there_is_no_rlimit_and_without_one_there_is(void **state)
{
    const struct class_limits limits = {.memory = 64 * MB};
    rlim_t before = data_limit();
    char path[PATH_MAX];

    (void)state;
    install();
    limits_begin(&limits);
    assert_true(data_limit() == before);
    limits_end(&limits);

    (void)snprintf(path, sizeof(path), "%s/g", groups_new_root());
    groups_put("/g/cgroup.procs", ""); /* no memory controller */
    own_group_install(path, &page);
    assert_false(own_group_limit_memory(64 * MB));
    limits_begin(&limits);
    assert_true(data_limit() < before);
    limits_end(&limits);
    assert_true(data_limit() == before);

    own_group_install("", &page);
    assert_false(own_group_limit_memory(64 * MB));
    assert_false(own_group_ran_out());
    assert_int_equal(own_group_cpu_us(), -1);
    own_group_signal_others(SIGKILL);
    limits_begin(&limits);
    assert_true(data_limit() < before);
    limits_end(&limits);
}

static void an_executable_s_memory_is_its_group_s(void **state)
{
    const struct class_limits limits = {.memory = 64 * MB, .cpu_ms = 1500};
    struct fence f;

    (void)state;
    install();
    groups_put("/g/memory.max", "");
    groups_put("/g/memory.swap.max", "");
    fence_begin(&f, &limits);
    assert_max(85 * MB);
    assert_int_equal(f.limit_count, 1); /* CPU time alone, in whole seconds */
    assert_int_equal(f.limits[0].resource, RLIMIT_CPU);
    assert_int_equal(f.limits[0].soft, 2);
    assert_int_equal(f.limits[0].hard, 3);
    groups_put("/g/memory.events", "oom 5\n");
    fence_end(&f);
    assert_true(f.memory_reached && f.memory_is_group && !f.cpu_reached);
    assert_no_max();

    own_group_install("", &page);
    fence_begin(&f, &limits);
    assert_int_equal(f.limit_count, 2);
    assert_int_equal(f.limits[0].resource, RLIMIT_DATA);
    assert_int_equal(f.limits[0].hard, 64 * MB);
    assert_int_equal(fence_watch_cpu(&f), -1); /* nobody counts it */
    fence_end(&f);
    assert_false(f.memory_reached || f.memory_is_group);
}

static void cpu_time_of_all_is_watched(void **state)
{
    const struct class_limits limits = {.cpu_ms = 1500}, none = {0};
    struct fence f;

    (void)state;
    install();
    fence_begin(&f, &none);
    assert_int_equal(fence_watch_cpu(&f), -1);
    fence_end(&f);
    fence_begin(&f, &limits);
    assert_in_range(fence_watch_cpu(&f), 20, 1500);
    assert_false(f.cpu_reached);
    groups_put("/g/cpu.stat", "usage_usec 8490000\n");
    assert_int_equal(fence_watch_cpu(&f), 20); /* ten milliseconds are left */
    groups_put("/g/cpu.stat", "usage_usec 8500000\n");
    assert_int_equal(fence_watch_cpu(&f), 20);
    assert_true(f.cpu_reached);
    assert_int_equal(f.cpu_end_us, 9500000); /* then SIGKILL */
    fence_end(&f);
    assert_true(f.cpu_reached);
}

HARNESS_MAIN(a_job_may_take_its_limit_beyond_what_cannot_be_dropped,
             with_a_group_there_is_no_rlimit_and_without_one_there_is,
             an_executable_s_memory_is_its_group_s, cpu_time_of_all_is_watched)
