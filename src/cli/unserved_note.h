/*
 * unserved_note.h - telling of jobs that no worker takes (PJ204)
 */
#ifndef PLAIN_CLI_UNSERVED_NOTE_H
#define PLAIN_CLI_UNSERVED_NOTE_H

#include "cli/cli.h"
#include "cli/json_writer.h"
#include "queue/unserved.h"

/* unserved_find() of the workers that worker_rows() gives. */
int find_unserved(struct store *store, struct arena *a, struct unserved **list, size_t *count,
                  plain_error *err) PLAIN_MUST_USE;

/* On stderr, one line each with a command that helps. */
void say_unserved(const struct cli *cli, const struct unserved *list, size_t count);
/* The member "warnings", an array. */
void put_unserved(struct json_writer *j, struct arena *a, const struct unserved *list,
                  size_t count);

/* After an enqueue of so many like this request: says so on a terminal when nobody would take them.
 * What cannot be found out is not said. */
void note_if_unserved(struct cli *cli, const plain_uuid *request, int64_t count);

/* Likewise, of all that waits and that nobody takes. */
void note_unserved(struct cli *cli);

#endif
