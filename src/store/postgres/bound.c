#include "store/postgres/bound.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

static void free_items(struct bounds *b)
{
    for (size_t i = 0; i < b->count; i++)
        mem_free(b->items[i].queue);
    mem_free(b->items);
    b->items = NULL;
    b->count = 0;
}

void bounds_release(struct bounds *b)
{
    free_items(b);
}

/* No priority is lower, no time earlier and no id less: the claim begins at the top. */
void bounds_forget(struct bounds *b)
{
    for (size_t i = 0; i < b->count; i++) {
        b->items[i].priority = INT16_MIN;
        b->items[i].due_at = INT64_MIN + 1;
        b->items[i].id = INT64_MIN;
    }
    b->reset_us = clock_mono_us();
}

static bool has_queues(const struct bounds *b, const char *const *queues, size_t count)
{
    if (b->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(b->items[i].queue, queues[i]) != 0)
            return false;
    }
    return true;
}

static bool set_queues(struct bounds *b, const char *const *queues, size_t count)
{
    free_items(b);
    b->items = mem_zalloc(count, sizeof(*b->items));
    if (!b->items)
        return false;
    for (size_t i = 0; i < count; i++) {
        b->items[i].queue = mem_strdup(queues[i]);
        if (!b->items[i].queue)
            return false;
        b->count++;
    }
    bounds_forget(b);
    return true;
}

/* A bound at the top is behind nothing. */
static int64_t behind(int64_t id, size_t ahead)
{
    if (id == INT64_MIN || id > INT64_MAX - (int64_t)ahead)
        return id;
    return id + (int64_t)ahead;
}

bool bounds_prepare(struct bounds *b, const char *const *queues, size_t count, size_t ahead)
{
    if (!has_queues(b, queues, count)) {
        if (!set_queues(b, queues, count))
            return false;
    } else if (clock_mono_us() - b->reset_us >= (int64_t)BOUND_MAX_AGE_MS * US_PER_MS) {
        bounds_forget(b);
    }
    for (size_t i = 0; i < b->count; i++)
        b->items[i].from_id = behind(b->items[i].id, ahead);
    return true;
}

void bounds_advance(struct bounds *b, const struct claim *claims, size_t count)
{
    for (size_t i = 0; i < b->count; i++) {
        struct bound *bound = &b->items[i];

        for (size_t n = count; n > 0; n--) {
            const struct claim *c = &claims[n - 1];

            if (strcmp(c->queue, bound->queue) == 0) {
                bound->priority = c->priority;
                bound->due_at = c->due_at;
                bound->id = c->id;
                break;
            }
        }
    }
}
