/* epoch.h - PostgreSQL counts microseconds from 2000-01-01 UTC, we from 1970 */
#ifndef PLAIN_STORE_POSTGRES_EPOCH_H
#define PLAIN_STORE_POSTGRES_EPOCH_H

#include <stdint.h>

#include "base/clock.h"

#define EPOCH_2000_US INT64_C(946684800000000)

static inline int64_t time_to_postgres(int64_t us)
{
    return clock_add(us, -EPOCH_2000_US);
}

/* "infinity" stays the latest time of all. */
static inline int64_t time_from_postgres(int64_t us)
{
    return clock_add(us, EPOCH_2000_US);
}

#endif
