/*
 * retry_policy.h - how long to wait before a retry, as it is written in plain.conf
 *
 *     30s                         always the same: "constant 30s"
 *     linear 10s max 5m           10s, 20s, 30s, ... 5m
 *     exponential 1s max 1h       1s, 2s, 4s, 8s, ... 1h
 *
 * Without "max" it ends at PLAIN_DELAY_MAX. Durations are those of text_parse_duration_ms().
 */
#ifndef PLAIN_CORE_RETRY_POLICY_H
#define PLAIN_CORE_RETRY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum retry_growth { RETRY_CONSTANT, RETRY_LINEAR, RETRY_EXPONENTIAL };

struct retry_policy {
    enum retry_growth growth;
    int64_t base_ms; /* after attempt 1 */
    int64_t max_ms;
};

/* What a policy may look like, for messages. */
extern const char retry_policy_forms[];

/* False when text is no policy, or its maximum is below its base. */
bool retry_policy_parse(const char *text, struct retry_policy *out) PLAIN_MUST_USE;

/* Milliseconds from the end of attempt `attempt` (from 1) to the next. Saturates. */
int64_t retry_policy_delay_ms(const struct retry_policy *policy, int attempt);

#endif
