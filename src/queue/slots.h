/*
 * slots.h - seeing to the slots of schedules
 *
 * Whoever has a schedule may see to its slots, at any time and any number of them at once: what is
 * due is found by looking backward from the database's clock to the high-water mark of the ledger,
 * and is written only if the mark is still there (store/slots.h). A clock that was put forward
 * makes slots due early, and one that was put back makes nothing due until it has come up to the
 * mark.
 *
 * Slots that are due together were missed, all but the last: what becomes of them is said by
 * `missed`. A slot that is to run is then judged by `overlap`.
 */
#ifndef PLAIN_QUEUE_SLOTS_H
#define PLAIN_QUEUE_SLOTS_H

#include "queue/schedules.h"
#include "store/store.h"

/* Who looks. */
struct slots_looker {
    struct store *store;
    int64_t started_at;     /* of the worker, by the database's clock */
    const char *started_by; /* for people: "host:pid" */
    int64_t keep_us;        /* how long slots are kept; 0: for ever */
};

enum slots_state {
    SLOTS_FINE,
    SLOTS_PAUSED,    /* its slots are skipped */
    SLOTS_WAITING,   /* the job before has not ended: look again soon */
    SLOTS_SUPERSEDED /* a worker that started later has another definition: not ours to see to */
};

struct slots_seen {
    enum slots_state state;
    int64_t now;     /* by the database's clock */
    int64_t next_at; /* when to look again, by that clock */
    char by[128];    /* who paused or superseded it */
    int counts[SLOT_STATUS_COUNT];
    plain_uuid request; /* of the last run */
};

enum { SLOTS_GRACE_S = 60, SLOTS_WAIT_S = 1 };

/* Accounts for every slot that is due. s is not a bad one. */
int slots_see(const struct slots_looker *looker, const struct schedule *s, struct slots_seen *out,
              plain_error *err) PLAIN_MUST_USE;

/* Marks the schedules that the database has and this worker does not as removed. */
int slots_forget_others(const struct slots_looker *looker, const struct schedules *mine,
                        plain_error *err) PLAIN_MUST_USE;

/* Enqueues the schedule's job now. by: for the audit. PLAIN_SKIPPED as plain_run_in_worker(). */
int slots_run_by_hand(struct store *store, const struct schedule *s, const char *by,
                      plain_request *request, plain_error *err) PLAIN_MUST_USE;

#endif
