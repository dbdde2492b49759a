/*
 * names.h - lists of names that stand in a column as a JSON array
 */
#ifndef PLAIN_STORE_NAMES_H
#define PLAIN_STORE_NAMES_H

#include <stddef.h>

#include "base/arena.h"

/* The texts of a JSON array, in a; what is no array or no text is left out. The arena is broken
 * when memory is out. */
void names_from_json(const char *json, struct arena *a, const char *const **names, size_t *count);

#endif
