/*
 * hash.h - FNV-1a, 64 bits (Fowler, Noll, Vo): tells texts apart, and is the same everywhere
 */
#ifndef PLAIN_BASE_HASH_H
#define PLAIN_BASE_HASH_H

#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

static inline uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(1099511628211);
}

/* With its end, so that "ab" and "c" are not "a" and "bc"; NULL is not "". */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
    hash = hash_byte(hash, text ? 1 : 0);
    for (; text && *text; text++)
        hash = hash_byte(hash, (unsigned char)*text);
    return hash_byte(hash, 0);
}

#endif
