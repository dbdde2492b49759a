/* store_thread_test.c - orders that are submitted, and claims that are left until something is told
 */
#include "worker/store_thread.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/uuid.h"
#include "tests/harness/harness.h"

static const char *const names[] = {"default"};

/* What stands for a database: an id that is written to the pipe is told. Its cycles are noted. */
static struct {
    int pipe[2];
    atomic_int cycles, listens, failures; /* failures: hearings that are to fail */
    int64_t told;
    bool woken;
    size_t limit;
    plain_uuid token;
} fake;

static int fake_listen(struct store *s, const plain_uuid *worker, struct listening *out,
                       plain_error *err)
{
    (void)s;
    (void)worker;
    (void)err;
    *out = (struct listening){.told_fd = fake.pipe[0], .changed_fd = -1};
    atomic_fetch_add(&fake.listens, 1);
    out->is_new = true;
    return PLAIN_OK;
}

static int fake_hear(struct store *s, bool changed, struct heard *out, plain_error *err)
{
    struct pollfd p = {.fd = fake.pipe[0], .events = POLLIN};

    (void)s;
    (void)changed;
    *out = (struct heard){.again_ms = -1};
    if (atomic_load(&fake.failures) > 0 && atomic_fetch_sub(&fake.failures, 1) > 0)
        return error_set(err, PLAIN_E_UNREACHABLE, 301, "", "the link is cut");
    while (poll(&p, 1, 0) == 1) {
        int64_t id;

        assert_int_equal(read(fake.pipe[0], &id, sizeof(id)), sizeof(id));
        out->request_id = out->is_woken ? 0 : id;
        out->is_woken = true;
    }
    return PLAIN_OK;
}

static int fake_cycle(struct store *s, const struct cycle *c, struct arena *a,
                      struct cycle_result *out, plain_error *err)
{
    (void)s;
    (void)a;
    (void)err;
    fake.told = c->told;
    fake.woken = c->woken;
    fake.limit = c->wish->limit;
    fake.token = c->wish->tokens[0];
    atomic_fetch_add(&fake.cycles, 1);
    *out = (struct cycle_result){.next_due = STORE_NO_TIME};
    return PLAIN_OK;
}

static void fake_close(struct store *s)
{
    (void)s;
}

static const struct store_ops ops = {.name = "a fake",
                                     .listen = fake_listen,
                                     .hear = fake_hear,
                                     .cycle = fake_cycle,
                                     .close = fake_close};
static struct store store = {.ops = &ops};
static struct worker_identity identity;

struct bench {
    uv_loop_t loop;
    struct bell bell;
    struct listener listener;
    struct store_thread thread;
};

static void on_ring(void *loop)
{
    uv_stop(loop);
}

/* As the loop of a worker: until the thread wakes it. */
static void await_wake(struct bench *b)
{
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
}

static void begin(struct bench *b)
{
    memset(&fake, 0, sizeof(fake));
    memset(b, 0, sizeof(*b));
    assert_int_equal(pipe(fake.pipe), 0);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    assert_int_equal(bell_open(&b->bell, &b->loop, on_ring, &b->loop, NULL), PLAIN_OK);
    listener_init(&b->listener, &identity.id);
    b->thread.store = &store;
    b->thread.identity = &identity;
    b->thread.listener = &b->listener;
    b->thread.bell = &b->bell;
    served_init(&b->thread.served, names, 1);
    assert_int_equal(store_thread_start(&b->thread, NULL), PLAIN_OK);
    await_wake(b); /* it listens now: look once */
    assert_int_equal(atomic_exchange(&b->listener.told, TOLD_NOTHING), TOLD_MUCH);
    assert_true(atomic_exchange(&b->listener.asked, false));
}

static void end(struct bench *b)
{
    store_thread_stop(&b->thread);
    uv_close((uv_handle_t *)&b->bell.poll, NULL);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    bell_release(&b->bell);
    (void)close(fake.pipe[0]);
    (void)close(fake.pipe[1]);
}

