/* bell_test.c - the event loop is called by other threads */
#include "worker/bell.h"

#include <pthread.h>

#include "tests/harness/harness.h"

enum { RINGERS = 4, RINGS = 1000 };

struct bench {
    uv_loop_t loop;
    struct bell bell;
    int heard;
};

static void on_ring(void *bench)
{
    struct bench *b = bench;

    b->heard++;
    uv_stop(&b->loop);
}

static void begin(struct bench *b)
{
    b->heard = 0;
    assert_int_equal(uv_loop_init(&b->loop), 0);
    assert_int_equal(bell_open(&b->bell, &b->loop, on_ring, b, NULL), PLAIN_OK);
}

static void end(struct bench *b)
{
    uv_close((uv_handle_t *)&b->bell.poll, NULL);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    bell_release(&b->bell);
    assert_int_equal(b->bell.fd, -1);
    bell_release(&b->bell);
}

static void *ring_often(void *bell)
{
    for (int i = 0; i < RINGS; i++)
        bell_ring(bell);
    return NULL;
}

static void many_rings_before_it_is_heard_are_one(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    (void)ring_often(&b.bell);
    (void)uv_run(&b.loop, UV_RUN_NOWAIT);
    (void)uv_run(&b.loop, UV_RUN_NOWAIT);
    assert_int_equal(b.heard, 1);
    bell_ring(&b.bell);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    assert_int_equal(b.heard, 2);
    end(&b);
}

/* The last ring of each thread comes before its end, and is heard. */
static void rings_of_other_threads_are_heard(void **state)
{
    pthread_t threads[RINGERS];
    struct bench b;
    (void)state;
    begin(&b);
    for (int i = 0; i < RINGERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ring_often, &b.bell), 0);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    assert_int_equal(b.heard, 1);
    for (int i = 0; i < RINGERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    bell_ring(&b.bell);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    assert_int_equal(b.heard, 2);
    (void)uv_run(&b.loop, UV_RUN_NOWAIT);
    assert_int_equal(b.heard, 2);
    end(&b);
}

HARNESS_MAIN(many_rings_before_it_is_heard_are_one, rings_of_other_threads_are_heard)
