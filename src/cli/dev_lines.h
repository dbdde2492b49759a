/*
 * dev_lines.h - what several programs print, line by line, each behind the name of its program
 *
 *     worker      | 2026-11-24T06:30:00.123Z [INFO] Completed job ...
 *     worker-slow | thumbnail of cat.png
 *
 * A line is printed when it is whole, at the latest after 64 KiB.
 */
#ifndef PLAIN_CLI_DEV_LINES_H
#define PLAIN_CLI_DEV_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "cli/terminal.h"

struct dev_lines {
    const char *name;
    int width; /* of the longest name */
    enum paint paint;
    bool colours;
    struct buf partial; /* a line without its end */
};

enum { DEV_LINE_MAX = 64 * 1024 };

#define DEV_LINES_INIT                                                                             \
    {                                                                                              \
        .partial = BUF_INIT((size_t)2 * DEV_LINE_MAX)                                              \
    }

/* Each appends to out. */
void dev_lines_put(struct dev_lines *l, const char *bytes, size_t n, struct buf *out);
void dev_lines_end(struct dev_lines *l, struct buf *out); /* a line that has no end */
/* A line of our own, which needs no partial. */
void dev_lines_say(const struct dev_lines *l, const char *text, struct buf *out);

void dev_lines_release(struct dev_lines *l);

#endif
