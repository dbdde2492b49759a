/* groups_test.c - a worker's groups, on files that imitate a tree with the memory controller */
#include "worker/groups.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/groups.h"
#include "tests/harness/harness.h"

#define TAG  "0a1b2c3d"
#define HERE "/sys/fs/cgroup"

static struct groups g;

/* What a worker finds in a container, or below a unit with Delegate=yes. */
static void make_tree(const char *controllers)
{
    (void)groups_new_root();
    groups_put("/proc/self/cgroup", "0::/\n");
    groups_put(HERE "/cgroup.controllers", controllers);
    groups_put(HERE "/cgroup.type", "domain\n");
    groups_put(HERE "/cgroup.procs", "");
    groups_put(HERE "/cgroup.subtree_control", "");
    groups_put(HERE "/plain-worker." TAG "/cgroup.procs", "");
}

static void it_moves_itself_and_turns_memory_on(void **state)
{
    char pid[16], path[GROUPS_PATH_SIZE], expected[GROUPS_PATH_SIZE];

    (void)state;
    make_tree("cpuset cpu io memory pids\n");
    groups_begin(&g, groups_root(), TAG);
    assert_true(g.on && g.has_memory && g.is_moved);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_string_equal(groups_text(HERE "/plain-worker." TAG "/cgroup.procs"), pid);
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "+memory");

    assert_int_equal(groups_make(&g), 1);
    assert_int_equal(groups_make(&g), 2);
    (void)snprintf(expected, sizeof(expected), "%s" HERE "/plain-runner." TAG ".2", groups_root());
    assert_string_equal(groups_path(&g, 2, path), expected);
    assert_int_equal(access(path, F_OK), 0);
    assert_string_equal(groups_path(&g, 0, path), "");
    groups_drop(&g, 2);
    groups_drop(&g, 1);
    assert_int_equal(access(expected, F_OK), -1);
    assert_int_equal(g.left_count, 0);
    assert_int_equal(groups_make(&g), 3); /* never one that was there */
    groups_drop(&g, 3);

    groups_end(&g);
    assert_false(g.on || g.has_memory || g.is_moved);
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "-memory");
    assert_string_equal(groups_text(HERE "/cgroup.procs"), pid);
}

static void without_the_controller_there_are_groups_all_the_same(void **state)
{
    (void)state;
    make_tree("cpu pids\n");
    groups_begin(&g, groups_root(), TAG);
    assert_true(g.on && !g.has_memory);
    assert_string_equal(g.why_not, "the memory controller is not delegated");
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "");
    groups_end(&g);
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "");
}

/* The kernel refuses controllers while a process stands in the group: here by a file that cannot be
 * written, since there is nothing to write to. */
static void beside_other_processes_there_are_groups_without_memory(void **state)
{
    char path[PATH_MAX];

    (void)state;
    make_tree("memory\n");
    (void)snprintf(path, sizeof(path), "%s" HERE "/cgroup.subtree_control", groups_root());
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0); /* may be opened, and takes nothing */
    groups_begin(&g, groups_root(), TAG);
    assert_true(g.on && !g.has_memory);
    assert_string_equal(g.why_not, "other processes are in the control group");
    groups_end(&g);
}

static void what_cannot_be_had_is_said_and_changes_nothing(void **state)
{
    char path[PATH_MAX];

    (void)state;
    (void)groups_new_root();
    groups_begin(&g, groups_root(), TAG);
    assert_false(g.on);
    assert_string_equal(g.why_not, "there are no control groups of version 2");
    assert_int_equal(groups_make(&g), 0);
    groups_end(&g);

    make_tree("memory\n");
    groups_put("/proc/self/cgroup", "0::/app\n");
    groups_put(HERE "/app/cgroup.controllers", "memory\n");
    groups_begin(&g, groups_root(), TAG);
    assert_false(g.on);
    assert_string_equal(g.why_not, "this is the root of all control groups");

    make_tree("memory\n");
    (void)snprintf(path, sizeof(path), "%s" HERE "/plain-worker." TAG "/cgroup.procs",
                   groups_root());
    assert_int_equal(unlink(path), 0);
    groups_begin(&g, groups_root(), TAG);
    assert_false(g.on || g.is_moved);
    assert_string_equal(g.why_not, "the worker cannot be moved into a control group of its own");
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "");
    groups_end(&g);
    assert_string_equal(groups_text(HERE "/cgroup.procs"), "");
}

