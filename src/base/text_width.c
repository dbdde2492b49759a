#include "base/text_width.h"

#include "base/compiler.h"
#include "base/text.h"

/* Characters that do not take one column, as far as names and messages are likely to hold them.
 * The C library's wcwidth() would need a locale, which is the application's to set. */
static const struct {
    unsigned first, last;
    unsigned char columns;
} widths[] = {
    {0x0300, 0x036F, 0}, {0x200B, 0x200F, 0}, {0xFE00, 0xFE0F, 0},   {0x1100, 0x115F, 2},
    {0x2E80, 0xA4CF, 2}, {0xAC00, 0xD7A3, 2}, {0xF900, 0xFAFF, 2},   {0xFE30, 0xFE6F, 2},
    {0xFF00, 0xFF60, 2}, {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1FAFF, 2}, {0x20000, 0x3FFFD, 2},
};

static size_t columns_of(unsigned cp)
{
    for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
        if (cp >= widths[i].first && cp <= widths[i].last)
            return widths[i].columns;
    }
    return 1;
}

size_t text_columns(const char *text)
{
    size_t columns = 0;

    while (*text) {
        unsigned cp;

        text += utf8_next(text, &cp);
        columns += columns_of(cp);
    }
    return columns;
}

void put_shortened(struct buf *b, const char *text, size_t columns)
{
    const char *end = text, *cut = text;
    size_t used = 0;

    while (*end && used <= columns) { /* a text may be long, and little of it wanted */
        unsigned cp;

        if (used < columns)
            cut = end;
        end += utf8_next(end, &cp);
        used += columns_of(cp);
    }
    if (used <= columns) {
        buf_puts(b, text);
        return;
    }
    buf_put(b, text, (size_t)(cut - text));
    buf_puts(b, "\xE2\x80\xA6");
}
