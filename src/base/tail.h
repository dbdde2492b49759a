/*
 * tail.h - the end of a stream of bytes, however long that is
 *
 * Keeps at least the last `max` bytes that were added and counts the rest. Adding costs a copy, and
 * moves what is kept once for each `max` bytes. Out of memory costs bytes, never more.
 */
#ifndef PLAIN_BASE_TAIL_H
#define PLAIN_BASE_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct tail {
    size_t max;
    char *data; /* the last bytes, NUL behind them; NULL: nothing yet */
    size_t used, room;
    int64_t total; /* bytes that were added */
};
#define TAIL_INIT(limit)                                                                           \
    {                                                                                              \
        .max = (limit)                                                                             \
    }

void tail_add(struct tail *t, const char *p, size_t n);
void tail_release(struct tail *t); /* empty afterwards */

/* The end of it as valid UTF-8 without NUL, at most max bytes, cut at a character boundary; a byte
 * that belongs to no character becomes U+FFFD. Where bytes are missing in front it begins with the
 * line "[N bytes before this are not kept]". On the heap (mem_free); NULL: nothing was added, or
 * memory is out. */
char *tail_text(const struct tail *t);

#endif
