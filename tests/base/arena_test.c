/* arena_test.c - what arena.h promises, one test a promise */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "tests/harness/harness.h"

static void every_piece_is_zeroed_aligned_and_apart(void **state)
{
    static const unsigned char zeroes[1024];
    struct arena a = ARENA_INIT;
    (void)state;
    for (size_t size = 0; size < sizeof(zeroes); size += 7) {
        unsigned char *p = arena_alloc(&a, size);

        assert_int_equal((uintptr_t)p % 16, 0);
        assert_memory_equal(p, zeroes, size);
        memset(p, 0xFF, size);
    }
    arena_release(&a);
}

static void a_piece_may_be_larger_than_any_block(void **state)
{
    enum { SIZE = 3 << 20 };
    struct arena a = ARENA_INIT;
    (void)state;
    char *small = arena_strdup(&a, "small");
    char *large = arena_alloc(&a, SIZE);
    large[SIZE - 1] = 'x';
    char *after = arena_strdup(&a, "after");
    assert_string_equal(small, "small");
    assert_string_equal(after, "after");
    assert_int_equal(large[SIZE - 1], 'x');
    arena_release(&a);
}

static void release_leaves_it_usable(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    assert_non_null(arena_alloc(&a, 10));
    arena_release(&a);
    assert_non_null(arena_alloc(&a, 10));
    arena_release(&a);
}

static void reset_keeps_a_block_so_that_a_steady_state_allocates_nothing(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    assert_non_null(arena_alloc(&a, 100));
    harness_fail_allocation(0);
    for (int i = 0; i < 100; i++) {
        arena_reset(&a);
        assert_non_null(arena_alloc(&a, 1000));
    }
    assert_false(harness_allocation_failed());
    arena_release(&a);
}

static void pieces_after_a_reset_are_zeroed_again(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    memset(arena_alloc(&a, 64), 0xFF, 64);
    arena_reset(&a);
    const unsigned char *p = arena_alloc(&a, 64);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
    arena_release(&a);
}

static void it_is_broken_by_one_failure_until_reset(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    harness_fail_allocation(0);
    assert_null(arena_alloc(&a, 1));
    assert_true(harness_allocation_failed());
    assert_false(arena_ok(&a));
    assert_null(arena_alloc(&a, 1));
    assert_null(arena_strdup(&a, "x"));
    arena_reset(&a);
    assert_true(arena_ok(&a));
    assert_non_null(arena_alloc(&a, 1));
    arena_release(&a);
}

static void sizes_that_overflow_break_it(void **state)
{
    volatile size_t half = SIZE_MAX / 2 + 1;
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct arena a = ARENA_INIT;
        void *p = which == 0   ? arena_array(&a, half, 2)
                  : which == 1 ? arena_alloc(&a, half)
                               : arena_memdup(&a, "", half * 2 - 1);

        assert_null(p);
        assert_false(arena_ok(&a));
        arena_release(&a);
    }
}

static void strdup_of_null_is_null_and_no_failure(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    assert_null(arena_strdup(&a, NULL));
    assert_true(arena_ok(&a));
    arena_release(&a);
}

static void strndup_stops_at_n_or_at_the_end(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(&a, "ab", 100), "ab");
    arena_release(&a);
}

static void memdup_copies_nul_bytes_and_adds_one(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    const char *p = arena_memdup(&a, "a\0b", 3);
    assert_memory_equal(p, "a\0b", 4);
    assert_string_equal(arena_memdup(&a, NULL, 0), "");
    arena_release(&a);
}

static void printf_writes_text_of_any_length(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    assert_string_equal(arena_printf(&a, "user-%d", 42), "user-42");
    const char *s = arena_printf(&a, "%*d", 100000, 7);
    assert_int_equal(strlen(s), 100000);
    arena_release(&a);
}

static void survives_every_failing_allocation(void **state)
{
    bool failed = true;
    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        struct arena a = ARENA_INIT;

        harness_fail_allocation(nth);
        for (int i = 0; i < 10000; i++)
            (void)!arena_printf(&a, "%d", i);
        failed = harness_allocation_failed();
        assert_int_equal(arena_ok(&a), !failed);
        arena_release(&a);
    }
}

HARNESS_MAIN(every_piece_is_zeroed_aligned_and_apart, a_piece_may_be_larger_than_any_block,
             release_leaves_it_usable, reset_keeps_a_block_so_that_a_steady_state_allocates_nothing,
             pieces_after_a_reset_are_zeroed_again, it_is_broken_by_one_failure_until_reset,
             sizes_that_overflow_break_it, strdup_of_null_is_null_and_no_failure,
             strndup_stops_at_n_or_at_the_end, memdup_copies_nul_bytes_and_adds_one,
             printf_writes_text_of_any_length, survives_every_failing_allocation)
