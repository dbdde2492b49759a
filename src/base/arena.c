#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 256 * 1024 };

struct arena_block {
    struct arena_block *next; /* older */
    size_t size;              /* of data */
    size_t used;
    alignas(ALIGNMENT) unsigned char data[];
};

static void *break_it(struct arena *a)
{
    a->broken = true;
    return NULL;
}

static void free_chain(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;

        mem_free(block);
        block = next;
    }
}

/* Blocks double, so that a large arena is few blocks and a small one wastes little. */
static size_t next_block_size(const struct arena *a, size_t need)
{
    size_t size = a->head ? a->head->size * 2 : FIRST_BLOCK;

    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    return size < need ? need : size;
}

static struct arena_block *add_block(struct arena *a, size_t need)
{
    size_t size = next_block_size(a, need);
    struct arena_block *block = mem_alloc(sizeof(*block) + size);

    if (!block)
        return NULL;
    *block = (struct arena_block){.next = a->head, .size = size};
    a->head = block;
    return block;
}

void arena_release(struct arena *a)
{
    free_chain(a->head);
    *a = (struct arena)ARENA_INIT;
}

void arena_reset(struct arena *a)
{
    if (a->head) {
        free_chain(a->head->next);
        a->head->next = NULL;
        a->head->used = 0;
    }
    a->broken = false;
}

/* n bytes that are not zeroed. */
static void *take(struct arena *a, size_t n)
{
    if (a->broken || n > PTRDIFF_MAX / 2)
        return break_it(a);

    size_t need = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = a->head;

    if (need == 0)
        need = ALIGNMENT;
    if (!block || need > block->size - block->used) {
        block = add_block(a, need);
        if (!block)
            return break_it(a);
    }
    void *p = block->data + block->used;
    block->used += need;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = take(a, size);

    return p ? memset(p, 0, size) : NULL;
}

void *arena_try(struct arena *a, size_t size)
{
    bool was_broken = a->broken;
    void *p = arena_alloc(a, size);

    a->broken = was_broken;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        return break_it(a);
    return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
    if (n == SIZE_MAX)
        return break_it(a);
    char *copy = take(a, n + 1);
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_memdup(a, s, strlen(s)) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    return arena_memdup(a, s, strnlen(s, n));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char *text = NULL;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        (void)break_it(a);
    else
        text = take(a, (size_t)n + 1);
    if (text)
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}
