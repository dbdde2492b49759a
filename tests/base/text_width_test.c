/* text_width_test.c - what text_width.h promises */
#include "base/text_width.h"

#include "tests/harness/harness.h"

static struct buf out = BUF_INIT(1 << 20);

static void long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    put_shortened(&out, "\xC3\xA9\xC3\xA9\xC3\xA9", 3);
    harness_assert_written(&out, "\xC3\xA9\xC3\xA9\xC3\xA9");
    put_shortened(&out, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 3);
    harness_assert_written(&out, "\xC3\xA9\xC3\xA9\xE2\x80\xA6");
    assert_int_equal(text_columns("\xE6\x97\xA5\xE6\x9C\xAC"), 4); /* two wide characters */
}

HARNESS_MAIN(long_text_is_cut_at_a_character)
