#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/text.h"

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value && *value;
}

bool terminal_has_colours(int fd)
{
    const char *force = getenv("CLICOLOR_FORCE");
    const char *term = getenv("TERM");

    if (is_set("NO_COLOR"))
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    return isatty(fd) == 1 && term && strcmp(term, "dumb") != 0;
}

static const char *const codes[] = {
    [PAINT_NONE] = "",    [PAINT_BOLD] = "1",    [PAINT_DIM] = "2",  [PAINT_RED] = "31",
    [PAINT_GREEN] = "32", [PAINT_YELLOW] = "33", [PAINT_BLUE] = "34"};

void paint_text(struct buf *b, bool colours, enum paint paint, const char *text)
{
    bool painted = colours && paint != PAINT_NONE;

    if (painted)
        buf_putf(b, "\x1b[%sm", codes[paint]);
    buf_put_escaped(b, text);
    if (painted)
        buf_puts(b, "\x1b[0m");
}

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
    const char *end = text;
    size_t used = 0;

    if (text_columns(text) <= columns) {
        buf_puts(b, text);
        return;
    }
    while (*end) {
        unsigned cp;
        size_t n = utf8_next(end, &cp);

        used += columns_of(cp);
        if (used >= columns)
            break;
        end += n;
    }
    buf_put(b, text, (size_t)(end - text));
    buf_puts(b, "\xE2\x80\xA6");
}
