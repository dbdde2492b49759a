/*
 * slots.h - schedules in the database, and the ledger of their slots
 *
 * A slot is a time at which a schedule is due. The ledger has one row for each, unique by schedule
 * and time, that says what became of it. plainjobs_schedule.slot_at is the high-water mark: every
 * slot up to it stands in the ledger, and none after it does. Whoever sees to slots looks at the
 * mark and at the database's clock, decides what becomes of the slots in between, and writes rows,
 * jobs and the new mark in one transaction that holds only if the mark is still the old one. So any
 * number of workers, restarts and steps of the clock neither miss a slot nor enqueue one twice.
 */
#ifndef PLAIN_STORE_SLOTS_H
#define PLAIN_STORE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/queue.h>
#include <plain/jobs/uuid.h>

enum slot_status {
    SLOT_RUN,       /* its job was enqueued                              */
    SLOT_COALESCED, /* missed, and a later slot ran for it               */
    SLOT_SKIPPED,   /* not run: the reason says why                      */
    SLOT_STATUS_COUNT
};
extern const char *const slot_status_names[SLOT_STATUS_COUNT]; /* "RUN" ... */
bool slot_status_parse(const char *name, enum slot_status *out);

/* What a worker says of a schedule. */
struct schedule_definition {
    const char *name;
    const char *hash; /* of all of it */
    const char *cron, *timezone;
    int dst;
    const char *job_class;
    int64_t started_at;     /* of the worker, by the database's clock */
    const char *started_by; /* for people */
};

/* A row of plainjobs_schedule with what hangs on it. Times may be STORE_NO_TIME. */
struct schedule_row {
    struct schedule_definition definition; /* cron "": nobody has told it yet */
    int64_t slot_at;
    int64_t skip_until;
    const char *skip_reason;
    int64_t paused_at;
    const char *paused_by, *pause_reason;
    int64_t removed_at;
    plain_uuid last_request; /* zero: none */
    bool is_busy;            /* the job of last_request is pending or processing */
    int64_t ledger_at;       /* the newest slot in the ledger */
    const char *ledger_status, *ledger_reason; /* NULL: none */
    const char *result_status; /* of the newest attempt of last_request's job; NULL: none yet */
    int64_t result_at;
};

/* What is to become of one slot. */
struct slot {
    int64_t slot_at;
    enum slot_status status;
    const char *reason; /* "" for a run */
};

struct new_request;
struct store_tx;

/* A job that a slot enqueues. */
struct slot_job {
    const struct new_request *request;
    const char *lock; /* rule != NULL: as enqueue_ruled has them */
    int (*rule)(struct store_tx *tx, void *user);
    void *user;
};

/* Slots that are accounted for in one transaction. */
struct slot_batch {
    const char *schedule;
    const char *hash;
    int64_t from;             /* the high-water mark that was found */
    int64_t upto;             /* the new one, not before any slot of this batch */
    int64_t now;              /* by the database's clock */
    const struct slot *slots; /* in order of time; none may be SLOT_RUN but the last */
    size_t count;
    const struct slot_job *job; /* of the last slot when that is SLOT_RUN; else NULL */
    int64_t keep_from;          /* older rows of this schedule go, a slice at a time */
};
enum { SLOT_BATCH_MAX = 500, SCHEDULES_MAX = 10000, SLOT_REASON_MAX = 500 };

/* Why a job that was due could not be enqueued: held is what its enqueue said. */
void slot_refusal(const struct slot_job *job, const plain_request *held, char out[SLOT_REASON_MAX]);

#endif
