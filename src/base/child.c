#define _GNU_SOURCE
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* What the child tells us when it cannot exec: the step and errno, over a close-on-exec pipe. */
struct failure {
    int step;
    int error_number;
};
enum { FDS_MAX = 256 };
enum { STEP_PREPARE, STEP_GROUP, STEP_DESCRIPTORS, STEP_EXEC };
static const char *const step_names[] = {"preparing", "finding a control group for",
                                         "passing descriptors to", "executing"};

PLAIN_NORETURN static void child_fail(int report, int step)
{
    struct failure f = {step, errno};

    (void)!write(report, &f, sizeof(f));
    _exit(127);
}

/* Everything is default again: the parent's handlers and mask are not the child's business. */
static void reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Makes fds[i] descriptor i. Two rounds, since a source may stand where a target goes. */
static int arrange_descriptors(const struct child_spec *spec, int *high, int report)
{
    int floor = (int)spec->fd_count;

    for (size_t i = 0; i < spec->fd_count; i++) {
        int from = spec->fds[i] >= 0 ? spec->fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);

        high[i] = fcntl(from, F_DUPFD_CLOEXEC, floor);
        if (high[i] < 0)
            return -1;
    }
    int kept = fcntl(report, F_DUPFD_CLOEXEC, floor);
    if (kept < 0)
        return -1;
    for (size_t i = 0; i < spec->fd_count; i++) {
        if (dup2(high[i], (int)i) < 0)
            return -1;
    }
    if (kept > floor && close_range((unsigned)floor, (unsigned)kept - 1, 0) < 0)
        return -1;
    if (close_range((unsigned)kept + 1, ~0U, 0) < 0)
        return -1;
    return kept;
}

static bool set_limits(const struct child_spec *spec)
{
    for (size_t i = 0; i < spec->limit_count; i++) {
        const struct child_limit *l = &spec->limits[i];
        const struct rlimit limit = {.rlim_cur = (rlim_t)l->soft, .rlim_max = (rlim_t)l->hard};

        if (prlimit(0, (__rlimit_resource_t)l->resource, &limit, NULL) < 0)
            return false;
    }
    return true;
}

/* Moves the child itself: whatever it starts is there too. */
static bool enter_group(int folder)
{
    int fd = openat(folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, "0", 1) == 1 && close(fd) == 0;
}

/* Forks; into the group, where the kernel can, since to move a process there takes it some 10 ms.
 * Otherwise *folder stays, for the child to enter it. */
static pid_t begin(int *folder)
{
    if (*folder >= 0) {
        struct clone_args args = {.flags = CLONE_INTO_CGROUP,
                                  .exit_signal = SIGCHLD,
                                  .cgroup = (unsigned long long)*folder};
        long pid = syscall(SYS_clone3, &args, sizeof(args));

        if (pid == 0)
            *folder = -1;
        if (pid >= 0)
            return (pid_t)pid;
    }
    return fork();
}

/* Only async-signal-safe calls: the parent has threads, and may have been left without glibc's
 * help. folder: of the group to be entered; -1: none. */
PLAIN_NORETURN static void child_main(const struct child_spec *spec, int folder, int *high,
                                      int report, pid_t parent)
{
    reset_signals();
    if (spec->own_group && setpgid(0, 0) < 0)
        child_fail(report, STEP_PREPARE);
    if (spec->own_session && setsid() < 0)
        child_fail(report, STEP_PREPARE);
    if (folder >= 0 && !enter_group(folder))
        child_fail(report, STEP_GROUP);
    if (!set_limits(spec))
        child_fail(report, STEP_PREPARE);
    if (spec->die_with_parent) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            child_fail(report, STEP_PREPARE);
        if (getppid() != parent) /* it died before we asked */
            _exit(127);
    }
    int kept = arrange_descriptors(spec, high, report);
    if (kept < 0)
        child_fail(report, STEP_DESCRIPTORS);
    char *const *envp = spec->envp ? spec->envp : environ;
    if (strchr(spec->path, '/')) /* execvpe() would give what has no #! line to a shell */
        execve(spec->path, spec->argv, envp);
    else
        execvpe(spec->path, spec->argv, envp);
    child_fail(kept, STEP_EXEC);
}

/* What the error alone does not say. */
static const char *hint(const struct failure *f, const char *path)
{
    if (f->step != STEP_EXEC)
        return "";
    if (f->error_number == ENOEXEC)
        return " (has it a #! line?)";
    return f->error_number == ENOENT && access(path, F_OK) == 0 ? " (or what its #! line names)"
                                                                : "";
}

/* Waits until the child has exec'ed (the pipe closes) or told why not. */
static int await_exec(int report, const char *path, plain_error *err)
{
    struct failure f;
    ssize_t n;

    do
        n = read(report, &f, sizeof(f));
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(f))
        return PLAIN_OK;
    return error_set_errno(err, PLAIN_E_IO, 705, "", f.error_number, "%s %s%s", step_names[f.step],
                           path, hint(&f, path));
}

/* Whoever started us may have left SIGCHLD ignored: then no child could be waited for. */
static void keep_ends(void)
{
    struct sigaction now;

    if (sigaction(SIGCHLD, NULL, &now) == 0 &&
        (now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT)))
        (void)signal(SIGCHLD, SIG_DFL);
}

