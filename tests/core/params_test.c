/* params_test.c - what params.h promises */
#include "core/params.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "tests/harness/harness.h"

struct everything {
    bool on;
    int32_t small;
    int64_t large;
    uint32_t positive;
    double real;
    const char *text;
    plain_json raw;
    const char *note;
    int32_t level;
    plain_json extra;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param everything_params[] = {
    PLAIN_PARAM(struct everything, on, 0),
    PLAIN_PARAM(struct everything, small, 0),
    PLAIN_PARAM(struct everything, large, 0),
    PLAIN_PARAM(struct everything, positive, 0),
    PLAIN_PARAM(struct everything, real, 0),
    PLAIN_PARAM(struct everything, text, 0),
    PLAIN_PARAM(struct everything, raw, 0),
    PLAIN_PARAM(struct everything, note, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct everything, level, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct everything, extra, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class Everything = {
    PLAIN_JOB_CLASS(struct everything),
    .name = "Everything",
    .params = everything_params,
    .run = run_nothing,
};

static const plain_job_class Nothing = {
    PLAIN_JOB_CLASS_EMPTY,
    .name = "Nothing",
    .run = run_nothing,
};

/* One required parameter of each type, all absent but the one that a test gives. */
struct one {
    double real;
    int64_t large;
    plain_json raw;
};
static const plain_param one_params[] = {
    PLAIN_PARAM(struct one, real, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct one, large, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct one, raw, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};
static const plain_job_class One = {
    PLAIN_JOB_CLASS(struct one),
    .name = "One",
    .params = one_params,
    .run = run_nothing,
};

static struct everything sample(void)
{
    return (struct everything){
        .on = true,
        .small = INT32_MIN,
        .large = INT64_MAX,
        .positive = UINT32_MAX,
        .real = 0.1,
        .text = "caf\xC3\xA9 \"q\"\n",
        .raw = {.text = " [1, {\"a\" :2}] "},
    };
}

static const char sample_stored[] =
    "{\"args\": [], \"kwargs\": {\"on\": true, \"small\": -2147483648, "
    "\"large\": 9223372036854775807, \"positive\": 4294967295, \"real\": 0.1, "
    "\"text\": \"caf\xC3\xA9 \\\"q\\\"\\n\", \"raw\": [1, {\"a\" :2}], \"level\": 0}}";

static void assert_encodes(const plain_job_class *cls, const void *params, const char *expected)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    if (params_encode(cls, params, &out, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

static void writes_a_struct_as_python_would_print_it(void **state)
{
    struct everything params = sample();

    (void)state;
    assert_encodes(&Everything, &params, sample_stored);
    assert_encodes(&Nothing, NULL, "{\"args\": [], \"kwargs\": {}}");
}

static void reads_back_what_it_wrote(void **state)
{
    struct arena a = ARENA_INIT;
    const void *read = NULL;
    plain_error err;

    (void)state;
    assert_int_equal(params_decode(&Everything, sample_stored, &a, &read, &err), PLAIN_OK);
    const struct everything *p = read;
    assert_true(p->on);
    assert_int_equal(p->small, INT32_MIN);
    assert_true(p->large == INT64_MAX);
    assert_true(p->positive == UINT32_MAX);
    assert_true(p->real == 0.1);
    assert_string_equal(p->text, "caf\xC3\xA9 \"q\"\n");
    assert_string_equal(p->raw.text, "[1, {\"a\" :2}]");
    assert_int_equal(p->raw.length, strlen(p->raw.text));
    assert_null(p->note);
    assert_null(p->extra.text);
    assert_int_equal(p->level, 0);
    arena_release(&a);
}

/* Reads a stored form of One; the result lives in a. */
static const struct one *read_one(struct arena *a, const char *stored)
{
    const void *read = NULL;
    plain_error err;

    if (params_decode(&One, stored, a, &read, &err) < 0)
        fail_msg("%s: %s", stored, err.message);
    return read;
}

static void doubles_are_short_and_read_back_equal(void **state)
{
    static const struct {
        double d;
        const char *text;
    } doubles[] = {
        {0.1, "0.1"},
        {1, "1.0"},
        {-0.0, "-0.0"},
        {1e300, "1e+300"},
        {1.0 / 3, "0.3333333333333333"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_TRUE_MIN, "4.94065645841247e-324"},
        {123456789012345680.0, "1.2345678901234568e+17"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
        struct one params = {.real = doubles[i].d};
        struct arena a = ARENA_INIT;
        char expected[128];

        (void)snprintf(expected, sizeof(expected),
                       "{\"args\": [], \"kwargs\": {\"real\": %s, \"large\": 0}}", doubles[i].text);
        assert_encodes(&One, &params, expected);
        double again = read_one(&a, expected)->real;
        assert_memory_equal(&again, &doubles[i].d, sizeof(again));
        arena_release(&a);
    }
}

static void a_locale_with_a_comma_changes_nothing(void **state)
{
    struct one params = {.real = 1.5};
    struct arena a = ARENA_INIT;

    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        (void)setlocale(LC_ALL, "C.UTF-8"); /* without one the test shows little */
    assert_encodes(&One, &params, "{\"args\": [], \"kwargs\": {\"real\": 1.5, \"large\": 0}}");
    assert_true(read_one(&a, "{\"kwargs\": {\"real\": 2.5}}")->real == 2.5);
    (void)setlocale(LC_ALL, "C");
    arena_release(&a);
}

static void huge_integers_reach_doubles_and_raw_json(void **state)
{
    char stored[700], digits[302];
    struct arena a = ARENA_INIT;

    (void)state;
    memset(digits, '0', sizeof(digits));
    digits[0] = '1';
    digits[301] = '\0';
    (void)snprintf(stored, sizeof(stored),
                   "{\"args\": [], \"kwargs\": {\"real\": %s, \"raw\": %s}}", digits, digits);
    const struct one *one = read_one(&a, stored);
    assert_true(one->real == 1e300);
    assert_string_equal(one->raw.text, digits);
    arena_release(&a);
}

static void reads_args_by_the_order_of_the_fields(void **state)
{
    struct arena a = ARENA_INIT;

    (void)state;
    const struct one *one = read_one(&a, "{\"args\": [2, 7], \"kwargs\": {\"raw\": {\"x\":[ ]}}}");
    assert_true(one->real == 2);
    assert_int_equal(one->large, 7);
    assert_string_equal(one->raw.text, "{\"x\":[ ]}");
    arena_release(&a);
}

static void takes_what_other_writers_leave_out(void **state)
{
    static const char *const empty[] = {
        NULL,
        "null",
        "{}",
        "{\"args\": []}",
        "{\"kwargs\": {}}",
        "{\"args\": [null], \"kwargs\": {\"raw\": null}, \"other\": [1]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        struct arena a = ARENA_INIT;
        const struct one *one = read_one(&a, empty[i]);

        assert_true(one->real == 0);
        assert_null(one->raw.text);
        arena_release(&a);
    }
}

static void null_is_a_value_of_raw_json_that_is_required(void **state)
{
    static const char json[] = "{\"on\": false, \"small\": 1, \"large\": 1, \"positive\": 1, "
                               "\"real\": 1, \"text\": \"\", \"raw\": null}";
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    struct arena a = ARENA_INIT;
    const void *read = NULL;

    (void)state;
    assert_int_equal(params_from_json(&Everything, json, &stored, NULL), PLAIN_OK);
    assert_int_equal(params_decode(&Everything, stored.data, &a, &read, NULL), PLAIN_OK);
    assert_string_equal(((const struct everything *)read)->raw.text, "null");
    arena_release(&a);
    buf_release(&stored);
}

static void a_class_without_parameters_gets_none(void **state)
{
    struct arena a = ARENA_INIT;
    const void *read = &a;

    (void)state;
    assert_int_equal(params_decode(&Nothing, "{}", &a, &read, NULL), PLAIN_OK);
    assert_null(read);
    read = &a;
    assert_int_equal(params_decode(NULL, "{\"kwargs\": {\"x\": 1}}", &a, &read, NULL), PLAIN_OK);
    assert_null(read);
    arena_release(&a);
}

/* Bad values of one parameter each: what stands in kwargs, the PJ number, the field. */
static const struct {
    const char *kwargs;
    int pj;
    const char *field;
} bad_values[] = {
    {"\"on\": 1", 103, "on"},
    {"\"on\": \"true\"", 103, "on"},
    {"\"on\": null", 103, "on"},
    {"\"small\": 2147483648", 103, "small"},
    {"\"small\": -2147483649", 103, "small"},
    {"\"small\": 1.0", 103, "small"},
    {"\"small\": 1e3", 103, "small"},
    {"\"small\": true", 103, "small"},
    {"\"large\": 9223372036854775808", 103, "large"},
    {"\"large\": -9223372036854775809", 103, "large"},
    {"\"large\": 100000000000000000000000000000000000000000000000000", 103, "large"},
    {"\"large\": \"1\"", 103, "large"},
    {"\"positive\": -1", 103, "positive"},
    {"\"positive\": 4294967296", 103, "positive"},
    {"\"real\": \"1.5\"", 103, "real"},
    {"\"real\": []", 103, "real"},
    {"\"text\": 5", 103, "text"},
    {"\"text\": {}", 103, "text"},
    {"\"text\": null", 103, "text"},
    {"\"note\": 1", 103, "note"},
    {"\"Text\": \"x\"", 104, "Text"},
    {"\"\": 1", 104, ""},
    {"\"on\\u0031\": 1", 104, "on\\u0031"},
};

static void refuses_values_that_do_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_values) / sizeof(bad_values[0]); i++) {
        struct buf out = BUF_INIT(PARAMS_BUF_MAX);
        char json[256];
        plain_error err;

        (void)snprintf(json, sizeof(json), "{%s}", bad_values[i].kwargs);
        if (params_from_json(&Everything, json, &out, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", json);
        if (err.pj != bad_values[i].pj)
            fail_msg("%s: PJ%d %s", json, err.pj, err.message);
        assert_string_equal(err.field, bad_values[i].field);
        assert_true(strlen(err.message) > 0 && strlen(err.fix) > 0);
        assert_int_equal(out.len, 0);
        buf_release(&out);
    }
}

static void names_what_is_missing_and_what_was_meant(void **state)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    assert_int_equal(params_from_json(&Everything, NULL, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 102);
    assert_string_equal(err.field, "on");
    assert_int_equal(params_from_json(&Everything, "{\"smal\": 1}", &out, &err), PLAIN_E_INVALID);
    assert_string_equal(err.fix, "did you mean 'small'?");
    assert_int_equal(params_from_json(&Nothing, "{\"x\": 1}", &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 104);
    assert_non_null(strstr(err.fix, "takes no parameters"));
    assert_int_equal(params_from_json(&Everything, "{\"small\": 12e3}", &out, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.message, "parameter 'small' takes a whole number from -2147483648 to "
                                     "2147483647, not 12e3");
    buf_release(&out);
}

static void refuses_a_stored_form_of_another_shape(void **state)
{
    static const struct {
        const char *stored;
        int pj;
    } bad[] = {
        {"5", 602},
        {"[]", 602},
        {"{", 602},
        {"{\"args\": 5, \"kwargs\": {}}", 602},
        {"{\"args\": [], \"kwargs\": []}", 602},
        {"{\"args\": null}", 602},
        {"{\"args\": [1, 2, 3, 4]}", 104},
        {"{\"args\": [1], \"kwargs\": {\"real\": 1}}", 602},
        {"{\"args\": [null], \"kwargs\": {\"real\": 1}}", 602},
    };
    struct arena a = ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const void *read;
        plain_error err;

        if (params_decode(&One, bad[i].stored, &a, &read, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i].stored);
        if (err.pj != bad[i].pj)
            fail_msg("%s: PJ%d %s", bad[i].stored, err.pj, err.message);
    }
    arena_release(&a);
}

static void refuses_a_struct_with_a_bad_value(void **state)
{
    struct everything nan = sample(), inf = sample(), null = sample(), bytes = sample();
    struct everything null_raw = sample(), broken = sample(), trailing = sample();
    const struct {
        const struct everything *params;
        int pj;
        const char *field;
    } bad[] = {
        {&nan, 103, "real"},     {&inf, 103, "real"},       {&null, 102, "text"},
        {&bytes, 602, "text"},   {&null_raw, 102, "raw"},   {&broken, 602, "raw"},
        {&trailing, 602, "raw"}, {NULL, 102, "parameters"},
    };

    (void)state;
    nan.real = (double)NAN;
    inf.real = -(double)INFINITY;
    null.text = NULL;
    bytes.text = "\xFF";
    null_raw.raw.text = NULL;
    broken.raw.text = "{\"a\": 1, \"a\": 2}";
    trailing.raw = (plain_json){.text = "[1]\0x", .length = 5};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf out = BUF_INIT(PARAMS_BUF_MAX);
        plain_error err;

        assert_int_equal(params_encode(&Everything, bad[i].params, &out, &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, bad[i].pj);
        assert_string_equal(err.field, bad[i].field);
        buf_release(&out);
    }
}

/* {"raw": "aaa..."} whose stored form is `size` bytes. */
static char *json_of_stored_size(size_t size)
{
    static const char head[] = "{\"raw\": \"", tail[] = "\"}";
    size_t n = size - strlen("{\"args\": [], \"kwargs\": }") - strlen(head) - strlen(tail);
    char *json = mem_zalloc(1, size);

    assert_non_null(json);
    memcpy(json, head, strlen(head));
    memset(json + strlen(head), 'a', n);
    memcpy(json + strlen(head) + n, tail, strlen(tail));
    return json;
}

static void stores_one_mebibyte_and_not_a_byte_more(void **state)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    char *fits = json_of_stored_size(PLAIN_PARAMETERS_MAX);
    char *large = json_of_stored_size(PLAIN_PARAMETERS_MAX + 1);
    plain_error err;

    (void)state;
    assert_int_equal(params_from_json(&One, fits, &out, &err), PLAIN_OK);
    assert_int_equal(out.len, PLAIN_PARAMETERS_MAX);
    buf_reset(&out);
    assert_int_equal(params_from_json(&One, large, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_int_equal(params_from_json(NULL, large, &out, &err), PLAIN_E_INVALID);
    buf_release(&out);
    mem_free(fits);
    mem_free(large);
}

static void counts_escapes_when_a_struct_is_too_large(void **state)
{
    struct everything params = sample();
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    struct buf tight = BUF_INIT(PLAIN_PARAMETERS_MAX + 1);
    char *text = mem_zalloc(1, PLAIN_PARAMETERS_MAX + 2);
    plain_error err;

    (void)state;
    assert_non_null(text);
    params.text = text;
    memset(text, '\x01', PLAIN_PARAMETERS_MAX / 6); /* each is written as \u0001 */
    assert_int_equal(params_encode(&Everything, &params, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_int_equal(params_encode(&Everything, &params, &tight, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    memset(text, 'a', PLAIN_PARAMETERS_MAX + 1);
    buf_reset(&out);
    assert_int_equal(params_encode(&Everything, &params, &out, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "text");
    buf_release(&out);
    buf_release(&tight);
    mem_free(text);
}

/* {"raw": [[...]]}, `depth` levels with the object. */
static const char *nested(unsigned depth, char out[512])
{
    int n = snprintf(out, 512, "{\"raw\": ");

    memset(out + n, '[', depth - 1);
    memset(out + n + depth - 1, ']', depth - 1);
    (void)snprintf(out + n + 2 * (depth - 1), 2, "}");
    return out;
}

static void takes_128_levels_and_not_one_more(void **state)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    struct arena a = ARENA_INIT;
    char text[512];
    const void *read;
    plain_error err;

    (void)state;
    assert_int_equal(params_from_json(&One, nested(128, text), &out, &err), PLAIN_OK);
    assert_int_equal(params_decode(&One, out.data, &a, &read, &err), PLAIN_OK);
    const struct one *one = read;
    buf_reset(&out);
    assert_int_equal(params_encode(&One, one, &out, &err), PLAIN_OK);
    assert_int_equal(params_from_json(&One, nested(129, text), &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    buf_release(&out);
    arena_release(&a);
}

static void cuts_the_kwargs_out_of_a_stored_form(void **state)
{
    const char *text;
    size_t length;

    (void)state;
    assert_int_equal(params_kwargs("{\"kwargs\": { \"a\":1 }, \"args\": []}", &text, &length, NULL),
                     PLAIN_OK);
    assert_int_equal(length, 9);
    assert_memory_equal(text, "{ \"a\":1 }", 9);
    assert_int_equal(params_kwargs("{}", &text, &length, NULL), PLAIN_OK);
    assert_memory_equal(text, "{}", 2);
    assert_int_equal(params_kwargs("[]", &text, &length, NULL), PLAIN_E_INVALID);
}

static int round_trip(void)
{
    const struct everything params = sample();
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    struct arena a = ARENA_INIT;
    const void *read = NULL;
    plain_error err;

    int result = params_encode(&Everything, &params, &out, &err);
    if (result == PLAIN_OK)
        result = params_decode(&Everything, out.data, &a, &read, &err);
    buf_release(&out);
    arena_release(&a);
    return result;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    harness_fail_each_allocation(round_trip, PLAIN_E_NOMEM);
}

/* With short texts: jansson 2.14 writes behind the buffer of a longer one when memory for it is
 * refused. */
static void survives_every_failing_allocation_of_jansson(void **state)
{
    (void)state;
    json_set_alloc_funcs(mem_alloc, mem_free);
    harness_fail_each_allocation(round_trip, 0);
    json_set_alloc_funcs(malloc, free);
}

HARNESS_MAIN(writes_a_struct_as_python_would_print_it, reads_back_what_it_wrote,
             doubles_are_short_and_read_back_equal, a_locale_with_a_comma_changes_nothing,
             huge_integers_reach_doubles_and_raw_json, reads_args_by_the_order_of_the_fields,
             takes_what_other_writers_leave_out, null_is_a_value_of_raw_json_that_is_required,
             a_class_without_parameters_gets_none, refuses_values_that_do_not_fit,
             names_what_is_missing_and_what_was_meant, refuses_a_stored_form_of_another_shape,
             refuses_a_struct_with_a_bad_value, stores_one_mebibyte_and_not_a_byte_more,
             counts_escapes_when_a_struct_is_too_large, takes_128_levels_and_not_one_more,
             cuts_the_kwargs_out_of_a_stored_form, survives_every_failing_allocation,
             survives_every_failing_allocation_of_jansson)
