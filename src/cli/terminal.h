/*
 * terminal.h - what a stream is, and colours
 *
 * Colours appear on a terminal only, never with NO_COLOR or TERM=dumb; CLICOLOR_FORCE wants them
 * elsewhere too. They never carry a meaning alone: the word stands beside them.
 */
#ifndef PLAIN_CLI_TERMINAL_H
#define PLAIN_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum paint { PAINT_NONE, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_BLUE };

bool terminal_has_colours(int fd);

/* Appends text, escaped, in a colour when `colours` is set. */
void paint_text(struct buf *b, bool colours, enum paint paint, const char *text);

/* Columns that valid UTF-8 takes on a terminal. */
size_t text_columns(const char *text);

/* Appends at most `columns` columns of text, with … at the end when it is longer. */
void put_shortened(struct buf *b, const char *text, size_t columns);

#endif
