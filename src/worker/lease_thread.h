/*
 * lease_thread.h - the thread that keeps the worker's lease
 *
 * A lease is the worker's row in the database, renewed at every interval. The thread has a
 * connection of its own, so that no long claim or slow end keeps a heartbeat waiting. Between
 * heartbeats it looks for dead workers (rescuer.h). The database says how old a row is by its own
 * clock; here the lease is judged by CLOCK_BOOTTIME, which goes on while the machine sleeps, from
 * the moment before a heartbeat was sent and with a margin for clocks that run at different speeds:
 * so this worker knows that its lease is over before anybody else may think so. A lease that was
 * over once is over for ever, even if a heartbeat gets through later: the worker takes a new id.
 */
#ifndef PLAIN_WORKER_LEASE_THREAD_H
#define PLAIN_WORKER_LEASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"
#include "worker/bell.h"
#include "worker/house.h"
#include "worker/rescuer.h"

struct lease_terms {
    const char *url;
    int64_t interval_ms;  /* between heartbeats */
    int64_t retention_ms; /* of results; 0: for ever */
    int64_t lease_ms;     /* the lease's length, at least three intervals */
    struct rescuer *rescuer;
    struct worker_file_head *file; /* of whose times it takes care */
};

enum lease_state {
    LEASE_NONE,  /* not asked for */
    LEASE_ASKED, /* registering */
    LEASE_HELD,
    LEASE_OVER,   /* for ever: for this id */
    LEASE_REFUSED /* before there was any: waiting would be in vain */
};

struct lease_thread {
    struct lease_terms terms;
    const struct bell *bell; /* rung when the state changes, and when the wish was read */
    struct store *store;
    pthread_t thread;
    bool started;
    int event_fd, timer_fd; /* wakes the thread: an order; a time by CLOCK_BOOTTIME */

    pthread_mutex_t mutex; /* guards what follows */
    bool quit;
    bool hurry; /* a lease was asked for: no waiting */
    bool asked; /* an operator may want something */
    bool stops; /* the worker is to end: its row says so with every heartbeat */
    enum lease_state state;
    struct worker_row row; /* of the lease that is asked for or held */
    struct worker_identity identity;
    int64_t deadline_us; /* clock_boot_us(): HELD until then */
    bool was_held;
    plain_error refusal;   /* when REFUSED */
    enum worker_wish wish; /* as of the last heartbeat, or since somebody said that there is one */

    struct house house; /* the thread's, as what follows */
    int64_t due_us;     /* the thread's: when the next heartbeat is; clock_boot_us() */
    unsigned failures;
};

/* How much earlier than the database this worker thinks that a lease is over. */
int64_t lease_margin_us(int64_t lease_ms);

int lease_thread_start(struct lease_thread *t, const struct lease_terms *terms,
                       const struct bell *bell, plain_error *err) PLAIN_MUST_USE;
/* Asks for a lease under row's id. The lists in row are borrowed until the next call. */
void lease_thread_register(struct lease_thread *t, const struct worker_row *row);
/* Something else is to be done at once: the rescuer's. */
void lease_thread_wake(struct lease_thread *t);
/* The state now; *deadline_us by clock_boot_us() when it is held. */
enum lease_state lease_thread_state(struct lease_thread *t, int64_t *deadline_us);
/* An operator may want something of this worker: it is read at once, not at the next heartbeat. */
void lease_thread_ask(struct lease_thread *t);
/* The worker is to end, whoever wanted that: readers of its row are told at once. */
void lease_thread_tell_stop(struct lease_thread *t);
/* Why there is no lease to be had, when the state is REFUSED. */
plain_error lease_thread_refusal(struct lease_thread *t);
/* What an operator wants of this worker, as far as it was read. */
enum worker_wish lease_thread_wish(struct lease_thread *t);
/* Ends the thread. leave: everything is given back or ended, so the worker's row goes too. drained:
 * it ends since nothing is left for it, and tells what is only paused. */
void lease_thread_stop(struct lease_thread *t, bool leave, bool drained);

#endif
