/*
 * rule.h - what a class's own rule counts
 *
 * A store reads the live jobs of a class and key in groups, all of one moment: a job that is
 * claimed between two looks would be in neither. Which groups a question means is the same for all
 * stores.
 */
#ifndef PLAIN_STORE_RULE_H
#define PLAIN_STORE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum { RULE_GROUPS_MAX = 8 }; /* two tables, retries or not, self or not */

struct rule_group {
    int table; /* TABLE_REQUEST or TABLE_PROCESS */
    bool is_retry;
    bool is_self; /* the attempt in which the enqueue is being made */
    int64_t n;
};

/* The jobs of these groups that stand in the table and that the flags (plain_count_flags) mean. */
int64_t rule_sum(const struct rule_group *groups, size_t count, enum job_table table,
                 unsigned flags);

#endif
