/* conformance_stops.c - limits of a run; cancelling; completing in a transaction */
#include "tests/store/conformance_stops.h"
#include "base/uuid.h"

static int admit(struct store_tx *tx, void *user)
{
    (void)tx;
    (void)user;
    return 1;
}

static struct new_request with_timeout(int64_t timeout_ms)
{
    struct new_request r = request_default();

    r.timeout_ms = timeout_ms;
    return r;
}

/* Alone, as one that may exist, by a rule, and with others, of which one has none. */
void a_timeout_goes_with_every_way_to_enqueue(void **state)
{
    static const int64_t expected[] = {30000, INT64_C(5000000000), 40000, 0, 1, 2};
    struct new_request alone = with_timeout(30000), again = with_timeout(INT64_C(5000000000));
    struct new_request ruled = with_timeout(40000);
    struct new_request many[] = {with_timeout(0), with_timeout(1), with_timeout(2)};
    plain_request out, outs[3];
    struct bench b;

    (void)state;
    again.may_exist = many[2].may_exist = true;
    bench_open(&b);
    const struct store_ops *ops = b.store->ops;
    (void)bench_enqueue(&b, &alone);
    (void)bench_enqueue(&b, &again);
    assert_int_equal(ops->enqueue_ruled(b.store, &ruled, "lock", admit, NULL, &out, &b.err), 0);
    assert_int_equal(ops->enqueue_many(b.store, many, 3, outs, &b.err), 0);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct claim c = bench_claim_one(&b);

        assert_true(c.timeout_ms == expected[i]);
    }
    assert_int_equal(
        bench_number(&b, "SELECT count(*) FROM plainjobs_jobprocess WHERE timeout_ms IS NULL"), 1);
    bench_close(&b);
}
