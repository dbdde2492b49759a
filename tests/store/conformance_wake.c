/* conformance_wake.c - who is told of new requests, and what a look sees */
#include "tests/store/conformance.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { SOON_MS = 10000, QUIET_MS = 150 };

static const char *const default_queue[] = {"default"};
static const char *const job_class[] = {"Job"};

static bool has_marks(const struct bench *b)
{
    return b->store->ops->caps & STORE_IDLE_MARKS;
}

static struct listening listen_for_jobs(struct bench *b)
{
    struct listening at;
    int r = b->store->ops->listen(b->store, &b->worker.id, &at, &b->err);

    if (r != PLAIN_OK)
        fail_msg("%d: %s", r, b->err.message);
    return at;
}

static struct heard hear(struct bench *b)
{
    struct heard heard;

    if (b->store->ops->hear(b->store, true, &heard, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return heard;
}

/* Whether b is woken within so many ms. */
static bool is_woken(struct bench *b, int ms)
{
    struct listening at = listen_for_jobs(b);
    int64_t until = clock_mono_us() + ms * US_PER_MS;
    struct heard heard = hear(b);

    while (!heard.is_woken && clock_mono_us() < until) {
        struct pollfd p[] = {{.fd = at.told_fd, .events = POLLIN},
                             {.fd = at.changed_fd, .events = POLLIN}};
        int64_t left = (until - clock_mono_us()) / US_PER_MS + 1;

        if (heard.again_ms >= 0 && heard.again_ms < left)
            left = heard.again_ms;
        (void)poll(p, 2, (int)left);
        heard = hear(b);
    }
    return heard.is_woken;
}

static void mark(struct bench *b, enum idle_change change)
{
    (void)bench_cycle(b, &(struct cycle){.worker = &b->worker, .idle = change});
}

/* Hears away what the test itself has done up to now. */
static void settle(struct bench *b)
{
    while (is_woken(b, QUIET_MS))
        continue;
}

/* b waits to be told of what other enqueues. */
static void open_waiting(struct bench *b, struct bench *other)
{
    bench_open(b);
    bench_join(other, b);
    assert_true(listen_for_jobs(b).is_new);
    assert_false(listen_for_jobs(b).is_new);
    mark(b, IDLE_MARK);
    settle(b);
}

static void close_both(struct bench *b, struct bench *other)
{
    bench_close(other);
    bench_close(b);
}

void an_enqueue_wakes_who_waits(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_waiting(&b, &other);
    (void)bench_enqueue(&other, &r);
    assert_true(is_woken(&b, SOON_MS));
    settle(&b);
    r = request_default();
    (void)bench_enqueue(&other, &r);
    assert_true(is_woken(&b, SOON_MS));
    close_both(&b, &other);
}

void many_enqueued_at_once_wake_who_waits(void **state)
{
    struct bench b, other;
    struct bench_source many;

    (void)state;
    open_waiting(&b, &other);
    bench_source_open(&many, 2);
    many.requests[0].queue = "elsewhere";
    assert_int_equal(bench_source_run(&many, &other), PLAIN_OK);
    bench_source_close(&many);
    assert_true(is_woken(&b, SOON_MS));
    close_both(&b, &other);
}

void a_statement_by_hand_wakes_who_waits(void **state)
{
    struct bench b, other;

    (void)state;
    open_waiting(&b, &other);
    (void)bench_number(&other, "INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job')");
    assert_true(is_woken(&b, SOON_MS));
    close_both(&b, &other);
}

void a_job_that_goes_back_wakes_who_waits(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();

    (void)state;
    open_waiting(&b, &other);
    (void)bench_enqueue(&other, &r);
    struct claim claim = bench_claim_one(&other);
    settle(&b);
    assert_int_equal(bench_release(&other, &claim.token), 1);
    assert_true(is_woken(&b, SOON_MS));
    close_both(&b, &other);
}

/* With marks nobody spends time on telling who does not wait, or could not run it. */
void nobody_else_is_told(void **state)
{
    struct bench b, other;
    struct new_request r[] = {request_default(), request_default(), request_default(),
                              request_default()};

    (void)state;
    open_waiting(&b, &other);
    if (has_marks(&b)) {
        r[0].queue = "elsewhere";
        r[1].job_class = "Unknown";
        r[2].delay_us = INT64_C(3600) * US_PER_S;
        for (int i = 0; i < 3; i++)
            (void)bench_enqueue(&other, &r[i]);
        assert_false(is_woken(&b, QUIET_MS));
        mark(&b, IDLE_CLEAR);
        (void)bench_enqueue(&other, &r[3]);
        assert_false(is_woken(&b, QUIET_MS));
    }
    close_both(&b, &other);
}

static struct look look_from(struct bench *b, const char *const *queues, size_t count)
{
    struct claim_wish wish = {
        .queues = queues, .queue_count = count, .classes = job_class, .class_count = 1};
    struct look look;

    if (b->store->ops->look(b->store, &wish, &look, &b->err) != PLAIN_OK)
        fail_msg("%s", b->err.message);
    return look;
}

static struct look look(struct bench *b)
{
    return look_from(b, default_queue, 1);
}

void a_look_sees_what_is_due(void **state)
{
    static const char *const two[] = {"empty", "default"};
    struct new_request delayed = request_default(), unknown = request_default(),
                       due = request_default();
    struct bench b;

    (void)state;
    bench_open(&b);
    assert_false(look(&b).is_due);
    assert_true(look(&b).next_due == STORE_NO_TIME);
    unknown.job_class = "Unknown";
    (void)bench_enqueue(&b, &unknown);
    delayed.priority = 9;
    delayed.delay_us = 60 * US_PER_S;
    (void)bench_enqueue(&b, &delayed);
    struct look seen = look(&b);
    assert_false(seen.is_due);
    assert_in_range(seen.next_due - seen.now, 30 * US_PER_S, 60 * US_PER_S);
    (void)bench_enqueue(&b, &due);
    assert_true(look(&b).is_due);
    assert_true(look_from(&b, two, 2).is_due);
    assert_false(look_from(&b, two, 1).is_due);
    (void)bench_claim_one(&b);
    assert_false(look(&b).is_due);
    bench_close(&b);
}

/* A store may know that nothing was written since: but that another has, and that time passes. */
void a_look_behind_another_sees_what_came(void **state)
{
    struct new_request due = request_default(), soon = request_default();
    struct bench b, other;

    (void)state;
    bench_open(&b);
    bench_join(&other, &b);
    assert_false(look(&b).is_due);
    (void)bench_enqueue(&other, &due);
    assert_true(look(&b).is_due);
    (void)bench_claim_one(&other);
    assert_false(look(&b).is_due);
    assert_false(look(&b).is_due);
    soon.delay_us = 2 * US_PER_S;
    (void)bench_enqueue(&other, &soon);
    struct look seen = look(&b);
    assert_false(seen.is_due);
    assert_true(look(&b).next_due == seen.next_due);
    while (look(&b).now < seen.next_due)
        (void)usleep(10000);
    assert_true(look(&b).is_due);
    close_both(&b, &other);
}
