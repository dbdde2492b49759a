/*
 * announce.c - what the service manager is told of the worker
 *
 * READY when it may claim jobs, STOPPING when it takes no more, a STATUS line for `systemctl
 * status`, and the watchdog's ticks: they come from the event loop, so a loop that hangs is
 * noticed.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "worker/state.h"

enum { STATUS_EVERY_MS = 10000, LINES_SIZE = 256 };

static void say(struct worker *w, const char *first)
{
    char lines[LINES_SIZE];
    const char *doing = w->stop == STOP_NO ? "" : "stopping: ";

    (void)snprintf(lines, sizeof(lines),
                   "%sSTATUS=%s%d runners, %zu jobs running, %" PRId64 " done", first, doing,
                   w->options->max_processes, runners_given(w), w->completed);
    notify_send(&w->notify, lines);
    w->status_at_us = clock_mono_us() + (int64_t)STATUS_EVERY_MS * US_PER_MS;
}

void announce(struct worker *w)
{
    int64_t now = clock_mono_us();

    if (w->notify.fd < 0)
        return;
    if (!w->said_ready && w->lease.held) {
        w->said_ready = true;
        say(w, "READY=1\n");
    }
    if (!w->said_stopping && w->stop != STOP_NO) {
        w->said_stopping = true;
        say(w, "STOPPING=1\n");
    }
    if (w->said_ready && now >= w->status_at_us)
        say(w, "");
    if (w->notify.watchdog_us > 0 && now >= w->watchdog_at_us) {
        notify_send(&w->notify, "WATCHDOG=1");
        w->watchdog_at_us = now + w->notify.watchdog_us / 2;
    }
}

int64_t announce_next_us(const struct worker *w)
{
    int64_t next = INT64_MAX;

    if (w->notify.fd >= 0 && w->said_ready)
        next = w->status_at_us;
    if (w->notify.fd >= 0 && w->notify.watchdog_us > 0 && w->watchdog_at_us < next)
        next = w->watchdog_at_us;
    return next;
}
