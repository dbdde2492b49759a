#define _GNU_SOURCE
#include "worker/lease_thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "queue/unserved.h"

enum { RETRY_FIRST_MS = 50, RETRY_MAX_MS = 2000, MARGIN_PARTS = 20, MARGIN_LEAST_MS = 20 };

int64_t lease_margin_us(int64_t lease_ms)
{
    int64_t margin_ms = lease_ms / MARGIN_PARTS;

    return (margin_ms < MARGIN_LEAST_MS ? MARGIN_LEAST_MS : margin_ms) * US_PER_MS;
}

static int open_store(struct lease_thread *t, plain_error *err)
{
    if (t->store)
        return PLAIN_OK;
    return store_open(t->terms.url, 0, &t->store, err);
}

/* What came of a registration or heartbeat that was sent at sent_us. A reply that comes when the
 * lease was over is too late: runners are being killed. */
static void set_state(struct lease_thread *t, int r, enum lease_state before, int64_t sent_us,
                      const plain_error *err)
{
    int64_t lease_us = t->terms.lease_ms * US_PER_MS - lease_margin_us(t->terms.lease_ms);
    int64_t now = clock_boot_us();
    int64_t deadline = sent_us + lease_us;

    (void)pthread_mutex_lock(&t->mutex);
    if (t->state == before) {
        bool late = now >= (before == LEASE_HELD ? t->deadline_us : deadline);

        if (r < 0 && !err->retryable && before == LEASE_ASKED && !t->was_held) {
            t->state = LEASE_REFUSED;
            t->refusal = *err;
        } else if (r == PLAIN_NONE || (r == PLAIN_OK && late)) {
            t->state = LEASE_OVER;
        } else if (r == PLAIN_OK) {
            t->state = LEASE_HELD;
            t->was_held = true;
            t->deadline_us = deadline;
            atomic_store(&t->terms.file->deadline_us, deadline);
        }
    }
    (void)pthread_mutex_unlock(&t->mutex);
    bell_ring(t->bell);
}

/* A heartbeat that fails is tried again soon: a lease has room for several. */
static void set_due(struct lease_thread *t, int r, const plain_error *err)
{
    int64_t wait_us = t->terms.interval_ms * US_PER_MS;

    if (r >= 0) {
        t->failures = 0;
    } else {
        unsigned shift = t->failures < 6 ? t->failures : 6;
        int64_t retry_us = ((int64_t)RETRY_FIRST_MS << shift) * US_PER_MS;

        if (retry_us > (int64_t)RETRY_MAX_MS * US_PER_MS)
            retry_us = (int64_t)RETRY_MAX_MS * US_PER_MS;
        wait_us = retry_us < wait_us ? retry_us : wait_us;
        if (log_takes_time(++t->failures))
            log_event(LOG_ERROR, "Worker heartbeat failed", LOG_TEXT("error", err->message),
                      LOG_NUMBER("failures", t->failures));
    }
    t->due_us = clock_boot_us() + clock_jittered(wait_us);
}

/* Once for each lease, when this worker's own queues and classes stand among those of the living.
 */
static void warn_of_unserved(struct store *store)
{
    struct arena a = ARENA_INIT;
    struct worker_view *workers = NULL;
    struct unserved *list = NULL;
    size_t worker_count = 0, count = 0;

    if (store->ops->workers(store, &a, &workers, &worker_count, NULL) != PLAIN_OK ||
        unserved_find(store, workers, worker_count, &a, &list, &count, NULL) != PLAIN_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        struct buf message = BUF_INIT(4096), fix = BUF_INIT(4096);

        unserved_put_message(&message, &list[i]);
        unserved_put_fix(&fix, &list[i]);
        log_event(LOG_WARNING, "Jobs wait that no worker takes", LOG_TEXT("code", "PJ204"),
                  LOG_TEXT("job_queue", list[i].queue), LOG_TEXT("job_class", list[i].job_class),
                  LOG_NUMBER("jobs", list[i].count), LOG_TEXT("message", message.data),
                  LOG_TEXT("fix", fix.data));
        buf_release(&message);
        buf_release(&fix);
    }
    arena_release(&a);
}

/* It has drained. What is paused is meant to wait, but nobody should have to guess that. */
static void tell_of_paused(struct store *store, const struct worker_row *row)
{
    const struct worker_view self = {.queues = row->queues,
                                     .queue_count = row->queue_count,
                                     .classes = row->classes,
                                     .class_count = row->class_count,
                                     .tells_classes = true};
    struct arena a = ARENA_INIT;
    struct pause *pauses = NULL;
    int64_t *jobs = NULL;
    size_t count = 0;

    if (paused_find(store, &self, &a, &pauses, &jobs, &count, NULL) != PLAIN_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pause *p = &pauses[i];
        const char *fix = arena_printf(&a, "plain jobs resume --%s %s", pause_kind_names[p->kind],
                                       shell_word(&a, p->name));

        if (jobs[i] > 0)
            log_event(LOG_INFO, "Jobs wait that are paused",
                      LOG_TEXT(p->kind == PAUSE_QUEUE ? "job_queue" : "job_class", p->name),
                      LOG_NUMBER("jobs", jobs[i]), LOG_TEXT("reason", p->reason),
                      LOG_TEXT("fix", fix));
    }
    arena_release(&a);
}

