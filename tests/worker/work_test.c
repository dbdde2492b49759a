/* work_test.c - lists keep their order, and claims live as long as the last job of their batch */
#include "worker/work.h"

#include "tests/harness/harness.h"

static void a_list_is_first_in_first_out(void **state)
{
    struct work a = {.seq = 1}, b = {.seq = 2}, c = {.seq = 3};
    struct work_list l = {0}, other = {0};

    (void)state;
    work_list_push(&l, &a);
    work_list_push(&l, &b);
    work_list_push(&l, &c);
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

/* In whatever order they come: by priority, due time and id. */
static void merged_jobs_stand_in_the_order_in_which_they_start(void **state)
{
    static const struct claim claims[] = {
        {.priority = 9, .due_at = 50, .id = 7},
        {.priority = 9, .due_at = 60, .id = 1},
        {.due_at = 10, .id = 5},
        {.due_at = 10, .id = 6},
        {.due_at = 20, .id = 2},
        {.priority = -1, .due_at = 1, .id = 3},
    };
    enum { COUNT = ARRAY_SIZE(claims), ORDERS = 720 };

    (void)state;
    for (int order = 0; order < ORDERS; order++) {
        for (int split = 0; split <= COUNT; split++) {
            struct work works[COUNT] = {0};
            struct work_list ready = {0}, more = {0};
            int left[COUNT] = {0, 1, 2, 3, 4, 5};

            for (int i = 0, code = order; i < COUNT; i++) {
                int at = code % (COUNT - i);

                code /= COUNT - i;
                works[i].claim = &claims[left[at]];
                left[at] = left[COUNT - i - 1];
                work_list_push(&more, &works[i]);
                if (i + 1 == split)
                    work_list_merge(&ready, &more);
            }
            work_list_merge(&ready, &more);
            assert_int_equal(ready.count, COUNT);
            assert_ptr_equal(ready.tail->claim, &claims[COUNT - 1]);
            for (int i = 0; i < COUNT; i++)
                assert_ptr_equal(work_list_pop(&ready)->claim, &claims[i]);
            assert_null(ready.head);
        }
    }
}

/* Else a retry would be due hours late, or before its time, after the database's clock was set. */
static void clocks_that_cannot_both_be_right_are_told(void **state)
{
    static const struct {
        struct db_clock a, b;
        bool agree;
    } samples[] = {
        {{1000, 50}, {1000, 50}, true},   {{1000, 50}, {1050, 10}, true},
        {{1000, 50}, {1051, 10}, false},  {{1000, 5000}, {1500, 10}, true},
        {{1000, 50}, {-3600, 10}, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        assert_int_equal(clocks_agree(&samples[i].a, &samples[i].b), samples[i].agree);
        assert_int_equal(clocks_agree(&samples[i].b, &samples[i].a), samples[i].agree);
    }
}

HARNESS_MAIN(a_list_is_first_in_first_out, merged_jobs_stand_in_the_order_in_which_they_start,
             claims_share_an_arena_until_the_last_is_freed, without_memory_nothing_is_taken,
             clocks_that_cannot_both_be_right_are_told)
