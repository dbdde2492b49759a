/*
 * error.h - making and passing on a plain_error
 *
 * Each failure that a user can see has a PJ number. They stand in ONE table, base/pj_codes.h, from
 * which `plain help PJnnn` and docs/errors.md are made.
 *
 *     return error_set(err, PLAIN_E_INVALID, 602, "parameters", "...too large");
 */
#ifndef PLAIN_BASE_ERROR_H
#define PLAIN_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* Fills *err (which may be NULL) and returns code. The text is cleaned to valid UTF-8, one line.
 * field may be "". fix is set to the table's for pj; error_fix() replaces it. retryable comes from
 * the code. */
int error_set(plain_error *err, int code, int pj, const char *field, const char *fmt, ...)
    PLAIN_PRINTF(5, 6);
int error_setv(plain_error *err, int code, int pj, const char *field, const char *fmt, va_list ap)
    PLAIN_PRINTF(5, 0);

/* The same with errno's text appended (": No such file or directory") and native filled. With PJ705
 * the fix is one for that reason, where it is a common one. */
int error_set_errno(plain_error *err, int code, int pj, const char *field, int error_number,
                    const char *fmt, ...) PLAIN_PRINTF(6, 7);

/* Replaces the fix. */
void error_fix(plain_error *err, const char *fmt, ...) PLAIN_PRINTF(2, 3);

/* "worker 3: " in front of the message. */
void error_prefix(plain_error *err, const char *fmt, ...) PLAIN_PRINTF(2, 3);

int error_nomem(plain_error *err); /* PLAIN_E_NOMEM */

int error_exit_code(int code); /* of PLAIN_ERROR_MAP; 0 for PLAIN_OK, 6 for PLAIN_SKIPPED */

/* One row of the table of codes. */
struct pj_code {
    int number;
    const char *title;   /* "unknown job class" */
    const char *why;     /* what it means and when it is raised */
    const char *fix;     /* default fix, a command where there is one */
    const char *example; /* a command that raises it, "" when there is none */
};
const struct pj_code *pj_find(int number); /* NULL when there is none */
const struct pj_code *pj_all(size_t *count);

#endif
