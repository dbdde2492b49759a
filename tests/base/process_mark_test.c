/* process_mark_test.c - a process is known again, and only while it runs */
#include "base/process_mark.h"

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static bool is_zombie(const char *stat)
{
    char text[512] = "";
    FILE *file = fopen(stat, "r");

    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    (void)fclose(file);
    return strstr(text, ") Z ") != NULL;
}

static void a_running_process_lives(void **state)
{
    struct process_mark mark = process_mark_of((int)getpid());

    (void)state;
    assert_int_equal(mark.pid, getpid());
    assert_true(mark.start > 0);
    assert_true(process_mark_lives(&mark));
}

static void another_process_of_that_number_is_another(void **state)
{
    struct process_mark mark = process_mark_of((int)getpid());

    (void)state;
    mark.start--;
    assert_false(process_mark_lives(&mark));
}

static void an_ended_process_is_dead_before_it_is_reaped(void **state)
{
    pid_t pid = fork();
    siginfo_t info;

    (void)state;
    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    struct process_mark mark = process_mark_of((int)pid);
    assert_true(process_mark_lives(&mark));
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(process_mark_lives(&mark));
    (void)waitpid(pid, NULL, 0);
    assert_false(process_mark_lives(&mark));
    assert_int_equal(process_mark_of((int)pid).start, 0);
}

static void *wait_for_ever(void *unused)
{
    for (;;)
        (void)pause();
    return unused;
}

/* A zombie to ps(1), that still holds its files and locks: so the next attempt of a job began
 * beside one that was being killed. */
static void a_process_whose_first_thread_has_ended_lives(void **state)
{
    pid_t pid = fork();
    pthread_t thread;
    siginfo_t info;
    char stat[64];

    (void)state;
    if (pid == 0) {
        if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0)
            (void)syscall(SYS_exit, 0);
        _exit(1);
    }
    struct process_mark mark = process_mark_of((int)pid);
    (void)snprintf(stat, sizeof(stat), "/proc/%d/stat", (int)pid);
    while (!is_zombie(stat))
        (void)sched_yield();
    assert_true(process_mark_lives(&mark));
    assert_false(process_is_gone((int)pid));
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(process_mark_lives(&mark));
    (void)waitpid(pid, NULL, 0);
}

static void nobody_is_dead(void **state)
{
    struct process_mark none = {0};

    (void)state;
    assert_false(process_mark_lives(&none));
    assert_int_equal(process_mark_of(-1).start, 0);
}

/* Without descriptors nobody can look: that is no reason to take anything from who may live. */
static void who_cannot_be_looked_at_may_live(void **state)
{
    struct process_mark mark = process_mark_of((int)getpid()), other = mark;
    struct rlimit before, none = {0, 0};

    (void)state;
    other.start--;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool lives = process_mark_lives(&mark), may_live = process_mark_lives(&other);
    bool gone = process_is_gone((int)getpid());
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(lives);
    assert_true(may_live);
    assert_false(gone);
    assert_false(process_is_gone((int)getpid()));
    assert_true(process_is_gone(INT32_MAX));
}

static void the_boot_and_the_namespace_have_names(void **state)
{
    char once[BOOT_ID_SIZE], again[BOOT_ID_SIZE];

    (void)state;
    process_boot_id(once);
    process_boot_id(again);
    assert_int_equal(strlen(once), 36);
    assert_string_equal(once, again);
    assert_true(process_namespace() != 0);
}

HARNESS_MAIN(a_running_process_lives, another_process_of_that_number_is_another,
             an_ended_process_is_dead_before_it_is_reaped,
             a_process_whose_first_thread_has_ended_lives, nobody_is_dead,
             who_cannot_be_looked_at_may_live, the_boot_and_the_namespace_have_names)
