/*
 * checkpoint.h - keeping the write-ahead log short, on a SQLite that may not do it by itself
 *
 * SQLite 3.7.0 to 3.51.2 (but for the fixed 3.44.6 and 3.50.7) can lose commits when a checkpoint
 * by one connection meets a reset of the log by another. A reset is done by a writer, so none can
 * happen while the write lock is held. On such a library no connection of ours checkpoints by
 * itself, neither while it commits nor when it closes. Instead, after a commit that leaves about
 * 500 frames in the log (long before the 1,000 at which foreign connections begin):
 *
 *   - the connection takes the write lock with BEGIN IMMEDIATE and writes nothing;
 *   - a second connection, which has read once so that it has the log open, runs a PASSIVE
 *     checkpoint to its end;
 *   - the connection gives the lock back.
 *
 * Never TRUNCATE or RESTART: when busy they degrade to a PASSIVE without the lock. What happens
 * here costs the caller time but never a failure: its own work is committed.
 */
#ifndef PLAIN_STORE_SQLITE_CHECKPOINT_H
#define PLAIN_STORE_SQLITE_CHECKPOINT_H

#include <stdbool.h>

#include <sqlite3.h>

struct connection;

enum { CHECKPOINT_FRAMES = 500 };

struct checkpoint {
    bool ours;       /* the library is affected: we checkpoint, it does not */
    sqlite3 *second; /* opened when it is first needed                     */
    int frames;      /* in the log after our last commit                   */
    int at;          /* frames at which the next checkpoint is tried       */
    int warned_at;   /* frames when a reader that holds it back was noticed */
};

/* Whether a library of this sqlite3_libversion_number() has the bug. */
bool checkpoint_is_affected(int version);

/* Sets db up; a SQLite code. *c must stay where it is until checkpoint_release(). */
int checkpoint_init(struct checkpoint *c, sqlite3 *db);
void checkpoint_release(struct checkpoint *c);

/* Outside of a transaction. */
void checkpoint_if_due(struct checkpoint *c, struct connection *conn);

#endif
