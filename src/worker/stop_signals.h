/*
 * stop_signals.h - SIGTERM, SIGINT and SIGHUP, told by the event loop
 */
#ifndef PLAIN_WORKER_STOP_SIGNALS_H
#define PLAIN_WORKER_STOP_SIGNALS_H

#include <uv.h>

enum { STOP_SIGNALS = 3 };

/* The caller's memory, closed with the loop. */
struct stop_signals {
    uv_signal_t handles[STOP_SIGNALS];
};

/* A SIGHUP that is ignored, as by nohup, stays ignored. */
void stop_signals_start(struct stop_signals *s, uv_loop_t *loop, uv_signal_cb fn, void *data);

/* A signal that comes late must not kill what has done all: closing a handle makes its signal
 * deadly again. */
void stop_signals_block(void);

#endif
