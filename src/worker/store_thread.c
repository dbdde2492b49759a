#include "worker/store_thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"

/* The claim of an order. Tokens are made whatever happens, since
 * the loop takes those of a failed order back: they must not be those of an earlier claim. */
static int prepare_wish(struct store_thread *t, struct claim_wish *wish, plain_error *err)
{
    struct order *o = &t->order;

    for (size_t i = 0; i < o->limit; i++)
        o->tokens[i] = uuid_new();
    int r = served_refresh(&t->served, t->store, err);
    *wish = t->wish;
    wish->queues = t->served.names;
    wish->queue_count = t->served.count;
    wish->tokens = o->tokens;
    wish->limit = o->limit;
    return r;
}

/* One cycle with the claim of the order in it, if there is one and there is a queue for it. */
static int run_cycle(struct store_thread *t, struct cycle *cycle, struct cycle_result *out)
{
    struct order *o = &t->order;
    struct claim_wish wish;

    *out = (struct cycle_result){.next_due = STORE_NO_TIME};
    if (o->limit > 0) {
        int r = prepare_wish(t, &wish, &o->err);

        if (r < 0)
            return r;
        cycle->wish = wish.queue_count > 0 ? &wish : NULL;
    }
    int r = t->store->ops->cycle(t->store, cycle, &o->arena, out, &o->err);
    cycle->wish = NULL;
    if (r == PLAIN_OK && o->limit > 0)
        served_note(&t->served, o->told == 0 && out->claim_count == o->limit);
    return r;
}

/* The first look found nothing, and there are more queues than one look takes. */
static int claim_elsewhere(struct store_thread *t, struct cycle_result *out)
{
    struct cycle cycle = {.worker = t->identity, .shard = t->shard};
    struct cycle_result more;
    int r = PLAIN_OK;

    while (r == PLAIN_OK && out->claim_count == 0 && served_has_more(&t->served)) {
        r = run_cycle(t, &cycle, &more);
        out->is_sent = out->is_sent || more.is_sent;
        out->claims = more.claims;
        out->claim_count = more.claim_count;
        if (more.next_due != STORE_NO_TIME &&
            (out->next_due == STORE_NO_TIME || more.next_due < out->next_due))
            out->next_due = more.next_due;
    }
    return r;
}

/* A worker that waits claims only what it has seen. */
static bool look_is_enough(struct store_thread *t, struct order *o)
{
    struct claim_wish wish;

    if (!o->look_first)
        return false;
    o->result = (struct cycle_result){.next_due = STORE_NO_TIME};
    o->status = prepare_wish(t, &wish, &o->err);
    if (o->status < 0)
        return true;
    if (served_has_more(&t->served))
        return false;
    o->status = t->store->ops->look(t->store, &wish, &o->look, &o->err);
    o->result.now = o->look.now;
    o->result.next_due = o->look.next_due;
    o->replied_us = clock_mono_us();
    if (o->status == PLAIN_OK && !o->look.is_due)
        served_note(&t->served, false);
    return o->status < 0 || !o->look.is_due;
}

static void run_order(struct store_thread *t)
{
    struct order *o = &t->order;
    struct cycle cycle = {
        .worker = t->identity,
        .shard = t->shard,
        .ends = o->ends,
        .end_count = o->end_count,
        .releases = o->releases,
        .release_count = o->release_count,
        .in_doubt_of = uuid_is_zero(&o->in_doubt_of) ? NULL : &o->in_doubt_of,
        .hooks_done = o->hooks_done,
        .hooks_done_count = o->hooks_done_count,
        .hook_classes = o->hook_classes,
        .hook_class_count = o->hook_class_count,
        .hook_limit = o->hook_limit,
        .watched = o->watched,
        .watched_count = o->watched_count,
        .fold = o->fold,
        .idle = o->idle,
        .woken = o->woken,
        .told = o->told,
        .ahead = o->ahead,
    };

    o->sent_us = clock_mono_us();
    if (!t->store && (o->status = store_open(t->url, 0, &t->store, &o->err)) < 0)
        return;
    if (o->tidy != TIDY_NOTHING) {
        o->status = t->store->ops->tidy(t->store, o->tidy, &o->err);
        o->replied_us = clock_mono_us();
        return;
    }
    if (look_is_enough(t, o))
        return;
    o->status = run_cycle(t, &cycle, &o->result);
    o->replied_us = clock_mono_us();
    if (o->status == PLAIN_OK && o->limit > 0)
        o->status = claim_elsewhere(t, &o->result);
}

