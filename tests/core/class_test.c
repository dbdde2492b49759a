/* class_test.c - what class.h and adopt.h promise */
#include "core/class.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "core/adopt.h"
#include "tests/harness/harness.h"

_Static_assert(PLAIN_DAYS(365000) == PLAIN_DELAY_MAX, "no int overflows in a unit");

struct user {
    int64_t id;
    bool urgent;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param user_params[] = {
    PLAIN_PARAM(struct user, id, 0),
    PLAIN_PARAM(struct user, urgent, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static plain_job_class good(void)
{
    return (plain_job_class){
        PLAIN_JOB_CLASS(struct user),
        .name = "Good",
        .params = user_params,
        .run = run_nothing,
    };
}

static void assert_refused(const plain_job_class *cls, int code, int pj, const char *field)
{
    plain_error err;

    assert_int_equal(class_check(cls, &err), code);
    if (err.pj != pj || strcmp(err.field, field) != 0)
        fail_msg("%s: PJ%d instead of PJ%d, field %s: %s", field, err.pj, pj, err.field,
                 err.message);
    if (pj == 110 && cls->name && strcmp(cls->name, "Good") == 0)
        assert_non_null(strstr(err.message, "Good"));
}

static void takes_a_good_class(void **state)
{
    plain_job_class cls = good();
    plain_error err;

    (void)state;
    if (class_check(&cls, &err) < 0)
        fail_msg("%s", err.message);
    cls.params = NULL;
    cls.params_size = 0;
    assert_int_equal(class_check(&cls, &err), PLAIN_OK);
    assert_int_equal(class_param_count(&cls), 0);
}

static char long_name[PLAIN_NAME_MAX + 2];

static const char *make_long_name(void)
{
    memset(long_name, 'x', sizeof(long_name) - 1);
    return long_name;
}

static void refuses_a_class_with_a_bad_field(void **state)
{
    static const char *const bad_aliases[] = {"Fine", "", NULL};
    plain_job_class cls[] = {good(), good(), good(), good(), good(), good(), good(),
                             good(), good(), good(), good(), good(), good()};

    (void)state;
    cls[0].name = NULL;
    cls[1].name = "";
    cls[2].name = make_long_name();
    cls[3].name = "Good\n";
    cls[4].name = "Good\xFF";
    for (int i = 0; i < 5; i++)
        assert_refused(&cls[i], PLAIN_E_INVALID, 110, "name");
    cls[5].run = NULL;
    assert_refused(&cls[5], PLAIN_E_INVALID, 110, "run");
    cls[6].default_priority = 32768;
    cls[7].default_priority = -32769;
    assert_refused(&cls[6], PLAIN_E_INVALID, 110, "default_priority");
    assert_refused(&cls[7], PLAIN_E_INVALID, 110, "default_priority");
    cls[8].default_retries = -1;
    cls[9].default_retries = 32768;
    assert_refused(&cls[8], PLAIN_E_INVALID, 110, "default_retries");
    assert_refused(&cls[9], PLAIN_E_INVALID, 110, "default_retries");
    cls[10].default_queue = "";
    assert_refused(&cls[10], PLAIN_E_INVALID, 110, "default_queue");
    cls[11].default_concurrency_key = long_name;
    assert_refused(&cls[11], PLAIN_E_INVALID, 110, "default_concurrency_key");
    cls[12].aliases = bad_aliases;
    assert_refused(&cls[12], PLAIN_E_INVALID, 110, "aliases");
}

static void refuses_a_bad_timeout(void **state)
{
    plain_job_class cls = good();

    (void)state;
    cls.timeout_ms = PLAIN_DELAY_MAX;
    assert_int_equal(class_check(&cls, NULL), PLAIN_OK);
    assert_true(class_timeout_ms(&cls) == PLAIN_DELAY_MAX);
    cls.timeout_ms = PLAIN_DELAY_MAX + 1;
    assert_refused(&cls, PLAIN_E_INVALID, 110, "timeout_ms");
    cls.timeout_ms = -1;
    assert_refused(&cls, PLAIN_E_INVALID, 110, "timeout_ms");
}

/* Of a program that was built before there was a timeout: what lies there is not read. */
static void an_older_class_has_no_timeout(void **state)
{
    plain_job_class cls = good();

    (void)state;
    cls.timeout_ms = 5;
    cls.size = offsetof(plain_job_class, timeout_ms);
    assert_true(class_timeout_ms(&cls) == 0);
    assert_true(class_timeout_ms(NULL) == 0);
}

static int decide_retries(const plain_job_class *self, const void *params)
{
    (void)self;
    (void)params;
    return 3;
}

static void tells_whether_enqueueing_calls_its_functions(void **state)
{
    plain_job_class cls = good();

    (void)state;
    assert_false(class_has_deciders(NULL));
    assert_false(class_has_deciders(&cls));
    cls.default_retries_for = decide_retries;
    assert_true(class_has_deciders(&cls));
    cls.size = offsetof(plain_job_class, default_retries_for);
    assert_false(class_has_deciders(&cls));
}

#define ROW(row_name, row_type, row_flags, row_offset, row_size)                                   \
    {                                                                                              \
        .name = (row_name), .type = (row_type), .flags = (row_flags), .offset = (row_offset),      \
        .size = (row_size)                                                                         \
    }

static void refuses_a_bad_parameter(void **state)
{
    static const struct {
        plain_param param;
        const char *field;
    } bad[] = {
        {ROW("", PLAIN_TYPE_INT64, 0, 0, 8), ""},
        {ROW("1st", PLAIN_TYPE_INT64, 0, 0, 8), "1st"},
        {ROW("a-b", PLAIN_TYPE_INT64, 0, 0, 8), "a-b"},
        {ROW("id", PLAIN_TYPE_INT64, 0, 0, 8), "id"}, /* the second of that name */
        {ROW("x", (plain_type)99, 0, 0, 8), "x"},
        {ROW("x", PLAIN_TYPE_INT64, 2, 0, 8), "x"},
        {ROW("x", PLAIN_TYPE_INT64, 0, 0, 4), "x"},
        {ROW("x", PLAIN_TYPE_INT64, 0, 12, 8), "x"},
        {ROW("x", PLAIN_TYPE_INT64, 0, (size_t)-4, 8), "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const plain_param params[] = {user_params[0], bad[i].param, PLAIN_PARAMS_END};
        plain_job_class cls = good();

        cls.params = params;
        assert_refused(&cls, PLAIN_E_INVALID, 110, bad[i].field);
    }
}

static void refuses_a_table_without_an_end(void **state)
{
    static plain_param params[CLASS_PARAMS_MAX + 2];
    static char names[CLASS_PARAMS_MAX + 1][8];
    plain_job_class cls = good();

    (void)state;
    for (size_t i = 0; i <= CLASS_PARAMS_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "p%zu", i);
        params[i] = user_params[0];
        params[i].name = names[i];
    }
    cls.params = params;
    assert_refused(&cls, PLAIN_E_INVALID, 110, "params");
    params[CLASS_PARAMS_MAX].name = NULL;
    assert_int_equal(class_check(&cls, NULL), PLAIN_OK);
}

/* A class of a program with newer headers. */
struct newer_class {
    plain_job_class known;
    int64_t unknown;
};

static void takes_sizes_of_older_and_newer_programs(void **state)
{
    struct newer_class newer = {.known = good()};
    plain_job_class older = good();
    struct enqueue_values values;

    (void)state;
    newer.known.size = sizeof(newer);
    assert_int_equal(class_check(&newer.known, NULL), PLAIN_OK);
    newer.unknown = 1;
    assert_refused(&newer.known, PLAIN_E_VERSION, 702, "size");

    older.size = offsetof(plain_job_class, default_queue);
    older.default_queue = "not of this version";
    assert_int_equal(class_check(&older, NULL), PLAIN_OK);
    assert_int_equal(class_decide(&older, NULL, NULL, &values, NULL), PLAIN_OK);
    assert_string_equal(values.queue, "default");

    older.size = 0;
    assert_refused(&older, PLAIN_E_VERSION, 702, "size");
    older.size = (size_t)-1;
    assert_refused(&older, PLAIN_E_VERSION, 702, "size");
}

struct newer_param {
    plain_param known;
    int64_t unknown;
};

static void walks_rows_of_the_size_that_the_program_has(void **state)
{
    const struct newer_param params[] = {
        {user_params[0], 7}, {user_params[1], 7}, {PLAIN_PARAMS_END, 0}};
    plain_job_class cls = good();

    (void)state;
    cls.params = &params[0].known;
    cls.param_size = sizeof(params[0]);
    assert_int_equal(class_check(&cls, NULL), PLAIN_OK);
    assert_int_equal(class_param_count(&cls), 2);
    assert_string_equal(class_param(&cls, 1)->name, "urgent");
    assert_null(class_param(&cls, 2));
    cls.param_size = offsetof(plain_param, size);
    assert_refused(&cls, PLAIN_E_VERSION, 702, "param_size");
}

static void decides_defaults_without_a_class(void **state)
{
    struct enqueue_values v;

    (void)state;
    memset(&v, 0xAA, sizeof(v));
    assert_int_equal(class_decide(NULL, NULL, NULL, &v, NULL), PLAIN_OK);
    assert_string_equal(v.queue, "default");
    assert_string_equal(v.concurrency_key, "");
    assert_string_equal(v.source, "");
    assert_int_equal(v.priority, 0);
    assert_int_equal(v.retries, 0);
    assert_int_equal(v.delay_us, 0);
    assert_true(v.start_at == INT64_MIN);
    assert_true(uuid_is_zero(&v.uuid));
}

static int queue_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    const struct user *user = params;

    assert_string_equal(self->data, "mine");
    return snprintf(out, size, "queue-%lld", (long long)user->id);
}

static int key_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    return snprintf(out, size, "user-%lld", (long long)((const struct user *)params)->id);
}

static int priority_for(const plain_job_class *self, const void *params)
{
    (void)self;
    return ((const struct user *)params)->urgent ? 10 : -10;
}

static int retries_for(const plain_job_class *self, const void *params)
{
    (void)self;
    (void)params;
    return 7;
}

static char mine[] = "mine";

static plain_job_class with_constants(void)
{
    plain_job_class cls = good();

    cls.default_queue = "slow";
    cls.default_priority = 5;
    cls.default_retries = 3;
    cls.default_concurrency_key = "one";
    cls.data = mine;
    return cls;
}

static plain_job_class with_functions(void)
{
    plain_job_class cls = with_constants();

    cls.default_queue_for = queue_for;
    cls.default_concurrency_key_for = key_for;
    cls.default_priority_for = priority_for;
    cls.default_retries_for = retries_for;
    return cls;
}

static void assert_decides(const plain_job_class *cls, const plain_options *options,
                           const char *queue, const char *key, int priority, int retries)
{
    const struct user user = {.id = 42, .urgent = true};
    struct enqueue_values v;
    plain_error err;

    if (class_decide(cls, &user, options, &v, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(v.queue, queue);
    assert_string_equal(v.concurrency_key, key);
    assert_int_equal(v.priority, priority);
    assert_int_equal(v.retries, retries);
}

static void option_beats_function_beats_constant(void **state)
{
    const plain_job_class plain = good(), constants = with_constants(),
                          functions = with_functions();

    (void)state;
    assert_decides(&plain, NULL, "default", "", 0, 0);
    assert_decides(&constants, NULL, "slow", "one", 5, 3);
    assert_decides(&functions, NULL, "queue-42", "user-42", 10, 7);
    assert_decides(&functions, PLAIN_OPTIONS(.queue = "q"), "q", "user-42", 10, 7);
    assert_decides(&functions,
                   PLAIN_OPTIONS(.queue = "q", .concurrency_key = "", .priority = PLAIN_INT(0),
                                 .retries = PLAIN_INT(0)),
                   "q", "", 0, 0);
}

static int too_long_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    (void)params;
    return snprintf(out, size, "%s", make_long_name());
}

static int minus_one_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    (void)params;
    (void)out;
    (void)size;
    return -1;
}

static int empty_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    (void)params;
    (void)out;
    (void)size;
    return 0;
}

