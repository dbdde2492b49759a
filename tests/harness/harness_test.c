/* harness_test.c - what harness.h promises, one test a promise */
#include "tests/harness/harness.h"

#include <sys/stat.h>

#include "base/alloc.h"

static void the_folder_is_private_and_stays_the_same(void **state)
{
    const char *folder = harness_tmpdir();
    struct stat st;

    (void)state;
    assert_int_equal(stat(folder, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_ptr_equal(harness_tmpdir(), folder);
}

static void the_chosen_allocation_fails_and_no_other(void **state)
{
    (void)state;
    harness_fail_allocation(1);
    void *first = mem_alloc(8);
    void *second = mem_alloc(8);
    void *third = mem_alloc(8);
    bool failed = harness_allocation_failed();

    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_true(failed);
    mem_free(first);
    mem_free(third);
}

static void asking_switches_the_failure_off(void **state)
{
    (void)state;
    harness_fail_allocation(0);
    assert_false(harness_allocation_failed());
    void *p = mem_alloc(8);
    assert_non_null(p);
    mem_free(p);
}

static int calls;

/* Two allocations; -1 when one fails. */
static int allocate_twice(void)
{
    void *first = mem_alloc(8);
    void *second = first ? mem_alloc(8) : NULL;
    int result = second ? 0 : -1;

    calls++;
    mem_free(first);
    mem_free(second);
    return result;
}

static void each_allocation_fails_once(void **state)
{
    (void)state;
    calls = 0;
    harness_fail_each_allocation(allocate_twice, -1);
    assert_int_equal(calls, 3);
}

HARNESS_MAIN(the_folder_is_private_and_stays_the_same, the_chosen_allocation_fails_and_no_other,
             asking_switches_the_failure_off, each_allocation_fails_once)
