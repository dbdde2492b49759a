/* workers.c - asking a worker to end, or to take no more */
#include <string.h>

#include <plain/jobs/operators.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/class.h"
#include "queue/jobs.h"

/* Its id, the beginning or the end of that, or host:pid. */
static bool is_meant(const struct worker_view *w, const char *name, struct arena *a)
{
    enum { PART_LEAST = 4 };
    char id[PLAIN_UUID_TEXT];
    const char *place = arena_printf(a, "%s:%d", w->host, w->pid);
    size_t length = strlen(name), whole = strlen(plain_uuid_format(&w->id, id));

    if (place && strcmp(place, name) == 0)
        return true;
    return length >= PART_LEAST && length <= whole &&
           (text_starts_with(id, name) || strcmp(id + whole - length, name) == 0);
}

static int no_such_worker(const char *name, plain_error *err)
{
    int r = error_set(err, PLAIN_E_NOT_FOUND, 205, "worker", "there is no worker \"%s\"", name);

    error_fix(err,
              "see them with `plain jobs workers`: WORKER is the id, at least 4 characters of its "
              "beginning or end, or host:pid");
    return r;
}

static int find_meant(struct store *store, const char *name, struct arena *a, plain_uuid *id,
                      plain_error *err)
{
    struct worker_view *workers = NULL;
    size_t count = 0, found = 0;
    int r = store->ops->workers(store, a, &workers, &count, err);

    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        if (!is_meant(&workers[i], name, a))
            continue;
        *id = workers[i].id;
        found++;
    }
    if (r == PLAIN_OK && !arena_ok(a))
        return error_nomem(err);
    if (found > 1)
        return error_set(err, PLAIN_E_INVALID, 201, "worker",
                         "\"%s\" means more than one worker: give the whole id", name);
    return r == PLAIN_OK && found == 0 ? no_such_worker(name, err) : r;
}

static int ask(plain_jobs *jobs, const char *worker, enum worker_wish wish, const char *by,
               plain_uuid *id, plain_error *err)
{
    struct arena a = ARENA_INIT;
    struct store *store = NULL;
    plain_uuid meant = {{0}};

    if (!worker)
        return error_set(err, PLAIN_E_INVALID, 105, "worker", "worker is NULL");
    int r = class_check_text("by", by ? by : "", true, err);
    if (r == PLAIN_OK)
        r = jobs_take_store(jobs, &store, err);
    if (r != PLAIN_OK)
        return r;
    r = find_meant(store, worker, &a, &meant, err);
    if (r == PLAIN_OK)
        r = store->ops->ask_worker(store, &meant, wish, by ? by : "", err);
    jobs_give_store(jobs, store);
    arena_release(&a);
    if (r == PLAIN_OK && id)
        *id = meant;
    return r == PLAIN_NONE ? no_such_worker(worker, err) : r;
}

int plain_jobs_quiet_worker(plain_jobs *jobs, const char *worker, const char *by, plain_uuid *id,
                            plain_error *err)
{
    return ask(jobs, worker, WISH_QUIET, by, id, err);
}

int plain_jobs_stop_worker(plain_jobs *jobs, const char *worker, const char *by, plain_uuid *id,
                           plain_error *err)
{
    return ask(jobs, worker, WISH_STOP, by, id, err);
}
