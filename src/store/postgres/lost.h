/*
 * lost.h - the server process of a connection that was lost
 *
 * It may not have read what was sent yet, when the way to it is stalled or it stands still itself,
 * and do it much later: then an enqueue that was repeated meanwhile would be a second job, if the
 * first has ended by then. So a call that repeats makes sure that this process is gone, and with it
 * what it has not read. Behind a pooler nobody can name it.
 */
#ifndef PLAIN_STORE_POSTGRES_LOST_H
#define PLAIN_STORE_POSTGRES_LOST_H

#include "store/postgres/session.h"

/* Of the connection that is about to be closed. */
void lost_note(struct session *s);

/* Behind session_begin(): the process is gone, or there was none. PLAIN_E_UNREACHABLE when it is
 * still there at the call's deadline. */
int lost_end(struct session *s, plain_error *err) PLAIN_MUST_USE;

#endif
