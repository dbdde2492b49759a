#include "cli/uuid_lines.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/uuid.h"

/* The place of the uuid, or the free one that it would have. There is one: half of them are. */
static struct uuid_line *find(const struct uuid_lines *u, const plain_uuid *uuid)
{
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < sizeof(uuid->bytes); i++)
        hash = hash_byte(hash, uuid->bytes[i]);
    size_t at = (size_t)hash & (u->capacity - 1);
    while (u->places[at].number && !uuid_equal(&u->places[at].uuid, uuid))
        at = (at + 1) & (u->capacity - 1);
    return &u->places[at];
}

static int grow(struct uuid_lines *u, plain_error *err)
{
    enum { FIRST_CAPACITY = 64 };
    struct uuid_lines larger = {.capacity = u->capacity ? u->capacity * 2 : FIRST_CAPACITY,
                                .count = u->count};

    larger.places = mem_zalloc(larger.capacity, sizeof(*larger.places));
    if (!larger.places)
        return error_nomem(err);
    for (size_t i = 0; i < u->capacity; i++) {
        if (u->places[i].number)
            *find(&larger, &u->places[i].uuid) = u->places[i];
    }
    mem_free(u->places);
    *u = larger;
    return PLAIN_OK;
}

int uuid_lines_add(struct uuid_lines *u, const plain_uuid *uuid, size_t number, size_t *before,
                   plain_error *err)
{
    int r = u->count * 2 >= u->capacity ? grow(u, err) : PLAIN_OK;

    if (r < 0)
        return r;
    struct uuid_line *place = find(u, uuid);
    *before = place->number;
    if (!place->number) {
        *place = (struct uuid_line){*uuid, number};
        u->count++;
    }
    return PLAIN_OK;
}

void uuid_lines_release(struct uuid_lines *u)
{
    mem_free(u->places);
    *u = (struct uuid_lines){0};
}
