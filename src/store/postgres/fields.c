#include "store/postgres/fields.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "store/postgres/epoch.h"
#include "store/store.h"

void field_text(const struct cell *c, void *out)
{
    *(const char **)out = c->bytes ? arena_strndup(c->arena, c->bytes, c->length) : NULL;
}

void field_uuid(const struct cell *c, void *out)
{
    plain_uuid *u = out;

    *u = (plain_uuid){{0}};
    assert(!c->bytes || c->length == sizeof(u->bytes));
    if (c->bytes)
        memcpy(u->bytes, c->bytes, sizeof(u->bytes));
}

static int64_t read_int8(const struct cell *c)
{
    uint64_t wire;

    assert(c->length == sizeof(wire));
    memcpy(&wire, c->bytes, sizeof(wire));
    return (int64_t)be64toh(wire);
}

void field_int64(const struct cell *c, void *out)
{
    *(int64_t *)out = c->bytes ? read_int8(c) : -1;
}

void field_time(const struct cell *c, void *out)
{
    *(int64_t *)out = c->bytes ? time_from_postgres(read_int8(c)) : STORE_NO_TIME;
}

static int read_int2(const struct cell *c)
{
    uint16_t wire;

    memcpy(&wire, c->bytes, sizeof(wire));
    return (int16_t)be16toh(wire);
}

static int read_int4(const struct cell *c)
{
    uint32_t wire;

    assert(c->length == sizeof(wire));
    memcpy(&wire, c->bytes, sizeof(wire));
    return (int32_t)be32toh(wire);
}

void field_int(const struct cell *c, void *out)
{
    int *n = out;

    if (!c->bytes)
        *n = -1;
    else
        *n = c->length == sizeof(int16_t) ? read_int2(c) : read_int4(c);
}

void field_bool(const struct cell *c, void *out)
{
    *(bool *)out = c->bytes && c->bytes[0];
}

void field_read(const PGresult *result, int row, int column, field_reader *read, struct arena *a,
                void *out)
{
    struct cell c = {NULL, 0, a};

    if (!libpq.PQgetisnull(result, row, column)) {
        c.bytes = libpq.PQgetvalue(result, row, column);
        c.length = (size_t)libpq.PQgetlength(result, row, column);
    }
    read(&c, out);
}

void fields_read(const PGresult *result, int row, const struct field *fields, size_t count,
                 struct arena *a, void *out)
{
    assert((size_t)libpq.PQnfields(result) >= count);
    for (size_t i = 0; i < count; i++)
        field_read(result, row, (int)i, fields[i].read, a, (char *)out + fields[i].offset);
}
