/* child_test.c - children start, are told apart by how they end, and have only what they were given
 */
#include "base/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/harness.h"

/* execve's type, which promises nothing and changes nothing. */
static char *const *words(const char **argv)
{
    union {
        const char **given;
        char *const *wanted;
    } u = {.given = argv};
    return u.wanted;
}

static struct child_end await(struct child *c)
{
    struct child_end end;
    struct pollfd p = {.fd = c->pidfd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_true(child_reap(c, true, &end));
    assert_int_equal(c->pid, 0);
    return end;
}

static struct child_end run_shell(const char *script, const int *fds, size_t count)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct child_spec spec = {
        .path = "/bin/sh", .argv = words(argv), .fds = fds, .fd_count = count, .own_group = true};
    struct child c;

    assert_int_equal(child_spawn(&spec, &c, NULL), PLAIN_OK);
    return await(&c);
}

static const int standard[] = {-1, -1, -1};

static void an_end_is_known_though_sigchld_was_ignored(void **state)
{
    (void)state;
    (void)signal(SIGCHLD, SIG_IGN);
    struct child_end end = run_shell("exit 7", standard, 3);
    assert_int_equal(end.exit_code, 7);
    (void)signal(SIGCHLD, SIG_DFL);
}

static void an_end_that_something_else_took_is_one(void **state)
{
    const char *argv[] = {"sh", "-c", "exit 7", NULL};
    const struct child_spec spec = {
        .path = "/bin/sh", .argv = words(argv), .fds = standard, .fd_count = 3};
    struct child c;
    char text[64];

    (void)state;
    assert_int_equal(child_spawn(&spec, &c, NULL), PLAIN_OK);
    assert_int_equal(waitpid(c.pid, NULL, 0), c.pid);
    struct child_end end = await(&c);
    assert_int_equal(end.exit_code, -1);
    assert_int_equal(end.exit_signal, -1);
    assert_non_null(strstr(child_end_text(&end, text, sizeof(text)), "SIGCHLD"));
}

static void exit_codes_and_signals_are_told_apart(void **state)
{
    char text[64];

    (void)state;
    struct child_end end = run_shell("exit 7", standard, 3);
    assert_int_equal(end.exit_code, 7);
    assert_int_equal(end.exit_signal, -1);
    assert_string_equal(child_end_text(&end, text, sizeof(text)), "exit code 7");
    end = run_shell("kill -SEGV $$", standard, 3);
    assert_int_equal(end.exit_code, -1);
    assert_int_equal(end.exit_signal, SIGSEGV);
    assert_string_equal(child_end_text(&end, text, sizeof(text)), "signal 11 (SIGSEGV)");
}

static void a_program_that_cannot_run_is_an_error_at_once(void **state)
{
    const char *argv[] = {"x", NULL};
    struct child_spec spec = {
        .path = "/nonexistent/x", .argv = words(argv), .fds = standard, .fd_count = 3};
    struct child c;
    plain_error err;

    (void)state;
    assert_int_equal(child_spawn(&spec, &c, &err), PLAIN_E_IO);
    assert_non_null(strstr(err.message, "/nonexistent/x"));
    assert_non_null(strstr(err.message, "No such file"));
    assert_int_equal(c.pid, 0);
}

static void it_has_exactly_the_descriptors_it_was_given(void **state)
{
    int pipe_ends[2], extra = open("/dev/zero", O_RDONLY); /* without close-on-exec, on purpose */
    char out[256] = "";

    (void)state;
    assert_int_equal(pipe(pipe_ends), 0);
    int fds[] = {-1, pipe_ends[1], -1, pipe_ends[1]};
    struct child_end end = run_shell(
        "for f in /proc/$$/fd/*; do [ -e $f ] && printf '%s ' ${f##*/}; done; echo", fds, 4);
    assert_int_equal(end.exit_code, 0);
    assert_true(read(pipe_ends[0], out, sizeof(out) - 1) > 0);
    assert_string_equal(out, "0 1 2 3 \n");
    (void)close(extra);
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
}

static void what_is_left_of_its_group_is_killed_with_it(void **state)
{
    int pipe_ends[2];
    char byte;

    (void)state;
    assert_int_equal(pipe(pipe_ends), 0);
    int fds[] = {-1, pipe_ends[1], -1};
    (void)run_shell("sleep 1000 & exit 0", fds, 3);
    (void)close(pipe_ends[1]);
    assert_int_equal(read(pipe_ends[0], &byte, 1), 0); /* the sleeper held the other end */
    (void)close(pipe_ends[0]);
}

static void signals_and_mask_are_default_again(void **state)
{
    sigset_t all, before;

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    struct child_end end = run_shell("kill -PIPE $$; exit 0", standard, 3);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    assert_int_equal(end.exit_signal, SIGPIPE);
}

HARNESS_MAIN(an_end_is_known_though_sigchld_was_ignored, an_end_that_something_else_took_is_one,
             exit_codes_and_signals_are_told_apart, a_program_that_cannot_run_is_an_error_at_once,
             it_has_exactly_the_descriptors_it_was_given,
             what_is_left_of_its_group_is_killed_with_it, signals_and_mask_are_default_again)