static int huge_for(const plain_job_class *self, const void *params)
{
    (void)self;
    (void)params;
    return 40000;
}

static void refuses_what_a_function_cannot_mean(void **state)
{
    plain_job_class cls[] = {good(), good(), good(), good(), good()};
    static const char *const fields[] = {"queue", "queue", "concurrency_key", "priority",
                                         "retries"};

    (void)state;
    cls[0].default_queue_for = too_long_for;
    cls[1].default_queue_for = empty_for;
    cls[2].default_concurrency_key_for = minus_one_for;
    cls[3].default_priority_for = huge_for;
    cls[4].default_retries_for = huge_for;
    for (int i = 0; i < 5; i++) {
        struct enqueue_values v;
        plain_error err;

        assert_int_equal(class_decide(&cls[i], NULL, NULL, &v, &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, 105);
        assert_string_equal(err.field, fields[i]);
    }
}

static void assert_option_refused(const plain_options *options, const char *field)
{
    struct enqueue_values v;
    plain_error err;

    assert_int_equal(class_decide(NULL, NULL, options, &v, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 105);
    assert_string_equal(err.field, field);
    assert_true(strlen(err.fix) > 0);
}

static void refuses_bad_options(void **state)
{
    (void)state;
    assert_option_refused(PLAIN_OPTIONS(.timeout_ms = -1), "timeout_ms");
    assert_option_refused(PLAIN_OPTIONS(.timeout_ms = PLAIN_DELAY_MAX + 1), "timeout_ms");
    assert_option_refused(PLAIN_OPTIONS(.queue = ""), "queue");
    assert_option_refused(PLAIN_OPTIONS(.queue = make_long_name()), "queue");
    assert_option_refused(PLAIN_OPTIONS(.queue = "a\tb"), "queue");
    assert_option_refused(PLAIN_OPTIONS(.queue = "\xC2\x85"), "queue"); /* a C1 control */
    assert_option_refused(PLAIN_OPTIONS(.queue = "\xFF"), "queue");
    assert_option_refused(PLAIN_OPTIONS(.concurrency_key = "a\x7F"), "concurrency_key");
    assert_option_refused(PLAIN_OPTIONS(.priority = PLAIN_INT(32768)), "priority");
    assert_option_refused(PLAIN_OPTIONS(.priority = PLAIN_INT(-32769)), "priority");
    assert_option_refused(PLAIN_OPTIONS(.retries = PLAIN_INT(-1)), "retries");
    assert_option_refused(PLAIN_OPTIONS(.retries = PLAIN_INT(32768)), "retries");
    assert_option_refused(PLAIN_OPTIONS(.delay_ms = -1), "delay_ms");
    assert_option_refused(PLAIN_OPTIONS(.delay_ms = PLAIN_DELAY_MAX + 1), "delay_ms");
    assert_option_refused(PLAIN_OPTIONS(.delay_ms = INT64_MAX), "delay_ms");
    assert_option_refused(PLAIN_OPTIONS(.delay_ms = 1, .start_at = 1), "delay_ms");
    assert_option_refused(PLAIN_OPTIONS(.start_at = -1), "start_at");
    assert_option_refused(PLAIN_OPTIONS(.start_at = INT64_MIN), "start_at");
    assert_option_refused(PLAIN_OPTIONS(.start_at = INT64_MAX), "start_at");
}

static void takes_options_at_their_limits(void **state)
{
    const plain_uuid uuid = uuid_new();
    struct enqueue_values v;

    (void)state;
    long_name[0] = '\0';
    make_long_name();
    assert_int_equal(
        class_decide(NULL, NULL,
                     PLAIN_OPTIONS(.queue = long_name + 1, .priority = PLAIN_INT(-32768),
                                   .retries = PLAIN_INT(32767), .uuid = uuid,
                                   .delay_ms = PLAIN_DELAY_MAX),
                     &v, NULL),
        PLAIN_OK);
    assert_int_equal(strlen(v.queue), PLAIN_NAME_MAX);
    assert_int_equal(v.priority, -32768);
    assert_int_equal(v.retries, 32767);
    assert_true(v.delay_us == PLAIN_DELAY_MAX * 1000);
    assert_true(uuid_equal(&v.uuid, &uuid));
    assert_int_equal(class_decide(NULL, NULL, PLAIN_OPTIONS(.start_at = 1, .queue = "q"), &v, NULL),
                     PLAIN_OK);
    assert_true(v.start_at == 1);
    assert_int_equal(v.delay_us, 0);
}

/* Options of a program with newer headers. */
struct newer_options {
    plain_options known;
    int64_t unknown;
};

static void takes_options_of_older_and_newer_programs(void **state)
{
    struct newer_options newer = {.known = {.size = sizeof(newer), .queue = "q"}};
    plain_options older = {.size = offsetof(plain_options, priority), .queue = "q"};
    struct enqueue_values v;
    plain_error err;

    (void)state;
    assert_int_equal(class_decide(NULL, NULL, &newer.known, &v, &err), PLAIN_OK);
    assert_string_equal(v.queue, "q");
    newer.unknown = 1;
    assert_int_equal(class_decide(NULL, NULL, &newer.known, &v, &err), PLAIN_E_VERSION);
    assert_int_equal(err.pj, 702);
    older.priority = PLAIN_INT(9); /* garbage behind its end */
    assert_int_equal(class_decide(NULL, NULL, &older, &v, &err), PLAIN_OK);
    assert_int_equal(v.priority, 0);
    older.size = 0;
    assert_int_equal(class_decide(NULL, NULL, &older, &v, &err), PLAIN_E_VERSION);
    assert_non_null(strstr(err.fix, "PLAIN_OPTIONS"));
}

static const char *source_of(const plain_options *options, struct enqueue_values *v)
{
    assert_int_equal(class_decide(NULL, NULL, options, v, NULL), PLAIN_OK);
    return v->source;
}

static void the_source_is_file_and_line_or_what_is_given(void **state)
{
    const plain_options bare = {.size = sizeof(bare), .source_file = "app/web.c", .source_line = 7};
    struct enqueue_values v;

    (void)state;
    assert_string_equal(source_of(&bare, &v), "app/web.c:7");
    assert_string_equal(source_of(PLAIN_OPTIONS(.source = "cron"), &v), "cron");
    assert_non_null(strstr(source_of(PLAIN_OPTIONS(.queue = "q"), &v), "class_test.c:"));
    assert_string_equal(source_of(PLAIN_OPTIONS(.source = "\xFF"), &v), "\xEF\xBF\xBD");
}

static void a_long_source_keeps_its_end(void **state)
{
    char path[600];
    plain_options options = {.size = sizeof(options), .source_file = path, .source_line = 1234};
    struct enqueue_values v;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(path); i += 2)
        memcpy(path + i, "\xC3\xA9", 2);
    memcpy(path + sizeof(path) - 9, "\xFF-/web.c", 9);
    source_of(&options, &v);
    assert_in_range(strlen(v.source), 250, PLAIN_NAME_MAX);
    assert_string_equal(v.source + strlen(v.source) - 11, "/web.c:1234");
    assert_memory_equal(v.source, "\xC3\xA9", 2);
    assert_non_null(strstr(v.source, "\xEF\xBF\xBD-/web.c"));
}

static void units_take_fractions(void **state)
{
    static const int64_t ms[] = {PLAIN_SECONDS(0.5), PLAIN_MINUTES(1.5), PLAIN_HOURS(0.25),
                                 PLAIN_DAYS(1.5), PLAIN_MEGABYTES(0.5)};
    static const int64_t expected[] = {500, 90000, 900000, 129600000, 524288};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ms); i++)
        assert_int_equal(ms[i], expected[i]);
}

HARNESS_MAIN(units_take_fractions, takes_a_good_class, refuses_a_class_with_a_bad_field,
             refuses_a_bad_timeout, an_older_class_has_no_timeout,
             tells_whether_enqueueing_calls_its_functions, refuses_a_bad_parameter,
             refuses_a_table_without_an_end, takes_sizes_of_older_and_newer_programs,
             walks_rows_of_the_size_that_the_program_has, decides_defaults_without_a_class,
             option_beats_function_beats_constant, refuses_what_a_function_cannot_mean,
             refuses_bad_options, takes_options_at_their_limits,
             takes_options_of_older_and_newer_programs,
             the_source_is_file_and_line_or_what_is_given, a_long_source_keeps_its_end)
