/* neighbours_test.c - what is done to the processes that the file of a dead worker names */
#include "worker/neighbours.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "tests/harness/harness.h"

enum { DATABASE = 42, LEASE_MS = 60000 };

/* A process whose group's leader has ended; its end closes *alive. */
static int leave_member(int *alive)
{
    int ends[2];
    int status;

    assert_int_equal(pipe(ends), 0);
    pid_t leader = fork();
    if (leader == 0) {
        (void)setpgid(0, 0);
        if (fork() == 0) {
            (void)alarm(60);
            (void)pause();
        }
        _exit(0);
    }
    (void)close(ends[1]);
    assert_int_equal(waitpid(leader, &status, 0), leader);
    *alive = ends[0];
    return (int)leader;
}

/* The file of a worker that has ended, with a runner of this mark, and a lease until then. */
static void leave_file(const char *path, struct process_mark runner, int64_t deadline_us)
{
    int status;
    pid_t worker = fork();

    if (worker == 0) {
        struct worker_file f;
        plain_error err;
        int r = worker_file_create(&f, path, 1, DATABASE, LEASE_MS, &err);

        if (r == PLAIN_OK) {
            worker_file_part(&f, 0)->runner = runner;
            f.head->deadline_us = deadline_us;
        }
        harness_end_child(r == PLAIN_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(worker, &status, 0), worker);
    assert_int_equal(status, 0);
}

static bool ends_soon(int alive, int ms)
{
    struct pollfd p = {.fd = alive, .events = POLLIN};

    return poll(&p, 1, ms) == 1;
}

/* A dead runner's group is ended; not that of a number which its worker had done with, nor one that
 * may be somebody else's by now. */
static void a_number_that_was_given_back_is_left_alone(void **state)
{
    static const struct {
        uint64_t start;
        int64_t ago_us; /* that the lease ended */
        bool ends;
    } cases[] = {{1, 0, true}, {0, 0, false}, {1, (int64_t)3600 * US_PER_S, false}};
    static struct neighbours n;
    char path[PATH_MAX];

    (void)state;
    (void)snprintf(n.folder, sizeof(n.folder), "%s", harness_tmpdir());
    (void)snprintf(path, sizeof(path), "%s/w01234567", harness_tmpdir());
    n.database = DATABASE;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int alive;
        int group = leave_member(&alive);
        bool ends = cases[i].ends;

        leave_file(path, (struct process_mark){.pid = group, .start = cases[i].start},
                   clock_boot_us() - cases[i].ago_us);
        neighbours_look(&n);
        assert_int_equal(n.file_count, 1);
        assert_int_equal(ends_soon(alive, ends ? 10000 : 200), ends);
        assert_false(neighbours_close(&n, NULL));
        (void)kill(-group, SIGKILL);
        assert_true(ends_soon(alive, 10000));
        (void)close(alive);
        (void)unlink(path);
    }
}

HARNESS_MAIN(a_number_that_was_given_back_is_left_alone)
