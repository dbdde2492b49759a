#include "admin/figures.h"

#include "admin/cells.h"
#include "base/clock.h"
#include "base/compiler.h"

const struct figure_span figure_spans[FIGURE_SPANS] = {
    [SPAN_HOUR] = {"last_hour", INT64_C(3600) * US_PER_S},
    [SPAN_DAY] = {"last_day", INT64_C(86400) * US_PER_S},
};

const struct figure_word figure_words[JOB_STATUS_COUNT] = {
    {"Successful", "successful", "results?status=successful", JOB_SUCCESSFUL, PAINT_GREEN, true},
    {"Errored", "errored", "results?status=errored", JOB_ERRORED, PAINT_RED, true},
    {"Lost", "lost", "results?status=lost", JOB_LOST, PAINT_RED, true},
    {"Deferred", "deferred", "results?status=deferred", JOB_DEFERRED, PAINT_YELLOW, false},
    {"Cancelled", "cancelled", "results?status=cancelled", JOB_CANCELLED, PAINT_DIM, false},
};

int figures_find_ended(struct store *store, struct figures *f, plain_error *err)
{
    const struct store_ops *ops = store->ops;
    int r = ops->now(store, &f->now, err);

    for (size_t span = 0; r == PLAIN_OK && span < FIGURE_SPANS; span++)
        r = ops->ended_since(store, f->now - figure_spans[span].us, f->ended[span], err);
    return r;
}

static void add_live(struct table *t, const char *word, enum paint paint, const char *page,
                     int64_t n)
{
    table_add(t, n ? paint : PAINT_NONE, word);
    table_link(t, page);
    add_count(t, n, STORE_COUNT_MAX);
    for (size_t span = 0; span < FIGURE_SPANS; span++)
        table_add(t, PAINT_NONE, "");
}

void figures_table(struct table *t, struct arena *a, const struct figures *f)
{
    static const struct table_column columns[] = {
        {"JOBS", false}, {"NOW", true}, {"LAST HOUR", true}, {"LAST 24 H", true}};

    table_begin(t, a, columns, ARRAY_SIZE(columns), 2 + JOB_STATUS_COUNT);
    add_live(t, "Pending", PAINT_NONE, "requests", f->stored.pending);
    add_live(t, "Processing", PAINT_BLUE, "processes", f->stored.processing);
    for (size_t i = 0; i < JOB_STATUS_COUNT; i++) {
        const struct figure_word *w = &figure_words[i];

        table_add(t, f->stored.by_status[w->status] ? w->paint : PAINT_NONE, w->word);
        table_link(t, w->page);
        add_count(t, f->stored.by_status[w->status], 0);
        for (size_t span = 0; span < FIGURE_SPANS; span++)
            add_count(t, f->ended[span][w->status], 0);
    }
}
