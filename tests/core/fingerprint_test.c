/* fingerprint_test.c - failures that are alike are one */
#include "core/fingerprint.h"

#include <string.h>

#include "base/clock.h"
#include "tests/harness/harness.h"

static bool alike(const char *message_a, const char *message_b)
{
    char a[FINGERPRINT_SIZE], b[FINGERPRINT_SIZE];

    return strcmp(fingerprint("C", "T", message_a, NULL, a),
                  fingerprint("C", "T", message_b, NULL, b)) == 0;
}

static void numbers_ids_and_quoted_parts_do_not_count(void **state)
{
    (void)state;
    assert_true(alike("no response after 30 s", "no response after 4 s"));
    assert_true(alike("no user 7f3a1c9e-12ab-4def-8123-0123456789ab",
                      "no user 00000000-0000-4000-8000-000000000001"));
    assert_true(alike("cannot open 'a.txt'", "cannot open 'other name.txt'"));
    assert_true(alike("at 0xdeadbeef", "at 0x1"));
    assert_false(alike("no response", "no answer"));
    assert_false(alike("it's one", "it's two")); /* one quote begins nothing */
}

static void class_type_and_innermost_frame_count(void **state)
{
    char a[FINGERPRINT_SIZE], b[FINGERPRINT_SIZE];

    (void)state;
    assert_string_not_equal(fingerprint("A", "T", "m", NULL, a),
                            fingerprint("B", "T", "m", NULL, b));
    assert_string_not_equal(fingerprint("A", "T", "m", NULL, a),
                            fingerprint("A", "U", "m", NULL, b));
    assert_string_not_equal(fingerprint("A", "T", "m", "x\n  #0 f+0x1 (m)\n", a),
                            fingerprint("A", "T", "m", "x\n  #0 g+0x1 (m)\n", b));
    assert_string_equal(fingerprint("A", "T", "m", "x\n  #0 f+0x1 (m)\n", a),
                        fingerprint("A", "T", "m", "y\n  #0 f+0x22 (m)\n", b));
}

static int64_t time_of(const char *message)
{
    char out[FINGERPRINT_SIZE];
    int64_t best = INT64_MAX;

    for (int i = 0; i < 3; i++) {
        int64_t start = clock_mono_us();

        (void)fingerprint("C", "T", message, NULL, out);
        int64_t took = clock_mono_us() - start + 1;
        best = took < best ? took : best;
    }
    return best;
}

/* As base64 has of bytes that are zero. */
static void a_long_word_of_hex_letters_takes_no_longer_than_another(void **state)
{
    static char hex[60001], other[60001];

    (void)state;
    memset(hex, 'A', sizeof(hex) - 1);
    memset(other, 'x', sizeof(other) - 1);
    assert_true(time_of(hex) < 100 * time_of(other));
    assert_false(alike("face", "cafe"));
    assert_true(alike("at face1", "at 12"));
}

HARNESS_MAIN(numbers_ids_and_quoted_parts_do_not_count, class_type_and_innermost_frame_count,
             a_long_word_of_hex_letters_takes_no_longer_than_another)
