#define _GNU_SOURCE
#include "cli/bench_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/uuid.h"
#include "worker/folder.h"

/* A schema of one's own takes a right that an application's user often lacks. */
static void explain_right(plain_error *err)
{
    if (strcmp(err->sqlstate, "42501") == 0)
        error_fix(err, "as the owner run `GRANT CREATE ON DATABASE name TO user`, or give a "
                       "database with --db in which this user may make a schema");
}

/* A worker that is killed leaves its file, which only another one of its database would remove. */
static int make_folder(struct bench_place *p, struct arena *a, plain_error *err)
{
    char runtime[PATH_MAX];
    int r = folder_find(NULL, runtime, err);

    if (r < 0)
        return r;
    const char *folder = arena_printf(a, "%s/%s", runtime, p->name);
    if (!folder)
        return error_nomem(err);
    if (mkdir(folder, 0700) < 0)
        return error_set_errno(err, PLAIN_E_IO, 622, "", errno, "making the worker folder %s",
                               folder);
    p->folder = folder;
    return PLAIN_OK;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        (void)closedir(folder);
    (void)rmdir(path);
}

int bench_place_open(struct bench_place *p, struct cli *cli, plain_error *err)
{
    const char *url = settings_text(cli->settings, SETTING_DATABASE_URL);
    int from, to;

    *p = (struct bench_place){.ops = store_for_url(url, err)};
    if (!p->ops)
        return PLAIN_E_INVALID;
    p->name = arena_printf(&cli->arena, STORE_SCRATCH "%08x", (unsigned)random_u64());
    if (!p->name)
        return error_nomem(err);
    int r = p->ops->scratch_url(url, p->name, &cli->arena, &p->url, err);
    if (r == PLAIN_OK)
        r = store_open(p->url, STORE_CREATE, &p->store, err);
    if (r == PLAIN_OK)
        r = p->ops->migrate(p->store, &from, &to, err);
    if (r == PLAIN_OK)
        r = p->ops->facts(p->store, &cli->arena, &p->facts, &p->fact_count, err);
    if (r < 0)
        explain_right(err);
    if (r == PLAIN_OK && !(p->ops->caps & STORE_FILE))
        r = make_folder(p, &cli->arena, err);
    return r;
}

/* What is away for a moment is tried again; locks it has waited for. */
static int discard(const struct bench_place *p, plain_error *err)
{
    enum { TIMES = 3 };
    const struct timespec moment = {.tv_sec = 1};
    int r = PLAIN_OK;

    for (int i = 0; i < TIMES; i++) {
        r = p->ops->scratch_discard(p->url, err);
        if (r != PLAIN_E_UNREACHABLE)
            break;
        if (i + 1 < TIMES)
            (void)nanosleep(&moment, NULL);
    }
    return r;
}

int bench_place_close(struct bench_place *p, plain_error *err)
{
    plain_error why;
    bool made = p->store != NULL || (p->url && (p->ops->caps & STORE_FILE)); /* half of it too */

    store_close(p->store);
    p->store = NULL;
    if (p->folder)
        remove_folder(p->folder);
    if (!made || discard(p, &why) == PLAIN_OK)
        return PLAIN_OK;
    int r = error_set(err, why.code, 309, "", "%s is left: %s", p->name, why.message);
    if (p->ops->caps & STORE_FILE)
        error_fix(err, "delete the files %s.db* and the folder %s.db-workers", p->name, p->name);
    else
        error_fix(err, "run `DROP SCHEMA %s CASCADE` in that database", p->name);
    return r;
}
