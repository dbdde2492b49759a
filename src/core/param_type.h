/*
 * param_type.h - what each type of a value is, in one table
 *
 * A row says how a value goes from JSON into memory, from memory to JSON, and from the command line
 * to JSON. param_value.h makes parameters of it: single values and arrays.
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
#include "core/tag.h"

/* Which value is meant: a parameter, or one item of a parameter that is an array. */
struct param_ref {
    const struct param_type *type;
    const char *name; /* of the parameter */
    unsigned flags;   /* of the parameter */
    bool is_item;
    size_t index;
};

struct param_type {
    const char *name;  /* "int64", as lists show it */
    const char *takes; /* for messages: "a whole number from ... to ..." */
    size_t size;
    size_t presence;  /* leading bytes that are all zero when there is no value; 0: always one */
    int64_t min, max; /* of whole numbers */
    const struct tag *tag; /* of what is stored as a tagged string, else NULL */
    plain_type type;
    bool takes_null; /* null is a value of this type */

    /* Fills the size bytes at out; strings go into a. null comes only where it is a value. */
    int (*read)(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                plain_error *err);
    /* Appends the value, which is not absent. */
    int (*write)(const struct param_ref *ref, const void *value, struct buf *out, plain_error *err);
    /* Appends a text of the command line as JSON. */
    int (*from_text)(const struct param_ref *ref, const char *text, struct buf *out,
                     plain_error *err);
};

/* NULL when there is no such type of a value; arrays are none. */
const struct param_type *param_type_find(plain_type type);

/* Whether there is no value of this type. */
bool param_type_is_absent(const struct param_type *type, const void *value);

/* "tags[3]" */
enum { PARAM_REF_SIZE = 128 };
const char *param_ref_name(const struct param_ref *ref, char out[PARAM_REF_SIZE]);

/* PJ103: it takes this, not that. All return PLAIN_E_INVALID. */
int param_refuse(const struct param_ref *ref, const char *got, plain_error *err);
int param_refuse_json(const struct param_ref *ref, struct jtext got, plain_error *err);
int param_refuse_text(const struct param_ref *ref, const char *got, plain_error *err);

#endif
