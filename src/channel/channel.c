#include "channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SENTINEL_FROM = 500 };

void channel_init(struct channel *c, int fd)
{
    *c = (struct channel){.fd = fd,
                          .sentinel = -1,
                          .in = BUF_INIT(CHANNEL_BUFFER_MAX),
                          .out = BUF_INIT(CHANNEL_BUFFER_MAX)};
}

void channel_release(struct channel *c)
{
    buf_release(&c->in);
    buf_release(&c->out);
    c->in_at = 0;
    if (c->fd >= 0)
        (void)close(c->fd);
    if (c->sentinel >= 0)
        (void)close(c->sentinel);
    c->fd = c->sentinel = -1;
}

static ino_t inode_of(int fd)
{
    struct stat now;

    return fstat(fd, &now) == 0 ? now.st_ino : 0;
}

/* Far up, where nobody who has closed all descriptors comes to by opening others. */
static int move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, SENTINEL_FROM);

    if (high < 0)
        return fd; /* RLIMIT_NOFILE */
    (void)close(fd);
    return high;
}

void channel_pin(struct channel *c)
{
    struct epoll_event writable = {.events = EPOLLOUT};

    c->pinned = inode_of(c->fd);
    c->broken |= c->pinned == 0;
    c->sentinel = epoll_create1(EPOLL_CLOEXEC);
    if (c->sentinel >= 0 && epoll_ctl(c->sentinel, EPOLL_CTL_ADD, c->fd, &writable) == 0)
        c->sentinel = move_up(c->sentinel);
}

bool channel_is_ours(const struct channel *c)
{
    return c->pinned == 0 || inode_of(c->fd) == c->pinned;
}

/* Frames that were handed out are dropped here, so that they stay valid until the next read. */
static void drop_read(struct channel *c)
{
    if (c->in_at == 0)
        return;
    buf_consume(&c->in, c->in_at);
    c->in_at = 0;
}

long channel_fill(struct channel *c)
{
    char chunk[64 * 1024];

    drop_read(c);
    for (;;) {
        ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);

        if (n > 0) {
            buf_put(&c->in, chunk, (size_t)n);
            if (!buf_ok(&c->in))
                break;
            return (long)n;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN))
            return 0;
        break;
    }
    c->broken = true;
    return -1;
}

bool channel_next(struct channel *c, struct frame *out)
{
    struct channel_header header;
    size_t have = c->in.len - c->in_at;

    if (have < sizeof(header))
        return false;
    memcpy(&header, c->in.data + c->in_at, sizeof(header));
    if (header.length > CHANNEL_FRAME_MAX || header.kind < FRAME_JOB || header.kind > FRAME_LAST) {
        c->broken = true;
        return false;
    }
    if (have < sizeof(header) + header.length)
        return false;
    *out = (struct frame){.kind = (enum frame_kind)header.kind,
                          .payload = c->in.data + c->in_at + sizeof(header),
                          .length = header.length};
    c->in_at += sizeof(header) + header.length;
    return true;
}

int channel_flush(struct channel *c)
{
    size_t done = 0;

    if (c->out.len > 0 && !channel_is_ours(c))
        c->broken = c->shut = true;
    c->shut |= !buf_ok(&c->out);
    while (!c->shut && done < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + done, c->out.len - done, MSG_NOSIGNAL);

        if (n >= 0) {
            done += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN)
            break;
        c->shut = true;
    }
    buf_consume(&c->out, done);
    if (c->shut)
        return -1;
    return c->out.len > 0;
}
