#include "cli/bench_place.h"

#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/uuid.h"

/* A schema of one's own takes a right that an application's user often lacks. */
static void explain_right(plain_error *err)
{
    if (strcmp(err->sqlstate, "42501") == 0)
        error_fix(err, "as the owner run `GRANT CREATE ON DATABASE name TO user`, or give a "
                       "database with --db in which this user may make a schema");
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
    return r;
}

/* What is busy or away for a moment is tried again. */
static int discard(const struct bench_place *p, plain_error *err)
{
    enum { TIMES = 3 };
    const struct timespec moment = {.tv_sec = 1};
    int r = PLAIN_OK;

    for (int i = 0; i < TIMES; i++) {
        r = p->ops->scratch_discard(p->url, err);
        if (r != PLAIN_E_UNREACHABLE && r != PLAIN_E_BUSY)
            break;
        if (i + 1 < TIMES)
            (void)nanosleep(&moment, NULL);
    }
    return r;
}

int bench_place_close(struct bench_place *p, plain_error *err)
{
    plain_error why;
    bool made = p->store != NULL;

    store_close(p->store);
    p->store = NULL;
    if (!made || discard(p, &why) == PLAIN_OK)
        return PLAIN_OK;
    int r = error_set(err, why.code, 309, "", "%s is left: %s", p->name, why.message);
    if (p->ops->caps & STORE_FILE)
        error_fix(err, "delete the files %s.db* and the folder %s.db-workers", p->name, p->name);
    else
        error_fix(err, "run `DROP SCHEMA %s CASCADE` in that database", p->name);
    return r;
}
