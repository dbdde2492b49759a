#include "runner/guard.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/group.h"
#include "base/text.h"

enum { STACK_SIZE = 256 * 1024, LOOK_PARTS = 8, LOOK_MOST_MS = 1000 };

static char group[PATH_MAX]; /* "": none */

/* How long a runner that has no deadline yet, and so no job, sleeps between looks. */
static int64_t look_us(const struct worker_file_head *head)
{
    int64_t us = head->lease_ms * US_PER_MS / LOOK_PARTS;

    return us < (int64_t)LOOK_MOST_MS * US_PER_MS ? us : (int64_t)LOOK_MOST_MS * US_PER_MS;
}

static void kill_all(void)
{
    if (group[0])
        group_kill(group);
    (void)kill(-getpid(), SIGKILL);
    (void)kill(getpid(), SIGKILL); /* a job made another group of us */
}

static void *watch(void *argument)
{
    const struct worker_file_head *head = argument;

    for (;;) {
        int64_t deadline = atomic_load(&head->deadline_us), now = clock_boot_us();

        if (deadline == 0) {
            clock_boot_sleep_until(now + look_us(head));
        } else if (now < deadline) {
            clock_boot_sleep_until(deadline);
        } else {
            kill_all();
        }
    }
    return NULL;
}

static struct parent {
    pid_t pid;
    int fd; /* readable when it has ended */
} parent;

/* The poll keeps what it waits for, whatever the job closes; only when the process was stopped and
 * goes on is the descriptor looked up again, and may be another. */
static void *watch_parent(void *unused)
{
    struct pollfd p = {.fd = parent.fd, .events = POLLIN};

    (void)unused;
    (void)poll(&p, 1, -1);
    while (getppid() == parent.pid)
        clock_boot_sleep_until(clock_boot_us() + (int64_t)LOOK_MOST_MS * US_PER_MS);
    kill_all();
    return NULL;
}

/* A job that calls pthread_exit() ends the process, as it would without this thread. */
static void on_main_exit(void *unused)
{
    (void)unused;
    /* Not _exit(): before a call that does not return, a sanitizer looks at this stack, which is
     * half taken down. */
    (void)syscall(SYS_exit_group, 0);
}

static bool watch_main(void)
{
    static int anything;
    pthread_key_t key;

    return pthread_key_create(&key, on_main_exit) == 0 && pthread_setspecific(key, &anything) == 0;
}

/* Signals are the job's. */
static int start_thread(void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    pthread_attr_t attr;
    pthread_t thread;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, STACK_SIZE);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attr, run, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return failed;
}

/* Instead of the SIGKILL that the kernel sends to this process alone when its parent ends. Without
 * a descriptor, as under valgrind, that is left. */
static int guard_against_parent(void)
{
    parent = (struct parent){.pid = getppid()};
    parent.fd = pidfd_open(parent.pid, 0);
    if (parent.fd < 0)
        return 0;
    int failed = start_thread(watch_parent, NULL);
    if (failed)
        return failed;
    (void)prctl(PR_SET_PDEATHSIG, 0);
    if (getppid() != parent.pid) /* it was another one's descriptor */
        kill_all();
    return 0;
}

int guard_start(const struct worker_file_head *head, const char *own, plain_error *err)
{
    union {
        const struct worker_file_head *given;
        void *wanted; /* pthread_create's type; it changes nothing */
    } argument = {.given = head};

    (void)text_copy(group, sizeof(group), own);
    int failed = start_thread(watch, argument.wanted);
    if (!failed)
        failed = guard_against_parent();
    if (failed || !watch_main())
        return error_set_errno(err, PLAIN_E_IO, 705, "", failed ? failed : EAGAIN,
                               "starting the guard of a runner");
    return PLAIN_OK;
}