static void tell(int64_t id)
{
    assert_int_equal(write(fake.pipe[1], &id, sizeof(id)), sizeof(id));
}

static void leave(struct bench *b)
{
    b->thread.order.limit = 50;
    b->thread.order.woken = true;
    store_thread_leave(&b->thread);
}

/* A claim is left, and told of so: it was run. */
static void run_left(struct bench *b, int64_t id)
{
    leave(b);
    tell(id);
    await_wake(b);
    store_thread_take_back(&b->thread);
    assert_true(b->thread.busy);
    assert_true(store_thread_done(&b->thread));
}

static void an_order_is_run_and_told_of(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    b.thread.order.limit = 3;
    store_thread_submit(&b.thread);
    await_wake(&b);
    assert_true(store_thread_done(&b.thread));
    assert_false(b.thread.busy);
    assert_int_equal(fake.limit, 3);
    assert_false(fake.woken);
    end(&b);
}

static void a_claim_that_was_left_is_run_for_what_is_told(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    run_left(&b, 4711);
    assert_int_equal(fake.told, 4711);
    assert_true(fake.woken);
    assert_int_equal(fake.limit, 1);
    assert_int_equal(atomic_load(&b.listener.told), TOLD_NOTHING);
    plain_uuid first = fake.token;
    run_left(&b, 4712);
    assert_int_equal(fake.told, 4712);
    assert_false(uuid_equal(&first, &fake.token));
    assert_int_equal(fake.cycles, 2);
    end(&b);
}

/* Then nothing says which one: it is a search. */
static void what_is_told_of_several_is_claimed_by_a_search(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    run_left(&b, 0);
    assert_int_equal(fake.told, 0);
    assert_int_equal(fake.limit, 50);
    end(&b);
}

static void what_is_told_when_no_claim_was_left_is_the_loop_s(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    leave(&b);
    store_thread_take_back(&b.thread);
    assert_false(b.thread.busy);
    tell(4711);
    await_wake(&b);
    assert_false(store_thread_done(&b.thread));
    assert_int_equal(atomic_load(&b.listener.told), 4711);
    tell(4712);
    await_wake(&b);
    assert_int_equal(atomic_load(&b.listener.told), TOLD_MUCH);
    assert_int_equal(fake.cycles, 0);
    end(&b);
}

/* Told while an order was out: the thread hears behind it, whatever poll() says. */
static void what_is_told_during_an_order_is_heard_behind_it(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    b.thread.order.limit = 1;
    tell(4711);
    store_thread_submit(&b.thread);
    bool done = false; /* it says so once */
    while (!done || atomic_load(&b.listener.told) != 4711) {
        await_wake(&b);
        done = store_thread_done(&b.thread) || done;
    }
    end(&b);
}

/* What came before the new subscription told nobody. */
static void behind_a_cut_link_it_claims_once(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    leave(&b);
    atomic_store(&fake.failures, 1);
    store_thread_set_waiting(&b.thread, true); /* it hears now */
    await_wake(&b);
    store_thread_take_back(&b.thread);
    assert_true(store_thread_done(&b.thread));
    assert_int_equal(fake.listens, 2);
    assert_int_equal(fake.cycles, 1);
    assert_true(fake.woken);
    assert_int_equal(fake.told, 0);
    assert_int_equal(fake.limit, 50);
    end(&b);
}

static void a_claim_that_was_left_ends_with_its_thread(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    leave(&b);
    end(&b);
    assert_int_equal(fake.cycles, 0);
}

HARNESS_MAIN(an_order_is_run_and_told_of, a_claim_that_was_left_is_run_for_what_is_told,
             what_is_told_of_several_is_claimed_by_a_search,
             what_is_told_when_no_claim_was_left_is_the_loop_s,
             what_is_told_during_an_order_is_heard_behind_it, behind_a_cut_link_it_claims_once,
             a_claim_that_was_left_ends_with_its_thread)
