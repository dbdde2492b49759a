/*
 * alloc.h - the only place that calls malloc
 *
 * A thin seam, so that a test can fail the n-th allocation and see what the caller does. All
 * return NULL when memory is out; sizes are checked for overflow; mem_free(NULL) does nothing.
 * Memory from here may be freed with free() by a caller outside. Threads: any.
 */
#ifndef PLAIN_BASE_ALLOC_H
#define PLAIN_BASE_ALLOC_H

#include <stddef.h>

#include "base/compiler.h"

void *mem_alloc(size_t size) PLAIN_MUST_USE;                /* size 0 gives a unique pointer */
void *mem_zalloc(size_t count, size_t size) PLAIN_MUST_USE; /* zeroed array                  */
void *mem_realloc(void *p, size_t size) PLAIN_MUST_USE;     /* p stays valid on failure      */
void *mem_grow(void *p, size_t count, size_t size) PLAIN_MUST_USE; /* realloc to count * size */
char *mem_strdup(const char *s) PLAIN_MUST_USE;
void mem_free(void *p);
void mem_freep(void *pp); /* for PLAIN_CLEANUP: frees *(void **)pp */

/* For a process that needs and frees the same again and again: what is freed stays its own, up to
 * 16 MiB, instead of coming from the kernel page by page each time. */
void mem_keep(void);

/* Test hook: the n-th allocation from now on fails (0 = the next one); -1 switches it off. */
void mem_fail_nth(long n);
/* Whether an allocation was made to fail since mem_fail_nth(). */
int mem_failed(void);

#endif
