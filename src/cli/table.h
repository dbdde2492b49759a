/*
 * table.h - rows of cells, each column as wide as its widest cell
 *
 * The last column is not padded. Cells are escaped when they are put in. Threads: one.
 *
 *     struct table t;
 *     table_begin(&t, &arena, columns, ARRAY_SIZE(columns), row_count);
 *     table_add(&t, PAINT_NONE, "7f3a1c9e");      // cell by cell, row by row
 *     table_print(&t, colours, &out);
 */
#ifndef PLAIN_CLI_TABLE_H
#define PLAIN_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cli/terminal.h"

struct table_column {
    const char *title; /* all NULL: no line of titles */
    bool right;        /* numbers */
};

struct table_cell {
    const char *text;
    enum paint paint;
};

struct table {
    struct arena *arena;
    const struct table_column *columns;
    size_t column_count;
    struct table_cell *cells;
    size_t cell_count, cell_max;
};

void table_begin(struct table *t, struct arena *a, const struct table_column *columns,
                 size_t column_count, size_t row_count);
/* text is copied; an empty one is shown as "-". At most row_count rows. */
void table_add(struct table *t, enum paint paint, const char *text);
/* Nothing but the titles is printed when there are no rows. Memory that ran out breaks the arena.
 */
void table_print(const struct table *t, bool colours, struct buf *out);

#endif
