#include "queue/slice.h"

#include "base/clock.h"

/* Halved when it took too long, doubled when it took less than half: so it settles between. */
void slice_took(struct slice *s, int64_t us)
{
    int64_t most = (int64_t)SLICE_MS * US_PER_MS;

    if (us > most)
        s->rows = s->rows / 2 > SLICE_LEAST ? s->rows / 2 : SLICE_LEAST;
    else if (us < most / 2)
        s->rows = s->rows * 2 < STORE_SLICE ? s->rows * 2 : STORE_SLICE;
}

int slice_clear(struct slice *s, struct store *store, int64_t before, int64_t *deleted, bool *more,
                plain_error *err)
{
    int64_t start = clock_mono_us(), gone = 0;
    int r = store->ops->clear(store, before, s->rows, &gone, err);

    *more = r == PLAIN_OK && gone == s->rows;
    *deleted += gone;
    if (*more)
        slice_took(s, clock_mono_us() - start);
    return r;
}
