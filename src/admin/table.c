#include "admin/table.h"

#include <assert.h>
#include <stdint.h>

void table_begin(struct table *t, struct arena *a, const struct table_column *columns,
                 size_t column_count, size_t row_count)
{
    *t = (struct table){.arena = a, .columns = columns, .column_count = column_count};
    if (column_count > 0 && row_count <= SIZE_MAX / column_count) /* none: memory is out */
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

void table_link(struct table *t, const char *page)
{
    if (t->cell_count > 0)
        t->cells[t->cell_count - 1].page = arena_strdup(t->arena, page);
}
