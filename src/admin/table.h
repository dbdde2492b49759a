/*
 * table.h - rows of cells, for a terminal (cli/table_print.h) and for a page (admin/html.h)
 *
 * Cells are escaped when they are put in. Threads: one.
 *
 *     struct table t;
 *     table_begin(&t, &arena, columns, ARRAY_SIZE(columns), row_count);
 *     table_add(&t, PAINT_NONE, "7f3a1c9e");      // cell by cell, row by row
 */
#ifndef PLAIN_ADMIN_TABLE_H
#define PLAIN_ADMIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* Never a meaning alone: a word stands beside it. */
enum paint { PAINT_NONE, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_BLUE };

struct table_column {
    const char *title; /* all NULL: no line of titles */
    bool right;        /* numbers */
};

struct table_cell {
    const char *text;
    const char *page; /* where a page tells more of it; NULL: nowhere */
    enum paint paint;
};

struct table {
    struct arena *arena;
    const struct table_column *columns; /* borrowed */
    size_t column_count;
    struct table_cell *cells;
    size_t cell_count, cell_max;
};

void table_begin(struct table *t, struct arena *a, const struct table_column *columns,
                 size_t column_count, size_t row_count);
/* text is copied; an empty one is shown as "-". At most row_count rows. Memory that ran out breaks
 * the arena. */
void table_add(struct table *t, enum paint paint, const char *text);
/* The cell that was added last is a link on pages. The address is copied. */
void table_link(struct table *t, const char *page);

#endif
