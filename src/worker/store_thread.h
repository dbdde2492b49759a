/*
 * store_thread.h - a thread that talks to the database, so that the event loop never does
 *
 * The loop fills the order while the thread is idle and submits it; the thread runs the cycle and
 * wakes the loop. Between submit and the wake-up the order is the thread's alone.
 *
 * The first thread also hears of new requests, on the connection that claims them. A worker that
 * waits leaves it a claim: the thread runs that when it hears of something, so that neither the
 * loop nor another process of the database has to be woken first. Before the loop does anything
 * else it takes the claim back, or finds that it is under way.
 */
#ifndef PLAIN_WORKER_STORE_THREAD_H
#define PLAIN_WORKER_STORE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"
#include "worker/bell.h"
#include "worker/listener.h"
#include "worker/served.h"

struct order {
    /* the loop's words */
    struct job_end ends[STORE_END_MAX];
    size_t end_count;
    plain_uuid releases[2 * STORE_CLAIM_MAX];
    size_t release_count;
    plain_uuid in_doubt_of;             /* as in struct cycle; zero: none */
    plain_uuid tokens[STORE_CLAIM_MAX]; /* made by the thread */
    size_t limit;                       /* 0: claim nothing */
    plain_uuid hooks_done[STORE_HOOK_MAX];
    size_t hooks_done_count;
    const char *const *hook_classes;
    size_t hook_class_count;
    size_t hook_limit; /* 0: take no hooks */
    plain_uuid watched[STORE_END_MAX];
    size_t watched_count;
    bool fold;
    enum idle_change idle;
    bool woken;          /* as in struct cycle */
    int64_t told;        /* likewise */
    size_t ahead;        /* likewise */
    bool look_first;     /* claim only if a look finds something; nothing else is in the order */
    enum tidy_what tidy; /* as the verb; then nothing else is in the order */
    bool is_alone; /* one end or release, that was refused or may be the one, and nothing else */
    /* the thread's answer */
    struct look look; /* when look_first */
    int status;
    plain_error err;
    struct arena arena; /* holds result.claims; the loop takes it over */
    struct cycle_result result;
    int64_t sent_us, replied_us; /* clock_mono_us() */
};

struct store_thread {
    struct order order;
    bool busy; /* the loop's view: an order is out */
    bool lent; /* likewise: a claim was left */

    struct store *store; /* the thread's; NULL: not opened yet */
    const char *url;     /* that it opens with its first order */
    const struct worker_identity *identity;
    int shard;                 /* of its counters */
    struct claim_wish wish;    /* classes; fixed once the thread runs */
    struct served served;      /* the queues: the thread's */
    struct listener *listener; /* NULL: this thread hears of nothing */

    pthread_t thread;
    int event_fd;          /* wakes it */
    pthread_mutex_t mutex; /* guards the three flags below */
    bool submitted;
    bool left; /* the order is a claim to be run when something is heard of */
    bool quit;
    const struct bell *bell; /* rung when an order is done, and when something was heard of */
};

/* The order, which has nothing in it but a claim, claims what struct listener was told of. */
void order_claim_told(struct order *o, long long told);

/* Starts the thread. url, identity, shard, listener and bell are set; store, if it is set, is its
 * from now on, and otherwise opened with the first order. A thread with a listener has a store. */
int store_thread_start(struct store_thread *t, plain_error *err);
void store_thread_submit(struct store_thread *t);
/* Leaves the order, which is nothing but a claim, for when something is heard of. */
void store_thread_leave(struct store_thread *t);
/* The order is the loop's again, or busy is set: the claim is under way, or done. Nothing where
 * none was left. */
void store_thread_take_back(struct store_thread *t);
/* Whether the worker has nothing to do: foreign writers are then worth a look. */
void store_thread_set_waiting(struct store_thread *t, bool waiting);
/* In the wake-up: whether the order is done (clears busy). */
bool store_thread_done(struct store_thread *t);
/* Waits for the order that is out, ends the thread, closes the store. */
void store_thread_stop(struct store_thread *t);

#endif
