/*
 * pause.h - which of the pauses holds a queue or a class back
 */
#ifndef PLAIN_STORE_PAUSE_H
#define PLAIN_STORE_PAUSE_H

#include <stddef.h>

#include "store/store.h"

/* The first of these pauses that means this queue or class; NULL: it is not paused. A pause of
 * queues may be a pattern (see core/queue_pattern.h), one of classes is a name. */
const struct pause *pause_find(const struct pause *pauses, size_t count, enum pause_kind kind,
                               const char *name);

#endif
