/*
 * figures.h - how many jobs there are in each state, and have ended of late
 */
#ifndef PLAIN_ADMIN_FIGURES_H
#define PLAIN_ADMIN_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/table.h"
#include "store/store.h"

/* The times for which ended attempts are told. */
enum { SPAN_HOUR, SPAN_DAY, FIGURE_SPANS };
extern const struct figure_span {
    const char *member; /* in a document */
    int64_t us;
} figure_spans[FIGURE_SPANS];

/* How an attempt can end, in the order of the Python package, which prints the first ones. */
extern const struct figure_word {
    const char *word;
    const char *member;
    const char *page; /* that lists them */
    enum job_status status;
    enum paint paint;
    bool original;
} figure_words[JOB_STATUS_COUNT];

struct figures {
    struct store_stats stored;
    int64_t ended[FIGURE_SPANS][JOB_STATUS_COUNT];
    int64_t now; /* by the database's clock */
};

/* Fills ended and now. */
int figures_find_ended(struct store *store, struct figures *f, plain_error *err) PLAIN_MUST_USE;

/* A line for pending, processing and each end. */
void figures_table(struct table *t, struct arena *a, const struct figures *f);

#endif
