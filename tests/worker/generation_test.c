/* generation_test.c - how a worker of those that are run in turn is told to stop */
#include "worker/generation.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/harness.h"

/* A worker that is ready, and ends when its job does: when there is a file "over". */
static char shell[] = "sh", option[] = "-c",
            script[] = "trap : TERM; echo >&3; until [ -e over ]; do sleep 0.02; done; exit 7";
static char *const worker_argv[] = {shell, option, script, NULL};

static struct {
    uv_loop_t loop;
    struct generation_kind kind;
    int times_ready;
    struct child_end end; /* once it has ended */
    bool ended;
} bench;

static void on_ready(struct generation *g, void *user)
{
    (void)g;
    (void)user;
    bench.times_ready++;
}

static void on_ended(struct generation *g, const struct child_end *end, void *user)
{
    (void)g;
    (void)user;
    bench.end = *end;
    bench.ended = true;
}

static struct generation *start(void)
{
    plain_error err;

    memset(&bench, 0, sizeof(bench));
    assert_int_equal(chdir(harness_tmpdir()), 0);
    (void)unlink("over");
    assert_int_equal(uv_loop_init(&bench.loop), 0);
    bench.kind = (struct generation_kind){.loop = &bench.loop,
                                          .program = "/bin/sh",
                                          .argv = worker_argv,
                                          .ready = on_ready,
                                          .ended = on_ended};
    struct generation *g = generation_start(&bench.kind, 1, &err);
    assert_non_null(g);
    return g;
}

static void end_job(void)
{
    int fd = open("over", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    (void)uv_run(&bench.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench.loop), 0);
}

/* It has told that it is ready, and nobody has read that. */
static void await_word(const struct generation *g)
{
    struct pollfd word = {.fd = g->ready_fd, .events = POLLIN};

    assert_int_equal(poll(&word, 1, -1), 1);
}

/* The time that one which was never ready is given is over, and the loop has not looked since. */
static void let_deadline_pass(struct generation *g)
{
    uv_timer_set_repeat(g->deadline, 1);
    assert_int_equal(uv_timer_again(g->deadline), 0);
    (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void one_that_was_ready_when_it_was_told_to_stop_finishes_its_jobs(void **state)
{
    (void)state;
    struct generation *g = start();
    await_word(g);
    generation_stop(g);
    assert_non_null(g->deadline);
    (void)uv_run(&bench.loop, UV_RUN_ONCE);
    assert_true(g->ready);
    assert_false(uv_is_active((const uv_handle_t *)g->deadline));
    end_job();
    assert_true(bench.ended);
    assert_int_equal(bench.end.exit_code, 7);
    assert_int_equal(bench.times_ready, 0);
}

static void a_word_that_is_read_late_still_saves_it(void **state)
{
    (void)state;
    struct generation *g = start();
    await_word(g);
    generation_stop(g);
    let_deadline_pass(g);
    (void)uv_run(&bench.loop, UV_RUN_NOWAIT);
    end_job();
    assert_true(bench.ended);
    assert_int_equal(bench.end.exit_code, 7);
}

HARNESS_MAIN(one_that_was_ready_when_it_was_told_to_stop_finishes_its_jobs,
             a_word_that_is_read_late_still_saves_it)
