/*
 * param_text.h - types and values of parameters as people write them
 *
 * Types are named in plain.conf ("width:int32"). Values as plain text stand in concurrency keys
 * ("user-{user_id}") and in the environment of an executable: a string without its quotes, a date
 * without its tag, all else as its JSON text.
 */
#ifndef PLAIN_CORE_PARAM_TEXT_H
#define PLAIN_CORE_PARAM_TEXT_H

#include <stdbool.h>

#include <plain/jobs/params.h>

#include "base/arena.h"
#include "core/json.h"

/* What param_type_by_name() takes, for messages. */
extern const char param_type_words[];

/* "int64"; an array is "int64s", or "int64[]" as lists show it. */
bool param_type_by_name(const char *name, plain_type *out);

/* The value as text, in a; NULL when memory is out. A tag is taken off only where the parameter is
 * declared of its type. type 0: not declared. */
const char *param_text(struct jtext value, plain_type type, struct arena *a);

#endif
