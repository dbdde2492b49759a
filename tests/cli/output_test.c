/* output_test.c - what table_print.h and json_writer.h promise */
#include <string.h>

#include "base/clock.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"
#include "core/params.h"
#include "store/store.h"
#include "tests/harness/harness.h"

static struct buf out = BUF_INIT(1 << 20);

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    static const struct table_column columns[] = {{"NAME", false}, {"N", true}, {"WHAT", false}};
    struct arena a = ARENA_INIT;
    struct table t;
    (void)state;

    table_begin(&t, &a, columns, 3, 2);
    table_add(&t, PAINT_NONE, "\xC3\xA9t\xC3\xA9");
    table_add(&t, PAINT_RED, "12");
    table_add(&t, PAINT_NONE, "x");
    table_add(&t, PAINT_NONE, "longer");
    table_add(&t, PAINT_NONE, "7");
    table_add(&t, PAINT_NONE, "");
    table_print(&t, false, &out);
    harness_assert_written(&out, "NAME     N  WHAT\n"
                                 "\xC3\xA9t\xC3\xA9     12  x\n"
                                 "longer   7  -\n");
    arena_release(&a);
}

static void a_cell_cannot_break_the_table(void **state)
{
    static const struct table_column columns[] = {{NULL, false}};
    struct arena a = ARENA_INIT;
    struct table t;
    (void)state;

    table_begin(&t, &a, columns, 1, 1);
    table_add(&t, PAINT_NONE, "a\nb\x1b[2J");
    table_print(&t, false, &out);
    harness_assert_written(&out, "a\\u000ab\\u001b[2J\n");
    arena_release(&a);
}

static void json_sets_its_commas_by_itself(void **state)
{
    struct json_writer j;
    (void)state;

    json_begin_document(&j, &out);
    json_begin(&j, "list", '[');
    json_put_int(&j, NULL, 1);
    json_put_text(&j, NULL, NULL);
    json_begin(&j, NULL, '{');
    json_end(&j, '}');
    json_end(&j, ']');
    json_put_bool(&j, "last", true);
    json_put_time(&j, "time", STORE_NO_TIME);
    json_end_document(&j);
    harness_assert_written(&out,
                           "{\"format\":1,\"list\":[1,null,{}],\"last\":true,\"time\":null}\n");
}

static void raw_json_stays_json_and_becomes_harmless(void **state)
{
    struct json_writer j = {.out = &out};
    (void)state;

    json_put_raw(&j, NULL, "{\"a\":\n\t[1, \"\xE2\x80\xAE\"]}");
    harness_assert_written(&out, "{\"a\":  [1, \"\\u202e\"]}");
    j.comma = false;
    json_put_raw(&j, NULL, "{broken");
    harness_assert_written(&out, "\"{broken\"");
}

static void long_raw_json_keeps_every_character(void **state)
{
    enum { MANY = 3000 };
    struct buf text = BUF_INIT(1 << 20);
    struct json_writer j = {.out = &out};
    (void)state;

    buf_putc(&text, '"');
    for (int i = 0; i < MANY; i++)
        buf_puts(&text, "\xE6\x97\xA5");
    buf_putc(&text, '"');
    json_put_raw(&j, NULL, text.data);
    harness_assert_written(&out, text.data);
    buf_release(&text);
}

/* Fills text with a list of n items and what stands between them; how long it takes to be put. */
static int64_t time_of_list(size_t n, const char *item)
{
    struct buf text = BUF_INIT(8 << 20);
    struct json_writer j = {.out = &out};
    int64_t best = INT64_MAX;

    buf_putc(&text, '[');
    for (size_t i = 0; i < n; i++)
        buf_puts(&text, item);
    buf_puts(&text, "1]");
    for (int i = 0; i < 3; i++) {
        int64_t start = clock_mono_us();

        json_put_raw(&j, NULL, text.data);
        int64_t took = clock_mono_us() - start + 1;
        best = took < best ? took : best;
        assert_true(buf_ok(&out));
        buf_release(&out);
    }
    buf_release(&text);
    return best;
}

static void json_of_many_lines_takes_no_square_of_them(void **state)
{
    (void)state;
    assert_true(time_of_list(100000, "1,\n") < 50 * time_of_list(10000, "1,\n"));
}

static void json_as_deep_as_parameters_are_stored_is_no_text(void **state)
{
    struct buf text = BUF_INIT(1 << 10);
    struct json_writer j = {.out = &out};

    (void)state;
    for (int i = 0; i <= PARAMS_DEPTH_MAX; i++)
        buf_putc(&text, '[');
    for (int i = 0; i <= PARAMS_DEPTH_MAX; i++)
        buf_putc(&text, ']');
    json_put_raw(&j, NULL, text.data);
    harness_assert_written(&out, text.data);
    buf_release(&text);
}

HARNESS_MAIN(columns_are_as_wide_as_their_widest_cell, a_cell_cannot_break_the_table,
             json_sets_its_commas_by_itself, raw_json_stays_json_and_becomes_harmless,
             long_raw_json_keeps_every_character, json_of_many_lines_takes_no_square_of_them,
             json_as_deep_as_parameters_are_stored_is_no_text)
