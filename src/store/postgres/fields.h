/*
 * fields.h - rows of a binary result into structs, by a table of columns
 *
 * The table stands in the order of the columns of its statement. Texts are copied into the arena.
 */
#ifndef PLAIN_STORE_POSTGRES_FIELDS_H
#define PLAIN_STORE_POSTGRES_FIELDS_H

#include <stddef.h>

#include "base/arena.h"
#include "store/postgres/libpq.h"

/* One value as it came; bytes is NULL for NULL. */
struct cell {
    const char *bytes;
    size_t length;
    struct arena *arena;
};

typedef void field_reader(const struct cell *c, void *out);

field_reader field_text;  /* to const char *: NULL stays NULL       */
field_reader field_uuid;  /* to plain_uuid: NULL gives zero         */
field_reader field_time;  /* to int64_t: NULL gives STORE_NO_TIME   */
field_reader field_int;   /* int2 or int4 to int: NULL gives -1     */
field_reader field_int64; /* int8 to int64_t: NULL gives -1         */
field_reader field_bool;  /* to bool: NULL gives false              */

struct field {
    field_reader *read;
    size_t offset; /* in the struct */
};

/* Reads one row into the struct at out; texts need asking arena_ok() afterwards. */
void fields_read(const PGresult *result, int row, const struct field *fields, size_t count,
                 struct arena *a, void *out);

/* One value. */
void field_read(const PGresult *result, int row, int column, field_reader *read, struct arena *a,
                void *out);

#endif
