/*
 * job_words.h - what the commands about one job have in common: its parameters on the command
 * line, its uuid, and the news that a concurrency key is held
 */
#ifndef PLAIN_CLI_JOB_WORDS_H
#define PLAIN_CLI_JOB_WORDS_H

#include <plain/jobs/queue.h>

#include "cli/cli.h"
#include "cli/json_writer.h"

/* Appends the parameters, name=value behind the class or --params, as a JSON object. cls may be
 * NULL. Only what can be seen without the class's table is sure to be checked. */
int read_parameters(struct cli *cli, const plain_job_class *cls, struct buf *json,
                    plain_error *err) PLAIN_MUST_USE;

/* The command's first operand as a uuid: PJ502, exit code 3, when it is none. */
int read_uuid(const struct cli *cli, plain_uuid *out, plain_error *err) PLAIN_MUST_USE;
int parse_uuid(const char *text, plain_uuid *out, plain_error *err) PLAIN_MUST_USE; /* likewise */
/* There is nothing with that uuid: PJ502. */
int no_such_job(const plain_uuid *uuid, plain_error *err);

/* About a failure behind an enqueue: the job is there, but its uuid was not printed; or it may be
 * there, since the link broke. Whoever repeated the command would have two. */
void say_not_printed(const plain_uuid *uuid, int64_t made, int64_t count, plain_error *err);
void say_unknown(const plain_uuid *uuid, plain_error *err);

/* Under a list on a terminal, that there may be more than these. */
void put_cut(struct cli *cli, size_t count, int64_t limit);

/* Says on stderr who holds the key, or that the class's own rule says no; not with --json, whose
 * document has put_skipped(). */
void say_skipped(const struct cli *cli, const plain_request *request);
/* The member "skipped": an object, or null when request is. */
void put_skipped(struct json_writer *j, const plain_request *request);

#endif
