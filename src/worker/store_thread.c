#include "worker/store_thread.h"

#include <signal.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"

/* A worker that waits claims only what it has seen. */
static bool look_is_enough(struct store_thread *t, struct order *o)
{
    if (!o->look_first)
        return false;
    o->status = t->store->ops->look(t->store, &t->wish, &o->look, &o->err);
    o->result.now = o->look.now;
    o->result.next_due = o->look.next_due;
    o->replied_us = clock_mono_us();
    return o->status < 0 || !o->look.is_due;
}

static void run_order(struct store_thread *t)
{
    struct order *o = &t->order;
    struct claim_wish wish = t->wish;
    struct cycle cycle = {
        .worker = t->identity,
        .ends = o->ends,
        .end_count = o->end_count,
        .releases = o->releases,
        .release_count = o->release_count,
        .hooks_done = o->hooks_done,
        .hooks_done_count = o->hooks_done_count,
        .hook_classes = o->hook_classes,
        .hook_class_count = o->hook_class_count,
        .hook_limit = o->hook_limit,
        .idle = o->idle,
        .woken = o->woken,
    };

    if (o->limit > 0) {
        for (size_t i = 0; i < o->limit; i++)
            o->tokens[i] = uuid_new();
        wish.tokens = o->tokens;
        wish.limit = o->limit;
        cycle.wish = &wish;
    }
    o->sent_us = clock_mono_us();
    o->result = (struct cycle_result){.next_due = STORE_NO_TIME};
    if (look_is_enough(t, o))
        return;
    o->status = t->store->ops->cycle(t->store, &cycle, &o->arena, &o->result, &o->err);
    o->replied_us = clock_mono_us();
}

static void *thread_main(void *argument)
{
    struct store_thread *t = argument;

    (void)pthread_mutex_lock(&t->mutex);
    for (;;) {
        while (!t->submitted && !t->quit)
            (void)pthread_cond_wait(&t->cond, &t->mutex);
        if (!t->submitted)
            break;
        (void)pthread_mutex_unlock(&t->mutex);
        run_order(t);
        (void)pthread_mutex_lock(&t->mutex);
        t->submitted = false;
        (void)uv_async_send(t->wake);
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return NULL;
}

int store_thread_start(struct store_thread *t, struct store *store,
                       const struct worker_identity *identity, uv_async_t *wake, plain_error *err)
{
    sigset_t all, before;

    t->store = store;
    t->identity = identity;
    t->wake = wake;
    t->order.arena = (struct arena)ARENA_INIT;
    (void)pthread_mutex_init(&t->mutex, NULL);
    (void)pthread_cond_init(&t->cond, NULL);
    (void)sigfillset(&all); /* signals are the loop's */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&t->thread, NULL, thread_main, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return error_set_errno(err, PLAIN_E_IO, 705, "", failed, "starting the store thread");
    return PLAIN_OK;
}

void store_thread_submit(struct store_thread *t)
{
    t->busy = true;
    (void)pthread_mutex_lock(&t->mutex);
    t->submitted = true;
    (void)pthread_cond_signal(&t->cond);
    (void)pthread_mutex_unlock(&t->mutex);
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
    (void)pthread_cond_signal(&t->cond);
    (void)pthread_mutex_unlock(&t->mutex);
    (void)pthread_join(t->thread, NULL);
    (void)pthread_cond_destroy(&t->cond);
    (void)pthread_mutex_destroy(&t->mutex);
    arena_release(&t->order.arena);
    store_close(t->store);
}