void order_claim_told(struct order *o, long long told)
{
    o->told = told > 0 ? told : 0;
    if (o->told > 0)
        o->limit = 1;
}

static void finish_order(struct store_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    t->submitted = false;
    (void)pthread_mutex_unlock(&t->mutex);
    bell_ring(t->bell);
}

/* A claim that was left becomes the order, for what was told of. */
static bool begin_left(struct store_thread *t)
{
    struct order *o = &t->order;

    (void)pthread_mutex_lock(&t->mutex);
    bool begins = t->left && atomic_load(&t->listener->told) != TOLD_NOTHING;
    if (begins) {
        order_claim_told(o, atomic_exchange(&t->listener->told, TOLD_NOTHING));
        t->left = false;
        t->submitted = true;
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return begins;
}

static void hear(struct store_thread *t)
{
    if (t->listener && listener_run(t->listener, t->store) && !begin_left(t))
        bell_ring(t->bell);
}

/* How long nothing is to be heard, for poll(). */
static int quiet_ms(const struct store_thread *t)
{
    int64_t next = t->listener ? listener_next_us(t->listener) : INT64_MAX;
    int64_t left = next - clock_boot_us();

    if (next == INT64_MAX)
        return -1;
    return left > 0 ? (int)((left + US_PER_MS - 1) / US_PER_MS) : 0;
}

static void sleep_until_woken(struct store_thread *t)
{
    struct pollfd p[3] = {{.fd = t->event_fd, .events = POLLIN}};
    nfds_t n = 1 + (t->listener ? (nfds_t)listener_fds(t->listener, p + 1) : 0);
    uint64_t count;

    if (poll(p, n, quiet_ms(t)) > 0 && p[0].revents)
        (void)!read(t->event_fd, &count, sizeof(count));
}

/* Waits for an order, and meanwhile hears. False: there will be none. */
static bool await_order(struct store_thread *t)
{
    for (;;) {
        hear(t);
        (void)pthread_mutex_lock(&t->mutex);
        bool submitted = t->submitted, quit = t->quit;
        (void)pthread_mutex_unlock(&t->mutex);
        if (submitted || quit)
            return submitted;
        sleep_until_woken(t);
    }
}

static void *thread_main(void *argument)
{
    struct store_thread *t = argument;

    while (await_order(t)) {
        run_order(t);
        finish_order(t);
    }
    return NULL;
}

int store_thread_start(struct store_thread *t, plain_error *err)
{
    sigset_t all, before;

    t->order.arena = (struct arena)ARENA_INIT;
    t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->event_fd < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "descriptor of the store thread");
    (void)pthread_mutex_init(&t->mutex, NULL);
    (void)sigfillset(&all); /* signals are the loop's */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&t->thread, NULL, thread_main, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        return PLAIN_OK;
    (void)close(t->event_fd);
    return error_set_errno(err, PLAIN_E_IO, 705, "", failed, "starting the store thread");
}

static void wake(struct store_thread *t)
{
    const uint64_t one = 1;

    (void)!write(t->event_fd, &one, sizeof(one));
}

void store_thread_submit(struct store_thread *t)
{
    t->busy = true;
    (void)pthread_mutex_lock(&t->mutex);
    t->submitted = true;
    (void)pthread_mutex_unlock(&t->mutex);
    wake(t);
}

void store_thread_leave(struct store_thread *t)
{
    t->lent = true;
    (void)pthread_mutex_lock(&t->mutex);
    t->left = true;
    (void)pthread_mutex_unlock(&t->mutex);
}

void store_thread_take_back(struct store_thread *t)
{
    if (!t->lent)
        return;
    (void)pthread_mutex_lock(&t->mutex);
    t->busy = !t->left;
    t->left = t->lent = false;
    (void)pthread_mutex_unlock(&t->mutex);
}

void store_thread_set_waiting(struct store_thread *t, bool waiting)
{
    if (atomic_exchange(&t->listener->waiting, waiting) != waiting && waiting)
        wake(t);
}

bool store_thread_done(struct store_thread *t)
{
    if (!t->busy)
        return false;
    (void)pthread_mutex_lock(&t->mutex);
    bool done = !t->submitted;
    (void)pthread_mutex_unlock(&t->mutex);
    t->busy = !done;
    return done;
}

void store_thread_stop(struct store_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    t->quit = true;
    (void)pthread_mutex_unlock(&t->mutex);
    wake(t);
    (void)pthread_join(t->thread, NULL);
    (void)pthread_mutex_destroy(&t->mutex);
    (void)close(t->event_fd);
    arena_release(&t->order.arena);
    served_release(&t->served);
    store_close(t->store);
}
