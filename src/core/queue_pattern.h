/*
 * queue_pattern.h - names of queues as an operator writes them
 *
 *     mail      the queue of this name
 *     mail*     every queue whose name begins with "mail", "mail" itself included
 *     *         every queue
 *
 * A `*` means something at the end alone and is refused elsewhere: it would look like a pattern and
 * never match. Case counts. A queue that itself has a `*` in its name is reached by a pattern.
 */
#ifndef PLAIN_CORE_QUEUE_PATTERN_H
#define PLAIN_CORE_QUEUE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* Whether it may mean several queues. */
bool queue_pattern_is_open(const char *pattern);
bool queue_pattern_matches(const char *pattern, const char *queue);
/* Whether any of these matches. */
bool queue_patterns_match(const char *const *patterns, size_t count, const char *queue);

/* PLAIN_E_INVALID: PJ105 for what no queue can be called, PJ201 for a `*` in the wrong place. */
int queue_pattern_check(const char *pattern, plain_error *err) PLAIN_MUST_USE;

#endif
