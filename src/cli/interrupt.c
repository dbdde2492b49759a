#define _GNU_SOURCE
#include "cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static bool is_ignored(int number)
{
    struct sigaction how;

    return sigaction(number, NULL, &how) == 0 && how.sa_handler == SIG_IGN;
}

int interrupt_begin(struct interrupt *i, plain_error *err)
{
    sigset_t set;

    *i = (struct interrupt){.fd = -1};
    (void)sigemptyset(&set);
    for (size_t n = 0; n < ARRAY_SIZE(numbers); n++) {
        if (!is_ignored(numbers[n]))
            (void)sigaddset(&set, numbers[n]);
    }
    (void)pthread_sigmask(SIG_BLOCK, &set, &i->before);
    i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (i->fd >= 0)
        return PLAIN_OK;
    (void)pthread_sigmask(SIG_SETMASK, &i->before, NULL);
    return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "signalfd");
}

bool interrupt_came(struct interrupt *i)
{
    struct signalfd_siginfo info;

    while (read(i->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (i->number == 0)
            i->number = (int)info.ssi_signo;
    }
    return i->number != 0;
}

enum interrupt_wait interrupt_wait(struct interrupt *i, int first, int second, int ms)
{
    int64_t until = clock_mono_us() + (int64_t)ms * US_PER_MS;
    struct pollfd p[] = {{.fd = first, .events = POLLIN},
                         {.fd = second, .events = POLLIN},
                         {.fd = i->fd, .events = POLLIN}};

    for (;;) {
        int64_t left_us = until - clock_mono_us();
        int left = i->number     ? 0
                   : ms < 0      ? -1
                   : left_us > 0 ? (int)((left_us + US_PER_MS - 1) / US_PER_MS)
                                 : 0;
        int n = poll(p, ARRAY_SIZE(p), left);

        if (n > 0 && p[0].revents)
            return INTERRUPT_FIRST;
        if (n > 0 && p[1].revents)
            return INTERRUPT_SECOND;
        if (interrupt_came(i))
            return INTERRUPT_CAME;
        if (n == 0)
            return INTERRUPT_TIMEOUT;
    }
}

static void stop_watching(const struct interrupt *i)
{
    (void)close(i->fd);
    (void)pthread_sigmask(SIG_SETMASK, &i->before, NULL); /* here one that is pending is deadly */
}

void interrupt_end(struct interrupt *i)
{
    if (interrupt_came(i)) {
        (void)signal(i->number, SIG_DFL);
        (void)raise(i->number);
    }
    stop_watching(i);
}

void interrupt_end_well(struct interrupt *i)
{
    (void)interrupt_came(i); /* not pending any more */
    stop_watching(i);
}
