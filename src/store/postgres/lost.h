/*
 * lost.h - the server processes of connections that were lost
 *
 * Such a one may not have read what was sent yet, when the way to it is stalled or it stands still
 * itself, and do it much later: then an enqueue that was repeated meanwhile would be a second job,
 * if the first has ended by then. So a call that repeats makes sure that the processes of its
 * store's lost connections are gone, and with them what they have not read. Whoever repeats by
 * another handle or process cannot; nor can anybody behind a pooler, or a role that may not end its
 * own processes.
 */
#ifndef PLAIN_STORE_POSTGRES_LOST_H
#define PLAIN_STORE_POSTGRES_LOST_H

#include "store/postgres/session.h"

/* Of the connection that is about to be closed. */
void lost_note(struct session *s);

/* Behind session_begin(): they are gone, or there were none. PLAIN_E_UNREACHABLE when the link is
 * lost again, or one is still there at the call's deadline. */
int lost_end(struct session *s, plain_error *err) PLAIN_MUST_USE;

#endif
