#include "worker/rescuer.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"

enum { SCAN_EVERY_MS = 500, AGAIN_MS = 100, FAILED_MS = 1000, AFTER_LAPSE_MS = 20 };

void rescuer_init(struct rescuer *r, const char *folder, const char *own, const char *identity,
                  int64_t interval_ms, int64_t lease_ms)
{
    (void)text_copy(r->neighbours.folder, sizeof(r->neighbours.folder), folder);
    (void)text_copy(r->neighbours.own, sizeof(r->neighbours.own), own);
    r->neighbours.database = worker_file_database(identity);
    r->interval_ms = interval_ms;
    r->lease_ms = lease_ms;
    (void)pthread_mutex_init(&r->mutex, NULL);
}

void rescuer_release(struct rescuer *r)
{
    (void)neighbours_close(&r->neighbours, NULL);
    if (r->state == BATCH_FULL)
        arena_release(&r->batch.arena);
    (void)pthread_mutex_destroy(&r->mutex);
}

/* Up to a quarter later than ms from now: so that rescuers do not look all at once. */
static int64_t soon_us(int64_t ms)
{
    int64_t us = ms * US_PER_MS;

    return clock_boot_us() + us + (int64_t)(random_u64() % (uint64_t)(us / 4 + 1));
}

static bool is_free(struct rescuer *r)
{
    (void)pthread_mutex_lock(&r->mutex);
    bool is = r->state == BATCH_NONE;
    (void)pthread_mutex_unlock(&r->mutex);
    return is;
}

/* When the database is asked again: as soon as another lease can be over, and half an interval from
 * now at the latest, since workers come and go. */
static void set_next(struct rescuer *r, const struct rescue_result *found)
{
    r->ask_at_us = soon_us(r->interval_ms / 2);
    if (found->next_lapse != STORE_NO_TIME) {
        bool is_over = found->next_lapse <= found->now; /* long ago, when a rescue was given up */
        int64_t at = is_over ? soon_us(AGAIN_MS)
                             : soon_us(0) + found->next_lapse - found->now +
                                   (int64_t)AFTER_LAPSE_MS * US_PER_MS;

        r->ask_at_us = at < r->ask_at_us ? at : r->ask_at_us;
    }
    if (found->unfinished_count > 0 && found->orphan_count == 0)
        r->ask_at_us = soon_us(AGAIN_MS); /* its row is locked, or it has orphans in our hands */
}

/* The file is closed before the loop looks at the job. */
static void copy_from_file(struct arena *a, struct rescued *job)
{
    struct verdict *v = &job->verdict;

    if (v->frame)
        v->frame = arena_memdup(a, v->frame, v->frame_length);
    if (!v->entry)
        return;
    job->completing = v->entry->completing != 0;
    job->output_size = progress_output(v->page, v->entry, NULL, &job->output_missing);
    char *output = job->output_size > 0 ? arena_alloc(a, job->output_size) : NULL;
    if (output)
        (void)progress_output(v->page, v->entry, output, &job->output_missing);
    job->output = output;
    v->page = NULL;
    v->entry = NULL;
}

/* Copies what the loop is to have out of the files. */
static bool fill_batch(struct rescuer *r, struct rescue_batch *b, const struct rescue_result *found)
{
    b->jobs = arena_array(&b->arena, found->orphan_count, sizeof(*b->jobs));
    for (size_t i = 0; b->jobs && i < found->orphan_count; i++) {
        struct rescued *job = &b->jobs[i];

        *job = (struct rescued){.orphan = found->orphans[i]};
        job->verdict =
            neighbours_judge(&r->neighbours, &job->orphan.worker_id, &job->orphan.claim.token);
        copy_from_file(&b->arena, job);
    }
    b->count = found->orphan_count;
    return arena_ok(&b->arena);
}

/* Gives a batch to the loop; its memory goes along. True when there is news for it. */
static bool hand_over(struct rescuer *r, struct rescue_batch *b, bool nothing_left)
{
    bool full = b->count > 0;

    (void)pthread_mutex_lock(&r->mutex);
    bool before = r->is_done;
    if (full) {
        r->batch = *b;
        r->state = BATCH_FULL;
    }
    r->is_done = nothing_left && r->state == BATCH_NONE;
    bool news = full || r->is_done != before;
    (void)pthread_mutex_unlock(&r->mutex);
    if (!full)
        arena_release(&b->arena);
    return news;
}

