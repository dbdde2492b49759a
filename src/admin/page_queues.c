/*
 * page_queues.c - what waits in each queue, and what is paused
 */
#include "admin/html.h"
#include "admin/page.h"
#include "admin/queue_view.h"

/* Classes have no line of their own, and of the queues of a pattern there may be none yet. */
static void put_other_pauses(struct page *p, const struct queue_view *q)
{
    for (size_t i = 0; i < q->pause_count; i++) {
        const struct pause *pause = &q->pauses[i];
        bool is_pattern = pause_is_pattern(pause);

        if (pause->kind != PAUSE_CLASS && !is_pattern)
            continue;
        html_begin(p->out, "p", "note");
        html_textf(p->out, "%s %s %s paused", is_pattern ? "Queues" : "Class", pause->name,
                   is_pattern ? "are" : "is");
        if (pause->by[0])
            html_textf(p->out, " by %s", pause->by);
        if (pause->reason[0])
            html_textf(p->out, ": %s", pause->reason);
        html_end(p->out, "p");
    }
}

void page_queue_table(struct page *p, const struct queue_view *q)
{
    struct table t;

    if (q->count == 0) {
        html_element(p->out, "p", "dim", "No queue has jobs, is paused or is worked for.");
        return;
    }
    queue_table(&t, p->arena, q);
    html_table(p->out, &t);
    if (q->is_cut)
        html_elementf(p->out, "p", "note",
                      "Of the queues with jobs only the first %d by name are shown.",
                      STORE_QUEUES_MAX);
}

int page_queues(struct page *p, plain_error *err)
{
    struct queue_view q = {0};
    int r = page_parameters(p, NULL, 0, err);

    if (r == PLAIN_OK)
        r = queue_view_find(p->store, p->arena, &q, err);
    if (r != PLAIN_OK)
        return r;
    put_other_pauses(p, &q);
    page_queue_table(p, &q);
    return PLAIN_OK;
}
