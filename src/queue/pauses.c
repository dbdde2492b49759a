/* pauses.c - holding queues and classes back */
#include <plain/jobs/operators.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/class.h"
#include "core/queue_pattern.h"
#include "queue/jobs.h"
#include "queue/unserved.h"
#include "store/pause.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int check_name(enum pause_kind kind, const char *name, plain_error *err)
{
    if (kind == PAUSE_QUEUE)
        return queue_pattern_check(or_empty(name), err);
    return class_check_text("job_class", or_empty(name), false, err);
}

static int pause(plain_jobs *jobs, const struct pause *p, plain_error *err)
{
    struct store *store = NULL;
    bool is_new = false;
    int r = check_name(p->kind, p->name, err);

    if (r == PLAIN_OK)
        r = class_check_text("reason", p->reason, true, err);
    if (r == PLAIN_OK)
        r = class_check_text("by", p->by, true, err);
    if (r == PLAIN_OK)
        r = jobs_take_store(jobs, &store, err);
    if (r != PLAIN_OK)
        return r;
    r = store->ops->pause(store, p, &is_new, err);
    jobs_give_store(jobs, store);
    return r == PLAIN_OK && !is_new ? PLAIN_NONE : r;
}

int plain_jobs_pause_queue(plain_jobs *jobs, const char *queue, const char *reason, const char *by,
                           plain_error *err)
{
    const struct pause p = {
        .kind = PAUSE_QUEUE, .name = queue, .reason = or_empty(reason), .by = or_empty(by)};

    return pause(jobs, &p, err);
}

int plain_jobs_pause_class(plain_jobs *jobs, const char *job_class, const char *reason,
                           const char *by, plain_error *err)
{
    const struct pause p = {
        .kind = PAUSE_CLASS, .name = job_class, .reason = or_empty(reason), .by = or_empty(by)};

    return pause(jobs, &p, err);
}

/* It was not paused under this name: perhaps a pattern holds it. */
static int explain_none(struct store *store, enum pause_kind kind, const char *name,
                        plain_error *err)
{
    struct arena a = ARENA_INIT;
    struct pause *pauses = NULL;
    size_t count = 0;
    int r = store->ops->pauses(store, &a, &pauses, &count, err);
    const struct pause *p = r == PLAIN_OK ? pause_find(pauses, count, kind, name) : NULL;

    if (p) {
        r = error_set(err, PLAIN_E_REFUSED, 206, "name", "queue %s is paused by the pattern %s",
                      name, p->name);
        error_fix(err, "resume that: `plain jobs resume --queue %s`", shell_word(&a, p->name));
    }
    arena_release(&a);
    return r == PLAIN_OK ? PLAIN_NONE : r;
}

static int resume(plain_jobs *jobs, enum pause_kind kind, const char *name, const char *by,
                  plain_error *err)
{
    struct store *store = NULL;
    int r = check_name(kind, name, err);

    if (r == PLAIN_OK)
        r = class_check_text("by", or_empty(by), true, err);
    if (r == PLAIN_OK)
        r = jobs_take_store(jobs, &store, err);
    if (r != PLAIN_OK)
        return r;
    r = store->ops->resume(store, kind, name, or_empty(by), err);
    if (r == PLAIN_NONE)
        r = explain_none(store, kind, name, err);
    jobs_give_store(jobs, store);
    return r;
}

int plain_jobs_resume_queue(plain_jobs *jobs, const char *queue, const char *by, plain_error *err)
{
    return resume(jobs, PAUSE_QUEUE, queue, by, err);
}

int plain_jobs_resume_class(plain_jobs *jobs, const char *job_class, const char *by,
                            plain_error *err)
{
    return resume(jobs, PAUSE_CLASS, job_class, by, err);
}
