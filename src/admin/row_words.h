/*
 * row_words.h - a row of the three job tables in words
 */
#ifndef PLAIN_ADMIN_ROW_WORDS_H
#define PLAIN_ADMIN_ROW_WORDS_H

#include "base/buf.h"
#include "store/store.h"

/* "PENDING", "PROCESSING" or the status of a result. */
const char *row_state(const struct job_row *row);

/* When the row became due: its start_at, else when it was requested. */
int64_t row_due_at(const struct job_row *row);

/* "2/4" when of is "/"; an attempt beyond the retries, made by hand, is of no number. */
void put_attempt(struct buf *b, const struct job_row *row, const char *of);

/* user_id=42 locale="de": the named parameters in short; positional ones without their names. */
void put_parameters(struct buf *b, const char *stored);

#endif