/* Those whose end is refused are found each time, and told once. */
static void report(struct rescuer *r, const struct rescue_result *found)
{
    const plain_uuid *first =
        found->orphan_count > 0 ? &found->orphans[0].claim.token : &r->told_first;
    bool is_told = found->orphan_count == r->told_count && uuid_equal(first, &r->told_first);

    if (found->orphan_count > 0) {
        r->told_count = found->orphan_count;
        r->told_first = *first;
    }
    if (found->seized > 0 || (found->orphan_count > 0 && !is_told))
        log_event(LOG_WARNING, "Rescuing jobs of dead workers",
                  LOG_NUMBER("workers", (int64_t)found->seized),
                  LOG_NUMBER("jobs", (int64_t)found->orphan_count));
}

static bool ask(struct rescuer *r, struct store *store, const struct worker_identity *worker)
{
    struct rescue_batch batch = {.arena = ARENA_INIT};
    struct rescue_result found;
    plain_error err;
    const struct rescue_wish wish = {
        .worker = worker,
        .lease_ms = r->lease_ms,
        .dead = r->neighbours.dead,
        .dead_count = r->neighbours.dead_count,
        .living = r->neighbours.living,
        .living_count = r->neighbours.living_count,
        .limit = is_free(r) ? STORE_RESCUE_MAX : 0,
    };
    int64_t sent = clock_mono_us();
    int result = store->ops->rescue(store, &wish, &batch.arena, &found, &err);
    int64_t replied = clock_mono_us();

    if (result == PLAIN_OK) {
        batch.now = found.now;
        batch.clock =
            (struct db_clock){.offset_us = found.now - replied, .slack_us = replied - sent + 1};
        if (fill_batch(r, &batch, &found)) {
            r->failures = 0;
            report(r, &found);
            set_next(r, &found);
            return hand_over(r, &batch, neighbours_close(&r->neighbours, &found));
        }
    }
    r->failures++;
    if (result < 0 && log_takes_time(r->failures))
        log_event(LOG_ERROR, "Looking for dead workers failed", LOG_TEXT("error", err.message),
                  LOG_NUMBER("failures", r->failures));
    r->ask_at_us = soon_us(FAILED_MS);
    arena_release(&batch.arena);
    return false;
}

/* After a batch there may be more, and its workers are to be forgotten. */
static void look_again(struct rescuer *r)
{
    (void)pthread_mutex_lock(&r->mutex);
    if (r->again)
        r->scan_at_us = r->ask_at_us = 0;
    r->again = false;
    (void)pthread_mutex_unlock(&r->mutex);
}

bool rescuer_run(struct rescuer *r, struct store *store, const struct worker_identity *worker)
{
    int64_t now = clock_boot_us();
    bool found = false;

    look_again(r);
    if (now < r->scan_at_us && now < r->ask_at_us)
        return false;
    neighbours_look(&r->neighbours);
    r->scan_at_us = soon_us(SCAN_EVERY_MS);
    if (now >= r->ask_at_us || (r->neighbours.dead_count > 0 && r->failures == 0 && is_free(r)))
        found = ask(r, store, worker);
    (void)neighbours_close(&r->neighbours, NULL);
    return found;
}

int64_t rescuer_next_us(const struct rescuer *r)
{
    return r->scan_at_us < r->ask_at_us ? r->scan_at_us : r->ask_at_us;
}

bool rescuer_take(struct rescuer *r, struct rescue_batch *out)
{
    (void)pthread_mutex_lock(&r->mutex);
    bool full = r->state == BATCH_FULL;
    if (full) {
        *out = r->batch;
        r->state = BATCH_OUT;
    }
    (void)pthread_mutex_unlock(&r->mutex);
    return full;
}

static void take_back(struct rescuer *r, bool again)
{
    (void)pthread_mutex_lock(&r->mutex);
    r->state = BATCH_NONE;
    r->again = again;
    (void)pthread_mutex_unlock(&r->mutex);
}

void rescuer_settled(struct rescuer *r)
{
    take_back(r, true);
}

void rescuer_settled_later(struct rescuer *r)
{
    take_back(r, false);
}

bool rescuer_is_idle(struct rescuer *r)
{
    (void)pthread_mutex_lock(&r->mutex);
    bool idle = r->is_done;
    (void)pthread_mutex_unlock(&r->mutex);
    return idle;
}
