/*
 * scratch.c - a file to try something in, and what figures depend on
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "store/sqlite/path.h"
#include "store/sqlite/sqlite.h"

static const char file_end[] = ".db";

static int read_facts(struct connection *conn, struct arena *a, const char *values[3],
                      plain_error *err)
{
    static const char *const levels[] = {"off", "normal", "full", "extra"};
    struct query q = query_begin(conn, SQL_FACTS);

    if (query_row(&q)) {
        const char *version = column_text(&q, 0, a);
        int64_t level = column_int(&q, 2);

        values[0] = arena_printf(a, "SQLite %s", version ? version : "");
        values[1] = column_text(&q, 1, a);
        values[2] = level >= 0 && level < (int64_t)ARRAY_SIZE(levels) ? levels[level] : "?";
    }
    int r = query_end(&q, err);
    return r == PLAIN_OK && !arena_ok(a) ? error_nomem(err) : r;
}

int sqlite_facts(struct store *store, struct arena *a, struct store_fact **facts, size_t *count,
                 plain_error *err)
{
    static const char *const names[] = {"server", "journal_mode", "synchronous"};
    struct connection *conn = connection_of(store);
    struct store_fact *found = arena_array(a, ARRAY_SIZE(names), sizeof(*found));
    const char *values[ARRAY_SIZE(names)] = {"", "", ""};

    *count = 0;
    if (!found)
        return error_nomem(err);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading the settings of", err);
    if (r == PLAIN_OK)
        r = connection_end(conn, read_facts(conn, a, values, err), err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        found[i] = (struct store_fact){names[i], values[i]};
    *facts = found;
    *count = ARRAY_SIZE(names);
    return PLAIN_OK;
}

/* "?journal=delete" or "": as the URL says, or else as the file is, if there is one. */
static int journal_option(const char *url, const struct sqlite_path *where, struct arena *a,
                          const char **option, plain_error *err)
{
    struct store_fact *facts = NULL;
    struct store *store = NULL;
    size_t count = 0;
    bool exists = false;
    int r = PLAIN_OK;

    *option = where->journal == JOURNAL_DELETE ? "?journal=delete" : "";
    if (where->journal != JOURNAL_AS_IT_IS || path_check(where->path, true, &exists, NULL) < 0 ||
        !exists)
        return PLAIN_OK;
    r = store_open(url, STORE_READ_ONLY, &store, err);
    if (r == PLAIN_OK)
        r = sqlite_facts(store, a, &facts, &count, err);
    if (r == PLAIN_OK && count > 1 && strcmp(facts[1].value, "wal") != 0)
        *option = "?journal=delete";
    store_close(store);
    return r;
}

int sqlite_scratch_url(const char *url, const char *name, struct arena *a, const char **out,
                       plain_error *err)
{
    struct sqlite_path where;
    const char *option = "";
    int r = path_parse(url, &where, err);

    if (r == PLAIN_OK)
        r = journal_option(url, &where, a, &option, err);
    if (r < 0)
        return r;
    const char *slash = strrchr(where.path, '/');
    *out = arena_printf(a, "sqlite:%.*s%s%s%s", (int)(slash - where.path) + 1, where.path, name,
                        file_end, option);
    return *out ? PLAIN_OK : error_nomem(err);
}

static int cannot_remove(const char *path, plain_error *err)
{
    return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "deleting %s", path);
}

/* What workers made beside the file: see worker/folder.h and wake.h. */
static int remove_folder(const char *path, plain_error *err)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    if (!folder)
        return errno == ENOENT ? PLAIN_OK : cannot_remove(path, err);
    while ((entry = readdir(folder)))
        (void)unlinkat(dirfd(folder), entry->d_name, 0); /* "." and ".." are refused */
    (void)closedir(folder);
    return rmdir(path) == 0 ? PLAIN_OK : cannot_remove(path, err);
}

static bool is_scratch(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    size_t length = strlen(name), end = sizeof(file_end) - 1;

    return text_starts_with(name, STORE_SCRATCH) && length > end &&
           strcmp(name + length - end, file_end) == 0;
}

int sqlite_scratch_discard(const char *url, plain_error *err)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    struct sqlite_path where;
    char path[PATH_MAX + 16];
    int r = path_parse(url, &where, err);

    if (r < 0)
        return r;
    if (!is_scratch(where.path))
        return error_set(err, PLAIN_E_REFUSED, 309, "url",
                         "%s is no file " STORE_SCRATCH "*%s: nothing was deleted", where.path,
                         file_end);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", where.path, ends[i]);
        if (unlink(path) < 0 && errno != ENOENT)
            r = cannot_remove(path, r == PLAIN_OK ? err : NULL);
    }
    (void)snprintf(path, sizeof(path), "%s-workers", where.path);
    return r == PLAIN_OK ? remove_folder(path, err) : r;
}
