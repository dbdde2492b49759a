/*
 * param_type.h - what each type of a parameter is, in one table
 *
 * A row says how a value goes from JSON into the field of a struct, from the field to JSON, and
 * from the command line to JSON. params.c knows no type by name.
 */
#ifndef PLAIN_CORE_PARAM_TYPE_H
#define PLAIN_CORE_PARAM_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>
#include <plain/jobs/params.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/json.h"

struct param_type {
    const char *name;  /* "int64" */
    const char *takes; /* for messages: "a whole number from ... to ..." */
    size_t size;       /* of a field */
    int64_t min, max;  /* of whole numbers */
    plain_type type;
    bool is_pointer; /* the field begins with a pointer that is NULL when it is absent */
    bool takes_null; /* null is a value of this type */

    /* False when the value is not of this type, or memory ran out (then a is broken). */
    bool (*read)(const struct param_type *type, struct jtext value, struct arena *a, void *field);
    /* Appends the field, which is not absent. name is for messages. */
    int (*write)(const struct param_type *type, const char *name, const void *field,
                 struct buf *out, plain_error *err);
    /* Appends a text of the command line as JSON; false when it is not of this type. */
    bool (*from_text)(const struct param_type *type, const char *text, struct buf *out);
};

/* NULL when there is no such type. */
const struct param_type *param_type_find(plain_type type);

/* Whether the field of this type holds nothing. */
bool param_type_is_absent(const struct param_type *type, const void *field);

/* PJ103: the parameter takes this, not that. Returns PLAIN_E_INVALID. */
int param_type_refuse(const struct param_type *type, const char *name, const char *got,
                      plain_error *err);

#endif
