#include "store/postgres/wire.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/uuid.h"
#include "store/postgres/epoch.h"

enum {
    OID_INT8 = 20,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
    OID_JSONB = 3802,
    JSONB_VERSION = 1,
    KEPT_BYTES = 1024 * 1024 /* an idle connection keeps no more than this */
};

void wire_release(struct wire *w)
{
    buf_release(&w->bytes);
    w->count = 0;
}

void wire_reset(struct wire *w)
{
    if (w->bytes.cap > KEPT_BYTES)
        buf_release(&w->bytes);
    buf_reset(&w->bytes);
    w->count = 0;
}

static void put_int4(struct buf *b, int32_t n)
{
    uint32_t wire = htobe32((uint32_t)n);

    buf_put(b, &wire, sizeof(wire));
}

static void put_int8(struct buf *b, int64_t n)
{
    uint64_t wire = htobe64((uint64_t)n);

    buf_put(b, &wire, sizeof(wire));
}

/* Notes what was appended since "at" as the next value. */
static void end_value(struct wire *w, size_t at)
{
    assert(w->count < WIRE_VALUES_MAX);
    int length = wire_ok(w) ? (int)(w->bytes.len - at) : -1;
    w->values[w->count++] = (struct wire_value){at, length};
}

static void put_null(struct wire *w)
{
    assert(w->count < WIRE_VALUES_MAX);
    w->values[w->count++] = (struct wire_value){0, -1};
}

void wire_text(struct wire *w, const char *s)
{
    size_t at = w->bytes.len;

    if (!s) {
        put_null(w);
        return;
    }
    buf_puts(&w->bytes, s);
    end_value(w, at);
}

void wire_json(struct wire *w, const char *s)
{
    size_t at = w->bytes.len;

    buf_putc(&w->bytes, JSONB_VERSION);
    buf_puts(&w->bytes, s);
    end_value(w, at);
}

void wire_uuid(struct wire *w, const plain_uuid *u)
{
    size_t at = w->bytes.len;

    if (!u || uuid_is_zero(u)) {
        put_null(w);
        return;
    }
    buf_put(&w->bytes, u->bytes, sizeof(u->bytes));
    end_value(w, at);
}

void wire_int8_or_null(struct wire *w, bool given, int64_t n)
{
    size_t at = w->bytes.len;

    if (!given) {
        put_null(w);
        return;
    }
    put_int8(&w->bytes, n);
    end_value(w, at);
}

void wire_int8(struct wire *w, int64_t n)
{
    wire_int8_or_null(w, true, n);
}

void wire_time(struct wire *w, int64_t us)
{
    wire_int8_or_null(w, us != STORE_NO_TIME, time_to_postgres(us));
}

void wire_int4(struct wire *w, int n)
{
    size_t at = w->bytes.len;

    put_int4(&w->bytes, n);
    end_value(w, at);
}

void wire_bool(struct wire *w, bool value)
{
    size_t at = w->bytes.len;

    buf_putc(&w->bytes, value ? 1 : 0);
    end_value(w, at);
}

static bool put_uuid_item(struct buf *b, const void *field)
{
    const plain_uuid *u = field;

    if (uuid_is_zero(u))
        return false;
    put_int4(b, (int)sizeof(u->bytes));
    buf_put(b, u->bytes, sizeof(u->bytes));
    return true;
}

static bool put_text_item(struct buf *b, const void *field)
{
    const char *s = *(const char *const *)field;

    if (!s)
        return false;
    size_t length = strlen(s);
    put_int4(b, (int)length);
    buf_put(b, s, length);
    return true;
}

static bool put_json_item(struct buf *b, const void *field)
{
    const char *s = *(const char *const *)field;
    size_t length = strlen(s);

    put_int4(b, (int)length + 1);
    buf_putc(b, JSONB_VERSION);
    buf_put(b, s, length);
    return true;
}

static bool put_int8_item(struct buf *b, const void *field)
{
    put_int4(b, (int)sizeof(int64_t));
    put_int8(b, *(const int64_t *)field);
    return true;
}

static bool put_given_int8(struct buf *b, const void *field)
{
    return *(const int64_t *)field >= 0 && put_int8_item(b, field);
}

static bool put_time_item(struct buf *b, const void *field)
{
    int64_t us = *(const int64_t *)field;

    if (us == STORE_NO_TIME)
        return false;
    us = time_to_postgres(us);
    return put_int8_item(b, &us);
}

static bool put_int4_item(struct buf *b, const void *field)
{
    put_int4(b, (int)sizeof(int32_t));
    put_int4(b, *(const int *)field);
    return true;
}

static bool put_given_int4(struct buf *b, const void *field)
{
    return *(const int *)field >= 0 && put_int4_item(b, field);
}

static bool put_positive_int8(struct buf *b, const void *field)
{
    return *(const int64_t *)field > 0 && put_int8_item(b, field);
}

const struct wire_items wire_uuid_items = {OID_UUID, put_uuid_item};
const struct wire_items wire_text_items = {OID_TEXT, put_text_item};
const struct wire_items wire_json_items = {OID_JSONB, put_json_item};
const struct wire_items wire_time_items = {OID_TIMESTAMPTZ, put_time_item};
const struct wire_items wire_int4_items = {OID_INT4, put_int4_item};
const struct wire_items wire_int8_items = {OID_INT8, put_int8_item};
const struct wire_items wire_int4_given = {OID_INT4, put_given_int4};
const struct wire_items wire_int8_given = {OID_INT8, put_given_int8};
const struct wire_items wire_int8_positive = {OID_INT8, put_positive_int8};

/* One dimension, perhaps NULLs, the type, so many items, the first of them number 1. */
static void put_array_header(struct buf *b, unsigned oid, size_t count)
{
    const int32_t header[] = {1, 1, (int32_t)oid, (int32_t)count, 1};

    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
        put_int4(b, header[i]);
}

void wire_array(struct wire *w, const struct wire_items *items, const void *field, size_t count,
                size_t stride)
{
    size_t at = w->bytes.len;
    bool given = false;

    put_array_header(&w->bytes, items->oid, count);
    for (size_t i = 0; i < count; i++) {
        if (items->put(&w->bytes, (const char *)field + i * stride))
            given = true;
        else
            put_int4(&w->bytes, -1);
    }
    if (given)
        end_value(w, at);
    else
        put_null(w);
}

void wire_text_column(struct wire *w, const char *const *field, size_t count, size_t stride)
{
    const char *first = *field;

    for (size_t i = 1; i < count; i++) {
        const char *s = *(const char *const *)(const void *)((const char *)field + i * stride);

        if (s != first && strcmp(s, first) != 0) {
            wire_array(w, &wire_text_items, field, count, stride);
            put_null(w);
            return;
        }
    }
    put_null(w);
    wire_text(w, first);
}

void wire_int4_column(struct wire *w, const int *field, size_t count, size_t stride)
{
    for (size_t i = 1; i < count; i++) {
        if (*(const int *)(const void *)((const char *)field + i * stride) != *field) {
            wire_array(w, &wire_int4_items, field, count, stride);
            put_null(w);
            return;
        }
    }
    put_null(w);
    wire_int4(w, *field);
}
