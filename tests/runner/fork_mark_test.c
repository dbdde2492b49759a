/* fork_mark_test.c - what fork_mark.h promises */
#define _GNU_SOURCE
#include "runner/fork_mark.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/harness.h"

/* As libc makes one, and behind its back: then no pthread_atfork() handler runs. */
static pid_t fork_by_libc(void)
{
    return fork();
}

static pid_t fork_by_kernel(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static bool child_is_here(const struct fork_mark *m, pid_t (*make_child)(void))
{
    int status = 0;
    pid_t child = make_child();

    if (child == 0)
        _exit(fork_mark_is_here(m) ? 1 : 2);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_in_range(WEXITSTATUS(status), 1, 2);
    return WEXITSTATUS(status) == 1;
}

static void a_child_is_told_from_the_process_that_was_marked(void **state)
{
    struct fork_mark m;

    (void)state;
    fork_mark_set(&m);
    assert_non_null(m.is_here);
    assert_true(fork_mark_is_here(&m));
    assert_false(child_is_here(&m, fork_by_libc));
    assert_false(child_is_here(&m, fork_by_kernel));
    assert_true(fork_mark_is_here(&m));
}

static void without_a_page_the_number_of_the_process_tells(void **state)
{
    struct fork_mark m = {.pid = getpid()};

    (void)state;
    assert_true(fork_mark_is_here(&m));
    assert_false(child_is_here(&m, fork_by_libc));
    assert_false(child_is_here(&m, fork_by_kernel));
}

HARNESS_MAIN(a_child_is_told_from_the_process_that_was_marked,
             without_a_page_the_number_of_the_process_tells)
