/* params_types_test.c - dates, date-times, model references and arrays of params.h */
#include "core/params.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/class.h"
#include "core/param_value.h"
#include "tests/harness/harness.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct rich {
    plain_date on;
    plain_datetime at;
    plain_datetime due; /* needs an offset */
    plain_model user;
    plain_bools flags;
    plain_int32s smalls;
    plain_int64s larges;
    plain_uint32s naturals;
    plain_doubles reals;
    plain_strings tags;
    plain_jsons raws;
    plain_dates days;
    plain_datetimes dues; /* need an offset */
    plain_models users;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param rich_params[] = {
    PLAIN_PARAM(struct rich, on, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, at, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, due, PLAIN_OPTIONAL | PLAIN_NEED_OFFSET),
    PLAIN_PARAM(struct rich, user, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, flags, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, smalls, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, larges, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, naturals, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, reals, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, tags, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, raws, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, days, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, dues, PLAIN_OPTIONAL | PLAIN_NEED_OFFSET),
    PLAIN_PARAM(struct rich, users, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class Rich = {
    PLAIN_JOB_CLASS(struct rich),
    .name = "Rich",
    .params = rich_params,
    .run = run_nothing,
};

#define ITEMS(array)                                                                               \
    {                                                                                              \
        .items = (array), .count = COUNT(array)                                                    \
    }

static const bool flags[] = {true, false};
static const int32_t smalls[] = {INT32_MIN, 0};
static const int64_t larges[] = {INT64_MIN, INT64_MAX};
static const uint32_t naturals[] = {UINT32_MAX};
static const double reals[] = {0.1, 2};
static const char *const tags[] = {"", "caf\xC3\xA9 \"q\"", "__plain://date/2026-01-01"};
static const plain_json raws[] = {{.text = "{\"a\" :1}"}, {.text = "null"}};
static const plain_date days[] = {{2026, 11, 24}, {1, 1, 1}};
static const plain_datetime dues[] = {
    {.year = 2026, .month = 11, .day = 24, .has_offset = true},
    {.year = 2026, .month = 7, .day = 1, .microsecond = 5, .offset_s = 37800, .has_offset = true},
};
static const plain_model users[] = {{"app", "user", "42"}, {"app", "user", "o'\"x"}};

static struct rich sample(void)
{
    return (struct rich){
        .on = {2026, 11, 24},
        .at = {.year = 2026, .month = 11, .day = 24, .hour = 6, .minute = 30, .second = 1},
        .due = {.year = 2026, .month = 11, .day = 24, .offset_s = -12600, .has_offset = true},
        .user = {"app", "user", "42"},
        .flags = ITEMS(flags),
        .smalls = ITEMS(smalls),
        .larges = ITEMS(larges),
        .naturals = ITEMS(naturals),
        .reals = ITEMS(reals),
        .tags = ITEMS(tags),
        .raws = ITEMS(raws),
        .days = ITEMS(days),
        .dues = ITEMS(dues),
        .users = ITEMS(users),
    };
}

static const char sample_stored[] =
    "{\"args\": [], \"kwargs\": {\"on\": \"__plain://date/2026-11-24\", "
    "\"at\": \"__plain://datetime/2026-11-24T06:30:01\", "
    "\"due\": \"__plain://datetime/2026-11-24T00:00:00-03:30\", "
    "\"user\": \"__plain://model/app/user/42\", "
    "\"flags\": [true, false], \"smalls\": [-2147483648, 0], "
    "\"larges\": [-9223372036854775808, 9223372036854775807], \"naturals\": [4294967295], "
    "\"reals\": [0.1, 2.0], "
    "\"tags\": [\"\", \"caf\xC3\xA9 \\\"q\\\"\", \"__plain://date/2026-01-01\"], "
    "\"raws\": [{\"a\" :1}, null], "
    "\"days\": [\"__plain://date/2026-11-24\", \"__plain://date/0001-01-01\"], "
    "\"dues\": [\"__plain://datetime/2026-11-24T00:00:00+00:00\", "
    "\"__plain://datetime/2026-07-01T00:00:00.000005+10:30\"], "
    "\"users\": [\"__plain://model/app/user/42\", \"__plain://model/app/user/o'\\\"x\"]}}";

static void assert_encodes(const plain_job_class *cls, const void *params, const char *expected)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    if (params_encode(cls, params, &out, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

/* What a class reads; it lives in a. */
static const void *read_stored(const plain_job_class *cls, struct arena *a, const char *stored)
{
    const void *read = NULL;
    plain_error err;

    if (params_decode(cls, stored, a, &read, &err) < 0)
        fail_msg("%s: %s", stored, err.message);
    return read;
}

static void writes_every_type_and_reads_it_back(void **state)
{
    const struct rich params = sample();
    struct arena a = ARENA_INIT;

    (void)state;
    assert_int_equal(class_check(&Rich, NULL), PLAIN_OK);
    assert_encodes(&Rich, &params, sample_stored);
    const struct rich *read = read_stored(&Rich, &a, sample_stored);
    assert_memory_equal(&read->on, &params.on, sizeof(params.on));
    assert_false(read->at.has_offset);
    assert_int_equal(read->due.offset_s, -12600);
    assert_string_equal(read->user.model, "user");
    assert_true(read->flags.items[0] && !read->flags.items[1]);
    assert_int_equal(read->tags.count, 3);
    assert_string_equal(read->tags.items[1], tags[1]);
    assert_string_equal(read->raws.items[0].text, "{\"a\" :1}");
    assert_int_equal(read->dues.items[1].microsecond, 5);
    assert_string_equal(read->users.items[1].id, "o'\"x");
    assert_encodes(&Rich, read, sample_stored);
    arena_release(&a);
}

static void reads_args_by_the_order_of_the_fields(void **state)
{
    struct arena a = ARENA_INIT;

    (void)state;
    const struct rich *read =
        read_stored(&Rich, &a,
                    "{\"args\": [\"__plain://date/20261124\", null, "
                    "\"__plain://datetime/2026-11-24 06:30Z\", \"gid://app/User/7\", [], [1, 2]]}");
    assert_int_equal(read->on.day, 24);
    assert_int_equal(read->at.year, 0);
    assert_int_equal(read->due.hour, 6);
    assert_string_equal(read->user.model, "user");
    assert_int_equal(read->smalls.items[1], 2);
    arena_release(&a);
}

static void nothing_is_absent_and_an_empty_array_is_not(void **state)
{
    static const bool none[] = {false};
    struct rich params = {.flags = {.items = none, .count = 0}};
    struct arena a = ARENA_INIT;

    (void)state;
    assert_encodes(&Rich, &params, "{\"args\": [], \"kwargs\": {\"flags\": []}}");
    const struct rich *read = read_stored(&Rich, &a, "{\"kwargs\": {\"flags\": [ ]}}");
    assert_non_null(read->flags.items);
    assert_int_equal(read->flags.count, 0);
    assert_null(read->tags.items);
    assert_int_equal(read->tags.count, 0);
    assert_null(read->user.package);
    assert_int_equal(read->on.year, 0);
    arena_release(&a);
}

struct strict {
    plain_date on;
    plain_model user;
    plain_strings tags;
};

static const plain_param strict_params[] = {
    PLAIN_PARAM(struct strict, on, 0),
    PLAIN_PARAM(struct strict, user, 0),
    PLAIN_PARAM(struct strict, tags, 0),
    PLAIN_PARAMS_END,
};

static const plain_job_class Strict = {
    PLAIN_JOB_CLASS(struct strict),
    .name = "Strict",
    .params = strict_params,
    .run = run_nothing,
};

static void what_is_required_may_not_be_absent(void **state)
{
    struct strict params = {.on = {2026, 1, 1}, .user = {"a", "b", "c"}};
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    assert_encodes(&Strict, &params,
                   "{\"args\": [], \"kwargs\": {\"on\": \"__plain://date/2026-01-01\", "
                   "\"user\": \"__plain://model/a/b/c\", \"tags\": []}}");
    params.user.package = NULL;
    assert_int_equal(params_encode(&Strict, &params, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 102);
    assert_string_equal(err.field, "user");
    params.on = (plain_date){0};
    assert_int_equal(params_encode(&Strict, &params, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 102);
    assert_string_equal(err.field, "on");
    buf_release(&out);
}

/* What stands in kwargs, and the name that the PJ103 has. */
static const struct {
    const char *kwargs, *field;
} bad_json[] = {
    {"\"on\": \"2026-11-24\"", "on"},
    {"\"on\": \"__plain://date/2026-02-30\"", "on"},
    {"\"on\": \"__plain://date/2026-13-01\"", "on"},
    {"\"on\": \"__plain://datetime/2026-11-24\"", "on"},
    {"\"on\": 20261124", "on"},
    {"\"on\": [\"__plain://date/2026-11-24\"]", "on"},
    {"\"at\": \"__plain://date/2026-11-24\"", "at"},
    {"\"at\": \"__plain://datetime/2026-11-24T25:00\"", "at"},
    {"\"at\": \"__plain://datetime/2026-11-24T00:00+24:00\"", "at"},
    {"\"due\": \"__plain://datetime/2026-11-24T00:00:00\"", "due"},
    {"\"user\": \"__plain://model/app/user\"", "user"},
    {"\"user\": \"__plain://model/app/user/4\\n2\"", "user"},
    {"\"user\": {}", "user"},
    {"\"flags\": [true, 1]", "flags[1]"},
    {"\"flags\": true", "flags"},
    {"\"flags\": {}", "flags"},
    {"\"flags\": \"[]\"", "flags"},
    {"\"smalls\": [2147483648]", "smalls[0]"},
    {"\"smalls\": [1, [2]]", "smalls[1]"},
    {"\"larges\": [1, 2, 9223372036854775808]", "larges[2]"},
    {"\"naturals\": [0, -1]", "naturals[1]"},
    {"\"reals\": [0, \"1\"]", "reals[1]"},
    {"\"tags\": [\"a\", \"b\", \"c\", null]", "tags[3]"},
    {"\"tags\": [1]", "tags[0]"},
    {"\"days\": [\"__plain://date/2026-11-24\", \"tomorrow\"]", "days[1]"},
    {"\"days\": [null]", "days[0]"},
    {"\"dues\": [\"__plain://datetime/2026-11-24T00:00:00\"]", "dues[0]"},
    {"\"users\": [\"__plain://model/a/b/c\", \"__plain://model/a/b/\"]", "users[1]"},
};

static void refuses_json_that_does_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_json); i++) {
        struct buf out = BUF_INIT(PARAMS_BUF_MAX);
        char json[256];
        plain_error err;

        (void)snprintf(json, sizeof(json), "{%s}", bad_json[i].kwargs);
        if (params_from_json(&Rich, json, &out, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", json);
        if (err.pj != 103)
            fail_msg("%s: PJ%d %s", json, err.pj, err.message);
        assert_string_equal(err.field, bad_json[i].field);
        assert_non_null(strstr(err.message, bad_json[i].field));
        assert_int_equal(out.len, 0);
        buf_release(&out);
    }
}

static void refuse_struct(const struct rich *params, int pj, const char *field)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    if (params_encode(&Rich, params, &out, &err) != PLAIN_E_INVALID)
        fail_msg("accepted: %s", out.data);
    if (err.pj != pj || strcmp(err.field, field) != 0)
        fail_msg("%s: PJ%d %s: %s", field, err.pj, err.field, err.message);
    buf_release(&out);
}

static void refuses_a_struct_with_bad_values(void **state)
{
    (void)state;
    refuse_struct(&(struct rich){.on = {2026, 13, 1}}, 103, "on");
    refuse_struct(&(struct rich){.on = {2026, 2, 30}}, 103, "on");
    refuse_struct(&(struct rich){.on = {10000, 1, 1}}, 103, "on");
    refuse_struct(&(struct rich){.on = {0, 1, 1}}, 103, "on");
    refuse_struct(&(struct rich){.at = {2026, 1, 1, 24, 0, 0, 0, 0, false}}, 103, "at");
    refuse_struct(&(struct rich){.at = {2026, 1, 1, 0, 0, 0, 1000000, 0, false}}, 103, "at");
    refuse_struct(&(struct rich){.at = {2026, 1, 1, 0, 0, 0, 0, 86400, true}}, 103, "at");
    refuse_struct(&(struct rich){.due = {2026, 1, 1, 0, 0, 0, 0, 0, false}}, 103, "due");
    refuse_struct(&(struct rich){.user = {"a", "", "c"}}, 103, "user");
    refuse_struct(&(struct rich){.user = {"a", "b/c", "d"}}, 103, "user");
    refuse_struct(&(struct rich){.user = {"a", "b\t", "c"}}, 103, "user");
    refuse_struct(&(struct rich){.user = {"a", "b", NULL}}, 103, "user");
    refuse_struct(&(struct rich){.user = {"a", "b", "\xFF"}}, 103, "user");
}

static void refuses_an_array_with_a_bad_item(void **state)
{
    static const char *const null[] = {"a", "b", "c", NULL}, *const bytes[] = {"a", "\xFF"};
    static const double nan[] = {1, (double)NAN};
    static const plain_json no_json[] = {{.text = "1"}, {.text = NULL}}, bad[] = {{.text = "{"}};
    static const plain_date no_day[] = {{2026, 1, 1}, {0, 0, 0}}, day[] = {{2026, 2, 29}};
    static const plain_datetime naive[] = {{.year = 2026, .month = 1, .day = 1}};
    static const plain_model no_model[] = {{NULL, NULL, NULL}};

    (void)state;
    refuse_struct(&(struct rich){.tags = ITEMS(null)}, 103, "tags[3]");
    refuse_struct(&(struct rich){.tags = ITEMS(bytes)}, 602, "tags[1]");
    refuse_struct(&(struct rich){.tags = {.count = 1}}, 103, "tags");
    refuse_struct(&(struct rich){.tags = {.items = null, .count = SIZE_MAX}}, 103, "tags");
    refuse_struct(&(struct rich){.larges = {.items = larges, .count = SIZE_MAX / 8}}, 103,
                  "larges");
    refuse_struct(&(struct rich){.reals = ITEMS(nan)}, 103, "reals[1]");
    refuse_struct(&(struct rich){.raws = ITEMS(no_json)}, 103, "raws[1]");
    refuse_struct(&(struct rich){.raws = ITEMS(bad)}, 602, "raws[0]");
    refuse_struct(&(struct rich){.days = ITEMS(no_day)}, 103, "days[1]");
    refuse_struct(&(struct rich){.days = ITEMS(day)}, 103, "days[0]");
    refuse_struct(&(struct rich){.dues = ITEMS(naive)}, 103, "dues[0]");
    refuse_struct(&(struct rich){.users = ITEMS(no_model)}, 103, "users[0]");
}

static void messages_say_what_is_wrong(void **state)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    assert_int_equal(
        params_from_json(&Rich, "{\"days\": [\"__plain://date/2026-02-30\"]}", &out, &err),
        PLAIN_E_INVALID);
    assert_string_equal(err.message, "parameter 'days[0]' takes a date such as 2026-11-24, not one "
                                     "with a day that its month does not have");
    assert_int_equal(params_from_json(&Rich, "{\"smalls\": 5}", &out, &err), PLAIN_E_INVALID);
    assert_string_equal(err.message, "parameter 'smalls' takes an array (int32[]), not a number");
    buf_release(&out);
}

static void an_array_beyond_the_limit_is_refused_early(void **state)
{
    enum { COUNT_MAX = 500000 };
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    char *text = mem_zalloc(1, PLAIN_PARAMETERS_MAX / 2);
    const char **items = mem_zalloc(COUNT_MAX, sizeof(*items));
    plain_error err;

    (void)state;
    assert_non_null(text);
    assert_non_null(items);
    memset(text, 'a', PLAIN_PARAMETERS_MAX / 2 - 1);
    for (size_t i = 0; i < COUNT_MAX; i++)
        items[i] = text;
    const struct rich params = {.tags = {.items = items, .count = COUNT_MAX}};
    assert_int_equal(params_encode(&Rich, &params, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    buf_release(&out);
    mem_free(items);
    mem_free(text);
}

/* {"raws": [[[...]]]}, `depth` levels with the object. */
static const char *nested(unsigned depth, char out[512])
{
    int n = snprintf(out, 512, "{\"raws\": ");

    memset(out + n, '[', depth - 1);
    memset(out + n + depth - 1, ']', depth - 1);
    (void)snprintf(out + n + 2 * (depth - 1), 2, "}");
    return out;
}

static void an_array_is_a_level_of_depth(void **state)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    struct arena a = ARENA_INIT;
    char text[512];
    plain_error err;

    (void)state;
    assert_int_equal(params_from_json(&Rich, nested(128, text), &out, &err), PLAIN_OK);
    const struct rich *read = read_stored(&Rich, &a, out.data);
    buf_reset(&out);
    assert_int_equal(params_encode(&Rich, read, &out, &err), PLAIN_OK);
    (void)snprintf(text, sizeof(text), "[%s]", read->raws.items[0].text);
    const plain_json deeper = {.text = text};
    const struct rich params = {.raws = {.items = &deeper, .count = 1}};
    assert_int_equal(params_encode(&Rich, &params, &out, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_string_equal(err.field, "raws[0]");
    assert_int_equal(params_from_json(&Rich, nested(129, text), &out, &err), PLAIN_E_INVALID);
    buf_release(&out);
    arena_release(&a);
}

static void types_have_names(void **state)
{
    char name[PARAM_TYPE_NAME_SIZE];

    (void)state;
    assert_string_equal(param_type_name(PLAIN_TYPE_INT64, name), "int64");
    assert_string_equal(param_type_name((plain_type)(PLAIN_TYPE_ARRAY + PLAIN_TYPE_DATETIME), name),
                        "datetime[]");
    assert_string_equal(param_type_name((plain_type)99, name), "");
    assert_string_equal(param_type_name((plain_type)1099, name), "");
}

static int round_trip(void)
{
    const struct rich params = sample();
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    struct arena a = ARENA_INIT;
    const void *read = NULL;
    plain_error err;

    int result = params_encode(&Rich, &params, &out, &err);
    if (result == PLAIN_OK)
        result = params_decode(&Rich, out.data, &a, &read, &err);
    buf_release(&out);
    arena_release(&a);
    return result;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    harness_fail_each_allocation(round_trip, PLAIN_E_NOMEM);
}

HARNESS_MAIN(writes_every_type_and_reads_it_back, reads_args_by_the_order_of_the_fields,
             nothing_is_absent_and_an_empty_array_is_not, what_is_required_may_not_be_absent,
             refuses_json_that_does_not_fit, refuses_a_struct_with_bad_values,
             refuses_an_array_with_a_bad_item, messages_say_what_is_wrong,
             an_array_beyond_the_limit_is_refused_early, an_array_is_a_level_of_depth,
             types_have_names, survives_every_failing_allocation)
