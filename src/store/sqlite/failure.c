#include "store/sqlite/failure.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* An extended code stands before its primary one, which stands for all that are not named. The fix
 * is in two parts, before and behind the name of the file; none: that of the PJ code. */
struct meaning {
    int rc;
    int code;
    int pj;
    bool retryable;
    const char *reason;
    const char *fix;
    const char *fix_end;
};

static const struct meaning meanings[] = {
    {SQLITE_BUSY_SNAPSHOT, PLAIN_E_BUSY, 305, true, "another process wrote meanwhile", NULL, NULL},
    {SQLITE_BUSY, PLAIN_E_BUSY, 305, true, "another process holds the database",
     "try again; find who holds it with `fuser -v ", "`"},
    {SQLITE_LOCKED, PLAIN_E_BUSY, 305, true, "another connection holds a table", NULL, NULL},
    {SQLITE_PROTOCOL, PLAIN_E_BUSY, 305, true, "too many processes open it at once", NULL, NULL},
    {SQLITE_INTERRUPT, PLAIN_E_BUSY, 305, true, "the statement was interrupted", NULL, NULL},
    {SQLITE_SCHEMA, PLAIN_E_BUSY, 305, true, "the tables were changed meanwhile", NULL, NULL},
    {SQLITE_FULL, PLAIN_E_DB, 304, true, "the disk is full", "make room on the disk of ",
     ", then try again"},
    {SQLITE_READONLY, PLAIN_E_DB, 304, false, "the database may not be written",
     "give this user write permission on ", " and on its folder"},
    {SQLITE_PERM, PLAIN_E_DB, 304, false, "permission denied",
     "give this user write permission on ", " and on its folder"},
    {SQLITE_CORRUPT, PLAIN_E_DB, 304, false, "the file is damaged",
     "stop all workers, then restore a backup or save what is left: `sqlite3 ", " .recover`"},
    {SQLITE_NOTADB, PLAIN_E_UNREACHABLE, 301, false, "the file is no SQLite database",
     "give the path of another file, or move ", " away and run `plain migrate`"},
    {SQLITE_CANTOPEN, PLAIN_E_UNREACHABLE, 301, true, "the file cannot be opened",
     "see whether this user may read and write ", " and its folder"},
    {SQLITE_IOERR, PLAIN_E_UNREACHABLE, 301, true, "reading or writing the file failed",
     "look for errors of the disk of ", " with `dmesg`"},
    {SQLITE_NOMEM, PLAIN_E_NOMEM, 704, true, "out of memory", NULL, NULL},
    {SQLITE_TOOBIG, PLAIN_E_DB, 304, false, "a text is longer than SQLite takes", NULL, NULL},
    {SQLITE_CONSTRAINT, PLAIN_E_DB, 304, false, "a value breaks a rule of the table", NULL, NULL},
};

static const struct meaning missing_table = {
    SQLITE_ERROR, PLAIN_E_SCHEMA, 302, false, "the tables are not those of this program", NULL,
    NULL};
static const struct meaning refused = {SQLITE_ERROR,     PLAIN_E_DB, 304, false,
                                       "SQLite refused", NULL,       NULL};

static const struct meaning *find_row(int rc)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].rc == rc)
            return &meanings[i];
    }
    return NULL;
}

static const struct meaning *find_meaning(int rc, const char *says)
{
    const struct meaning *found = find_row(rc);

    if (!found)
        found = find_row(rc & 0xff);
    if (!found && (strstr(says, "no such table") || strstr(says, "no such column") ||
                   strstr(says, "no such index")))
        found = &missing_table;
    return found ? found : &refused;
}

int failure_set(sqlite3 *db, int rc, const char *path, const char *doing, plain_error *err)
{
    const char *says =
        db && sqlite3_extended_errcode(db) == rc ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    const struct meaning *m = find_meaning(rc, says);
    int system_error = db ? sqlite3_system_errno(db) : 0;
    int primary = rc & 0xff;

    if (system_error && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR))
        (void)error_set_errno(err, m->code, m->pj, "", system_error, "%s %s: %s (SQLite: %s)",
                              doing, path, m->reason, says);
    else
        (void)error_set(err, m->code, m->pj, "", "%s %s: %s (SQLite: %s)", doing, path, m->reason,
                        says);
    if (err) {
        err->native = rc;
        err->retryable = m->retryable;
    }
    if (m->fix)
        error_fix(err, "%s%s%s", m->fix, path, m->fix_end);
    return m->code;
}
