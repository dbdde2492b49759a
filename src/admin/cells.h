/*
 * cells.h - numbers and times as cells of a table
 */
#ifndef PLAIN_ADMIN_CELLS_H
#define PLAIN_ADMIN_CELLS_H

#include <stdint.h>

#include "admin/table.h"

/* A number of which counting stopped at `most`: "≥ 10000"; most 0: it is exact. */
void add_count(struct table *t, int64_t n, int64_t most);

void add_duration(struct table *t, int64_t us);

/* How long it has been due; "-" for what is not, and for STORE_NO_TIME. */
void add_wait(struct table *t, int64_t due_at, int64_t now);

#endif
