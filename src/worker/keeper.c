#define _GNU_SOURCE
#include "worker/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

enum { HOLD_FD = 3 };

/* ---- the keeper ---- */

static void pass_over_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        (void)signal(numbers[i], SIG_IGN);
}

/* As it ended, so do we: without a core of ours beside its own. */
static int end_alike(const struct child_end *end)
{
    const struct rlimit none = {0, 0};

    if (end->exit_signal < 0)
        return end->exit_code;
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(end->exit_signal, SIG_DFL);
    (void)raise(end->exit_signal);
    return 128 + end->exit_signal; /* one that does not kill */
}

static int keep(struct child *c)
{
    struct child_end end;
    struct pollfd watched[] = {{.fd = c->pidfd, .events = POLLIN},
                               {.fd = HOLD_FD, .events = POLLIN}};

    for (;;) {
        if (poll(watched, ARRAY_SIZE(watched), -1) < 0 && errno != EINTR)
            break;
        if (child_reap(c, false, &end))
            return end_alike(&end);
        if (watched[1].revents)
            break;
    }
    (void)kill(0, SIGKILL); /* ourselves too */
    return KEEPER_NOT_STARTED;
}

int keeper_main(int argc, char **argv)
{
    enum { PATH_AT = 2, WORDS_AT };
    static const int fds[] = {-1, STDOUT_FILENO, STDERR_FILENO};
    struct child c;
    plain_error err;

    if (argc <= WORDS_AT)
        return KEEPER_NOT_STARTED;
    (void)fcntl(HOLD_FD, F_SETFD, FD_CLOEXEC);
    pass_over_signals();
    const struct child_spec spec = {.path = argv[PATH_AT],
                                    .argv = argv + WORDS_AT,
                                    .fds = fds,
                                    .fd_count = ARRAY_SIZE(fds),
                                    .die_with_parent = true};
    if (child_spawn(&spec, &c, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.message);
        return KEEPER_NOT_STARTED;
    }
    return keep(&c);
}

/* ---- who starts one ---- */

static void on_end(struct loop_child *c, const struct child_end *end, void *user)
{
    struct kept *k = user;

    (void)close(k->hold);
    k->fn(c, end, k->user);
}

/* plain plain-keeper PATH WORD... */
static const char **make_words(const char *path, char *const *argv)
{
    static const char *const begin[] = {"plain", KEEPER_COMMAND};
    size_t count = 0, n = 0;

    while (argv[count])
        count++;
    const char **words = mem_zalloc(count + ARRAY_SIZE(begin) + 2, sizeof(*words));
    if (!words)
        return NULL;
    for (; n < ARRAY_SIZE(begin); n++)
        words[n] = begin[n];
    words[n++] = path;
    memcpy(words + n, argv, count * sizeof(*words));
    return words;
}

int keeper_start(uv_loop_t *loop, const struct keeper_spec *program, loop_child_fn *fn, void *user,
                 struct kept *k, plain_error *err)
{
    int ends[2];
    union {
        const char **given;
        char *const *wanted; /* execve's type; it changes nothing */
    } words = {.given = make_words(program->path, program->argv)};

    *k = (struct kept){.fn = fn, .user = user};
    if (!words.given)
        return error_nomem(err);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        mem_free(words.given);
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe to keep %s", program->path);
    }
    const int fds[] = {-1, program->out, program->err_out, [HOLD_FD] = ends[0]};
    const struct child_spec spec = {.path = "/proc/self/exe",
                                    .argv = words.wanted,
                                    .fds = fds,
                                    .fd_count = ARRAY_SIZE(fds),
                                    .own_session = true};
    k->hold = ends[1];
    int r = loop_child_start(loop, &spec, on_end, k, &k->process, err);
    (void)close(ends[0]);
    if (r < 0)
        (void)close(ends[1]);
    mem_free(words.given);
    return r;
}
