/*
 * row_table.h - rows of the three job tables as a table, one line a row
 */
#ifndef PLAIN_ADMIN_ROW_TABLE_H
#define PLAIN_ADMIN_ROW_TABLE_H

#include "admin/table.h"
#include "store/store.h"

/* The colour of row_state(). */
enum paint row_paint(const struct job_row *row);

/* now: the database's clock, for ages. utc: or local time. */
void row_table(struct table *t, struct arena *a, enum job_table table, const struct job_row *rows,
               size_t count, int64_t now, bool utc);

#endif
