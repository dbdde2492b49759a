#include "worker/work.h"

#include "base/alloc.h"

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

void work_list_front(struct work_list *l, struct work *w)
{
    w->next = l->head;
    l->head = w;
    if (!l->tail)
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

bool work_take_claims(struct work_list *l, struct arena *arena, struct claim *claims, size_t count,
                      int64_t offset_us)
{
    struct work *works = arena_array(arena, count, sizeof(*works));
    struct batch *batch = mem_zalloc(1, sizeof(*batch));

    if (!works || !batch) {
        mem_free(batch);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        works[i] = (struct work){.batch = batch, .claim = &claims[i], .offset_us = offset_us};
        work_list_push(l, &works[i]);
    }
    batch->refs = count;
    batch->arena = *arena;
    *arena = (struct arena)ARENA_INIT;
    return true;
}

void work_free(struct work *w)
{
    struct batch *batch = w->batch;

    mem_free(w->texts);
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
