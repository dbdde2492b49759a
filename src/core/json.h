/*
 * json.h - JSON as text: checked once by jansson, then cut into slices
 *
 * jtext_check() asks jansson whether a text is JSON (UTF-8, no NUL, no name twice, numbers that a
 * double can hold) and counts its depth. All else here works on a text that passed, without
 * recursion and without memory: members and elements are handed out as slices of the text, so that
 * a raw parameter keeps every byte and an integer every digit.
 *
 *     struct jtext_walk walk = jtext_walk_start(object);
 *     struct jtext_member m;
 *     while (jtext_walk_next(&walk, &m))
 *         if (jtext_key_is(m.key, "user_id")) ...
 *
 * The prefix is not json_, which is jansson's.
 */
#ifndef PLAIN_CORE_JSON_H
#define PLAIN_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/compiler.h"

/* One JSON value without blanks around it; not NUL-terminated. */
struct jtext {
    const char *p;
    size_t n;
};

enum jtext_kind {
    JTEXT_OBJECT,
    JTEXT_ARRAY,
    JTEXT_STRING,
    JTEXT_NUMBER,
    JTEXT_TRUE,
    JTEXT_FALSE,
    JTEXT_NULL
};

/* Whether the n bytes at text are one JSON value, at most depth_max arrays and objects deep. *out
 * (which may be NULL) is that value. PJ602 with the byte offset; field is the name for messages. */
int jtext_check(const char *text, size_t n, unsigned depth_max, const char *field,
                struct jtext *out, plain_error *err) PLAIN_MUST_USE;

/* The value in a text that has passed jtext_check() before. */
struct jtext jtext_of(const char *text);

enum jtext_kind jtext_kind(struct jtext value);
const char *jtext_kind_name(enum jtext_kind kind); /* "an object" */

/* Behind the string whose quote is at p, and behind a number or a word. */
const char *jtext_string_end(const char *p, const char *end);
const char *jtext_scalar_end(const char *p, const char *end);

struct jtext_member {
    struct jtext key; /* with its quotes; n is 0 in an array */
    struct jtext value;
};

struct jtext_walk {
    const char *p, *end;
    bool is_object;
};

struct jtext_walk jtext_walk_start(struct jtext container); /* an object or an array */
bool jtext_walk_next(struct jtext_walk *walk, struct jtext_member *out);

/* Whether a key is this name, which is ASCII letters, digits and '_'; escapes are looked through.
 */
bool jtext_key_is(struct jtext key, const char *name);

/* The characters of a string, in a; NULL when out of memory, and a is broken then. */
char *jtext_string(struct jtext string, struct arena *a) PLAIN_MUST_USE;

#endif
