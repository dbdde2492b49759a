/* sqlite_operators_test.c - queues, pauses and workers on SQLite */
#include "tests/store/conformance_operators.h"
#include "tests/store/sqlite_database.h"

/* As a program of another kind may have left them. */
static void lists_that_are_no_json_are_empty(void **state)
{
    struct worker_view *workers = NULL;
    struct bench b;
    size_t count = 0;

    (void)state;
    bench_open(&b);
    (void)bench_number(&b, "UPDATE plainjobs_workerheartbeat SET queues = 'no', classes = '{}'");
    assert_int_equal(b.store->ops->workers(b.store, &b.arena, &workers, &count, &b.err), PLAIN_OK);
    assert_int_equal(count, 1);
    assert_int_equal(workers->queue_count, 0);
    assert_int_equal(workers->class_count, 0);
    bench_close(&b);
}

OPERATORS_MAIN(&sqlite_database, lists_that_are_no_json_are_empty)