/* With every heartbeat, and when somebody said that something is wanted. Not to know is no reason
 * to do anything. */
static void read_wish(struct lease_thread *t, const plain_uuid *worker)
{
    enum worker_wish wish;

    if (t->store->ops->wish_of_worker(t->store, worker, &wish, NULL) != PLAIN_OK)
        return;
    (void)pthread_mutex_lock(&t->mutex);
    t->wish = wish;
    (void)pthread_mutex_unlock(&t->mutex);
}

/* The heartbeat would tell, too, but later. */
static void heed_asking(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool asked = t->asked && t->state == LEASE_HELD && t->store;
    plain_uuid id = t->identity.id;
    t->asked = t->asked && !asked;
    (void)pthread_mutex_unlock(&t->mutex);
    if (!asked)
        return;
    read_wish(t, &id);
    bell_ring(t->bell);
}

/* A server goes on with a registration whose worker was killed: the file tells of that. */
static int register_worker(struct lease_thread *t, const struct worker_row *row, plain_error *err)
{
    _Atomic int64_t *undecided_until_us = &t->terms.file->undecided_until_us;

    if (!(t->store->ops->caps & STORE_FILE))
        atomic_store(undecided_until_us, clock_boot_us() + (int64_t)STORE_UNDECIDED_MS * US_PER_MS);
    int r = t->store->ops->register_worker(t->store, row, err);
    if (r >= 0)
        atomic_store(undecided_until_us, 0);
    return r;
}

static void keep_lease(struct lease_thread *t)
{
    plain_error err = {0};
    struct worker_row row;
    int64_t sent;
    int r;

    (void)pthread_mutex_lock(&t->mutex);
    enum lease_state state = t->state;
    if (t->hurry)
        t->due_us = 0;
    t->hurry = false;
    row = t->row;
    struct worker_identity identity = t->identity;
    bool stops = t->stops;
    (void)pthread_mutex_unlock(&t->mutex);
    if ((state != LEASE_ASKED && state != LEASE_HELD) || clock_boot_us() < t->due_us)
        return;
    row.identity = &identity;
    r = open_store(t, &err);
    sent = clock_boot_us();
    if (r == PLAIN_OK && state == LEASE_ASKED)
        r = register_worker(t, &row, &err);
    else if (r == PLAIN_OK)
        r = t->store->ops->beat(t->store, &identity.id, stops, &err);
    set_due(t, r, &err);
    set_state(t, r, state, sent, &err); /* before another call, which may take its time */
    if (r == PLAIN_OK) {
        read_wish(t, &identity.id);
        bell_ring(t->bell);
    }
    if (r == PLAIN_OK && state == LEASE_ASKED)
        warn_of_unserved(t->store);
}

/* Only who lives rescues. */
static void look_for_the_dead(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool held = t->state == LEASE_HELD;
    struct worker_identity identity = t->identity;
    (void)pthread_mutex_unlock(&t->mutex);
    if (held && rescuer_run(t->terms.rescuer, t->store, &identity))
        bell_ring(t->bell);
}

/* Only while the lease is held, and never instead of a heartbeat that is due. */
static void keep_house(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool held = t->state == LEASE_HELD;
    plain_uuid worker = t->identity.id;
    (void)pthread_mutex_unlock(&t->mutex);
    if (held && t->store && clock_boot_us() < t->due_us)
        house_step(&t->house, t->store, &worker);
}

/* When the thread is to look again; INT64_MAX: only when it is woken. */
static int64_t next_us(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    enum lease_state state = t->state;
    (void)pthread_mutex_unlock(&t->mutex);
    if (state == LEASE_ASKED)
        return t->due_us;
    if (state != LEASE_HELD)
        return INT64_MAX;
    int64_t next = rescuer_next_us(t->terms.rescuer), house = house_next_us(&t->house);
    next = house < next ? house : next;
    return next < t->due_us ? next : t->due_us;
}

static void drain(int fd)
{
    uint64_t count;

    (void)!read(fd, &count, sizeof(count));
}

