/*
 * bench_report.h - the figures of a measurement: a table, lines or JSON
 */
#ifndef PLAIN_CLI_BENCH_REPORT_H
#define PLAIN_CLI_BENCH_REPORT_H

#include "cli/bench.h"

/* Appends to cli->out. */
void bench_report(struct cli *cli, const struct bench_plan *plan, const struct bench_place *place,
                  const struct bench_figures *figures);

#endif
