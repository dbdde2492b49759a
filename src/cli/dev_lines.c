#include "cli/dev_lines.h"

#include <stdio.h>
#include <string.h>

static void print(const struct dev_lines *l, const char *line, size_t n, struct buf *out)
{
    char padded[64];

    (void)snprintf(padded, sizeof(padded), "%-*s |", l->width, l->name);
    paint_text(out, l->colours, l->paint, padded);
    buf_putc(out, ' ');
    buf_put(out, line, n);
    buf_putc(out, '\n');
}

void dev_lines_put(struct dev_lines *l, const char *bytes, size_t n, struct buf *out)
{
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        size_t taken = end ? (size_t)(end - bytes) : n;

        buf_put(&l->partial, bytes, taken);
        if (end || l->partial.len >= DEV_LINE_MAX) {
            print(l, l->partial.data, l->partial.len, out);
            buf_reset(&l->partial);
        }
        taken += end ? 1 : 0;
        bytes += taken;
        n -= taken;
    }
}

void dev_lines_end(struct dev_lines *l, struct buf *out)
{
    if (l->partial.len > 0)
        print(l, l->partial.data, l->partial.len, out);
    buf_reset(&l->partial);
}

void dev_lines_say(const struct dev_lines *l, const char *text, struct buf *out)
{
    print(l, text, strlen(text), out);
}

void dev_lines_release(struct dev_lines *l)
{
    buf_release(&l->partial);
}
