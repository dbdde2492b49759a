/*
 * text_width.h - how much room a text takes where characters stand in columns
 */
#ifndef PLAIN_BASE_TEXT_WIDTH_H
#define PLAIN_BASE_TEXT_WIDTH_H

#include <stddef.h>

#include "base/buf.h"

/* Columns that valid UTF-8 takes on a terminal. */
size_t text_columns(const char *text);

/* Appends at most `columns` columns of text, with … at the end when it is longer. */
void put_shortened(struct buf *b, const char *text, size_t columns);

#endif
