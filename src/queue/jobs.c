#include "queue/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "queue/rule.h"

/* Invariant: made - idle_count stores are with callers, and made <= max. */
struct plain_jobs {
    pid_t owner; /* the process that opened it */
    jobs_open_store *open;
    char *url;
    unsigned flags;

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t given;  /* a store came back, or room for one */
    struct store *idle[JOBS_STORES_MAX];
    size_t idle_count, made, max;
};

static const char *chosen_url(const char *url)
{
    const char *variable = getenv("DATABASE_URL");

    if (url)
        return url;
    return variable && *variable ? variable : "sqlite:plain.db";
}

static void free_handle(plain_jobs *jobs)
{
    mem_free(jobs->url);
    mem_free(jobs);
}

static plain_jobs *new_handle(jobs_open_store *open, const char *url, unsigned flags)
{
    plain_jobs *jobs = mem_zalloc(1, sizeof(*jobs));

    if (!jobs)
        return NULL;
    jobs->owner = getpid();
    jobs->open = open;
    jobs->flags = flags;
    jobs->url = mem_strdup(url);
    if (!jobs->url || pthread_mutex_init(&jobs->mutex, NULL) != 0) {
        free_handle(jobs);
        return NULL;
    }
    if (pthread_cond_init(&jobs->given, NULL) != 0) {
        (void)pthread_mutex_destroy(&jobs->mutex);
        free_handle(jobs);
        return NULL;
    }
    return jobs;
}

static int connect_first(plain_jobs *jobs, plain_error *err)
{
    struct store *store = NULL;
    int r = jobs->open(jobs->url, jobs->flags, &store, err);

    if (r < 0)
        return r;
    jobs->max = store->ops->caps & STORE_ONE_WRITER ? 1 : JOBS_STORES_MAX;
    jobs->made = 1;
    jobs->idle[jobs->idle_count++] = store;
    return store_check_schema(store, err);
}

int jobs_open_with(jobs_open_store *open, const char *url, unsigned flags, plain_jobs **out,
                   plain_error *err)
{
    if (!out)
        return error_set(err, PLAIN_E_INVALID, 0, "out", "plain_jobs_open: out is NULL");
    plain_jobs *jobs = new_handle(open, chosen_url(url), flags);
    if (!jobs)
        return error_nomem(err);
    int r = connect_first(jobs, err);
    if (r < 0)
        plain_jobs_close(jobs);
    else
        *out = jobs;
    return r;
}

int jobs_open_around(struct store *store, plain_jobs **out, plain_error *err)
{
    plain_jobs *jobs = new_handle(NULL, "", 0);

    if (!jobs)
        return error_nomem(err);
    jobs->max = jobs->made = jobs->idle_count = 1;
    jobs->idle[0] = store;
    *out = jobs;
    return PLAIN_OK;
}

int jobs_open(const char *url, unsigned flags, plain_jobs **out, plain_error *err)
{
    return jobs_open_with(store_open, url, flags, out, err);
}

int plain_jobs_open(const char *url, plain_jobs **out, plain_error *err)
{
    return jobs_open(url, 0, out, err);
}

void plain_jobs_close(plain_jobs *jobs)
{
    if (!jobs)
        return;
    /* A child must not say good-bye on its parent's connection, nor let go of a lock of its parent:
     * stores, mutex and condition are left as they are. */
    if (jobs->owner == getpid()) {
        assert(jobs->idle_count == jobs->made);
        for (size_t i = 0; i < jobs->idle_count; i++)
            jobs->idle[i]->ops->close(jobs->idle[i]);
        (void)pthread_cond_destroy(&jobs->given);
        (void)pthread_mutex_destroy(&jobs->mutex);
    }
    free_handle(jobs);
}

static int check_handle(const plain_jobs *jobs, plain_error *err)
{
    if (!jobs)
        return error_set(err, PLAIN_E_INVALID, 0, "jobs", "jobs is NULL: nothing was opened");
    if (jobs->owner != getpid())
        return error_set(err, PLAIN_E_FORKED, 701, "jobs",
                         "the handle was opened by process %ld, before fork()", (long)jobs->owner);
    /* The rule's own store is in use, and would be waited for without end. */
    if (rule_is_asking())
        return error_set(err, PLAIN_E_REFUSED, 505, "jobs",
                         "nothing can be enqueued from within should_enqueue");
    return PLAIN_OK;
}

/* An idle store, or NULL and the right to make one. Waits until there is either. */
static struct store *take_idle(plain_jobs *jobs)
{
    struct store *store = NULL;

    (void)pthread_mutex_lock(&jobs->mutex);
    while (jobs->idle_count == 0 && jobs->made == jobs->max)
        (void)pthread_cond_wait(&jobs->given, &jobs->mutex);
    if (jobs->idle_count > 0)
        store = jobs->idle[--jobs->idle_count];
    else
        jobs->made++;
    (void)pthread_mutex_unlock(&jobs->mutex);
    return store;
}

int jobs_take_store(plain_jobs *jobs, struct store **out, plain_error *err)
{
    int r = check_handle(jobs, err);

    if (r < 0)
        return r;
    *out = take_idle(jobs);
    if (*out)
        return PLAIN_OK;
    r = jobs->open(jobs->url, jobs->flags, out, err);
    if (r < 0) {
        (void)pthread_mutex_lock(&jobs->mutex);
        jobs->made--;
        (void)pthread_cond_signal(&jobs->given);
        (void)pthread_mutex_unlock(&jobs->mutex);
    }
    return r;
}

void jobs_give_store(plain_jobs *jobs, struct store *store)
{
    (void)pthread_mutex_lock(&jobs->mutex);
    assert(jobs->idle_count < jobs->made);
    jobs->idle[jobs->idle_count++] = store;
    (void)pthread_cond_signal(&jobs->given);
    (void)pthread_mutex_unlock(&jobs->mutex);
}
