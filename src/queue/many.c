/*
 * many.c - many jobs of a class in one transaction
 *
 * Items are encoded, decided and checked when the store asks for them. Their texts live in one
 * arena; a queue or source that is the same as the item's before is kept once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/uuid.h"
#include "core/adopt.h"
#include "core/class.h"
#include "core/params.h"
#include "queue/jobs.h"
#include "queue/request.h"
#include "queue/rule.h"

struct batch {
    const plain_job_class *cls; /* NULL: not known here */
    const char *name;
    const plain_item *items;
    struct new_request *requests;
    size_t count;
    size_t prepared; /* so many requests are made */
    struct arena texts;
    struct arena scratch; /* of one item */
    struct buf stored;    /* likewise    */
};

/* Item i: each is as large as the program's headers made it. */
static int item_at(const plain_item *items, size_t i, plain_item *out, plain_error *err)
{
    const void *at = (const char *)items + i * items->size;
    const plain_item *item = at;

    if (item->size != items->size)
        return error_set(err, PLAIN_E_VERSION, 702, "size",
                         "its size is %zu bytes, that of the first item is %zu", item->size,
                         items->size);
    return struct_adopt("the item", "sizeof(plain_item)", out, sizeof(*out), item, item->size, err);
}

/* The stored form, and the struct that functions of the class want. */
static int encode(struct batch *b, const plain_item *item, const void **params, plain_error *err)
{
    *params = item->params;
    if (item->params && item->json)
        return error_set(err, PLAIN_E_INVALID, 105, "json",
                         "params and json are both given: they contradict each other");
    if (b->cls && !item->json)
        return params_encode(b->cls, item->params, &b->stored, err);
    if (item->params)
        return error_set(err, PLAIN_E_INVALID, 105, "params",
                         "params of a class that this program does not have");
    int r = params_from_json(b->cls, item->json, &b->stored, err);
    if (r == PLAIN_OK && b->cls)
        r = params_decode(b->cls, b->stored.data, &b->scratch, params, err);
    return r;
}

static const char *keep(struct batch *b, const char *text, const char *before)
{
    return before && strcmp(before, text) == 0 ? before : arena_strdup(&b->texts, text);
}

static int prepare_item(struct batch *b, size_t i, plain_error *err)
{
    struct new_request none = {0};
    const struct new_request *before = i > 0 ? &b->requests[i - 1] : &none;
    struct enqueue_values values;
    plain_item item = {0};
    const void *params = NULL;

    buf_reset(&b->stored);
    arena_reset(&b->scratch);
    int r = item_at(b->items, i, &item, err);
    if (r == PLAIN_OK)
        r = encode(b, &item, &params, err);
    if (r == PLAIN_OK)
        r = class_decide(b->cls, params, item.options, &values, err);
    if (r < 0)
        return r;
    struct new_request request = request_of(b->name, b->stored.data, &values);
    request.parameters = keep(b, request.parameters, before->parameters);
    request.queue = keep(b, request.queue, before->queue);
    request.concurrency_key = keep(b, request.concurrency_key, before->concurrency_key);
    request.source = keep(b, request.source, before->source);
    b->requests[i] = request;
    return arena_ok(&b->texts) ? PLAIN_OK : error_nomem(err);
}

static int compare_uuids(const void *a, const void *b)
{
    const struct new_request *const *first = a;
    const struct new_request *const *second = b;

    return memcmp(&(*first)->uuid, &(*second)->uuid, sizeof(plain_uuid));
}

/* A uuid that the caller gave twice is a slip: the second job would vanish. */
static int check_uuids(struct batch *b, plain_error *err)
{
    const struct new_request **given = arena_array(&b->texts, b->count, sizeof(const void *));
    size_t n = 0;

    if (!given)
        return error_nomem(err);
    for (size_t i = 0; i < b->count; i++) {
        if (b->requests[i].may_exist)
            given[n++] = &b->requests[i];
    }
    qsort(given, n, sizeof(const void *), compare_uuids);
    for (size_t i = 1; i < n; i++) {
        if (compare_uuids(&given[i - 1], &given[i]) == 0)
            return error_set(err, PLAIN_E_INVALID, 105, "uuid", "items %zu and %zu have one uuid",
                             (size_t)(given[i - 1] - b->requests),
                             (size_t)(given[i] - b->requests));
    }
    return PLAIN_OK;
}

