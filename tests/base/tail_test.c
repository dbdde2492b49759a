/* tail_test.c - the end of a stream is kept, clean, and what is missing is counted */
#include "base/tail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#include "tests/harness/harness.h"

static void add(struct tail *t, const char *text)
{
    tail_add(t, text, strlen(text));
}

static void assert_text(const struct tail *t, const char *expected)
{
    char *text = tail_text(t);

    assert_non_null(text);
    assert_string_equal(text, expected);
    mem_free(text);
}

static void keeps_all_while_it_fits(void **state)
{
    struct tail t = TAIL_INIT(8);

    (void)state;
    assert_null(tail_text(&t));
    add(&t, "");
    assert_null(tail_text(&t));
    add(&t, "abc");
    assert_text(&t, "abc");
    add(&t, "defgh");
    assert_text(&t, "abcdefgh");
    tail_release(&t);
    assert_null(tail_text(&t));
}

static void counts_what_is_missing(void **state)
{
    struct tail t = TAIL_INIT(8);

    (void)state;
    add(&t, "abcdefgh");
    add(&t, "i");
    assert_text(&t, "[1 bytes before this are not kept]\nbcdefghi");
    add(&t, "0123456789abcdef0123456789abcdef");
    assert_text(&t, "[33 bytes before this are not kept]\n89abcdef");
    tail_release(&t);
}

/* Whatever the sizes of the pieces are. */
static void the_pieces_do_not_matter(void **state)
{
    enum { SIZE = 5000, MAX = 64 };
    char stream[SIZE + 1], expected[256];

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        stream[i] = (char)('a' + i * 7 % 26);
    stream[SIZE] = '\0';
    (void)snprintf(expected, sizeof(expected), "[%d bytes before this are not kept]\n%s",
                   SIZE - MAX, stream + SIZE - MAX);
    for (size_t piece = 1; piece < 300; piece++) {
        struct tail t = TAIL_INIT(MAX);

        for (size_t at = 0; at < SIZE; at += piece)
            tail_add(&t, stream + at, SIZE - at < piece ? SIZE - at : piece);
        assert_true(t.room <= 4 * MAX);
        assert_text(&t, expected);
        tail_release(&t);
    }
}

static void begins_with_a_whole_character(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 8; extra++) {
        struct tail t = TAIL_INIT(10);

        add(&t, "\xF0\x9F\x90\x8C\xF0\x9F\x90\x8C\xF0\x9F\x90\x8C"); /* three snails */
        tail_add(&t, "abcdefgh", extra);
        char *text = tail_text(&t);
        assert_true(utf8_valid(text, strlen(text)));
        assert_null(strstr(text, "\xEF\xBF\xBD"));
        mem_free(text);
        tail_release(&t);
    }
}

static void any_bytes_become_clean_text_of_the_same_bound(void **state)
{
    enum { MAX = 100 };
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct tail t = TAIL_INIT(MAX);
        int64_t before;

        for (int i = 0; i < 50 + round; i++) {
            seed = seed * 1664525 + 1013904223;
            tail_add(&t, (char[]){(char)(seed >> 24)}, 1);
        }
        char *text = tail_text(&t);
        assert_true(utf8_valid(text, strlen(text)));
        const char *kept = text;
        if (sscanf(text, "[%" SCNd64 " bytes before", &before) == 1) {
            kept = strchr(text, '\n') + 1;
            assert_true(before > 0 && before < t.total);
        }
        assert_true(strlen(kept) <= MAX && strlen(kept) > MAX / 4);
        mem_free(text);
        tail_release(&t);
    }
}

static void a_nul_and_a_broken_character_are_replaced(void **state)
{
    struct tail t = TAIL_INIT(32);

    (void)state;
    tail_add(&t,
             "a\0b\xFF"
             "c\xE2\x82",
             7);
    assert_text(&t, "a\xEF\xBF\xBD"
                    "b\xEF\xBF\xBD"
                    "c\xEF\xBF\xBD\xEF\xBF\xBD");
    tail_release(&t);
}

static void out_of_memory_costs_bytes_and_no_more(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        struct tail t = TAIL_INIT(1000);

        harness_fail_allocation(nth);
        for (int i = 0; i < 100; i++)
            add(&t, "0123456789012345678901234567890123456789");
        char *text = tail_text(&t);
        failed = harness_allocation_failed();
        assert_true(failed || strlen(text) > 1000);
        mem_free(text);
        tail_release(&t);
    }
}

HARNESS_MAIN(keeps_all_while_it_fits, counts_what_is_missing, the_pieces_do_not_matter,
             begins_with_a_whole_character, any_bytes_become_clean_text_of_the_same_bound,
             a_nul_and_a_broken_character_are_replaced, out_of_memory_costs_bytes_and_no_more)
