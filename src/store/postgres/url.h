/*
 * url.h - a database URL as libpq's keywords, with our own ?schema=NAME taken out
 */
#ifndef PLAIN_STORE_POSTGRES_URL_H
#define PLAIN_STORE_POSTGRES_URL_H

#include <plain/jobs/error.h>

#include "base/arena.h"

enum { SCHEMA_NAME_MAX = 48, PGURL_KEYWORDS_MAX = 96 };

struct pgurl {
    const char *keywords[PGURL_KEYWORDS_MAX]; /* for PQconnectdbParams: NULL ends both */
    const char *values[PGURL_KEYWORDS_MAX];
    char schema[SCHEMA_NAME_MAX + 1]; /* "" when the URL names none */
};

/* PLAIN_E_INVALID (PJ307) says what is wrong with it, never showing a password; PLAIN_E_NOMEM. The
 * texts live in the arena. flags: enum store_open_flags. */
int pgurl_parse(struct pgurl *u, const char *url, unsigned flags, struct arena *a,
                plain_error *err);

/* The same URL with this schema instead of its own, if it has one. Errors as above. */
int pgurl_with_schema(const char *url, const char *schema, struct arena *a, const char **out,
                      plain_error *err);

/* The value that a keyword was given, or NULL. */
const char *pgurl_value(const struct pgurl *u, const char *keyword);

/* Lower-case letters, digits and underscores, at most 48 bytes, no digit first: quoted it means
 * what it says. */
bool pgurl_is_schema_name(const char *name);

#endif
