#include "store/rule.h"

int64_t rule_sum(const struct rule_group *groups, size_t count, enum job_table table,
                 unsigned flags)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const struct rule_group *g = &groups[i];

        if (g->table == (int)table && (!g->is_retry || flags & PLAIN_COUNT_RETRIES) &&
            (!g->is_self || flags & PLAIN_COUNT_SELF))
            sum += g->n;
    }
    return sum;
}
