/*
 * print.h - rows of the three job tables, as JSON and as tables for people
 */
#ifndef PLAIN_CLI_PRINT_H
#define PLAIN_CLI_PRINT_H

#include "admin/row_table.h"
#include "admin/row_words.h"
#include "cli/cli.h"
#include "cli/json_writer.h"
#include "cli/terminal.h"
#include "store/store.h"

/* One object with every field of a row; what the row's table lacks is null. */
void print_row_json(struct json_writer *j, const struct job_row *row);

/* What the rows of a table show, one line a row. now is the database's clock. */
void print_rows(struct cli *cli, enum job_table table, const struct job_row *rows, size_t count,
                int64_t now);

#endif
