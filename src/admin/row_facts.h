/*
 * row_facts.h - what there is to say of a job and of its runs, line by line
 */
#ifndef PLAIN_ADMIN_ROW_FACTS_H
#define PLAIN_ADMIN_ROW_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct facts {
    /* A line. label: "queue", or "" for what goes on the line before. text is not escaped. */
    void (*put)(void *user, const char *label, const char *text);
    void *user;
    bool utc; /* times; or local ones */
};

/* What holds for the whole job. last: its last row. */
void job_facts(struct facts *f, const struct job_row *last);

/* A run, without its state and number. now is the database's clock. */
void row_facts(struct facts *f, const struct job_row *row, int64_t now);

#endif
