/* conformance_schema.c - migrations, and the table of functions */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "tests/store/conformance.h"

static void open_empty(struct bench *b)
{
    *b = (struct bench){.url = conformance_fresh_url()};
    assert_int_equal(store_open(b->url, STORE_CREATE, &b->store, &b->err), PLAIN_OK);
}

void an_empty_database_has_no_schema(void **state)
{
    struct bench b;
    int version = -1;

    (void)state;
    open_empty(&b);
    assert_int_equal(b.store->ops->schema_version(b.store, &version, &b.err), PLAIN_OK);
    assert_int_equal(version, 0);
    assert_int_equal(store_check_schema(b.store, &b.err), PLAIN_E_SCHEMA);
    assert_int_equal(b.err.pj, 302);
    assert_non_null(strstr(b.err.fix, "plain migrate"));
    bench_close(&b);
}

void migrates_once_and_then_nothing(void **state)
{
    struct bench b;
    int from = -1, to = -1, version;

    (void)state;
    open_empty(&b);
    assert_int_equal(b.store->ops->migrate(b.store, &from, &to, &b.err), PLAIN_OK);
    assert_int_equal(from, 0);
    assert_int_equal(to, b.store->ops->newest_version());
    assert_int_equal(b.store->ops->migrate(b.store, &from, &to, &b.err), PLAIN_OK);
    assert_int_equal(from, to);
    assert_int_equal(b.store->ops->schema_version(b.store, &version, &b.err), PLAIN_OK);
    assert_int_equal(version, to);
    assert_int_equal(store_check_schema(b.store, &b.err), PLAIN_OK);
    assert_int_equal(bench_rows(&b, "plainjobs_migration"), to);
    bench_close(&b);
}

struct migrator {
    struct bench bench;
    pthread_t thread;
    int result, from, to;
};

static void *migrate(void *user)
{
    struct migrator *m = user;

    m->result = m->bench.store->ops->migrate(m->bench.store, &m->from, &m->to, &m->bench.err);
    return NULL;
}

void migrates_by_two_threads_at_once(void **state)
{
    static struct migrator migrators[2];
    struct bench b;
    int newest = 0;

    (void)state;
    open_empty(&b);
    for (int i = 0; i < 2; i++) {
        bench_join(&migrators[i].bench, &b);
        newest = b.store->ops->newest_version();
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&migrators[i].thread, NULL, migrate, &migrators[i]), 0);
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(migrators[i].thread, NULL);
        if (migrators[i].result != PLAIN_OK)
            fail_msg("%s", migrators[i].bench.err.message);
        assert_int_equal(migrators[i].to, newest);
        assert_true(migrators[i].from <= newest);
        bench_close(&migrators[i].bench);
    }
    assert_int_equal(bench_rows(&b, "plainjobs_migration"), newest);
    bench_close(&b);
}

void a_newer_schema_is_refused(void **state)
{
    char newer[16];
    struct bench b;
    int from, to;

    (void)state;
    bench_open(&b);
    (void)snprintf(newer, sizeof(newer), "%d", b.store->ops->newest_version() + 1000);
    (void)bench_number(&b, "UPDATE plainjobs_migration SET version = version + 1000");
    assert_int_equal(store_check_schema(b.store, &b.err), PLAIN_E_SCHEMA);
    assert_int_equal(b.err.pj, 302);
    assert_non_null(strstr(b.err.message, newer));
    assert_non_null(strstr(b.err.fix, "newer"));
    assert_int_equal(b.store->ops->migrate(b.store, &from, &to, &b.err), PLAIN_E_SCHEMA);
    assert_int_equal(b.err.pj, 302);
    bench_close(&b);
}

