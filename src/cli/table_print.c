#include "cli/table_print.h"

#include <assert.h>

#include "base/text_width.h"

/* Between two columns. */
static const char gap[] = "  ";

static size_t column_width(const struct table *t, size_t column)
{
    const char *title = t->columns[column].title;
    size_t width = title ? text_columns(title) : 0;

    for (size_t i = column; i < t->cell_count; i += t->column_count) {
        size_t columns = text_columns(t->cells[i].text);

        if (columns > width)
            width = columns;
    }
    return width;
}

static void put_blanks(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_putc(out, ' ');
}

static void put_cell(const struct table *t, size_t column, size_t width,
                     const struct table_cell *cell, bool colours, struct buf *out)
{
    size_t blanks = width - text_columns(cell->text);
    bool last = column + 1 == t->column_count;

    if (column > 0)
        buf_puts(out, gap);
    if (t->columns[column].right)
        put_blanks(out, blanks);
    paint_text(out, colours, cell->paint, cell->text);
    if (!t->columns[column].right && !last)
        put_blanks(out, blanks);
    if (last)
        buf_putc(out, '\n');
}

void table_print(const struct table *t, bool colours, struct buf *out)
{
    assert(t->column_count > 0);
    size_t *widths = arena_array(t->arena, t->column_count, sizeof(*widths));

    if (!widths)
        return;
    for (size_t c = 0; c < t->column_count; c++)
        widths[c] = column_width(t, c);
    for (size_t c = 0; t->columns[0].title && c < t->column_count; c++) {
        struct table_cell title = {.text = t->columns[c].title, .paint = PAINT_BOLD};

        put_cell(t, c, widths[c], &title, colours, out);
    }
    for (size_t i = 0; i < t->cell_count; i++)
        put_cell(t, i % t->column_count, widths[i % t->column_count], &t->cells[i], colours, out);
}
