/*
 * params.h - parameters between a struct, JSON text and the command line
 *
 * Stored form: {"args": [...], "kwargs": {...}}. The form is checked once, by jansson (UTF-8, no
 * NUL, no duplicate keys, numbers that a double can hold) and for depth; then each member is cut
 * from the text and converted by the declared type, so that a raw JSON parameter keeps every byte
 * and an integer keeps every digit.
 *
 * Errors: PLAIN_E_INVALID with field = the parameter's name (or "parameters"), PJ102 missing, PJ103
 * wrong type or out of range, PJ104 unknown, PJ602 form, size or depth (with the byte offset).
 * cls NULL: a class that is not known here, or an executable: only the form is checked.
 */
#ifndef PLAIN_CORE_PARAMS_H
#define PLAIN_CORE_PARAMS_H

#include <stddef.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/buf.h"

/* Levels of the object of parameters, which is the first; the stored form has one around it. */
enum { PARAMS_DEPTH_MAX = 128 };

/* Bytes of a stored form at most; and of one that comes from a database, which may spell it in
 * another way: see json_value.h. */
#define PARAMS_SIZE_MAX   ((size_t)PLAIN_PARAMETERS_MAX)
#define PARAMS_STORED_MAX (PARAMS_SIZE_MAX / 8 * 13)

/* A ceiling for the bufs below that is never reached before the limit of 1 MiB is noticed. */
enum { PARAMS_BUF_MAX = 8 * 1024 * 1024 };

/* Appends the stored form of params (the class's struct) to out. */
int params_encode(const plain_job_class *cls, const void *params, struct buf *out,
                  plain_error *err) PLAIN_MUST_USE;

/* Appends the stored form of the object `json` ({"name": value}; NULL: {}) to out. */
int params_from_json(const plain_job_class *cls, const char *json, struct buf *out,
                     plain_error *err) PLAIN_MUST_USE;

/* Appends an object {"name": value} made of n texts "name=value" to json. The declared type decides
 * how a value is read; without one it is JSON where it parses as a number, true, false, null, an
 * array or an object, else a string. */
int params_from_pairs(const plain_job_class *cls, const char *const *pairs, size_t n,
                      struct buf *json, plain_error *err) PLAIN_MUST_USE;

/* The class's struct, filled from the stored form, in a. *params is NULL for a class without. */
int params_decode(const plain_job_class *cls, const char *stored, struct arena *a,
                  const void **params, plain_error *err) PLAIN_MUST_USE;

/* The slice of a stored form that is its kwargs object ("{}" when there is none). */
int params_kwargs(const char *stored, const char **text, size_t *length,
                  plain_error *err) PLAIN_MUST_USE;

#endif
