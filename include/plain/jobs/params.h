/*
 * plain/jobs/params.h - the parameters of a job: a struct, and a table that describes it
 *
 *     struct welcome_user {
 *         int64_t user_id;
 *         const char *locale;
 *     };
 *     static const plain_param welcome_user_params[] = {
 *         PLAIN_PARAM(struct welcome_user, user_id, 0),
 *         PLAIN_PARAM(struct welcome_user, locale, PLAIN_OPTIONAL),
 *         PLAIN_PARAMS_END
 *     };
 *
 * Parameters are stored as JSON, {"args": [], "kwargs": {"user_id": 42}}, at most 1 MiB and 128
 * levels deep. Enqueueing writes kwargs by name; reading takes args too, by the order of the
 * fields, so that rows written by Python or by hand work.
 *
 * Types: bool, int32_t, int64_t (and long long), uint32_t, double, const char * (UTF-8 without
 * NUL), plain_json (any JSON value, kept as text to the byte).
 *
 * Ownership: enqueueing borrows the struct for the call. A running job borrows what `params` points
 * at until run returns; strings and JSON texts in it live as long.
 */
#ifndef PLAIN_JOBS_PARAMS_H
#define PLAIN_JOBS_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Any JSON value as text: an object, an array, a number too large for int64_t. text NULL: absent.
 */
typedef struct plain_json {
    const char *text;
    size_t length; /* bytes; 0 means up to the NUL */
} plain_json;

typedef enum plain_type {
    PLAIN_TYPE_BOOL = 1,
    PLAIN_TYPE_INT32,
    PLAIN_TYPE_INT64,
    PLAIN_TYPE_UINT32,
    PLAIN_TYPE_DOUBLE, /* finite */
    PLAIN_TYPE_STRING, /* const char * */
    PLAIN_TYPE_JSON    /* plain_json */
} plain_type;

/* May be absent or null: then the field is 0, false or NULL. A NULL string is not written. */
#define PLAIN_OPTIONAL 1u

typedef struct plain_param {
    const char *name; /* [A-Za-z_][A-Za-z0-9_]*, at most 63 bytes; NULL ends the table */
    plain_type type;
    unsigned flags;
    size_t offset; /* of the field in the struct */
    size_t size;   /* of the field */
} plain_param;

#ifndef __cplusplus
/* The type of a field, at compile time. A field of any other type does not compile. */
#define PLAIN_TYPE_OF(value)                                                                       \
    _Generic((value),                                                                              \
        bool: PLAIN_TYPE_BOOL,                                                                     \
        int: PLAIN_TYPE_INT32,                                                                     \
        unsigned int: PLAIN_TYPE_UINT32,                                                           \
        long: (sizeof(long) == 8 ? PLAIN_TYPE_INT64 : PLAIN_TYPE_INT32),                           \
        long long: PLAIN_TYPE_INT64,                                                               \
        double: PLAIN_TYPE_DOUBLE,                                                                 \
        char *: PLAIN_TYPE_STRING,                                                                 \
        const char *: PLAIN_TYPE_STRING,                                                           \
        plain_json: PLAIN_TYPE_JSON)

#define PLAIN_PARAM(structure, field, param_flags)                                                 \
    {                                                                                              \
        .name = #field, .type = PLAIN_TYPE_OF(((structure *)0)->field), .flags = (param_flags),    \
        .offset = offsetof(structure, field), .size = sizeof(((structure *)0)->field)              \
    }
#endif

#define PLAIN_PARAMS_END                                                                           \
    {                                                                                              \
        NULL, PLAIN_TYPE_BOOL, 0, 0, 0                                                             \
    }

#ifdef __cplusplus
}
#endif

#endif
