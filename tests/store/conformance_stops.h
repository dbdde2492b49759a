/*
 * conformance_stops.h - what store.h promises of limits, cancelling and completing, for every
 * database
 *
 * A program per database: STOPS_MAIN(&postgres).
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_STOPS_H
#define PLAIN_TESTS_STORE_CONFORMANCE_STOPS_H

#include "tests/store/conformance.h"

#define STOPS_MAP(X)                                                                               \
    X(a_timeout_goes_with_every_way_to_enqueue)                                                    \
    X(a_pending_job_is_cancelled_at_once)                                                          \
    X(a_job_is_cancelled_by_any_of_its_uuids)                                                      \
    X(a_retry_is_found_though_its_first_attempt_is_gone)                                           \
    X(cancelling_nothing_is_none)                                                                  \
    X(a_running_job_is_asked_and_its_worker_sees_it)                                               \
    X(what_was_cancelled_has_no_successor)                                                         \
    X(what_succeeded_all_the_same_is_successful)                                                   \
    X(what_was_cancelled_is_not_put_back)                                                          \
    X(everything_that_is_claimed_is_cancelled)                                                     \
    X(a_row_that_is_gone_is_seen)                                                                  \
    X(an_attempt_completes_once)                                                                   \
    X(what_completed_gets_the_figures_of_its_end)                                                  \
    X(counts_of_old_minutes_become_one)                                                            \
    X(what_may_complete_and_what_goes_back_share_a_cycle)                                          \
    X(an_end_of_what_completed_is_recorded_already)

#define STOPS_DECLARE(test) void test(void **state);
STOPS_MAP(STOPS_DECLARE)
#undef STOPS_DECLARE

#define STOPS_MAIN(database)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {STOPS_MAP(CONFORMANCE_TEST)};                        \
        conformance_use(database);                                                                 \
        return harness_run(__FILE__, STOPS_MAP(CONFORMANCE_NAME), tests,                           \
                           sizeof(tests) / sizeof(tests[0]));                                      \
    }

#endif
