/*
 * conformance_keeping.h - what store.h promises of deleting and of figures, for every database
 *
 * A program per database: KEEPING_MAIN(&postgres).
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_KEEPING_H
#define PLAIN_TESTS_STORE_CONFORMANCE_KEEPING_H

#include "tests/store/conformance.h"

#define KEEPING_MAP(X)                                                                             \
    X(clears_the_oldest_first_in_slices)                                                           \
    X(clears_exactly_what_was_created_before)                                                      \
    X(clears_nothing_of_an_empty_database)                                                         \
    X(others_write_between_the_slices)                                                             \
    X(a_cleared_result_leaves_the_counts)                                                          \
    X(a_result_that_nobody_counted_is_not_taken_off)                                               \
    X(counts_equal_the_rows_after_random_histories)                                                \
    X(purges_all_requests_in_slices)                                                               \
    X(a_purge_frees_the_keys)                                                                      \
    X(a_purge_leaves_claimed_jobs_alone)                                                           \
    X(now_is_the_time)                                                                             \
    X(ended_attempts_are_counted_by_minute)                                                        \
    X(queues_are_counted_one_by_one)                                                               \
    X(queues_are_bounded)

#define KEEPING_DECLARE(test) void test(void **state);
KEEPING_MAP(KEEPING_DECLARE)
#undef KEEPING_DECLARE

#define KEEPING_MAIN(database)                                                                     \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {KEEPING_MAP(CONFORMANCE_TEST)};                      \
        conformance_use(database);                                                                 \
        return harness_run(__FILE__, KEEPING_MAP(CONFORMANCE_NAME), tests,                         \
                           sizeof(tests) / sizeof(tests[0]));                                      \
    }

#endif
