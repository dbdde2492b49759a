#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { FIRST_CAP = 256 };

char buf_empty[1] = "";

static void break_it(struct buf *b)
{
    buf_release(b);
    b->broken = true;
}

static size_t next_cap(const struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : FIRST_CAP;

    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    return cap < b->max ? cap : b->max;
}

/* Makes room for n more bytes and the NUL. False, and b broken, when that is over the ceiling or
 * memory is out. */
static bool reserve(struct buf *b, size_t n)
{
    if (b->broken)
        return false;
    if (n >= b->max - b->len) {
        break_it(b);
        return false;
    }
    size_t need = b->len + n + 1;
    if (need <= b->cap)
        return true;

    size_t cap = next_cap(b, need);
    char *data = mem_realloc(b->cap ? b->data : NULL, cap);
    if (!data) {
        break_it(b);
        return false;
    }
    data[b->len] = '\0';
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_release(struct buf *b)
{
    if (b->cap)
        mem_free(b->data);
    *b = (struct buf)BUF_INIT(b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->broken = false;
    if (b->cap)
        b->data[0] = '\0';
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || !reserve(b, n))
        return;
    memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_put_int(struct buf *b, long long n)
{
    char digits[24];
    size_t at = sizeof(digits);
    unsigned long long left = n < 0 ? 0ULL - (unsigned long long)n : (unsigned long long)n;

    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (n < 0)
        digits[--at] = '-';
    buf_put(b, digits + at, sizeof(digits) - at);
}

void buf_putf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        break_it(b);
    else if (reserve(b, (size_t)n)) {
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (n == 0)
        return;
    b->len -= n;
    memmove(b->data, b->data + n, b->len + 1);
}

/* What could move a terminal's cursor, start a new line or turn the reading direction. */
static const struct {
    unsigned first, last;
} unsafe_ranges[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
    {0x2028, 0x2029}, {0x202A, 0x202E}, {0x2066, 0x2069},
};

static bool is_unsafe(unsigned cp)
{
    for (size_t i = 0; i < ARRAY_SIZE(unsafe_ranges); i++) {
        if (cp >= unsafe_ranges[i].first && cp <= unsafe_ranges[i].last)
            return true;
    }
    return false;
}

/* Bytes at the start of s that need no second look: printable ASCII that is not in `special`. */
static size_t plain_run(const char *s, const char *special)
{
    size_t n = 0;

    while (s[n] >= ' ' && s[n] < 0x7F && !strchr(special, s[n]))
        n++;
    return n;
}

/* Appends the character at s, which is not in a plain run, and returns the bytes it takes there. */
static size_t put_character(struct buf *b, const char *s)
{
    unsigned cp;
    size_t n = utf8_next(s, &cp);

    if (is_unsafe(cp))
        buf_putf(b, "\\u%04x", cp);
    else if (cp == UTF8_REPLACEMENT)
        buf_puts(b, "\xEF\xBF\xBD");
    else
        buf_put(b, s, n);
    return n;
}

void buf_put_escaped(struct buf *b, const char *s)
{
    while (*s) {
        size_t n = plain_run(s, "");

        buf_put(b, s, n);
        s += n;
        if (*s)
            s += put_character(b, s);
    }
}

/* The letter after the backslash for characters that JSON has a short escape for, else NUL;
 * the NUL that ends a text finds the one that ends `letters`. */
static char short_escape(char c)
{
    static const char characters[] = "\"\\\n\r\t\b\f";
    static const char letters[] = "\"\\nrtbf";
    const char *found = strchr(characters, c);

    if (!found)
        return '\0';
    return letters[found - characters];
}

void buf_put_json(struct buf *b, const char *s)
{
    buf_putc(b, '"');
    while (*s) {
        size_t n = plain_run(s, "\"\\");

        buf_put(b, s, n);
        s += n;
        char letter = short_escape(*s);
        if (letter) {
            buf_put(b, (const char[]){'\\', letter}, 2);
            s++;
        } else if (*s) {
            s += put_character(b, s);
        }
    }
    buf_putc(b, '"');
}

char *buf_take(struct buf *b, size_t *len)
{
    if (b->broken || (!b->cap && !reserve(b, 0)))
        return NULL;
    char *data = b->data;
    if (len)
        *len = b->len;
    *b = (struct buf)BUF_INIT(b->max);
    return data;
}
