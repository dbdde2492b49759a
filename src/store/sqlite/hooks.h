/*
 * hooks.h - the part of a cycle that is about on_aborted
 */
#ifndef PLAIN_STORE_SQLITE_HOOKS_H
#define PLAIN_STORE_SQLITE_HOOKS_H

#include "store/sqlite/connection.h"
#include "store/store.h"

/* Marks a result whose hook is to be called. */
int sqlite_hooks_want(struct connection *conn, const plain_uuid *token, int64_t now,
                      plain_error *err) PLAIN_MUST_USE;
/* Clears the mark of those that were called. */
int sqlite_hooks_done(struct connection *conn, const struct cycle *c,
                      plain_error *err) PLAIN_MUST_USE;
int sqlite_hooks_take(struct connection *conn, const struct cycle *c, struct arena *a,
                      struct cycle_result *out, plain_error *err) PLAIN_MUST_USE;

#endif
