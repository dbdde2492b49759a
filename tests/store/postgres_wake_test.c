/* postgres_wake_test.c - waking workers, where PostgreSQL differs */
#include <poll.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

static const char *const queues[] = {"default"};
static const char *const classes[] = {"Job"};

static struct look look(struct bench *b)
{
    struct claim_wish wish = {
        .queues = queues, .queue_count = 1, .classes = classes, .class_count = 1};
    struct look out;

    if (b->store->ops->look(b->store, &wish, &out, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return out;
}

static void mark(struct bench *b)
{
    (void)bench_cycle(b, &(struct cycle){.worker = &b->worker, .idle = IDLE_MARK});
}

static void a_transaction_older_than_the_mark_is_seen_to_its_end(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b);
    PGconn *old = PQconnectdb(b.url), *young = PQconnectdb(b.url);

    cluster_run(old, "BEGIN");
    cluster_run(old, "INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job')");
    mark(&b);
    assert_true(look(&b).is_open);
    cluster_run(young, "BEGIN");
    cluster_run(young, "SELECT pg_current_xact_id()");
    assert_true(look(&b).is_open);
    cluster_run(old, "COMMIT");
    struct look seen = look(&b);
    assert_true(seen.is_due);
    assert_false(seen.is_open);
    mark(&b);
    assert_true(look(&b).is_open);
    PQfinish(old);
    PQfinish(young);
    bench_close(&b);
}

static int hear(struct bench *b, struct heard *out)
{
    return b->store->ops->hear(b->store, false, out, &b->err);
}

static void a_listener_that_is_cut_says_so_and_listens_again(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();
    struct listening at;
    struct heard heard;
    (void)state;
    bench_open(&b);
    bench_join(&other, &b);
    assert_int_equal(b.store->ops->listen(b.store, &b.worker.id, &at, &b.err), PLAIN_OK);
    mark(&b);
    (void)bench_number(&b, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                           " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                           " AND backend_type = 'client backend'");
    struct pollfd p = {.fd = at.told_fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    int code;
    while ((code = hear(&b, &heard)) == PLAIN_OK) /* the server's last words come first */
        assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(code, PLAIN_E_UNREACHABLE);
    assert_int_equal(b.store->ops->listen(b.store, &b.worker.id, &at, &b.err), PLAIN_OK);
    assert_true(at.is_new);
    (void)bench_enqueue(&other, &r);
    p.fd = at.told_fd;
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(hear(&b, &heard), PLAIN_OK);
    assert_true(heard.is_woken);
    bench_close(&other);
    bench_close(&b);
}

/* Two queues in one database are told apart. */
static void another_schema_wakes_nobody(void **state)
{
    struct bench b;
    struct listening at;
    struct heard heard;
    (void)state;
    bench_open(&b);
    assert_int_equal(b.store->ops->listen(b.store, &b.worker.id, &at, &b.err), PLAIN_OK);
    (void)bench_number(&b, "SELECT 1 FROM pg_notify('plainjobs_wake', 'publicity default')");
    struct pollfd p = {.fd = at.told_fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(hear(&b, &heard), PLAIN_OK);
    assert_false(heard.is_woken);
    bench_close(&b);
}

DATABASE_MAIN(&cluster_database, a_transaction_older_than_the_mark_is_seen_to_its_end,
              a_listener_that_is_cut_says_so_and_listens_again, another_schema_wakes_nobody)
