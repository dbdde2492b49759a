/*
 * page_workers.c - who works
 */
#include "admin/html.h"
#include "admin/page.h"
#include "admin/worker_rows.h"

int page_workers(struct page *p, plain_error *err)
{
    struct worker_view *workers = NULL;
    struct table t;
    size_t count = 0;
    int64_t now = 0;
    int r = page_parameters(p, NULL, 0, err);

    if (r == PLAIN_OK)
        r = worker_rows(p->store, p->arena, &workers, &count, err);
    if (r == PLAIN_OK)
        r = p->store->ops->now(p->store, &now, err);
    if (r != PLAIN_OK)
        return r;
    if (count == 0) {
        html_begin(p->out, "p", "note");
        html_text(p->out, "No worker is running. Start one: ");
        html_element(p->out, "code", NULL, "plain jobs worker");
        html_end(p->out, "p");
        return PLAIN_OK;
    }
    worker_table(&t, p->arena, workers, count, now);
    html_table(p->out, &t);
    if (count == STORE_WORKERS_MAX)
        html_elementf(p->out, "p", "note", "Only the first %d workers are shown.",
                      STORE_WORKERS_MAX);
    return PLAIN_OK;
}