/* Forks, and waits until the child was executed. Until that is another process for signals, too, it
 * takes none: a handler of ours would run there, and tell us of what was not meant for us. */
static int start(const struct child_spec *spec, int folder, pid_t *out, plain_error *err)
{
    int high[FDS_MAX], report[2];
    pid_t parent = getpid();
    sigset_t all, before;

    if (pipe2(report, O_CLOEXEC) < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe to start %s", spec->path);
    keep_ends();
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = *out = begin(&folder);
    if (pid == 0)
        child_main(spec, folder, high, report[1], parent);
    int why = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(report[1]);
    if (pid < 0) {
        (void)close(report[0]);
        return error_set_errno(err, PLAIN_E_IO, 705, "", why, "a process to run %s", spec->path);
    }
    int r = await_exec(report[0], spec->path, err);
    (void)close(report[0]);
    return r;
}

static int open_pidfd(pid_t pid, int *out, plain_error *err)
{
    *out = pidfd_open(pid, 0);
    if (*out < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "pidfd_open");
    (void)fcntl(*out, F_SETFD, FD_CLOEXEC);
    return PLAIN_OK;
}

int child_spawn(const struct child_spec *spec, struct child *out, plain_error *err)
{
    int folder = -1;
    pid_t pid = -1;

    *out = (struct child){.pidfd = -1};
    if (spec->fd_count > FDS_MAX)
        return error_set(err, PLAIN_E_INVALID, 703, "", "at most %d descriptors for %s", FDS_MAX,
                         spec->path);
    if (spec->group) {
        folder = open(spec->group, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "the control group %s",
                                   spec->group);
    }
    int r = start(spec, folder, &pid, err);
    if (folder >= 0)
        (void)close(folder);
    if (r == PLAIN_OK)
        r = open_pidfd(pid, &out->pidfd, err);
    if (r < 0 && pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    out->pid = r < 0 ? 0 : pid;
    return r;
}

static int64_t timeval_us(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

/* Always true. */
static bool forget(struct child *c, struct child_end *out, const struct child_end *end)
{
    *out = *end;
    (void)close(c->pidfd);
    *c = (struct child){.pidfd = -1};
    return true;
}

bool child_reap(struct child *c, bool kill_group, struct child_end *end)
{
    struct rusage usage;
    siginfo_t info = {0};
    int status = 0;

    if (c->pid == 0)
        return false;
    if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return errno == ECHILD && forget(c, end, &(struct child_end){-1, -1, -1, -1});
    if (info.si_pid == 0)
        return false;
    if (kill_group) /* while the zombie still holds its number */
        (void)kill(-c->pid, SIGKILL);
    if (wait4(c->pid, &status, WNOHANG, &usage) != c->pid)
        return false;
    return forget(c, end,
                  &(struct child_end){
                      .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                      .exit_signal = WIFSIGNALED(status) ? WTERMSIG(status) : -1,
                      .cpu_us = timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime),
                      .max_rss_kb = usage.ru_maxrss,
                  });
}

int child_run(const struct child_spec *spec, struct child_end *end, plain_error *err)
{
    struct child c;
    int r = child_spawn(spec, &c, err);

    if (r < 0)
        return r;
    struct pollfd ended = {.fd = c.pidfd, .events = POLLIN};
    while (!child_reap(&c, false, end))
        (void)poll(&ended, 1, -1);
    return PLAIN_OK;
}

static bool is_given_orphans(void)
{
    int is = 0;

    return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &is) == 0 && is);
}

/* The first child that has ended; 0: none has. It stays as it is. */
static pid_t ended_child(void)
{
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

void child_reap_orphans(bool is_ours(pid_t pid, void *user), void *user)
{
    pid_t pid;

    if (!is_given_orphans())
        return;
    while ((pid = ended_child()) > 0 && !is_ours(pid, user)) {
        if (waitpid(pid, NULL, WNOHANG) != pid)
            return;
    }
}

void child_signal(const struct child *c, int signal)
{
    if (c->pid == 0)
        return;
    (void)pidfd_send_signal(c->pidfd, signal, NULL, 0);
    if (signal == SIGTERM)
        (void)pidfd_send_signal(c->pidfd, SIGCONT, NULL, 0);
}

void child_signal_group(const struct child *c, int signal)
{
    if (c->pid == 0)
        return;
    (void)kill(-c->pid, signal); /* not reaped, so the number is still its own */
    if (signal == SIGTERM)
        (void)kill(-c->pid, SIGCONT);
}

const char *child_end_text(const struct child_end *end, char *out, size_t size)
{
    if (end->exit_signal >= 0) {
        const char *name = sigabbrev_np(end->exit_signal);

        (void)snprintf(out, size, "signal %d (SIG%s)", end->exit_signal, name ? name : "?");
    } else if (end->exit_code < 0) {
        (void)snprintf(out, size, "an exit code that something else has taken (SIGCHLD)");
    } else {
        (void)snprintf(out, size, "exit code %d", end->exit_code);
    }
    return out;
}
