/*
 * claim.h - picking what is due and making processes of it
 */
#ifndef PLAIN_STORE_SQLITE_CLAIM_H
#define PLAIN_STORE_SQLITE_CLAIM_H

#include "store/sqlite/connection.h"
#include "store/store.h"

/* Fills out's claims and next_due for a cycle with a wish, inside its transaction. out->now is set.
 */
int claim_jobs(struct connection *conn, const struct cycle *c, struct arena *a,
               struct cycle_result *out, plain_error *err) PLAIN_MUST_USE;

/* ["A","B"], for statements that take a list as JSON; NULL when memory is out. */
const char *names_as_json(const char *const *names, size_t count, struct arena *a);

#endif
