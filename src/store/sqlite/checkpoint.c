#include "store/sqlite/checkpoint.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/connection.h"

enum {
    FIRST_AFFECTED = 3007000,
    FIRST_FIXED = 3051003,
    FIXED_3_50 = 3050007,
    FIXED_3_44 = 3044006,
    MINOR = 1000, /* 3044006 / MINOR is 3.44 */
    AGAIN_FRAMES = 50,
    WARN_FRAMES = 10000
};

/* A checkpoint can be put off until the next commit: it does not wait long. */
#define PATIENCE_US INT64_C(1000000)

bool checkpoint_is_affected(int version)
{
    static const int backports[] = {FIXED_3_50, FIXED_3_44};

    for (size_t i = 0; i < sizeof(backports) / sizeof(backports[0]); i++) {
        if (version / MINOR == backports[i] / MINOR && version >= backports[i])
            return false;
    }
    return version >= FIRST_AFFECTED && version < FIRST_FIXED;
}

/* After each commit in WAL mode: how long the log is, whoever wrote it. */
static int note_frames(void *user, sqlite3 *db, const char *schema, int frames)
{
    struct checkpoint *c = user;

    (void)db;
    (void)schema;
    if (frames <= c->frames) { /* the log is written from its start again */
        c->at = CHECKPOINT_FRAMES;
        c->warned_at = 0;
    }
    c->frames = frames;
    return SQLITE_OK;
}

static int forbid_own_checkpoints(sqlite3 *db)
{
    int rc = sqlite3_wal_autocheckpoint(db, 0);

    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    return rc;
}

int checkpoint_init(struct checkpoint *c, sqlite3 *db)
{
    *c = (struct checkpoint){.at = CHECKPOINT_FRAMES};
    c->ours = checkpoint_is_affected(sqlite3_libversion_number());
    if (!c->ours)
        return SQLITE_OK;
    int rc = forbid_own_checkpoints(db);
    /* Behind sqlite3_wal_autocheckpoint(), which is a hook itself and takes ours away. */
    if (rc == SQLITE_OK)
        (void)sqlite3_wal_hook(db, note_frames, c);
    return rc;
}

void checkpoint_release(struct checkpoint *c)
{
    (void)sqlite3_close(c->second);
    c->second = NULL;
}

static int read_once(sqlite3 *db)
{
    return sqlite3_exec(db, sql_sqlite[SQL_TOUCH], NULL, NULL, NULL);
}

static int open_second(struct checkpoint *c, const char *path)
{
    if (c->second)
        return SQLITE_OK;
    int rc = sqlite3_open_v2(path, &c->second, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = forbid_own_checkpoints(c->second);
    if (rc == SQLITE_OK)
        rc = read_once(c->second);
    if (rc != SQLITE_OK)
        checkpoint_release(c);
    return rc;
}

/* -1 and -1 with SQLITE_OK: nothing was done, since the connection did not have the log open (it
 * never read, or the file left WAL mode). */
static int run_passive(struct checkpoint *c, int *frames, int *copied)
{
    int rc = SQLITE_OK;

    *frames = *copied = -1;
    for (int tries = 0; rc == SQLITE_OK && *frames < 0 && tries < 2; tries++) {
        if (tries > 0)
            rc = read_once(c->second);
        if (rc == SQLITE_OK)
            rc = sqlite3_wal_checkpoint_v2(c->second, "main", SQLITE_CHECKPOINT_PASSIVE, frames,
                                           copied);
    }
    return rc;
}

/* A reader that holds an old snapshot keeps the log from being copied to its end, and from being
 * written from its start again. Said once, and again whenever the log has doubled. */
static void note_held_back(struct checkpoint *c, const char *path, int frames, int copied)
{
    if (frames < WARN_FRAMES || frames < 2 * c->warned_at)
        return;
    c->warned_at = frames;
    log_event(LOG_WARNING, "SQLite log grows: a reader holds its checkpoint back",
              LOG_TEXT("path", path), LOG_NUMBER("wal_frames", frames),
              LOG_NUMBER("wal_frames_copied", copied));
}

static void checkpoint_now(struct checkpoint *c, struct connection *conn)
{
    int frames, copied;
    bool done = open_second(c, conn->path) == SQLITE_OK &&
                run_passive(c, &frames, &copied) == SQLITE_OK && frames >= 0;

    /* All copied, the next writer begins the log anew, unless somebody was just looking at it. */
    c->at = c->frames + (done && copied == frames ? AGAIN_FRAMES : CHECKPOINT_FRAMES);
    if (done && copied < frames)
        note_held_back(c, conn->path, frames, copied);
}

void checkpoint_if_due(struct checkpoint *c, struct connection *conn)
{
    if (!c->ours || c->frames < c->at)
        return;
    conn->deadline = clock_add(clock_mono_us(), PATIENCE_US);
    if (connection_run(conn, SQL_BEGIN_WRITE, NULL) != PLAIN_OK)
        return;
    checkpoint_now(c, conn);
    /* Nothing was written. If this fails, connection_end() tries again, and tells. */
    if (connection_run(conn, SQL_ROLLBACK, NULL) != PLAIN_OK)
        c->at = CHECKPOINT_FRAMES;
}
