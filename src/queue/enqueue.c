/*
 * enqueue.c - from a call of the application to one row
 *
 * Every value is checked and every function of the class has been asked before a store is taken, so
 * a refused call has touched no database, and no function of the application but its should_enqueue
 * runs while we hold a connection.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "core/class.h"
#include "core/params.h"
#include "queue/jobs.h"
#include "queue/request.h"
#include "queue/rule.h"

_Static_assert(sizeof(plain_request) == 128, "plain_request is 128 bytes for ever");

static int insert(struct store *store, const struct new_request *prepared, const struct rule *rule,
                  plain_request *made, plain_error *err)
{
    if (rule->self)
        return rule_enqueue(rule, store, prepared, made, err);
    return store->ops->enqueue(store, prepared, made, err);
}

/* One try, and a second one when the link broke: then the first may have been committed, or may be
 * yet. */
static int try_twice(plain_jobs *jobs, const struct new_request *prepared, const struct rule *rule,
                     plain_request *made, plain_error *err)
{
    struct new_request again = *prepared;
    struct store *store;
    int r = jobs_take_store(jobs, &store, err);

    if (r < 0)
        return r;
    r = insert(store, prepared, rule, made, err);
    if (r == PLAIN_E_UNREACHABLE && !store->is_adopted) {
        again.may_exist = true;
        *made = (plain_request){0};
        r = request_told_again(insert(store, &again, rule, made, err), err);
    }
    jobs_give_store(jobs, store);
    return r;
}

static int enqueue_prepared(plain_jobs *jobs, const struct new_request *prepared,
                            const struct rule *rule, plain_request *request, plain_error *err)
{
    plain_request made = {0};
    int r = try_twice(jobs, prepared, rule, &made, err);

    if (r < 0)
        made = (plain_request){0};
    if (r == PLAIN_OK || r == PLAIN_E_UNREACHABLE)
        made.uuid = prepared->uuid; /* without it nobody could repeat an unknown outcome */
    if (request)
        *request = made;
    return r;
}

/* Decides the values and inserts. params is the class's struct, stored the text of it. */
static int enqueue_stored(plain_jobs *jobs, const plain_job_class *cls, const char *name,
                          const void *params, const char *stored, const plain_options *options,
                          plain_request *request, plain_error *err)
{
    struct enqueue_values values;
    struct rule rule = {0};
    int r = class_decide(cls, params, options, &values, err);

    if (r == PLAIN_OK)
        r = rule_of(cls, params, values.concurrency_key, &rule, err);
    if (r < 0)
        return r;
    /* A rule counts the class by its own name, so jobs under an alias would escape it. */
    struct new_request prepared = request_of(rule.self ? rule.job_class : name, stored, &values);
    return enqueue_prepared(jobs, &prepared, &rule, request, err);
}

/* What every enqueue begins with. */
static int begin(const plain_job_class *cls, plain_request *request, plain_error *err)
{
    if (request)
        memset(request, 0, sizeof(*request));
    return request_check_class(cls, err);
}

int plain_run_in_worker(plain_jobs *jobs, const plain_job_class *cls, const void *params,
                        const plain_options *options, plain_request *request, plain_error *err)
{
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    int r = begin(cls, request, err);

    if (r == PLAIN_OK)
        r = params_encode(cls, params, &stored, err);
    if (r == PLAIN_OK)
        r = enqueue_stored(jobs, cls, cls->name, params, stored.data, options, request, err);
    buf_release(&stored);
    return r;
}

int jobs_enqueue_json(plain_jobs *jobs, const plain_job_class *cls, const char *name,
                      const char *json, const plain_options *options, plain_request *request,
                      plain_error *err)
{
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    struct arena arena = ARENA_INIT;
    const void *params = NULL;
    int r = class_check_text("job_class", name, false, err);

    if (r == PLAIN_OK)
        r = params_from_json(cls, json, &stored, err);
    if (r == PLAIN_OK && cls) /* its functions want the struct */
        r = params_decode(cls, stored.data, &arena, &params, err);
    if (r == PLAIN_OK)
        r = enqueue_stored(jobs, cls, name, params, stored.data, options, request, err);
    arena_release(&arena);
    buf_release(&stored);
    return r;
}

int plain_run_in_worker_json(plain_jobs *jobs, const plain_job_class *cls, const char *json,
                             const plain_options *options, plain_request *request, plain_error *err)
{
    int r = begin(cls, request, err);

    if (r < 0)
        return r;
    return jobs_enqueue_json(jobs, cls, cls->name, json, options, request, err);
}

int plain_run_in_worker_by_name(plain_jobs *jobs, const char *name, const char *json,
                                const plain_options *options, plain_request *request,
                                plain_error *err)
{
    if (request)
        memset(request, 0, sizeof(*request));
    return jobs_enqueue_json(jobs, NULL, name ? name : "", json, options, request, err);
}
