/*
 * harness.h - what every unit test includes: cmocka, a main(), and a few helpers
 *
 *     static void keeps_the_longest_prefix(void **state) { ... }
 *     HARNESS_MAIN(keeps_the_longest_prefix, ...)
 *
 * A test program runs all its tests, or with T=text in the environment those whose name contains
 * text ("tests/base/buf_test.c::keeps_the_longest_prefix", case does not matter). It writes TAP;
 * tools/check adds up the lines.
 */
#ifndef PLAIN_TESTS_HARNESS_H
#define PLAIN_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef void harness_test(void **state);

/* Runs tests[0..n-1], whose names stand in names, separated by commas. Returns main()'s result. */
int harness_run(const char *file, const char *names, harness_test *const *tests, size_t n);

#define HARNESS_MAIN(...)                                                                          \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {__VA_ARGS__};                                        \
        return harness_run(__FILE__, #__VA_ARGS__, tests, sizeof(tests) / sizeof(tests[0]));       \
    }

/* What was written to b, which is empty afterwards. */
struct buf;
void harness_assert_written(struct buf *b, const char *expected);

/* A private folder, made at the first call and removed with all that is in it at exit. Never NULL.
 */
const char *harness_tmpdir(void);

/* Ends a forked child with this exit code, by exec: what it leaves behind on purpose is then no
 * leak, of which valgrind and the sanitizers would make another exit code. */
void harness_end_child(int code);

/* The n-th allocation from now on fails (0 = the next one); whether it did. Asking switches it off,
 * so that what the test does afterwards has memory. */
void harness_fail_allocation(unsigned nth);
bool harness_allocation_failed(void);

/* Runs work() with its first allocation failing, then with its second, until none fails: then it
 * must return 0, before that nomem. nomem 0: what a failure makes of it is its own affair. */
void harness_fail_each_allocation(int (*work)(void), int nomem);

#endif
