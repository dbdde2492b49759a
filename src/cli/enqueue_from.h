/*
 * enqueue_from.h - plain jobs enqueue CLASS --from FILE: a job for each line of a file
 */
#ifndef PLAIN_CLI_ENQUEUE_FROM_H
#define PLAIN_CLI_ENQUEUE_FROM_H

#include <plain/jobs/queue.h>

#include "base/compiler.h"
#include "cli/cli.h"

/* cls NULL: an executable, or a class that is not here. options: for lines that do not say
 * otherwise. */
int enqueue_from(struct cli *cli, const char *name, const plain_job_class *cls,
                 const plain_options *options, plain_error *err) PLAIN_MUST_USE;

#endif
