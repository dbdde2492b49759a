/* cgroup_test.c - quotas and killings are read from groups of both versions, on files of ours */
#define _GNU_SOURCE
#include "base/cgroup.h"

#include <sched.h>

#include "base/compiler.h"
#include "tests/harness/groups.h"
#include "tests/harness/harness.h"

static void a_quota_of_version_2_is_rounded_up(void **state)
{
    static const struct {
        const char *max;
        int cpus;
    } cases[] = {
        {"max 100000\n", 0},    {"100000 100000\n", 1},
        {"150000 100000\n", 2}, {"50000 100000\n", 1},
        {"400000 100000\n", 4}, {"400000 50000\n", 8},
        {"garbage\n", 0},       {"", 0},
        {"100000\n", 0},        {"9223372036854775807 1\n", 0},
        {"-5 100000\n", 0},     {"99999999999999999999999 100000\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        (void)groups_new_root();
        groups_put("/proc/self/cgroup", "0::/system.slice/app.service\n");
        groups_put("/sys/fs/cgroup/system.slice/app.service/cpu.max", cases[i].max);
        assert_int_equal(cgroup_cpus(groups_root()), cases[i].cpus);
    }
}

static void the_tightest_group_above_counts(void **state)
{
    (void)state;
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "0::/a/b\n");
    groups_put("/sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
    groups_put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    assert_int_equal(cgroup_cpus(groups_root()), 3);
}

static void a_container_that_does_not_see_its_path_has_what_is_mounted(void **state)
{
    (void)state;
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "0::/docker/0123\n");
    groups_put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_int_equal(cgroup_cpus(groups_root()), 2);
}

static void a_quota_of_version_1_is_found_under_either_mount(void **state)
{
    (void)state;
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "12:memory:/x\n4:cpu,cpuacct:/web\n0::/\n");
    groups_put("/sys/fs/cgroup/cpu,cpuacct/web/cpu.cfs_quota_us", "250000\n");
    groups_put("/sys/fs/cgroup/cpu,cpuacct/web/cpu.cfs_period_us", "100000\n");
    assert_int_equal(cgroup_cpus(groups_root()), 3);
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "3:cpuacct:/\n1:cpu:/web\n");
    groups_put("/sys/fs/cgroup/cpu/web/cpu.cfs_quota_us", "-1\n");
    groups_put("/sys/fs/cgroup/cpu/web/cpu.cfs_period_us", "100000\n");
    groups_put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
    groups_put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal(cgroup_cpus(groups_root()), 1);
}

static void without_groups_there_is_no_quota(void **state)
{
    (void)state;
    assert_int_equal(cgroup_cpus(groups_new_root()), 0);
    groups_put("/proc/self/cgroup", "nonsense\n:\n::\n0:\n");
    assert_int_equal(cgroup_cpus(groups_root()), 0);
    assert_int_equal(cgroup_oom_kills(groups_root()), -1);
}

static void this_process_may_use_a_cpu_and_none_that_is_not_there(void **state)
{
    cpu_set_t set;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    assert_in_range(cpus_allowed(), 1, CPU_COUNT(&set));
}

static void killings_are_read_from_the_groups_own_file(void **state)
{
    (void)state;
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "0::/a/b\n");
    groups_put("/sys/fs/cgroup/a/b/memory.events", "low 0\nhigh 1\nmax 7\noom 2\noom_kill 3\n");
    groups_put("/sys/fs/cgroup/a/memory.events", "oom_kill 9\n");
    assert_int_equal(cgroup_oom_kills(groups_root()), 3);
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "4:memory:/x\n");
    groups_put("/sys/fs/cgroup/memory/x/memory.oom_control",
               "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
    assert_int_equal(cgroup_oom_kills(groups_root()), 5);
}

HARNESS_MAIN(a_quota_of_version_2_is_rounded_up, the_tightest_group_above_counts,
             a_container_that_does_not_see_its_path_has_what_is_mounted,
             a_quota_of_version_1_is_found_under_either_mount, without_groups_there_is_no_quota,
             this_process_may_use_a_cpu_and_none_that_is_not_there,
             killings_are_read_from_the_groups_own_file)
