#include "worker/house.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"

enum {
    DUTY_MS = 20000,       /* a worker that dies with it is replaced after so long */
    EVERY_MOST_MS = 60000, /* between looks */
    EVERY_LEAST_MS = 1000, /* when results are kept for seconds */
    REST = 4
};

void house_init(struct house *h, int64_t retention_ms)
{
    *h = (struct house){.retention_ms = retention_ms, .slice = SLICE_INIT};
}

int64_t house_next_us(const struct house *h)
{
    return h->retention_ms > 0 ? h->due_us : INT64_MAX;
}

/* Results are never much older than the retention says. Jittered, so that another may come first.
 */
static int64_t every_us(const struct house *h)
{
    int64_t ms = h->retention_ms / 10;

    ms = ms < EVERY_LEAST_MS ? EVERY_LEAST_MS : ms > EVERY_MOST_MS ? EVERY_MOST_MS : ms;
    int64_t us = ms * US_PER_MS;
    return us - (int64_t)(random_u64() % (uint64_t)(us / 4 + 1));
}

static int clear_slice(struct house *h, struct store *store, bool *more, plain_error *err)
{
    int64_t now = 0;
    int r = store->ops->now(store, &now, err);

    if (r < 0 || h->retention_ms >= now / US_PER_MS)
        return r;
    return slice_clear(&h->slice, store, now - h->retention_ms * US_PER_MS, &h->deleted, more, err);
}

void house_step(struct house *h, struct store *store, const plain_uuid *worker)
{
    int64_t start = clock_boot_us();
    plain_error err = {0};
    bool more = false;

    if (h->retention_ms == 0 || start < h->due_us)
        return;
    int r = store->ops->take_duty(store, "clear", worker, DUTY_MS, &err);
    if (r == PLAIN_OK)
        r = clear_slice(h, store, &more, &err);
    if (r == PLAIN_OK && !more) /* anybody's from now on: the next look may be another's */
        r = store->ops->take_duty(store, "clear", worker, 0, &err);
    if (r < 0)
        log_event(LOG_WARNING, "Old results not deleted", LOG_TEXT("error", err.message));
    int64_t now = clock_boot_us();
    h->due_us = now + (more ? REST * (now - start) + US_PER_MS : every_us(h));
    if (!more && h->deleted > 0) {
        log_event(LOG_INFO, "Old results deleted", LOG_NUMBER("results", h->deleted));
        h->deleted = 0;
    }
}
