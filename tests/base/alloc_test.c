/* alloc_test.c - what alloc.h promises, one test a promise */
#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

#include "tests/harness/harness.h"

static void size_zero_gives_pointers_that_differ(void **state)
{
    void *a = mem_alloc(0);
    void *b = mem_alloc(0);
    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    mem_free(a);
    mem_free(b);
}

static void zalloc_gives_zeroes(void **state)
{
    static const unsigned char zeroes[300];
    unsigned char *p = mem_zalloc(100, 3);
    (void)state;
    assert_memory_equal(p, zeroes, sizeof(zeroes));
    mem_free(p);
}

static void sizes_that_overflow_are_refused(void **state)
{
    /* volatile: the compiler would otherwise warn that no object is so large */
    volatile size_t half = SIZE_MAX / 2 + 1;
    char *p = mem_strdup("kept");
    (void)state;
    assert_null(mem_zalloc(half, 2));
    assert_null(mem_grow(p, half, 2));
    assert_null(mem_alloc(half));
    assert_null(mem_realloc(p, half));
    assert_string_equal(p, "kept");
    mem_free(p);
}

static void grow_keeps_what_was_there(void **state)
{
    int *numbers = mem_zalloc(1, sizeof(int));
    (void)state;
    numbers[0] = 42;
    numbers = mem_grow(numbers, 1000, sizeof(int));
    assert_int_equal(numbers[0], 42);
    mem_free(numbers);
}

static void realloc_leaves_the_pointer_valid_when_it_fails(void **state)
{
    char *p = mem_strdup("abc");
    (void)state;
    harness_fail_allocation(0);
    assert_null(mem_realloc(p, 1000));
    assert_true(harness_allocation_failed());
    assert_string_equal(p, "abc");
    mem_free(p);
}

static void freeing_null_does_nothing(void **state)
{
    (void)state;
    mem_free(NULL);
}

static void freep_frees_at_the_end_of_the_scope(void **state)
{
    PLAIN_CLEANUP(mem_freep) char *freed = mem_strdup("the leak checker would tell");
    PLAIN_CLEANUP(mem_freep) char *nothing = NULL;
    (void)state;
    assert_non_null(freed);
    assert_null(nothing);
}

static void only_the_nth_allocation_fails(void **state)
{
    (void)state;
    harness_fail_allocation(2);
    char *first = mem_strdup("1");
    char *second = mem_zalloc(1, 1);
    char *third = mem_alloc(1);
    char *fourth = mem_alloc(1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth);
    assert_true(harness_allocation_failed());
    mem_free(first);
    mem_free(second);
    mem_free(fourth);
}

static void minus_one_switches_failing_off(void **state)
{
    (void)state;
    mem_fail_nth(0);
    mem_fail_nth(-1);
    char *p = mem_alloc(1);
    assert_non_null(p);
    assert_false(mem_failed());
    mem_free(p);
}

HARNESS_MAIN(size_zero_gives_pointers_that_differ, zalloc_gives_zeroes,
             sizes_that_overflow_are_refused, grow_keeps_what_was_there,
             realloc_leaves_the_pointer_valid_when_it_fails, freeing_null_does_nothing,
             freep_frees_at_the_end_of_the_scope, only_the_nth_allocation_fails,
             minus_one_switches_failing_off)
