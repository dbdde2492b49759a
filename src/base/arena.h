/*
 * arena.h - memory that vanishes together
 *
 * One arena per batch, per job run, per command. Allocation is a pointer bump; nothing is freed
 * one by one. An arena for which memory ran out is "broken": every later call returns NULL, and
 * arena_ok() says so. Threads: one at a time.
 *
 *     struct arena a = ARENA_INIT;
 *     char *s = arena_printf(&a, "user-%d", id);
 *     arena_release(&a);
 */
#ifndef PLAIN_BASE_ARENA_H
#define PLAIN_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct arena_block;

struct arena {
    struct arena_block *head; /* the block that is being filled; older ones behind it */
    bool broken;
};

#define ARENA_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

void arena_release(struct arena *a); /* frees all; leaves a usable                             */
void arena_reset(struct arena *a);   /* forgets all, keeps one block, mends                     */

void *arena_alloc(struct arena *a, size_t size) PLAIN_MUST_USE; /* zeroed, aligned to 16      */
void *arena_array(struct arena *a, size_t count, size_t size) PLAIN_MUST_USE; /* zeroed        */
void *arena_try(struct arena *a, size_t size) PLAIN_MUST_USE;      /* one that may fail unnoticed */
char *arena_strdup(struct arena *a, const char *s) PLAIN_MUST_USE; /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n) PLAIN_MUST_USE;
void *arena_memdup(struct arena *a, const void *p, size_t n) PLAIN_MUST_USE; /* and a NUL after */
char *arena_printf(struct arena *a, const char *fmt, ...) PLAIN_PRINTF(2, 3) PLAIN_MUST_USE;

static inline bool arena_ok(const struct arena *a)
{
    return !a->broken;
}

#endif
