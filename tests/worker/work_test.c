/* work_test.c - lists keep their order, and claims live as long as the last job of their batch */
#include "worker/work.h"

#include "tests/harness/harness.h"

static void a_list_is_first_in_first_out_and_takes_at_the_front(void **state)
{
    struct work a = {.seq = 1}, b = {.seq = 2}, c = {.seq = 3};
    struct work_list l = {0}, other = {0};

    (void)state;
    work_list_push(&l, &b);
    work_list_push(&l, &c);
    work_list_front(&l, &a);
    work_list_append(&other, &l);
    assert_int_equal(l.count, 0);
    assert_null(work_list_pop(&l));
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(work_list_pop(&other)->seq, seq);
    assert_int_equal(other.count, 0);
}

static const struct db_clock clock = {.offset_us = 5, .slack_us = 1};

static void claims_share_an_arena_until_the_last_is_freed(void **state)
{
    struct arena arena = ARENA_INIT;
    struct claim *claims = arena_array(&arena, 3, sizeof(*claims));
    struct work_list l = {0}, none = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        claims[i].job_class = arena_printf(&arena, "Class%d", i);
    const struct cycle_result result = {.claims = claims, .claim_count = 3};
    assert_true(work_take(&l, &none, &arena, &result, &clock));
    assert_null(arena.head);
    work_free(work_list_pop(&l));
    assert_string_equal(l.head->claim->job_class, "Class1"); /* the sanitizer watches */
    assert_int_equal(l.head->clock.offset_us, 5);
    work_list_free(&l);
}

static void without_memory_nothing_is_taken(void **state)
{
    struct arena arena = ARENA_INIT;
    struct claim *claims = arena_array(&arena, 1, sizeof(*claims));
    struct work_list l = {0}, none = {0};

    (void)state;
    const struct cycle_result result = {.claims = claims, .claim_count = 1};
    harness_fail_allocation(0);
    assert_false(work_take(&l, &none, &arena, &result, &clock));
    assert_true(harness_allocation_failed());
    assert_int_equal(l.count, 0);
    arena_release(&arena);
}

HARNESS_MAIN(a_list_is_first_in_first_out_and_takes_at_the_front,
             claims_share_an_arena_until_the_last_is_freed, without_memory_nothing_is_taken)
