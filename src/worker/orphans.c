#include "worker/orphans.h"

#include <sys/wait.h>

/* The first child that has ended; 0: none has. It stays as it is. */
static pid_t ended_child(void)
{
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

void orphans_reap(bool is_ours(pid_t pid, void *user), void *user)
{
    pid_t pid;

    while ((pid = ended_child()) > 0 && !is_ours(pid, user)) {
        if (waitpid(pid, NULL, WNOHANG) != pid)
            return;
    }
}
