/*
 * stops.h - what a cycle sends and reads of jobs that others stop or that complete by themselves
 */
#ifndef PLAIN_STORE_POSTGRES_STOPS_H
#define PLAIN_STORE_POSTGRES_STOPS_H

#include "store/postgres/session.h"
#include "store/store.h"

void postgres_watch_send(struct session *s, const struct cycle *c);
void postgres_watch_read(const PGresult *result, struct arena *a, struct cycle_result *out);

/* The tokens of ends whose rows another transaction may have locked; how many. */
size_t postgres_completing(const struct cycle *c, plain_uuid out[STORE_END_MAX]);
/* Of a cycle that is committed, some of whose ends were recorded before: what these know beside. */
void postgres_note_figures(struct session *s, const struct cycle *c);
/* Of still_processing. */
void postgres_tokens_read(const PGresult *result, struct arena *a, plain_uuid **tokens,
                          size_t *token_count);

#endif
