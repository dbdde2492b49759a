/* group_test.c - groups of version 2: on files that imitate them, and on a real tree */
#define _GNU_SOURCE
#include "base/group.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "tests/harness/groups.h"
#include "tests/harness/harness.h"

static char folder[PATH_MAX];

static void the_own_group_is_found_under_either_mount(void **state)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char expected[PATH_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
        const char *root = groups_new_root();

        groups_put("/proc/self/cgroup", "4:memory:/other\n0::/a.slice/b.service\n");
        assert_false(group_own(root, folder)); /* it is mounted nowhere */
        groups_putf("cpu\n", "%s/a.slice/b.service/cgroup.controllers", mounts[i]);
        assert_true(group_own(root, folder));
        (void)snprintf(expected, sizeof(expected), "%s%s/a.slice/b.service", root, mounts[i]);
        assert_string_equal(folder, expected);
    }
    assert_false(group_own(groups_new_root(), folder));
    groups_put("/proc/self/cgroup", "4:memory:/x\n");
    assert_false(group_own(groups_root(), folder));
}

static void only_what_was_handed_over_is_ours(void **state)
{
    const char *root = groups_new_root();

    (void)state;
    groups_put("/proc/self/cgroup", "0::/app.service\n");
    groups_put("/sys/fs/cgroup/app.service/cgroup.controllers", "memory\n");
    assert_true(group_own(root, folder));
    assert_string_equal(group_why_not_ours(folder), "this is the root of all control groups");
    groups_put("/sys/fs/cgroup/app.service/cgroup.type", "domain\n");
    assert_string_equal(group_why_not_ours(folder), "the control group is not writable");
    groups_put("/sys/fs/cgroup/app.service/cgroup.procs", "");
    groups_put("/sys/fs/cgroup/app.service/cgroup.subtree_control", "");
    const char *why = group_why_not_ours(folder);
    if (geteuid() == 0 || why) /* the folder above is this user's too */
        assert_string_equal(why, "the control group is not delegated");
    groups_put("/proc/self/cgroup", "0::/\n");
    groups_put("/sys/fs/cgroup/cgroup.controllers", "memory\n");
    groups_put("/sys/fs/cgroup/cgroup.type", "domain\n");
    groups_put("/sys/fs/cgroup/cgroup.procs", "");
    groups_put("/sys/fs/cgroup/cgroup.subtree_control", "");
    assert_true(group_own(root, folder));
    assert_null(group_why_not_ours(folder)); /* what a container has for its root */
}

static void numbers_and_words_are_read(void **state)
{
    static const struct {
        const char *text, *word;
        int64_t number;
    } cases[] = {
        {"12345\n", NULL, 12345},
        {"max\n", NULL, -1},
        {"", NULL, -1},
        {"-5\n", NULL, -1},
        {"99999999999999999999\n", NULL, -1},
        {"low 1\noom 2\noom_kill 3\n", "oom", 2},
        {"low 1\noom 2\noom_kill 3\n", "oom_kill", 3},
        {"low 1\noom_kill 3\n", "oom", -1},
        {"usage_usec 9223372036854775807\n", "usage_usec", INT64_MAX},
        {"oom two\n", "oom", -1},
    };

    (void)state;
    (void)groups_new_root();
    (void)snprintf(folder, sizeof(folder), "%s/g", groups_root());
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        groups_put("/g/file", cases[i].text);
        assert_int_equal(group_number(folder, "file", cases[i].word), cases[i].number);
    }
    assert_int_equal(group_number(folder, "missing", NULL), -1);
    groups_put("/g/file", "cpuset cpu io memory\n");
    assert_true(group_has_word(folder, "file", "memory"));
    assert_true(group_has_word(folder, "file", "cpu"));
    assert_false(group_has_word(folder, "file", "mem"));
    assert_false(group_has_word(folder, "file", "pids"));
    assert_false(group_has_word(folder, "missing", "pids"));
    assert_false(group_put(folder, "missing", "1"));
    assert_true(group_has_life(folder)); /* it is not told */
}

/* A group of this machine; false: it has none for us, and then what needs one says so. */
static bool make_real(void)
{
    const char *tree = groups_real_tree();

    if (!tree)
        return false;
    (void)snprintf(folder, sizeof(folder), "%s/plain-unit-%d", tree, (int)getpid());
    return group_make(folder);
}

static bool start_sleeper(struct child *c)
{
    char program[] = "sleep", seconds[] = "100";
    char *const argv[] = {program, seconds, NULL};
    const int fds[] = {-1, -1, -1};
    const struct child_spec spec = {.path = "sleep",
                                    .argv = argv,
                                    .fds = fds,
                                    .fd_count = ARRAY_SIZE(fds),
                                    .group = folder,
                                    .die_with_parent = true};
    plain_error err;

    return child_spawn(&spec, c, &err) == PLAIN_OK;
}

