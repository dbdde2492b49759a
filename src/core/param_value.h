/*
 * param_value.h - one parameter between a field of a struct, JSON text and the command line
 *
 * A field holds one value of a type in param_type.h, or an array of them: {items, count}. Errors
 * are those of params.h; what is wrong with an item has its index in the name, "tags[3]".
 */
#ifndef PLAIN_CORE_PARAM_VALUE_H
#define PLAIN_CORE_PARAM_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>
#include <plain/jobs/params.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "core/json.h"

/* Bytes of a field of this type; 0: there is no such type. */
size_t param_size(plain_type type);

/* "int64" or "int64[]"; "" when there is no such type. */
enum { PARAM_TYPE_NAME_SIZE = 24 };
const char *param_type_name(plain_type type, char out[PARAM_TYPE_NAME_SIZE]);

/* Whether the field holds nothing: a NULL, a date that is all zero, an array without items. */
bool param_is_absent(const plain_param *param, const void *field);

/* Fills the field; what it points to goes into a. */
int param_read(const plain_param *param, struct jtext value, struct arena *a, void *field,
               plain_error *err) PLAIN_MUST_USE;

/* Appends the field as JSON. PJ102 when it holds nothing, unless it is an array: "[]" then. */
int param_write(const plain_param *param, const void *field, struct buf *out,
                plain_error *err) PLAIN_MUST_USE;

/* Appends a text of the command line as JSON. The items of an array are not looked at; reading the
 * JSON does that. */
int param_from_text(const plain_param *param, const char *text, struct buf *out,
                    plain_error *err) PLAIN_MUST_USE;

#endif
