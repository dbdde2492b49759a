/*
 * hooks.h - the part of a cycle that is about on_aborted
 *
 * Each sends a statement, if there is cause, into the cycle's pipeline and returns how many results
 * that adds.
 */
#ifndef PLAIN_STORE_POSTGRES_HOOKS_H
#define PLAIN_STORE_POSTGRES_HOOKS_H

#include "store/postgres/libpq.h"
#include "store/postgres/session.h"
#include "store/store.h"

/* Marks the ends of this cycle that want their hook called; after they are written. */
size_t postgres_hooks_want(struct session *s, const struct cycle *c);
/* Clears the mark of those that were called. */
size_t postgres_hooks_done(struct session *s, const struct cycle *c);

void postgres_hooks_take(struct session *s, const struct cycle *c);
void postgres_hooks_read(const PGresult *result, struct arena *a, struct cycle_result *out);

#endif