static void a_child_starts_in_its_group_and_is_killed_with_it(void **state)
{
    struct child_end end;
    struct child c;

    (void)state;
    if (!make_real()) { /* such a machine has no group to start it in either */
        (void)snprintf(folder, sizeof(folder), "%s/none", groups_new_root());
        assert_false(start_sleeper(&c));
        return;
    }
    assert_false(group_has_life(folder));
    assert_true(start_sleeper(&c));
    assert_true(group_has_life(folder));
    assert_int_equal(group_number(folder, "cgroup.procs", NULL), c.pid);
    assert_false(group_remove(folder));
    struct pollfd ended = {.fd = c.pidfd, .events = POLLIN};
    group_kill(folder);
    assert_int_equal(poll(&ended, 1, 10000), 1);
    assert_true(child_reap(&c, false, &end));
    assert_int_equal(end.exit_signal, SIGKILL);
    assert_false(group_has_life(folder));
    assert_true(group_remove(folder));
    assert_true(group_remove(folder)); /* what is gone is removed */
}

static void a_signal_goes_to_the_others(void **state)
{
    struct child_end end;
    struct child c;

    (void)state;
    if (make_real()) {
        assert_true(start_sleeper(&c));
        assert_true(group_has_life(folder));
    } else { /* a file that names one */
        char list[64];

        (void)groups_new_root();
        (void)snprintf(folder, sizeof(folder), "%s/g", groups_root());
        groups_put("/g/cgroup.procs", "");
        assert_true(start_sleeper(&c));
        (void)snprintf(list, sizeof(list), "0\n1\n%d\n%d\nnonsense\n", (int)getpid(), (int)c.pid);
        groups_put("/g/cgroup.procs", list);
    }
    struct pollfd ended = {.fd = c.pidfd, .events = POLLIN};
    group_signal_others(folder, SIGTERM);
    assert_int_equal(poll(&ended, 1, 10000), 1);
    assert_true(child_reap(&c, false, &end));
    assert_int_equal(end.exit_signal, SIGTERM);
    (void)group_remove(folder);
}

/* What is read is cut behind 16 KiB: a number that is cut is another process's. */
static void a_number_that_is_cut_is_nobodys(void **state)
{
    enum { CUT_AT = 16 * 1024 - 1 };
    static char list[2 * CUT_AT];
    size_t n = 0;
    struct child c;
    struct child_end end;
    char own[16];

    (void)state;
    (void)groups_new_root();
    (void)snprintf(folder, sizeof(folder), "%s/g", groups_root());
    groups_put("/g/cgroup.procs", "");
    assert_true(start_sleeper(&c));
    size_t digits = (size_t)snprintf(own, sizeof(own), "%d", (int)c.pid);
    while (n < CUT_AT - digits - 11)
        n += (size_t)snprintf(list + n, sizeof(list) - n, "9999999999\n");
    n += (size_t)snprintf(list + n, sizeof(list) - n, "%0*d\n", (int)(CUT_AT - digits - 1 - n), 0);
    assert_int_equal(n + digits, CUT_AT);
    (void)snprintf(list + n, sizeof(list) - n, "%s77\n", own);
    groups_put("/g/cgroup.procs", list);
    group_signal_others(folder, SIGKILL);
    struct pollfd ended = {.fd = c.pidfd, .events = POLLIN};
    assert_int_equal(poll(&ended, 1, 200), 0);
    child_signal(&c, SIGKILL);
    assert_int_equal(poll(&ended, 1, 10000), 1);
    assert_true(child_reap(&c, false, &end));
}

/* Kernels that have no cgroup.kill, on files: the number stands there, and so it is killed. */
static void without_cgroup_kill_each_is_killed(void **state)
{
    struct child_end end;
    struct child c;
    char list[64];

    (void)state;
    (void)groups_new_root();
    (void)snprintf(folder, sizeof(folder), "%s/g", groups_root());
    groups_put("/g/cgroup.procs", "");
    groups_put("/g/cgroup.events", "populated 1\nfrozen 0\n");
    assert_true(start_sleeper(&c)); /* it wrote "0" there */
    (void)snprintf(list, sizeof(list), "%d\n", (int)c.pid);
    groups_put("/g/cgroup.procs", list);
    struct pollfd ended = {.fd = c.pidfd, .events = POLLIN};
    group_kill(folder);
    assert_int_equal(poll(&ended, 1, 10000), 1);
    assert_true(child_reap(&c, false, &end));
    assert_int_equal(end.exit_signal, SIGKILL);
}

static void a_group_that_is_not_there_stops_a_child(void **state)
{
    struct child c;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/g", groups_new_root());
    assert_false(start_sleeper(&c));
    assert_int_equal(mkdir(folder, 0755), 0); /* one that cannot be entered */
    assert_false(start_sleeper(&c));
    assert_int_equal(c.pid, 0);
}

HARNESS_MAIN(the_own_group_is_found_under_either_mount, only_what_was_handed_over_is_ours,
             numbers_and_words_are_read, a_child_starts_in_its_group_and_is_killed_with_it,
             a_signal_goes_to_the_others, a_number_that_is_cut_is_nobodys,
             without_cgroup_kill_each_is_killed, a_group_that_is_not_there_stops_a_child)
