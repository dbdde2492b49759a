/*
 * queue_counts.h - numbers of jobs at which counting stopped
 */
#ifndef PLAIN_CLI_QUEUE_COUNTS_H
#define PLAIN_CLI_QUEUE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/json_writer.h"
#include "store/store.h"

/* What is processing is counted for all queues together. */
int64_t processing_in_all(const struct queue_stats *queues, size_t count);

/* The member "at_least": whether one of the numbers is only a lower bound. */
void put_at_least(struct json_writer *j, int64_t pending, int64_t processing, int64_t most);

#endif
