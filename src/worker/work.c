#include "worker/work.h"

#include "base/alloc.h"
#include "base/clock.h"

void work_list_push(struct work_list *l, struct work *w)
{
    w->next = NULL;
    if (l->tail)
        l->tail->next = w;
    else
        l->head = w;
    l->tail = w;
    l->count++;
}

struct work *work_list_pop(struct work_list *l)
{
    struct work *w = l->head;

    if (!w)
        return NULL;
    l->head = w->next;
    if (!l->head)
        l->tail = NULL;
    l->count--;
    w->next = NULL;
    return w;
}

void work_list_append(struct work_list *l, struct work_list *from)
{
    struct work *w;

    while ((w = work_list_pop(from)))
        work_list_push(l, w);
}

static bool is_before(const struct work *a, const struct work *b)
{
    if (a->claim->priority != b->claim->priority)
        return a->claim->priority > b->claim->priority;
    if (a->claim->due_at != b->claim->due_at)
        return a->claim->due_at < b->claim->due_at;
    return a->claim->id < b->claim->id;
}

void work_list_merge(struct work_list *l, struct work_list *from)
{
    struct work **at = &l->head, *last = NULL, *w;

    while ((w = work_list_pop(from))) {
        if (!l->tail || !is_before(w, l->tail)) {
            work_list_push(l, w);
            continue;
        }
        if (last && is_before(w, last))
            at = &l->head;
        while (!is_before(w, *at))
            at = &(*at)->next;
        w->next = *at;
        *at = w;
        at = &w->next;
        last = w;
        l->count++;
    }
}

bool clocks_agree(const struct db_clock *a, const struct db_clock *b)
{
    return a->offset_us <= b->offset_us + b->slack_us && b->offset_us <= a->offset_us + a->slack_us;
}

bool work_take(struct work_list *jobs, struct work_list *hooks, struct arena *arena,
               const struct cycle_result *result, const struct db_clock *clock)
{
    size_t total = result->claim_count + result->hook_count;
    int64_t now = clock_mono_us();
    struct work *next = arena_array(arena, total, sizeof(*next));
    struct batch *batch = mem_zalloc(1, sizeof(*batch));
    struct work_list claimed = {0};

    if (total == 0 || !next || !batch) {
        mem_free(batch);
        return total == 0;
    }
    for (size_t i = 0; i < result->claim_count; i++) {
        *next = (struct work){
            .batch = batch, .claim = &result->claims[i], .clock = *clock, .since_us = now};
        work_list_push(&claimed, next++);
    }
    work_list_merge(jobs, &claimed);
    for (size_t i = 0; i < result->hook_count; i++) {
        const struct hook *hook = &result->hooks[i];

        *next = (struct work){.batch = batch,
                              .kind = WORK_HOOK,
                              .claim = &hook->claim,
                              .hook = hook,
                              .since_us = now};
        work_list_push(hooks, next++);
    }
    batch->refs = total;
    batch->arena = *arena;
    *arena = (struct arena)ARENA_INIT;
    return true;
}

void work_free(struct work *w)
{
    struct batch *batch = w->batch;

    mem_free(w->texts);
    mem_free(w->worded);
    mem_free(w->output);
    if (w->tail)
        tail_release(w->tail);
    mem_free(w->tail);
    if (--batch->refs > 0)
        return;
    arena_release(&batch->arena); /* w itself stands in it */
    mem_free(batch);
}

void work_list_free(struct work_list *l)
{
    struct work *w;

    while ((w = work_list_pop(l)))
        work_free(w);
}
