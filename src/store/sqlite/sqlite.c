/*
 * sqlite.c - the table of functions for SQLite, and opening a file
 *
 * A connection keeps to the journal mode that it finds: an application that shares its database
 * with us may have chosen it, and another process of ours may be at work in it. A new file gets
 * WAL; ?journal= in the URL decides for any file.
 */
#include "store/sqlite/sqlite.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "store/sqlite/path.h"
#include "store/sqlite/schedules.h"
#include "store/sqlite/wake.h"

static const char *const schemes[] = {"sqlite", NULL};

static int read_journal_mode(struct connection *conn, bool *is_wal, plain_error *err)
{
    struct query q = query_begin(conn, SQL_JOURNAL_MODE);

    *is_wal = false;
    if (query_row(&q)) {
        const char *mode = (const char *)sqlite3_column_text(q.stmt, 0);
        *is_wal = mode && strcmp(mode, "wal") == 0;
    }
    return query_end(&q, err);
}

/* PRAGMA journal_mode answers with the mode that is in force: one that it could not set, as while
 * others have the file open, is no error of its own. */
static int set_journal(struct connection *conn, enum journal wanted, plain_error *err)
{
    bool is_wal;
    int r = read_journal_mode(conn, &is_wal, err);

    if (r != PLAIN_OK || wanted == JOURNAL_AS_IT_IS || is_wal == (wanted == JOURNAL_WAL))
        return r;
    r = connection_run(conn, wanted == JOURNAL_WAL ? SQL_JOURNAL_WAL : SQL_JOURNAL_DELETE, err);
    if (r == PLAIN_OK)
        r = read_journal_mode(conn, &is_wal, err);
    if (r != PLAIN_OK || is_wal == (wanted == JOURNAL_WAL))
        return r;
    r = error_set(err, PLAIN_E_BUSY, 305, "url", "cannot change the journal mode of %s to %s",
                  conn->path, wanted == JOURNAL_WAL ? "wal" : "delete");
    error_fix(err, "stop what has %s open, workers first, then try again", conn->path);
    return r;
}

static int open_file(struct connection *conn, const struct sqlite_path *where, unsigned flags,
                     plain_error *err)
{
    bool create = flags & STORE_CREATE;
    bool exists = false;
    int open_flags = flags & STORE_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    enum journal journal = where->journal;
    int r = path_check(where->path, create, &exists, err);

    if (r == PLAIN_OK && journal != JOURNAL_DELETE)
        r = path_check_local(where->path, err);
    if (r != PLAIN_OK)
        return r;
    r = connection_open(conn, where->path, open_flags | (create ? SQLITE_OPEN_CREATE : 0), err);
    if (r != PLAIN_OK || flags & STORE_READ_ONLY)
        return r;
    /* Never made again by connecting again: then it was deleted. */
    conn->open_flags &= ~SQLITE_OPEN_CREATE;
    if (journal == JOURNAL_AS_IT_IS && !exists)
        journal = JOURNAL_WAL;
    return set_journal(conn, journal, err);
}

static int sqlite_open(const char *url, unsigned flags, struct store **out, plain_error *err)
{
    struct sqlite_path where;
    int r = path_parse(url, &where, err);

    *out = NULL;
    if (r != PLAIN_OK)
        return r;
    struct connection *conn = mem_zalloc(1, sizeof(*conn));
    if (!conn)
        return error_nomem(err);
    conn->base.ops = &store_sqlite;
    conn->patience_us = flags & STORE_HASTY ? CONNECTION_HASTE_US : CONNECTION_PATIENCE_US;
    r = open_file(conn, &where, flags, err);
    if (r != PLAIN_OK) {
        connection_close(conn);
        mem_free(conn);
        return r;
    }
    *out = &conn->base;
    return PLAIN_OK;
}

static void sqlite_close(struct store *store)
{
    connection_close(connection_of(store));
    mem_free(store);
}

static const char *sqlite_file(struct store *store)
{
    return connection_of(store)->path;
}

static int sqlite_identify(struct store *store, char out[STORE_IDENTITY_SIZE], plain_error *err)
{
    (void)err;
    (void)snprintf(out, STORE_IDENTITY_SIZE, "%s", connection_of(store)->path);
    return PLAIN_OK;
}

const struct store_ops store_sqlite = {
    .size = sizeof(struct store_ops),
    .name = "sqlite",
    .schemes = schemes,
    .caps = STORE_FILE | STORE_ONE_WRITER,
    .open = sqlite_open,
    .close = sqlite_close,
    .schema_version = sqlite_schema_version,
    .newest_version = sqlite_newest_version,
    .migrate = sqlite_migrate,
    .migration_sql = sqlite_migration_sql,
    .enqueue = sqlite_enqueue,
    .cycle = sqlite_cycle,
    .list = sqlite_list,
    .find = sqlite_find,
    .stats = sqlite_stats,
    .retry = sqlite_retry,
    .adopt = sqlite_adopt,
    .enqueue_many = sqlite_enqueue_many,
    .enqueue_ruled = sqlite_enqueue_ruled,
    .count = sqlite_count,
    .enqueue_sql = sqlite_enqueue_sql,
    .clear = sqlite_clear,
    .purge = sqlite_purge,
    .cancel = sqlite_cancel,
    .cancel_claimed = sqlite_cancel_claimed,
    .complete = sqlite_complete,
    .now = sqlite_now,
    .identify = sqlite_identify,
    .ended_since = sqlite_ended_since,
    .queue_stats = sqlite_queue_stats,
    .schedule_find = sqlite_schedule_find,
    .schedule_list = sqlite_schedule_list,
    .schedule_declare = sqlite_schedule_declare,
    .schedule_remove = sqlite_schedule_remove,
    .schedule_account = sqlite_schedule_account,
    .schedule_run = sqlite_schedule_run,
    .schedule_pause = sqlite_schedule_pause,
    .schedule_resume = sqlite_schedule_resume,
    .register_worker = sqlite_register_worker,
    .beat = sqlite_beat,
    .leave = sqlite_leave,
    .rescue = sqlite_rescue,
    .look = sqlite_look,
    .listen = sqlite_listen,
    .hear = sqlite_hear,
    .file = sqlite_file,
    .queue_names = sqlite_queue_names,
    .pause = sqlite_pause,
    .resume = sqlite_resume,
    .pauses = sqlite_pauses,
    .workers = sqlite_workers,
    .ask_worker = sqlite_ask_worker,
    .wish_of_worker = sqlite_wish_of_worker,
    .waiting = sqlite_waiting,
    .count_ahead = sqlite_count_ahead,
    .verify = sqlite_verify,
    .take_duty = sqlite_take_duty,
    .scratch_url = sqlite_scratch_url,
    .scratch_discard = sqlite_scratch_discard,
    .facts = sqlite_facts,
    .delete_job = sqlite_delete_job,
    .note = sqlite_note,
    .audit = sqlite_audit,
};
