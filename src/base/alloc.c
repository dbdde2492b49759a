#include "base/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How many allocations still succeed before one is made to fail; negative: none is. */
static atomic_long countdown = -1;
static atomic_bool failed;

static bool must_fail(void)
{
    if (atomic_load_explicit(&countdown, memory_order_relaxed) < 0)
        return false;
    if (atomic_fetch_sub(&countdown, 1) != 0)
        return false;
    atomic_store(&failed, true);
    return true;
}

/* No object is larger than PTRDIFF_MAX; a sanitizer's malloc aborts where the C library's says no.
 */
static bool is_refused(size_t size)
{
    return size > PTRDIFF_MAX || must_fail();
}

/* malloc(0) may give NULL, which would read as "out of memory". */
static size_t at_least_one(size_t size)
{
    return size ? size : 1;
}

void *mem_alloc(size_t size)
{
    return is_refused(size) ? NULL : malloc(at_least_one(size));
}

void *mem_zalloc(size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total) || is_refused(total))
        return NULL;
    return calloc(1, at_least_one(total));
}

void *mem_realloc(void *p, size_t size)
{
    return is_refused(size) ? NULL : realloc(p, at_least_one(size));
}

void *mem_grow(void *p, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return mem_realloc(p, total);
}

char *mem_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = mem_alloc(size);

    return copy ? memcpy(copy, s, size) : NULL;
}

void mem_free(void *p)
{
    free(p);
}

void mem_freep(void *pp)
{
    void *p;

    /* pp is a char **, a struct x **...: reading it as a void ** would break the aliasing rule. */
    memcpy(&p, pp, sizeof(p));
    free(p);
}

/* Values that are set no longer follow what the program does (mallopt(3)). */
void mem_keep(void)
{
#ifdef M_TRIM_THRESHOLD
    enum { KEPT = 16 * 1024 * 1024, LARGE = 4 * 1024 * 1024, PIECE = 256 * 1024 };

    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
    (void)mallopt(M_TOP_PAD, PIECE);
#endif
}

void mem_fail_nth(long n)
{
    atomic_store(&failed, false);
    atomic_store(&countdown, n);
}

int mem_failed(void)
{
    return atomic_load(&failed);
}