/* The prepare() of the store's request_source. */
static int prepare(void *user, size_t n, plain_error *err)
{
    struct batch *b = user;

    if (n <= b->prepared)
        return PLAIN_OK;
    for (; b->prepared < n; b->prepared++) {
        int r = prepare_item(b, b->prepared, err);
        if (r < 0) {
            error_prefix(err, "item %zu: ", b->prepared);
            return r;
        }
    }
    return n == b->count ? check_uuids(b, err) : PLAIN_OK;
}

/* One try, and a second one when the link broke: then the first may have been committed, or may be
 * yet. */
static int try_twice(plain_jobs *jobs, struct batch *b, plain_request *made, plain_error *err)
{
    const struct request_source source = {b->requests, b->count, prepare, b};
    struct store *store;
    int r = jobs_take_store(jobs, &store, err);

    if (r < 0)
        return r;
    r = store->ops->enqueue_many(store, &source, made, err);
    if (r == PLAIN_E_UNREACHABLE && !store->is_adopted) {
        for (size_t i = 0; i < b->prepared; i++)
            b->requests[i].may_exist = true;
        r = request_told_again(store->ops->enqueue_many(store, &source, made, err), err);
    }
    jobs_give_store(jobs, store);
    return r;
}

static int insert(plain_jobs *jobs, struct batch *b, plain_request *made, plain_error *err)
{
    int r = try_twice(jobs, b, made, err);

    if (r == PLAIN_E_UNREACHABLE) { /* a bad item is told all the same: no try had all of them */
        int bad = prepare(b, b->count, err);
        if (bad < 0)
            r = bad;
    }
    return r;
}

static void tell(const struct batch *b, int r, plain_request *made, size_t *enqueued)
{
    for (size_t i = 0; i < b->count; i++) {
        if (r == PLAIN_OK && !uuid_is_zero(&made[i].uuid))
            (*enqueued)++;
        if (r == PLAIN_E_UNREACHABLE) /* without it nobody could repeat an unknown outcome */
            made[i].uuid = b->requests[i].uuid;
    }
}

static int run(plain_jobs *jobs, struct batch *b, plain_request *made, size_t *enqueued,
               plain_error *err)
{
    int r = class_check_text("job_class", b->name, false, err);

    if (r == PLAIN_OK && class_has_deciders(b->cls)) /* they are not to run in a transaction */
        r = prepare(b, b->count, err);
    if (r == PLAIN_OK)
        r = insert(jobs, b, made, err);
    tell(b, r, made, enqueued);
    return r;
}

int jobs_run_many(plain_jobs *jobs, const plain_job_class *cls, const char *name,
                  const plain_item *items, size_t count, plain_request *results, size_t *enqueued,
                  plain_error *err)
{
    struct batch b = {.cls = cls,
                      .name = name,
                      .items = items,
                      .count = count,
                      .stored = BUF_INIT(PARAMS_BUF_MAX)};
    plain_request *made = results ? results : mem_zalloc(count, sizeof(*made));
    size_t n = 0;

    b.requests = mem_zalloc(count, sizeof(*b.requests));
    int r = made && b.requests ? run(jobs, &b, made, &n, err) : error_nomem(err);
    if (enqueued)
        *enqueued = n;
    if (!results)
        mem_free(made);
    mem_free(b.requests);
    buf_release(&b.stored);
    arena_release(&b.scratch);
    arena_release(&b.texts);
    return r;
}

static int refuse_rule(const plain_job_class *cls, plain_error *err)
{
    bool has_rule;
    int r = rule_exists(cls, &has_rule, err);

    if (r < 0 || !has_rule)
        return r;
    (void)error_set(err, PLAIN_E_INVALID, 505, "should_enqueue",
                    "job class '%s' has a should_enqueue, which counts before each job", cls->name);
    error_fix(err, "enqueue its jobs one by one with plain_run_in_worker");
    return PLAIN_E_INVALID;
}

int plain_run_many(plain_jobs *jobs, const plain_job_class *cls, const plain_item *items,
                   size_t count, plain_request *results, size_t *enqueued, plain_error *err)
{
    if (enqueued)
        *enqueued = 0;
    if (results)
        memset(results, 0, count * sizeof(*results));
    int r = request_check_class(cls, err);
    if (r == PLAIN_OK)
        r = refuse_rule(cls, err);
    if (r < 0)
        return r;
    if (!items && count > 0)
        return error_set(err, PLAIN_E_INVALID, 0, "items", "items is NULL");
    return jobs_run_many(jobs, cls, cls->name, items, count, results, enqueued, err);
}
