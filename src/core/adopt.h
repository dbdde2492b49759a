/*
 * adopt.h - taking over a structure of a caller that was built with other headers
 *
 * Public structures begin with their size. A smaller one is of an older program: what it lacks is
 * zero, which means "not given". A larger one is of a newer program, and is fine as long as it uses
 * nothing that this library does not know, so when all bytes behind our size are zero.
 */
#ifndef PLAIN_CORE_ADOPT_H
#define PLAIN_CORE_ADOPT_H

#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* No structure of any version is larger: a size beyond it was never filled in. */
enum { ADOPT_SIZE_MAX = 4096 };

/* Copies src, which says that it is src_size bytes, to dst; PLAIN_E_VERSION (PJ702) otherwise. what
 * is its name for the message, fix how to fill in the size. */
int struct_adopt(const char *what, const char *fix, void *dst, size_t dst_size, const void *src,
                 size_t src_size, plain_error *err) PLAIN_MUST_USE;

#endif
