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
 * NUL), plain_json (any JSON value, kept as text to the byte), plain_date, plain_datetime,
 * plain_model, and an array of each of them (plain_int64s, plain_strings, ...).
 *
 * Dates, date-times and model references are stored as tagged strings, "__plain://date/2026-11-24",
 * the form of the Python package plain.jobs. A tag is read only where the parameter is declared of
 * that type: a user's text that looks like one stays text, and a bad tag is an error.
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

/* A day of the proleptic Gregorian calendar, year 1 to 9999. All zero: absent. */
typedef struct plain_date {
    int32_t year, month, day;
} plain_date;

/* A moment, or a wall-clock time without a zone; see PLAIN_NEED_OFFSET. year 0: absent. */
typedef struct plain_datetime {
    int32_t year, month, day, hour, minute, second;
    int32_t microsecond;
    int32_t offset_s; /* seconds east of UTC, less than a day; for has_offset */
    bool has_offset;  /* false: naive, a wall-clock time of an unknown zone */
} plain_datetime;

/* A row of the application: "__plain://model/app/user/42". package NULL: absent. Each text is 1 to
 * 255 bytes of UTF-8 without '/' and control characters. */
typedef struct plain_model {
    const char *package, *model, *id;
} plain_model;

/* Arrays: count items, in order; no item is NULL or absent. items NULL and count 0: absent where
 * the parameter is optional, else empty. An empty one that a job reads has items that are not NULL,
 * and so has one that is to be stored in place of a fallback. */
#define PLAIN_ARRAY_TYPE(name, type)                                                               \
    typedef struct name {                                                                          \
        const type *items;                                                                         \
        size_t count;                                                                              \
    } name
PLAIN_ARRAY_TYPE(plain_bools, bool);
PLAIN_ARRAY_TYPE(plain_int32s, int32_t);
PLAIN_ARRAY_TYPE(plain_int64s, int64_t);
PLAIN_ARRAY_TYPE(plain_uint32s, uint32_t);
PLAIN_ARRAY_TYPE(plain_doubles, double);
typedef struct plain_strings {
    const char *const *items;
    size_t count;
} plain_strings;
PLAIN_ARRAY_TYPE(plain_jsons, plain_json);
PLAIN_ARRAY_TYPE(plain_dates, plain_date);
PLAIN_ARRAY_TYPE(plain_datetimes, plain_datetime);
PLAIN_ARRAY_TYPE(plain_models, plain_model);

typedef enum plain_type {
    PLAIN_TYPE_BOOL = 1,
    PLAIN_TYPE_INT32,
    PLAIN_TYPE_INT64,
    PLAIN_TYPE_UINT32,
    PLAIN_TYPE_DOUBLE, /* finite */
    PLAIN_TYPE_STRING, /* const char * */
    PLAIN_TYPE_JSON,   /* plain_json */
    PLAIN_TYPE_DATE,
    PLAIN_TYPE_DATETIME,
    PLAIN_TYPE_MODEL,
    PLAIN_TYPE_ARRAY = 256 /* added to the type of the items */
} plain_type;

/* May be absent or null: then the field is its fallback, or 0, false or NULL. What holds nothing (a
 * NULL, a date that is all zero) is not written. Numbers and bools always hold something: a 0 in
 * the struct is stored as 0 and no fallback takes its place. */
#define PLAIN_OPTIONAL 1u

/* A date-time (each, in an array) must have an offset; a naive one is refused, PJ103, when it is
 * enqueued and when it is read. */
#define PLAIN_NEED_OFFSET 2u

typedef struct plain_param {
    const char *name; /* [A-Za-z_][A-Za-z0-9_]*, at most 63 bytes; NULL ends the table */
    plain_type type;
    unsigned flags;
    size_t offset; /* of the field in the struct */
    size_t size;   /* of the field */
    /* JSON text of the value when an optional parameter is absent or null, dates and the like as
     * tagged strings; NULL: none. A program that runs the job reads it, so that it may change. */
    const char *fallback;
} plain_param;

#ifndef __cplusplus
/* The type of a field, at compile time. A field of any other type does not compile; an array of
 * char, which _Generic would take for a pointer, neither. */
#define PLAIN_TYPE_OF(value)                                                                       \
    _Generic(&(value), char(*)[sizeof(value)]                                                      \
             : (plain_json){0}, const char(*)[sizeof(value)]                                       \
             : (plain_json){0}, default                                                            \
             : PLAIN_TYPE_OF_SCALAR(value))
#define PLAIN_TYPE_OF_SCALAR(value)                                                                \
    _Generic((value),                                                                              \
        bool: PLAIN_TYPE_BOOL,                                                                     \
        int: PLAIN_TYPE_INT32,                                                                     \
        unsigned int: PLAIN_TYPE_UINT32,                                                           \
        long: (sizeof(long) == 8 ? PLAIN_TYPE_INT64 : PLAIN_TYPE_INT32),                           \
        long long: PLAIN_TYPE_INT64,                                                               \
        double: PLAIN_TYPE_DOUBLE,                                                                 \
        char *: PLAIN_TYPE_STRING,                                                                 \
        const char *: PLAIN_TYPE_STRING,                                                           \
        plain_json: PLAIN_TYPE_JSON,                                                               \
        plain_date: PLAIN_TYPE_DATE,                                                               \
        plain_datetime: PLAIN_TYPE_DATETIME,                                                       \
        plain_model: PLAIN_TYPE_MODEL,                                                             \
        plain_bools: PLAIN_TYPE_ARRAY + PLAIN_TYPE_BOOL,                                           \
        plain_int32s: PLAIN_TYPE_ARRAY + PLAIN_TYPE_INT32,                                         \
        plain_int64s: PLAIN_TYPE_ARRAY + PLAIN_TYPE_INT64,                                         \
        plain_uint32s: PLAIN_TYPE_ARRAY + PLAIN_TYPE_UINT32,                                       \
        plain_doubles: PLAIN_TYPE_ARRAY + PLAIN_TYPE_DOUBLE,                                       \
        plain_strings: PLAIN_TYPE_ARRAY + PLAIN_TYPE_STRING,                                       \
        plain_jsons: PLAIN_TYPE_ARRAY + PLAIN_TYPE_JSON,                                           \
        plain_dates: PLAIN_TYPE_ARRAY + PLAIN_TYPE_DATE,                                           \
        plain_datetimes: PLAIN_TYPE_ARRAY + PLAIN_TYPE_DATETIME,                                   \
        plain_models: PLAIN_TYPE_ARRAY + PLAIN_TYPE_MODEL)

#define PLAIN_PARAM(structure, field, param_flags)                                                 \
    {                                                                                              \
        .name = #field, .type = (plain_type)PLAIN_TYPE_OF(((structure *)0)->field),                \
        .flags = (param_flags), .offset = offsetof(structure, field),                              \
        .size = sizeof(((structure *)0)->field)                                                    \
    }

/* An optional parameter with a default: PLAIN_PARAM_DEFAULT(struct thumbnail, width, "320"). */
#define PLAIN_PARAM_DEFAULT(structure, field, json)                                                \
    {                                                                                              \
        .name = #field, .type = (plain_type)PLAIN_TYPE_OF(((structure *)0)->field),                \
        .flags = PLAIN_OPTIONAL, .offset = offsetof(structure, field),                             \
        .size = sizeof(((structure *)0)->field), .fallback = (json)                                \
    }
#endif

#define PLAIN_PARAMS_END                                                                           \
    {                                                                                              \
        NULL, PLAIN_TYPE_BOOL, 0, 0, 0, NULL                                                       \
    }

#ifdef __cplusplus
}
#endif

#endif
