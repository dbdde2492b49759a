/*
 * terminal.h - what a stream is, and colours
 *
 * Colours appear on a terminal only, never with NO_COLOR or TERM=dumb; CLICOLOR_FORCE wants them
 * elsewhere too. They never carry a meaning alone: the word stands beside them.
 */
#ifndef PLAIN_CLI_TERMINAL_H
#define PLAIN_CLI_TERMINAL_H

#include <stdbool.h>

#include "admin/table.h"
#include "base/buf.h"

bool terminal_has_colours(int fd);

/* Appends text, escaped, in a colour when `colours` is set. */
void paint_text(struct buf *b, bool colours, enum paint paint, const char *text);

#endif
