/*
 * print.h - rows of the three job tables, as JSON and as tables for people
 */
#ifndef PLAIN_CLI_PRINT_H
#define PLAIN_CLI_PRINT_H

#include "cli/cli.h"
#include "cli/json_writer.h"
#include "cli/terminal.h"
#include "store/store.h"

/* "PENDING", "PROCESSING" or the status of a result; and the colour of that word. */
const char *row_state(const struct job_row *row);
enum paint row_paint(const struct job_row *row);

/* When the row became due: its start_at, else when it was requested. */
int64_t row_due_at(const struct job_row *row);

/* "2/4" when of is "/"; an attempt beyond the retries, made by hand, is of no number. */
void put_attempt(struct buf *b, const struct job_row *row, const char *of);

/* One object with every field of a row; what the row's table lacks is null. */
void print_row_json(struct json_writer *j, const struct job_row *row);

/* What the rows of a table show, one line a row. now is the wall clock's. */
void print_rows(struct cli *cli, enum job_table table, const struct job_row *rows, size_t count,
                int64_t now);

/* user_id=42 locale="de": the named parameters in short; positional ones without their names. */
void put_parameters(struct buf *b, const char *stored);

#endif
