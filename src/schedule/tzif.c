#include "schedule/tzif.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, TYPES_MAX = 256, TIMES_MAX = 1 << 16 };

/* One of the two parts of a file: its counts and where its tables lie. */
struct part {
    size_t time_size; /* of one time: 4 bytes in the first part, 8 in the second */
    size_t times, types, chars, leaps, standards, universals;
    const unsigned char *data;
    size_t size; /* of data */
};

static uint64_t big_endian(const unsigned char *p, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | p[i];
    return value;
}

static int64_t signed_time(const unsigned char *p, size_t size)
{
    uint64_t value = big_endian(p, size);

    return size == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

/* Reads the header at p and checks that the tables behind it lie within left bytes. */
static bool part_read(struct part *part, const unsigned char *p, size_t left, size_t time_size)
{
    enum { MAGIC_SIZE = 4, COUNTS = 20 };
    static const char magic[] = "TZif";

    if (left < HEADER_SIZE || memcmp(p, magic, MAGIC_SIZE) != 0)
        return false;
    size_t *const counts[] = {&part->universals, &part->standards, &part->leaps,
                              &part->times,      &part->types,     &part->chars};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        *counts[i] = (size_t)big_endian(p + COUNTS + 4 * i, 4);
        if (*counts[i] > TIMES_MAX)
            return false;
    }
    part->time_size = time_size;
    part->data = p + HEADER_SIZE;
    part->size = part->times * (time_size + 1) + part->types * TYPE_SIZE + part->chars +
                 part->leaps * (time_size + 4) + part->standards + part->universals;
    return part->types > 0 && part->types <= TYPES_MAX && part->size <= left - HEADER_SIZE;
}

static bool part_offset(const struct part *part, size_t type, int32_t *out)
{
    const unsigned char *types = part->data + part->times * (part->time_size + 1);

    if (type >= part->types)
        return false;
    *out = (int32_t)(uint32_t)big_endian(types + type * TYPE_SIZE, 4);
    return *out >= -ZONE_OFFSET_MAX && *out <= ZONE_OFFSET_MAX;
}

/* Puts a change behind the others. One that changes no offset is left out. */
static void append_change(struct zone_change *changes, size_t *count, int64_t at, int32_t offset)
{
    if (changes[*count - 1].offset != offset)
        changes[(*count)++] = (struct zone_change){at, offset};
}

/* Whoever searches looks back from a change by some offsets, and nothing is before ZONE_BEGIN. */
static const int64_t first_change = ZONE_BEGIN + (int64_t)4 * ZONE_OFFSET_MAX;

/* changes has room for one more than the part has times. */
static bool zone_fill(struct zone *zone, struct zone_change *changes, const struct part *part)
{
    const unsigned char *types = part->data + part->times * part->time_size;
    int64_t before = INT64_MIN;
    int32_t offset;

    if (!part_offset(part, 0, &offset))
        return false;
    changes[0] = (struct zone_change){ZONE_BEGIN, offset};
    zone->changes = changes;
    zone->count = 1;
    zone->rule_from = ZONE_BEGIN;
    for (size_t i = 0; i < part->times; i++) {
        int64_t at = signed_time(part->data + i * part->time_size, part->time_size);

        if (!part_offset(part, types[i], &offset) || at <= first_change || at >= ZONE_END ||
            at <= before)
            return false;
        append_change(changes, &zone->count, at, offset);
        zone->rule_from = before = at;
    }
    return true;
}

/* The text between the two newlines that end a file of version 2 or later; it may be empty. */
static bool zone_read_footer(struct zone *zone, const unsigned char *p, size_t left)
{
    const char *text = (const char *)p;

    if (left < 2 || text[0] != '\n')
        return false;
    const char *end = memchr(text + 1, '\n', left - 1);
    if (!end)
        return false;
    size_t length = (size_t)(end - text - 1);
    if (length == 0)
        return true;
    if (!rule_parse(text + 1, length, &zone->rule))
        return false;
    zone->has_rule = zone->rule.has_summer;
    return true;
}

static int damaged(plain_error *err, const char *name)
{
    return error_set(err, PLAIN_E_IO, 403, "timezone", "the file of time zone '%s' is damaged",
                     name);
}

/* Finds the part with the most bits, and what lies behind it in a file that has a second one. */
static bool find_part(const unsigned char *bytes, size_t size, struct part *part,
                      const unsigned char **footer)
{
    *footer = NULL;
    if (!part_read(part, bytes, size, 4))
        return false;
    if (bytes[4] < '2')
        return true;
    const unsigned char *second = part->data + part->size;
    if (!part_read(part, second, size - (size_t)(second - bytes), 8))
        return false;
    *footer = part->data + part->size;
    return true;
}

int tzif_parse(const char *name, const unsigned char *bytes, size_t size, struct zone **out,
               plain_error *err)
{
    struct part part;
    const unsigned char *footer;

    assert(strlen(name) < ZONE_NAME_SIZE);
    if (!find_part(bytes, size, &part, &footer))
        return damaged(err, name);
    if (part.leaps > 0)
        return error_set(err, PLAIN_E_IO, 403, "timezone",
                         "time zone '%s' counts leap seconds, which no system clock does", name);

    struct zone *zone = mem_zalloc(1, sizeof(*zone) + (part.times + 1) * sizeof(*zone->changes));
    if (!zone)
        return error_nomem(err);
    if (!zone_fill(zone, (struct zone_change *)(zone + 1), &part) ||
        (footer && !zone_read_footer(zone, footer, size - (size_t)(footer - bytes)))) {
        mem_free(zone);
        return damaged(err, name);
    }
    (void)text_copy(zone->name, sizeof(zone->name), name);
    *out = zone;
    return PLAIN_OK;
}
