/* postgres_application.h - an application of PostgreSQL, for the tests of transactions */
#ifndef PLAIN_TESTS_STORE_POSTGRES_APPLICATION_H
#define PLAIN_TESTS_STORE_POSTGRES_APPLICATION_H

#include <libpq-fe.h>

#include "tests/store/conformance_transactions.h"

extern const struct application postgres_application;

/* Runs statements that may fail; whether they did not. */
bool postgres_application_try(PGconn *conn, const char *sql);
/* The first value of the first row, kept to the next call by this thread; "" for none. */
const char *postgres_application_ask(PGconn *conn, const char *sql);

#endif
