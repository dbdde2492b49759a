/*
 * rescuer.h - finds the jobs of dead workers, on the lease thread
 *
 * Dead are: workers of this host none of whose processes lives, by their files, which are looked
 * at twice a second; and any whose lease is over by the database's clock. The database is asked
 * when a lease of somebody else could be over, and now and then in any case.
 *
 * What is found goes to the loop in batches, one at a time: the loop ends these attempts or gives
 * them back like its own, by token, so that whatever else happens to them meanwhile, each ends
 * once.
 */
#ifndef PLAIN_WORKER_RESCUER_H
#define PLAIN_WORKER_RESCUER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"
#include "worker/neighbours.h"
#include "worker/work.h"

struct rescued {
    struct orphan orphan;
    struct verdict verdict;
    const char *output; /* what is left of what it wrote: output_size bytes */
    size_t output_size;
    int64_t output_missing; /* bytes before that */
    bool completing;        /* it may have completed in a transaction of its own */
};

struct rescue_batch {
    struct arena arena; /* holds all of it */
    struct rescued *jobs;
    size_t count;
    int64_t now; /* by the database's clock */
    struct db_clock clock;
};

struct rescuer {
    struct neighbours neighbours;
    int64_t interval_ms, lease_ms;
    int64_t scan_at_us, ask_at_us; /* clock_boot_us(): the folder, the database */
    unsigned failures;
    size_t told_count; /* of the orphans that were reported last, and the first of them */
    plain_uuid told_first;

    pthread_mutex_t mutex; /* guards what follows */
    enum { BATCH_NONE, BATCH_FULL, BATCH_OUT } state;
    struct rescue_batch batch; /* when FULL */
    bool again;                /* look at once: a batch was settled */
    bool is_done;              /* at the last look nothing was left of anybody who is dead */
};

/* folder and own: see neighbours.h; identity: of the database, as the store tells it. */
void rescuer_init(struct rescuer *r, const char *folder, const char *own, const char *identity,
                  int64_t interval_ms, int64_t lease_ms);
void rescuer_release(struct rescuer *r);

/* ---- the lease thread ---- */

/* Does what is due. True when there is something for the loop. */
bool rescuer_run(struct rescuer *r, struct store *store, const struct worker_identity *worker);
int64_t rescuer_next_us(const struct rescuer *r); /* clock_boot_us() */

/* ---- the loop ---- */

/* Moves a batch out; the rescuer waits until rescuer_settled(). */
bool rescuer_take(struct rescuer *r, struct rescue_batch *out);
void rescuer_settled(struct rescuer *r);
void rescuer_settled_later(struct rescuer *r); /* the same, and nothing speaks for haste */
/* Whether it has looked for dead workers, and nothing is left of those that it found. */
bool rescuer_is_idle(struct rescuer *r);

#endif
