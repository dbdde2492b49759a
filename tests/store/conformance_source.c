/* conformance_source.c - many requests that are made when the store asks for them */
#include <stdlib.h>

#include "base/error.h"
#include "base/uuid.h"
#include "tests/store/conformance.h"

static int make(void *user, size_t n, plain_error *err)
{
    struct bench_source *s = user;

    assert_in_range(n, s->made, s->source.count);
    s->calls++;
    if (s->while_asked)
        s->while_asked(s, s->user);
    if (n > s->limit)
        return error_set(err, PLAIN_E_INVALID, 105, "x", "item %zu is bad", s->limit);
    s->made = n;
    return PLAIN_OK;
}

void bench_source_open(struct bench_source *s, size_t count)
{
    *s = (struct bench_source){.limit = count};
    s->requests = calloc(count + 1, sizeof(*s->requests));
    s->out = calloc(count + 1, sizeof(*s->out));
    assert_true(s->requests && s->out);
    for (size_t i = 0; i < count; i++)
        s->requests[i] = request_default();
    s->source = (struct request_source){s->requests, count, make, s};
}

void bench_source_close(struct bench_source *s)
{
    free(s->requests);
    free(s->out);
}

int bench_source_run(struct bench_source *s, struct bench *b)
{
    s->made = s->calls = 0;
    return b->store->ops->enqueue_many(b->store, &s->source, s->out, &b->err);
}

/* More than two statements of PostgreSQL. */
enum { COUNT = 12000 };

void a_source_is_asked_for_all(void **state)
{
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, COUNT);
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    assert_int_equal(s.made, COUNT);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_uuid_equal(s.out[i].uuid, s.requests[i].uuid);
    bench_source_close(&s);
    bench_close(&b);
}

void a_source_that_fails_leaves_nothing(void **state)
{
    static const size_t limits[] = {0, 1, 5000, 5001, COUNT - 1};
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, COUNT);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct new_request next = request_default();

        s.limit = limits[i];
        assert_int_equal(bench_source_run(&s, &b), PLAIN_E_INVALID);
        assert_string_equal(b.err.field, "x");
        for (size_t n = 0; n < COUNT; n++)
            assert_true(uuid_is_zero(&s.out[n].uuid));
        assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), i);
        (void)bench_enqueue(&b, &next); /* still usable */
    }
    bench_source_close(&s);
    bench_close(&b);
}

void an_empty_source_is_fine(void **state)
{
    struct bench b;
    struct bench_source s;

    (void)state;
    bench_open(&b);
    bench_source_open(&s, 0);
    assert_int_equal(bench_source_run(&s, &b), PLAIN_OK);
    bench_source_close(&s);
    bench_close(&b);
}
