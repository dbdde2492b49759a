#include "worker/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

static const int numbers[STOP_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

static bool is_ignored(int number)
{
    struct sigaction how;

    return sigaction(number, NULL, &how) == 0 && how.sa_handler == SIG_IGN;
}

void stop_signals_start(struct stop_signals *s, uv_loop_t *loop, uv_signal_cb fn, void *data)
{
    for (int i = 0; i < STOP_SIGNALS; i++) {
        (void)uv_signal_init(loop, &s->handles[i]);
        s->handles[i].data = data;
        if (numbers[i] != SIGHUP || !is_ignored(SIGHUP))
            (void)uv_signal_start(&s->handles[i], fn, numbers[i]);
    }
}

void stop_signals_block(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    for (int i = 0; i < STOP_SIGNALS; i++)
        (void)sigaddset(&set, numbers[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}
