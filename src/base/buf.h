/*
 * buf.h - a growing byte buffer with a ceiling
 *
 * Everything that builds text appends to a buf. Appending returns nothing: a buf that would outgrow
 * its ceiling, or for which memory ran out, becomes "broken", later appends do nothing, and the
 * caller asks once, at the end, with buf_ok(). So code that writes text reads like the text.
 *
 *     struct buf b = BUF_INIT(64 * 1024);
 *     buf_putf(&b, "class=%s ", name);
 *     buf_put_escaped(&b, message);
 *     if (!buf_ok(&b)) ...
 *     buf_release(&b);
 *
 * Invariants: data is never NULL and always NUL-terminated; len < max; a broken buf has len 0.
 * Ownership: the buf owns its bytes until buf_take(). Threads: one at a time.
 */
#ifndef PLAIN_BASE_BUF_H
#define PLAIN_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct buf {
    char *data;
    size_t len; /* bytes, without the final NUL            */
    size_t cap; /* bytes allocated, 0 while data is static */
    size_t max; /* ceiling in bytes, the final NUL included */
    bool broken;
};

extern char buf_empty[1];

#define BUF_INIT(limit)                                                                            \
    {                                                                                              \
        .data = buf_empty, .max = (limit)                                                          \
    }

void buf_release(struct buf *b); /* frees; leaves b empty and usable */
void buf_reset(struct buf *b);   /* empties and mends; keeps memory  */

void buf_put(struct buf *b, const void *p, size_t n); /* p may be NULL when n is 0 */
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_put_int(struct buf *b, long long n); /* in decimal; much faster than buf_putf() */
void buf_putf(struct buf *b, const char *fmt, ...) PLAIN_PRINTF(2, 3);

/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);

/* C0, C1, DEL, U+2028/9 and bidirectional controls as \u escapes, invalid UTF-8 as U+FFFD: safe in
 * logs and terminals. */
void buf_put_escaped(struct buf *b, const char *s);

/* s as a JSON string with its quotes. What buf_put_escaped escapes is a \u escape here too, so that
 * JSON is as safe on a terminal; invalid UTF-8 as U+FFFD. */
void buf_put_json(struct buf *b, const char *s);

static inline bool buf_ok(const struct buf *b)
{
    return !b->broken;
}

/* Hands the bytes to the caller, who frees them with mem_free(); NULL if broken. */
char *buf_take(struct buf *b, size_t *len) PLAIN_MUST_USE;

#endif
