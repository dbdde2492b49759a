/* conformance.c - what the tests of the suite are written with */
#include "tests/store/conformance.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

static const struct conformance_database *database;

static const char *const default_queues[] = {"default", NULL};
static const char *const default_classes[] = {"Job", NULL};

void conformance_use(const struct conformance_database *used)
{
    database = used;
}

const char *conformance_fresh_url(void)
{
    return database->fresh();
}

#define must(call, b)                                                                              \
    do {                                                                                           \
        int r_ = (call);                                                                           \
        if (r_ < 0)                                                                                \
            fail_msg("%s: %s", plain_error_name(r_), (b)->err.message);                            \
    } while (0)

static void open_store(struct bench *b)
{
    must(store_open(b->url, STORE_CREATE, &b->store, &b->err), b);
}

void bench_register(struct bench *b)
{
    const struct worker_row row = {.identity = &b->worker,
                                   .queues = default_queues,
                                   .queue_count = 1,
                                   .classes = default_classes,
                                   .class_count = 1,
                                   .lease_ms = BENCH_LEASE_MS,
                                   .capacity = 2};

    must(b->store->ops->register_worker(b->store, &row, &b->err), b);
}

static void migrate(struct bench *b)
{
    int from, to;

    open_store(b);
    must(b->store->ops->migrate(b->store, &from, &to, &b->err), b);
}

/* Migrated once and copied, where that is cheaper. */
static const char *ready_url(void)
{
    static const char *migrated;

    if (!database->copy)
        return conformance_fresh_url();
    if (!migrated) {
        struct bench b = {.url = conformance_fresh_url()};

        migrate(&b);
        store_close(b.store);
        migrated = b.url;
    }
    return database->copy(migrated);
}

void bench_open(struct bench *b)
{
    *b = (struct bench){
        .url = ready_url(),
        .worker = {.id = uuid_new(), .host = "host-1", .pid = 4711},
    };
    migrate(b); /* nothing, if it was copied */
    bench_register(b);
}

void bench_join(struct bench *b, const struct bench *other)
{
    int version;

    *b = (struct bench){.url = other->url, .worker = other->worker};
    b->worker.id = uuid_new();
    open_store(b);
    must(b->store->ops->schema_version(b->store, &version, &b->err), b);
    if (version > 0)
        bench_register(b);
}

void bench_close(struct bench *b)
{
    store_close(b->store);
    arena_release(&b->arena);
}

int64_t bench_number(const struct bench *b, const char *sql)
{
    return database->number(b->url, sql);
}

int64_t bench_rows(const struct bench *b, const char *table)
{
    char sql[128];

    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    return bench_number(b, sql);
}

struct new_request request_default(void)
{
    return (struct new_request){
        .uuid = uuid_new(),
        .job_class = "Job",
        .parameters = "{\"args\": [], \"kwargs\": {}}",
        .queue = "default",
        .concurrency_key = "",
        .source = "test.c:1",
        .start_at = STORE_NO_TIME,
    };
}

int bench_try_enqueue(struct bench *b, const struct new_request *r, plain_request *out)
{
    int result = b->store->ops->enqueue(b->store, r, out, &b->err);

    must(result, b);
    return result;
}

plain_uuid bench_enqueue(struct bench *b, const struct new_request *r)
{
    plain_request out;

    assert_int_equal(bench_try_enqueue(b, r, &out), PLAIN_OK);
    assert_uuid_equal(out.uuid, r->uuid);
    return out.uuid;
}

static size_t list_length(const char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return n;
}

plain_uuid *bench_tokens(struct bench *b, size_t count)
{
    plain_uuid *tokens = arena_array(&b->arena, count, sizeof(*tokens));

    assert_non_null(tokens);
    for (size_t i = 0; i < count; i++)
        tokens[i] = uuid_new();
    return tokens;
}

struct cycle_result bench_cycle(struct bench *b, const struct cycle *c)
{
    struct cycle with_worker = *c;
    struct cycle_result out;

    with_worker.worker = &b->worker;
    with_worker.shard = 7;
    must(b->store->ops->cycle(b->store, &with_worker, &b->arena, &out, &b->err), b);
    return out;
}

struct cycle_result bench_claim_from(struct bench *b, const char *const *queues,
                                     const char *const *classes, size_t limit)
{
    const struct claim_wish wish = {
        .queues = queues,
        .queue_count = list_length(queues),
        .classes = classes,
        .class_count = list_length(classes),
        .tokens = bench_tokens(b, limit),
        .limit = limit,
    };

    return bench_cycle(b, &(struct cycle){.wish = &wish});
}

struct cycle_result bench_claim(struct bench *b, size_t limit)
{
    return bench_claim_from(b, default_queues, default_classes, limit);
}

struct claim bench_claim_one(struct bench *b)
{
    struct cycle_result out = bench_claim(b, 1);

    assert_int_equal(out.claim_count, 1);
    return out.claims[0];
}

struct job_end end_of(const struct claim *c, enum job_status status)
{
    int64_t now = clock_wall_us();

    return (struct job_end){
        .token = c->token,
        .status = status,
        .started_at = now - 2000,
        .ended_at = now,
        .error = "",
        .exit_code = -1,
        .exit_signal = -1,
        .cpu_us = -1,
        .max_rss_kb = -1,
        .successor_start_at = STORE_NO_TIME,
    };
}

size_t bench_end(struct bench *b, const struct job_end *end)
{
    return bench_cycle(b, &(struct cycle){.ends = end, .end_count = 1}).ended;
}

size_t bench_release(struct bench *b, const plain_uuid *token)
{
    return bench_cycle(b, &(struct cycle){.releases = token, .release_count = 1}).released;
}

struct job_row *bench_find(struct bench *b, const plain_uuid *uuid, size_t *count)
{
    struct job_row *rows = NULL;

    must(b->store->ops->find(b->store, uuid, 0, &b->arena, &rows, count, &b->err), b);
    return rows;
}

struct job_row *bench_list(struct bench *b, enum job_table table, const struct row_filter *filter,
                           size_t *count)
{
    struct job_row *rows = NULL;

    must(b->store->ops->list(b->store, table, filter, &b->arena, &rows, count, &b->err), b);
    return rows;
}

struct job_row *bench_all(struct bench *b, enum job_table table, size_t *count)
{
    return bench_list(b, table, &(struct row_filter){.limit = 1000}, count);
}
