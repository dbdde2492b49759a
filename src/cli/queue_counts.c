#include "cli/queue_counts.h"

int64_t processing_in_all(const struct queue_stats *queues, size_t count)
{
    int64_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += queues[i].processing > 0 ? queues[i].processing : 0;
    return n;
}

void put_at_least(struct json_writer *j, int64_t pending, int64_t processing, int64_t most)
{
    json_put_bool(j, "at_least", pending >= most || processing >= most);
}
