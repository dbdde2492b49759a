#include "cli/dev_lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Waits where the terminal or the pipe is full: what is printed is what happened. */
static int write_all(const char *p, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDOUT_FILENO, p, n);

        if (written < 0 && errno == EAGAIN) {
            struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};

            (void)poll(&room, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return errno;
        } else if (written > 0) {
            p += written;
            n -= (size_t)written;
        }
    }
    return 0;
}

static int print(const struct dev_lines *l, const char *line, size_t n)
{
    struct buf out = BUF_INIT((size_t)3 * DEV_LINE_MAX);
    char padded[64];

    (void)snprintf(padded, sizeof(padded), "%-*s |", l->width, l->name);
    paint_text(&out, l->colours, l->paint, padded);
    buf_putc(&out, ' ');
    buf_put(&out, line, n);
    buf_putc(&out, '\n');
    int failed = buf_ok(&out) ? write_all(out.data, out.len) : write_all(line, n);
    buf_release(&out);
    return failed;
}

int dev_lines_put(struct dev_lines *l, const char *bytes, size_t n)
{
    int failed = 0;

    while (n > 0 && !failed) {
        const char *end = memchr(bytes, '\n', n);
        size_t taken = end ? (size_t)(end - bytes) : n;

        buf_put(&l->partial, bytes, taken);
        if (end || l->partial.len >= DEV_LINE_MAX) {
            failed = print(l, l->partial.data, l->partial.len);
            buf_reset(&l->partial);
        }
        taken += end ? 1 : 0;
        bytes += taken;
        n -= taken;
    }
    return failed;
}

int dev_lines_end(struct dev_lines *l)
{
    int failed = l->partial.len > 0 ? print(l, l->partial.data, l->partial.len) : 0;

    buf_reset(&l->partial);
    return failed;
}

int dev_lines_say(const struct dev_lines *l, const char *text)
{
    return print(l, text, strlen(text));
}

void dev_lines_release(struct dev_lines *l)
{
    buf_release(&l->partial);
}
