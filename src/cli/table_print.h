/*
 * table_print.h - a table on a terminal: each column as wide as its widest cell
 *
 * The last column is not padded.
 */
#ifndef PLAIN_CLI_TABLE_PRINT_H
#define PLAIN_CLI_TABLE_PRINT_H

#include "cli/terminal.h"

/* Nothing but the titles is printed when there are no rows. Memory that ran out breaks the table's
 * arena. */
void table_print(const struct table *t, bool colours, struct buf *out);

#endif
