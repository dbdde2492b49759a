/*
 * uuid.h - version 7 identifiers (RFC 9562), made by us
 *
 * 48 bits of wall milliseconds, 12 bits that rise within a millisecond, 62 random bits: so uuids
 * made by one process rise, and an index on them is filled at its end. Threads: any; after fork()
 * parent and child draw from different randomness.
 */
#ifndef PLAIN_BASE_UUID_H
#define PLAIN_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/uuid.h>

plain_uuid uuid_new(void); /* never fails: getrandom, else aborts       */
bool uuid_is_zero(const plain_uuid *u);
bool uuid_equal(const plain_uuid *a, const plain_uuid *b);

/* 64 random bits from the kernel. */
unsigned long long random_u64(void);

#endif
