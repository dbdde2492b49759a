/*
 * wake.h - waking workers on a SQLite database, which has nothing of its own for that
 *
 * What we commit ourselves is told at once: a datagram to every socket in the folder NAME-workers
 * beside the database, where each worker has one. Everybody else (the application's own
 * connection, the shell, Python) is found by a watch on the folder of the database: a file of the
 * database was written to. That happens before the commit can be seen, so PRAGMA data_version is
 * asked at 0, 1, 2, 4 ... 64 ms after it. The file itself is never opened for this: closing any
 * descriptor of it would drop SQLite's locks of the whole process.
 */
#ifndef PLAIN_STORE_SQLITE_WAKE_H
#define PLAIN_STORE_SQLITE_WAKE_H

#include "store/sqlite/connection.h"

/* What a datagram says. */
enum wake_word { WAKE_ENQUEUED = 0, WAKE_ASKED = 'a' };

/* After a commit of requests, or of what is wanted of a worker: every worker of this database on
 * the host. Failing is fine: they look by themselves too. */
void wake_workers(const char *path, enum wake_word word);

int sqlite_look(struct store *store, const struct claim_wish *wish, struct look *out,
                plain_error *err);
int sqlite_listen(struct store *store, const plain_uuid *worker, struct listening *out,
                  plain_error *err);
int sqlite_hear(struct store *store, bool changed, struct heard *out, plain_error *err);
/* Ends the listening, if there is one. */
void ear_release(struct ear *ear);

#endif