void the_migrations_as_text_make_the_same_schema(void **state)
{
    const char *name, *sql;
    struct bench b;
    int version = 0, found;
    size_t i = 0;

    (void)state;
    open_empty(&b);
    for (;; i++) {
        int r = b.store->ops->migration_sql(b.store, i, &b.arena, &version, &name, &sql, &b.err);
        if (r == PLAIN_NONE)
            break;
        assert_int_equal(r, PLAIN_OK);
        assert_int_equal(version, (int)i + 1);
        assert_true(strlen(name) > 0);
        (void)bench_number(&b, sql);
    }
    assert_int_equal(version, b.store->ops->newest_version());
    assert_int_equal(b.store->ops->schema_version(b.store, &found, &b.err), PLAIN_OK);
    assert_int_equal(found, version);
    struct new_request r = request_default();
    (void)bench_enqueue(&b, &r);
    bench_close(&b);
}

static int version_at(const struct bench *b, const char *url, plain_error *err)
{
    struct store *store = NULL;
    int version = -1;

    assert_int_equal(store_open(url, STORE_CREATE, &store, err), PLAIN_OK);
    assert_int_equal(b->store->ops->schema_version(store, &version, err), PLAIN_OK);
    store_close(store);
    return version;
}

void a_scratch_place_lies_beside_and_is_discarded(void **state)
{
    const char *url = NULL;
    struct new_request r = request_default();
    struct bench b, scratch = {0};
    int from, to;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(ops->scratch_url(b.url, STORE_SCRATCH "1f", &b.arena, &url, &b.err), PLAIN_OK);
    assert_non_null(strstr(url, STORE_SCRATCH "1f"));
    assert_int_equal(version_at(&b, url, &b.err), 0);
    assert_int_equal(store_open(url, 0, &scratch.store, &b.err), PLAIN_OK);
    assert_int_equal(ops->migrate(scratch.store, &from, &to, &b.err), PLAIN_OK);
    for (int i = 0; i < 3; i++) {
        r.uuid = uuid_new();
        (void)bench_enqueue(&scratch, &r);
    }
    store_close(scratch.store);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    assert_int_equal(ops->scratch_discard(url, &b.err), PLAIN_OK);
    assert_int_equal(version_at(&b, url, &b.err), 0);
    assert_int_equal(ops->scratch_discard(url, &b.err), PLAIN_OK);
    assert_int_equal(ops->scratch_discard(url, &b.err), PLAIN_OK); /* there is nothing any more */
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void nothing_but_a_scratch_place_is_discarded(void **state)
{
    struct new_request r = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(b.store->ops->scratch_discard(b.url, &b.err), PLAIN_E_REFUSED);
    assert_int_equal(b.err.pj, 309);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 1);
    bench_close(&b);
}

void tells_what_a_commit_waits_for(void **state)
{
    struct store_fact *facts = NULL;
    struct bench b;
    size_t count = 0;

    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->facts(b.store, &b.arena, &facts, &count, &b.err), PLAIN_OK);
    assert_true(count >= 3);
    assert_string_equal(facts[0].name, "server");
    assert_non_null(strchr(facts[0].value, '.'));
    for (size_t i = 0; i < count; i++)
        assert_true(*facts[i].name && *facts[i].value);
    bench_close(&b);
}

void the_table_of_functions_is_complete(void **state)
{
    struct bench b;

    (void)state;
    open_empty(&b);
    const struct store_ops *ops = b.store->ops;
    assert_int_equal(ops->size, sizeof(*ops));
    assert_non_null(ops->name);
    assert_non_null(ops->schemes[0]);
    assert_ptr_equal(store_for_url(b.url, &b.err), ops);
    assert_true(ops->open && ops->close && ops->schema_version && ops->newest_version &&
                ops->migrate && ops->migration_sql && ops->enqueue && ops->cycle && ops->list &&
                ops->find && ops->stats && ops->retry && ops->clear && ops->purge && ops->now &&
                ops->ended_since && ops->queue_stats && ops->scratch_url && ops->scratch_discard &&
                ops->facts && ops->delete_job && ops->note && ops->audit);
    bench_close(&b);
}
