/*
 * bench_place.h - the schema or file in which a measurement works, and nothing else does
 */
#ifndef PLAIN_CLI_BENCH_PLACE_H
#define PLAIN_CLI_BENCH_PLACE_H

#include <stddef.h>

#include "cli/cli.h"

struct bench_place {
    const struct store_ops *ops;
    const char *name; /* "plainjobs_bench_0c9e7f3a" */
    const char *url;
    const char *folder;  /* for the files of its workers, where they do not lie beside; else NULL */
    struct store *store; /* a connection to it */
    struct store_fact *facts;
    size_t fact_count;
};

/* Makes the place, with the tables, beside what the settings name. Whatever comes of it, it is to
 * be closed. */
int bench_place_open(struct bench_place *p, struct cli *cli, plain_error *err) PLAIN_MUST_USE;

/* Deletes it. PJ309, which names it, when that cannot be. */
int bench_place_close(struct bench_place *p, plain_error *err) PLAIN_MUST_USE;

#endif
