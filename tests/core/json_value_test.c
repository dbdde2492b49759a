/* json_value_test.c - what PostgreSQL writes for a JSON text, and what it refuses */
#include "core/json_value.h"

#include <string.h>

#include "tests/harness/harness.h"

static const struct {
    const char *text;
    const char *back; /* as a server of version 15 gave it; NULL: it was refused */
} samples[] = {
    {"{}", "{}"},
    {"[1,2]", "[1, 2]"},
    {"{\"a\":\"x,:1e5\\\"\"}", "{\"a\": \"x,:1e5\\\"\"}"},
    {"1e5", "100000"},
    {"-1.5e3", "-1500"},
    {"12.5e-3", "0.0125"},
    {"1E+2", "100"},
    {"0.10", "0.10"},
    {"1e-20", "0.00000000000000000001"},
    {"true", "true"},
    {"1e-16384", NULL},
    {"0e999999999999", NULL},
    {"[1, 1e-20000]", NULL},
};

static void a_value_takes_no_more_than_was_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        struct jtext refused;
        size_t size = json_value_size(jtext_of(samples[i].text), &refused);

        print_message("# %s\n", samples[i].text);
        assert_true((refused.n > 0) == (samples[i].back == NULL));
        if (samples[i].back)
            assert_in_range(size, strlen(samples[i].back), strlen(samples[i].back) + 1);
    }
}

static void the_number_is_shown(void **state)
{
    struct jtext refused;

    (void)state;
    (void)json_value_size(jtext_of("{\"a\": [1e-20000, 1e-30000]}"), &refused);
    assert_int_equal(refused.n, strlen("1e-20000"));
    assert_memory_equal(refused.p, "1e-20000", refused.n);
}

HARNESS_MAIN(a_value_takes_no_more_than_was_said, the_number_is_shown)
