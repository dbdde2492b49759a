/*
 * conformance_operators.h - what store.h promises of queues, pauses and workers to operators
 *
 * A program per database: OPERATORS_MAIN(&postgres, tests of its own ...).
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_OPERATORS_H
#define PLAIN_TESTS_STORE_CONFORMANCE_OPERATORS_H

#include "tests/store/conformance.h"

#define OPERATORS_MAP(X)                                                                           \
    X(queues_with_requests_are_named_behind_a_name)                                                \
    X(a_paused_queue_is_left_where_it_is)                                                          \
    X(a_paused_pattern_holds_every_queue_that_it_means)                                            \
    X(a_paused_class_is_held_in_every_queue)                                                       \
    X(pausing_again_keeps_who_and_takes_the_reason)                                                \
    X(resuming_what_is_not_paused_is_none)                                                         \
    X(a_paused_class_does_not_stop_ends_and_retries)                                               \
    X(workers_are_listed_with_what_they_say)                                                       \
    X(a_worker_that_is_asked_claims_no_more)                                                       \
    X(what_was_asked_of_a_worker_holds_under_its_next_id)                                          \
    X(a_worker_that_stops_by_itself_says_so)                                                       \
    X(a_worker_that_is_not_there_cannot_be_asked)                                                  \
    X(what_waits_is_told_by_queue_and_class)                                                       \
    X(what_is_ahead_is_counted_in_claim_order)                                                     \
    X(what_is_ahead_is_counted_whatever_the_times_and_priorities)                                  \
    X(a_look_does_not_see_what_is_paused)                                                          \
    X(verify_finds_what_is_wrong_and_nothing_else)                                                 \
    X(verify_looks_at_every_slice)                                                                 \
    X(a_duty_is_one_holders_until_its_time)                                                        \
    X(a_claim_from_three_hundred_queues_is_in_one_order)

#define OPERATORS_DECLARE(test) void test(void **state);
OPERATORS_MAP(OPERATORS_DECLARE)
#undef OPERATORS_DECLARE

/* At least one test of the database's own has to be named. */
#define OPERATORS_MAIN(database, ...)                                                              \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {OPERATORS_MAP(CONFORMANCE_TEST) __VA_ARGS__};        \
        conformance_use(database);                                                                 \
        return harness_run(__FILE__, OPERATORS_MAP(CONFORMANCE_NAME) #__VA_ARGS__, tests,          \
                           sizeof(tests) / sizeof(tests[0]));                                      \
    }

#endif
