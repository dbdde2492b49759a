/*
 * page_overview.c - whether anything is wrong, and how much there is of everything
 */
#include "admin/figures.h"
#include "admin/html.h"
#include "admin/page.h"
#include "admin/queue_view.h"
#include "admin/worker_rows.h"
#include "queue/unserved.h"

enum { UNSERVED_SHOWN = 10 };

struct overview {
    struct figures figures;
    struct queue_view queues; /* and the workers */
    struct unserved *unserved;
    size_t unserved_count;
};

static int find(struct page *p, struct overview *o, plain_error *err)
{
    struct store *s = p->store;
    struct queue_view *q = &o->queues;
    int r = s->ops->stats(s, &o->figures.stored, err);

    if (r == PLAIN_OK)
        r = figures_find_ended(s, &o->figures, err);
    if (r == PLAIN_OK)
        r = queue_view_find(s, p->arena, q, err);
    if (r == PLAIN_OK)
        r = unserved_find(s, q->workers, q->worker_count, p->arena, &o->unserved,
                          &o->unserved_count, err);
    return r;
}

static void put_unserved(struct page *p, const struct unserved *u)
{
    enum { WORDS_MAX = 8192 };
    struct buf words = BUF_INIT(WORDS_MAX);

    unserved_put_message(&words, u);
    buf_puts(&words, "; ");
    unserved_put_fix(&words, u);
    html_element(p->out, "p", "bad", words.data);
    buf_release(&words);
}

static size_t stale_workers(const struct queue_view *q)
{
    size_t n = 0;

    for (size_t i = 0; i < q->worker_count; i++)
        n += q->workers[i].stale;
    return n;
}

static void put_number(struct page *p, size_t n, const char *one, const char *more,
                       const char *page)
{
    html_begin(p->out, "p", "note");
    html_textf(p->out, "%zu %s: ", n, n == 1 ? one : more);
    html_link(p->out, page, page);
    html_end(p->out, "p");
}

/* What somebody may have to do something about. */
static void put_news(struct page *p, const struct overview *o)
{
    size_t stale = stale_workers(&o->queues), paused = o->queues.pause_count;

    for (size_t i = 0; i < o->unserved_count && i < UNSERVED_SHOWN; i++)
        put_unserved(p, &o->unserved[i]);
    if (o->unserved_count > UNSERVED_SHOWN)
        html_elementf(p->out, "p", "bad",
                      "%zu more such queues and classes; `plain jobs stats` tells all.",
                      o->unserved_count - UNSERVED_SHOWN);
    if (stale > 0)
        put_number(p, stale, "worker is not heard of; its jobs are about to be rescued",
                   "workers are not heard of; their jobs are about to be rescued", "workers");
    if (paused > 0)
        put_number(p, paused, "pause holds jobs back", "pauses hold jobs back", "queues");
    if (o->queues.worker_count == stale && o->unserved_count == 0)
        html_element(p->out, "p", "note", "No worker is running.");
    else if (o->unserved_count == 0 && stale == 0 && paused == 0)
        html_element(p->out, "p", "good", "Nothing is wrong.");
}

int page_overview(struct page *p, plain_error *err)
{
    struct overview o = {0};
    struct table t;
    int r = page_parameters(p, NULL, 0, err);

    if (r == PLAIN_OK)
        r = find(p, &o, err);
    if (r != PLAIN_OK)
        return r;
    put_news(p, &o);
    html_element(p->out, "h2", NULL, "Jobs");
    figures_table(&t, p->arena, &o.figures);
    html_table(p->out, &t);
    html_element(p->out, "h2", NULL, "Queues");
    page_queue_table(p, &o.queues);
    return PLAIN_OK;
}
