#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"

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
