/*
 * json_value.h - how JSON comes back from a database that keeps its value instead of its text
 *
 * PostgreSQL's jsonb keeps a number as numeric, with at most 16,383 digits behind the point
 * (documentation, "Numeric Types"), and writes it without an exponent; it puts a blank behind each
 * comma and colon. What it would refuse, or give back in more bytes than can be handed to a runner,
 * is refused for every database, before anything is written.
 */
#ifndef PLAIN_CORE_JSON_VALUE_H
#define PLAIN_CORE_JSON_VALUE_H

#include <stddef.h>

#include "core/json.h"

enum { JSON_VALUE_DIGITS_MAX = 16383 /* behind the point */ };

/* The bytes that text, which has passed jtext_check(), has at most when it comes back. *refused is
 * the first number that would be refused; its n is 0 when there is none. */
size_t json_value_size(struct jtext text, struct jtext *refused);

#endif