/* Sleeps until `until` or until it is woken; a machine that slept past it wakes the thread too. */
static void wait_until(struct lease_thread *t, int64_t until)
{
    struct pollfd p[] = {{.fd = t->event_fd, .events = POLLIN},
                         {.fd = t->timer_fd, .events = POLLIN}};
    struct itimerspec at = {0};

    if (until != INT64_MAX) {
        int64_t us = until > 0 ? until : 1;

        at.it_value.tv_sec = us / US_PER_S;
        at.it_value.tv_nsec = us % US_PER_S * 1000;
    }
    (void)timerfd_settime(t->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
    while (poll(p, ARRAY_SIZE(p), -1) < 0 && errno == EINTR)
        continue;
    drain(t->event_fd);
    drain(t->timer_fd);
}

static bool is_quitting(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool quit = t->quit;
    (void)pthread_mutex_unlock(&t->mutex);
    return quit;
}

static void *thread_main(void *argument)
{
    struct lease_thread *t = argument;

    while (!is_quitting(t)) {
        keep_lease(t);
        heed_asking(t);
        look_for_the_dead(t);
        keep_house(t);
        wait_until(t, next_us(t));
    }
    return NULL;
}

void lease_thread_wake(struct lease_thread *t)
{
    const uint64_t one = 1;

    (void)!write(t->event_fd, &one, sizeof(one));
}

static void close_descriptors(struct lease_thread *t)
{
    if (t->event_fd >= 0)
        (void)close(t->event_fd);
    if (t->timer_fd >= 0)
        (void)close(t->timer_fd);
}

int lease_thread_start(struct lease_thread *t, const struct lease_terms *terms,
                       const struct bell *bell, plain_error *err)
{
    sigset_t all, before;

    t->terms = *terms;
    house_init(&t->house, terms->retention_ms);
    t->bell = bell;
    t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (t->event_fd < 0 || t->timer_fd < 0) {
        int why = errno;

        close_descriptors(t);
        return error_set_errno(err, PLAIN_E_IO, 705, "", why, "descriptors of the lease thread");
    }
    (void)pthread_mutex_init(&t->mutex, NULL);
    (void)sigfillset(&all); /* signals are the loop's */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&t->thread, NULL, thread_main, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    t->started = failed == 0;
    if (failed) {
        close_descriptors(t);
        return error_set_errno(err, PLAIN_E_IO, 705, "", failed, "starting the lease thread");
    }
    return PLAIN_OK;
}

void lease_thread_register(struct lease_thread *t, const struct worker_row *row)
{
    (void)pthread_mutex_lock(&t->mutex);
    t->row = *row;
    t->identity = *row->identity;
    t->state = LEASE_ASKED;
    t->hurry = true;
    atomic_store(&t->terms.file->deadline_us, 0);
    (void)pthread_mutex_unlock(&t->mutex);
    lease_thread_wake(t);
}

void lease_thread_ask(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    t->asked = true;
    (void)pthread_mutex_unlock(&t->mutex);
    lease_thread_wake(t);
}

void lease_thread_tell_stop(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool is_new = !t->stops;
    t->stops = true;
    t->hurry = t->hurry || is_new;
    (void)pthread_mutex_unlock(&t->mutex);
    if (is_new)
        lease_thread_wake(t);
}

enum lease_state lease_thread_state(struct lease_thread *t, int64_t *deadline_us)
{
    (void)pthread_mutex_lock(&t->mutex);
    if (t->state == LEASE_HELD && clock_boot_us() >= t->deadline_us)
        t->state = LEASE_OVER;
    enum lease_state state = t->state;
    *deadline_us = t->deadline_us;
    (void)pthread_mutex_unlock(&t->mutex);
    return state;
}

plain_error lease_thread_refusal(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    plain_error refusal = t->refusal;
    (void)pthread_mutex_unlock(&t->mutex);
    return refusal;
}

enum worker_wish lease_thread_wish(struct lease_thread *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    enum worker_wish wish = t->wish;
    (void)pthread_mutex_unlock(&t->mutex);
    return wish;
}

void lease_thread_stop(struct lease_thread *t, bool leave, bool drained)
{
    plain_error err;

    if (!t->started)
        return;
    (void)pthread_mutex_lock(&t->mutex);
    t->quit = true;
    (void)pthread_mutex_unlock(&t->mutex);
    lease_thread_wake(t);
    (void)pthread_join(t->thread, NULL);
    if (drained && t->store)
        tell_of_paused(t->store, &t->row);
    if (leave && t->store && !uuid_is_zero(&t->identity.id) &&
        t->store->ops->leave(t->store, &t->identity.id, &err) < 0)
        log_event(LOG_ERROR, "Worker's row is left to be rescued", LOG_TEXT("error", err.message));
    store_close(t->store);
    close_descriptors(t);
    (void)pthread_mutex_destroy(&t->mutex);
}