static void groups_that_cannot_be_made_are_done_without(void **state)
{
    (void)state;
    make_tree("memory\n");
    groups_begin(&g, groups_root(), TAG);
    groups_put(HERE "/plain-runner." TAG ".1", ""); /* a file, where the group would be */
    assert_int_equal(groups_make(&g), 1);           /* it is there: entering it will fail */
    groups_give_up(&g, "a test");
    assert_int_equal(groups_make(&g), 0);
    assert_string_equal(g.why_not, "a test");
    groups_drop(&g, 0);
    groups_kill(&g, 0);
    groups_end(&g);
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "-memory");
}

/* As the kernel has it: what cannot be removed yet is tried again. */
static void a_group_with_life_in_it_is_removed_later(void **state)
{
    char path[PATH_MAX];

    (void)state;
    make_tree("memory\n");
    groups_begin(&g, groups_root(), TAG);
    assert_int_equal(groups_make(&g), 1);
    groups_put(HERE "/plain-runner." TAG ".1/busy", "");
    groups_drop(&g, 1);
    assert_int_equal(g.left_count, 1);
    (void)snprintf(path, sizeof(path), "%s" HERE "/plain-runner." TAG ".1/busy", groups_root());
    assert_int_equal(unlink(path), 0);
    assert_int_equal(groups_make(&g), 2);
    assert_int_equal(g.left_count, 0);
    groups_drop(&g, 2);
    groups_end(&g);
}

static void the_dead_are_swept_up_and_the_living_left_alone(void **state)
{
    static const char *const runners[] = {"plain-runner.11111111.1", "plain-runner.22222222.1",
                                          "plain-runner.33333333.7", "plain-runner.short.1",
                                          "somebody-elses"};
    char path[PATH_MAX];

    (void)state;
    make_tree("memory\n");
    groups_put(HERE "/plain-worker.11111111/cgroup.events", "populated 0\nfrozen 0\n");
    groups_put(HERE "/plain-worker.22222222/cgroup.events", "populated 1\nfrozen 0\n");
    for (size_t i = 0; i < ARRAY_SIZE(runners); i++)
        groups_putf("", HERE "/%s/cgroup.kill", runners[i]);
    groups_begin(&g, groups_root(), TAG);
    assert_string_equal(groups_text(HERE "/plain-runner.11111111.1/cgroup.kill"), "1");
    assert_string_equal(groups_text(HERE "/plain-runner.22222222.1/cgroup.kill"), "");
    assert_string_equal(groups_text(HERE "/plain-runner.33333333.7/cgroup.kill"), "1");
    assert_string_equal(groups_text(HERE "/plain-runner.short.1/cgroup.kill"), "");
    assert_string_equal(groups_text(HERE "/somebody-elses/cgroup.kill"), "");
    groups_end(&g); /* another worker stands here still: it keeps its controller */
    assert_string_equal(groups_text(HERE "/cgroup.subtree_control"), "+memory");
    (void)snprintf(path, sizeof(path), "%s" HERE "/plain-worker.22222222", groups_root());
    assert_int_equal(access(path, F_OK), 0);
}

static void a_killing_is_counted(void **state)
{
    (void)state;
    make_tree("memory\n");
    groups_begin(&g, groups_root(), TAG);
    assert_int_equal(groups_make(&g), 1);
    assert_int_equal(groups_deaths(&g, 1).by_limit, 0); /* not told */
    groups_put(HERE "/plain-runner." TAG ".1/memory.events",
               "low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 0\n");
    assert_int_equal(groups_deaths(&g, 1).by_limit, 2);
    assert_int_equal(groups_deaths(&g, 1).killed, 3);
    assert_int_equal(groups_deaths(&g, 0).killed, 0);
    groups_put(HERE "/plain-runner." TAG ".1/cgroup.kill", "");
    groups_kill(&g, 1);
    assert_string_equal(groups_text(HERE "/plain-runner." TAG ".1/cgroup.kill"), "1");
    groups_end(&g);
}

HARNESS_MAIN(it_moves_itself_and_turns_memory_on,
             without_the_controller_there_are_groups_all_the_same,
             beside_other_processes_there_are_groups_without_memory,
             what_cannot_be_had_is_said_and_changes_nothing,
             groups_that_cannot_be_made_are_done_without, a_group_with_life_in_it_is_removed_later,
             the_dead_are_swept_up_and_the_living_left_alone, a_killing_is_counted)
