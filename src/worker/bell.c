#include "worker/bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct bell *b = poll->data;
    uint64_t rings;

    (void)status;
    (void)events;
    if (read(b->fd, &rings, sizeof(rings)) > 0)
        b->fn(b->user);
}

int bell_open(struct bell *b, uv_loop_t *loop, bell_fn *fn, void *user, plain_error *err)
{
    *b = (struct bell){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .fn = fn, .user = user};
    if (b->fd < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a descriptor of the event loop");
    int failed = uv_poll_init(loop, &b->poll, b->fd);
    if (failed) {
        bell_release(b);
        return error_set(err, PLAIN_E_IO, 705, "", "event loop: %s", uv_strerror(failed));
    }
    b->poll.data = b;
    (void)uv_poll_start(&b->poll, UV_READABLE, on_readable);
    return PLAIN_OK;
}

void bell_ring(const struct bell *b)
{
    const uint64_t one = 1;

    (void)!write(b->fd, &one, sizeof(one)); /* fails only when it rang 2^64 - 2 times unheard */
}

void bell_release(struct bell *b)
{
    if (b->fd >= 0)
        (void)close(b->fd);
    b->fd = -1;
}
