/*
 * failure.h - what PostgreSQL's errors mean to our callers: one table by SQLSTATE
 */
#ifndef PLAIN_STORE_POSTGRES_FAILURE_H
#define PLAIN_STORE_POSTGRES_FAILURE_H

#include <stdbool.h>

#include <plain/jobs/error.h>

#include "store/postgres/libpq.h"

/* What a message needs to know of the connection; no member may be NULL. */
struct failure_context {
    const char *doing;    /* "claim jobs"                                        */
    const char *test;     /* a command that tests the server: "pg_isready -h db" */
    const char *database; /* its name                                            */
    const char *schema;   /* quoted; "" before it is known                       */
    const char *password; /* to be kept out of messages; "" for none             */
};

#define SQLSTATE_KEY_HELD      "PJ501" /* raised by the key's trigger */
#define SQLSTATE_READ_ONLY     "25006"
#define SQLSTATE_SERIALIZATION "40001"

/* From a result that is an error. *lost: the connection is of no use any more. */
int failure_of_result(const struct failure_context *c, const PGresult *result, bool *lost,
                      plain_error *err);

/* From libpq's own text: the connection could not be made, or broke. PLAIN_E_UNREACHABLE. */
int failure_of_link(const struct failure_context *c, const char *text, plain_error *err);

#endif
