/*
 * channel.h - frames over a stream socket, with a buffer in each direction
 *
 * The worker's end does not block, the runner's does: only the descriptor's mode differs. Threads:
 * one at a time.
 *
 *     frame_put_job(&c.out, FRAME_JOB, &job);
 *     if (channel_flush(&c) < 0) ...                  the other end is gone
 *     while (channel_next(&c, &frame)) ...            frames that channel_fill() has read
 */
#ifndef PLAIN_CHANNEL_CHANNEL_H
#define PLAIN_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "channel/frame.h"

/* Descriptors of a runner, beside 0 to 2: module i is at CHANNEL_FD_MODULES + i. */
enum {
    CHANNEL_FD = 3,
    CHANNEL_FD_FILE = 4,   /* the worker's: see worker_file.h */
    CHANNEL_FD_OUTPUT = 5, /* where what is written to 1 and 2 comes out: see runner/output.h */
    CHANNEL_FD_MODULES = 6
};

enum {
    CHANNEL_FRAME_MAX = 2 * 1024 * 1024,
    /* Of parameters, source and a hook's message, beside which a frame has room for every other
     * text. More than PARAMS_STORED_MAX. */
    CHANNEL_TEXT_MAX = CHANNEL_FRAME_MAX - 256 * 1024,
    CHANNEL_BUFFER_MAX = 64 * 1024 * 1024
};

struct channel_header {
    uint32_t length; /* of the payload */
    uint32_t kind;
};

struct channel {
    int fd;
    struct buf in;
    size_t in_at; /* bytes of in that were handed out as frames */
    struct buf out;
    ino_t pinned; /* see channel_pin(); 0: not */
    int sentinel; /* likewise: readable only while the socket is open, and has room; -1: none */
    bool broken;  /* nothing more is to be read: the end, or what is not a frame */
    bool shut;    /* nothing more can be written; what was sent before may still be read */
};

void channel_init(struct channel *c, int fd); /* takes fd over */
void channel_release(struct channel *c);      /* closes it */
/* From now on nothing is written once the descriptor is another file than now: where code of others
 * runs in the process, it may have closed all that it did not know, and opened something else. */
void channel_pin(struct channel *c);
/* Whether it is still that file. When poll(2) finds the sentinel readable it is: an epoll instance
 * forgets a file that is closed. Looked at along with others that saves a system call. */
bool channel_is_ours(const struct channel *c);

/* Reads once. Bytes read, 0 when there is nothing now (non-blocking), -1 at the end or an error. */
long channel_fill(struct channel *c);
/* The next whole frame that has been read; false when there is none (or broken). */
bool channel_next(struct channel *c, struct frame *out);
/* Writes what it can: 0 when all is written, 1 when something is left, -1 when the end is gone. */
int channel_flush(struct channel *c);

#endif
