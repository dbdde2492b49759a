/*
 * conformance_stops.h - what store.h promises of limits, cancelling and completing, for every
 * database
 *
 * A program per database: STOPS_MAIN(&postgres).
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_STOPS_H
#define PLAIN_TESTS_STORE_CONFORMANCE_STOPS_H

#include "tests/store/conformance.h"

#define STOPS_MAP(X) X(a_timeout_goes_with_every_way_to_enqueue)

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
