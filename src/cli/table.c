#include "cli/table.h"

#include <assert.h>
#include <stdint.h>

/* Between two columns. */
static const char gap[] = "  ";

void table_begin(struct table *t, struct arena *a, const struct table_column *columns,
                 size_t column_count, size_t row_count)
{
    *t = (struct table){.arena = a, .columns = columns, .column_count = column_count};
    if (row_count <= SIZE_MAX / column_count)
        t->cells = arena_array(a, row_count * column_count, sizeof(*t->cells));
    if (t->cells)
        t->cell_max = row_count * column_count;
}

void table_add(struct table *t, enum paint paint, const char *text)
{
    enum { CELL_MAX = 64 * 1024 };
    struct buf escaped = BUF_INIT(CELL_MAX);

    if (t->cell_count >= t->cell_max) {
        assert(!arena_ok(t->arena)); /* else more cells than were announced */
        return;
    }
    buf_put_escaped(&escaped, *text ? text : "-");
    const char *copy = arena_strdup(t->arena, escaped.data);
    t->cells[t->cell_count++] = (struct table_cell){.text = copy ? copy : "", .paint = paint};
    buf_release(&escaped);
}

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
