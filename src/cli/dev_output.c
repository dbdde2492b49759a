#define _GNU_SOURCE
#include "cli/dev_output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

bool dev_output_waits(const struct dev_output *o)
{
    return o->waiting.len > 0;
}

static bool has_room(int64_t ms)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&out, 1, (int)ms) > 0;
}

/* A pipe that has room takes so much without waiting, and in one piece. */
static size_t next_piece(const char *p, size_t n)
{
    if (n <= PIPE_BUF)
        return n;
    const char *end = memrchr(p, '\n', PIPE_BUF);
    return end ? (size_t)(end - p) + 1 : PIPE_BUF;
}

int dev_output_push(struct dev_output *o)
{
    struct buf *b = &o->waiting;
    int failed = buf_ok(b) ? 0 : ENOMEM;
    size_t done = 0;

    while (!failed && done < b->len && has_room(0)) {
        ssize_t n = write(STDOUT_FILENO, b->data + done, next_piece(b->data + done, b->len - done));

        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            failed = errno;
    }
    if (failed)
        buf_reset(b);
    else
        buf_consume(b, done);
    return failed;
}

int dev_output_finish(struct dev_output *o, int64_t ms)
{
    int64_t until = clock_mono_us() + ms * US_PER_MS, left;
    int failed = dev_output_push(o);

    while (!failed && dev_output_waits(o) && (left = until - clock_mono_us()) > 0) {
        if (has_room(left / US_PER_MS + 1))
            failed = dev_output_push(o);
    }
    buf_release(&o->waiting);
    return failed;
}
