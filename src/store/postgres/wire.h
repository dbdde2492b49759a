/*
 * wire.h - the parameters of one statement, in PostgreSQL's binary form
 *
 *     wire_uuid(w, &uuid);
 *     wire_text(w, name);
 *     wire_array(w, &wire_text_items, names, count, sizeof(*names));
 *
 * Values are copied, one after the other, into one buffer that is used again for every statement.
 * Like a buf, a wire for which memory ran out is "broken": ask wire_ok() at the end.
 */
#ifndef PLAIN_STORE_POSTGRES_WIRE_H
#define PLAIN_STORE_POSTGRES_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"

enum { WIRE_VALUES_MAX = 28, WIRE_BYTES_MAX = 512 * 1024 * 1024 };

struct wire {
    struct buf bytes;
    int count;
    struct wire_value {
        size_t at;
        int length; /* -1: NULL */
    } values[WIRE_VALUES_MAX];
};

#define WIRE_INIT                                                                                  \
    {                                                                                              \
        .bytes = BUF_INIT(WIRE_BYTES_MAX)                                                          \
    }

void wire_release(struct wire *w);
void wire_reset(struct wire *w); /* no values; mended; a very large buffer is given back */

static inline bool wire_ok(const struct wire *w)
{
    return buf_ok(&w->bytes);
}

void wire_text(struct wire *w, const char *s);       /* NULL gives NULL           */
void wire_json(struct wire *w, const char *s);       /* as jsonb                  */
void wire_uuid(struct wire *w, const plain_uuid *u); /* NULL and zero give NULL   */
void wire_time(struct wire *w, int64_t us);          /* STORE_NO_TIME gives NULL  */
void wire_int4(struct wire *w, int n);
void wire_int8(struct wire *w, int64_t n);
void wire_int8_or_null(struct wire *w, bool given, int64_t n);
void wire_bool(struct wire *w, bool value);

/* How one item of an array is written: its length and bytes, read from a field of a struct. */
struct wire_items {
    unsigned oid;                                  /* of the item's type                    */
    bool (*put)(struct buf *b, const void *field); /* false, and nothing written, for NULL  */
};
extern const struct wire_items wire_uuid_items; /* of plain_uuid; zero is NULL                */
extern const struct wire_items wire_text_items; /* of const char *; NULL is NULL              */
extern const struct wire_items wire_json_items; /* of const char *, as jsonb                  */
extern const struct wire_items wire_time_items; /* of int64_t; STORE_NO_TIME is NULL          */
extern const struct wire_items wire_int4_items; /* of int                                     */
extern const struct wire_items wire_int8_items; /* of int64_t                                 */
extern const struct wire_items wire_int4_given; /* of int; negative is NULL                   */
extern const struct wire_items wire_int8_given; /* of int64_t; negative is NULL               */

extern const struct wire_items wire_int8_positive; /* of int64_t; zero and negative are NULL   */

/* An array of one field of count structs that lie stride bytes apart. When every item is NULL the
 * whole array is: unnest() of several arrays fills up, and the common case stays short. */
void wire_array(struct wire *w, const struct wire_items *items, const void *field, size_t count,
                size_t stride);

/* A column in which all items may be the same: two values, an array and what every item is; one of
 * them is NULL. For text and int items that are not NULL themselves. */
void wire_text_column(struct wire *w, const char *const *field, size_t count, size_t stride);
void wire_int4_column(struct wire *w, const int *field, size_t count, size_t stride);

#endif
