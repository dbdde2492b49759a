#include "cli/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

void line_reader_init(struct line_reader *r, size_t longest)
{
    *r = (struct line_reader){.fd = -1, .line = BUF_INIT(longest + 1)};
}

int line_reader_open(struct line_reader *r, const char *path, plain_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;

    r->path = is_stdin ? "stdin" : path;
    r->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0)
        return error_set_errno(err, PLAIN_E_INVALID, 705, "from", errno, "cannot open %s", path);
    return PLAIN_OK;
}

void line_reader_close(struct line_reader *r)
{
    if (r->fd > STDIN_FILENO)
        (void)close(r->fd);
    buf_release(&r->line);
}

/* Whether read(2) is to be repeated. Another process may have made stdin non-blocking. */
static bool is_for_later(int fd)
{
    if (errno == EAGAIN)
        (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    return errno == EAGAIN || errno == EINTR;
}

static int fill(struct line_reader *r, plain_error *err)
{
    ssize_t n;

    do
        n = read(r->fd, r->block, sizeof(r->block));
    while (n < 0 && is_for_later(r->fd));
    if (n < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "from", errno, "cannot read %s", r->path);
    r->from = 0;
    r->to = (size_t)n;
    r->bytes_read += r->to;
    r->at_end = n == 0;
    return PLAIN_OK;
}

/* Moves bytes of the block to the line; true when the line is whole. A line that has become too
 * long is walked over to its end. */
static bool take(struct line_reader *r)
{
    const char *start = r->block + r->from;
    size_t length = r->to - r->from;
    const char *newline = memchr(start, '\n', length);

    if (newline)
        length = (size_t)(newline - start);
    buf_put(&r->line, start, length);
    r->from += length + (newline ? 1 : 0);
    return newline;
}

bool line_reader_has_line(const struct line_reader *r)
{
    return memchr(r->block + r->from, '\n', r->to - r->from);
}

int line_reader_next(struct line_reader *r, plain_error *err)
{
    bool began = false, whole = false;

    buf_reset(&r->line);
    while (!whole) {
        if (r->from == r->to && !r->at_end) {
            int code = fill(r, err);
            if (code < 0)
                return code;
        }
        if (r->at_end)
            break;
        began = true;
        whole = take(r);
    }
    if (!began)
        return PLAIN_NONE;
    r->number++;
    if (buf_ok(&r->line))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, 602, "from",
                     "is longer than %zu bytes, or memory is out", r->line.max - 1);
}
