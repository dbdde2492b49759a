/* executable_class_test.c - what executable_class.h and job_section.h promise */
#include "core/executable_class.h"

#include <stdio.h>
#include <string.h>

#include "core/class.h"
#include "core/params.h"
#include "tests/harness/harness.h"

/* A section by its options, each `"name": ["place", "value", ...]`. */
static int make(struct arena *a, const char *options, const plain_job_class **out, plain_error *err)
{
    char json[4096];
    struct sections sections = {0};

    (void)snprintf(json, sizeof(json), "[{\"name\": \"thumb\", \"place\": \"plain.conf:3\"%s%s}]",
                   *options ? ", " : "", options);
    int r = sections_read(SECTION_JOB, json, a, &sections, err);
    if (r < 0)
        return r;
    assert_int_equal(sections.count, 1);
    assert_null(sections_find(&sections, "other"));
    return executable_class_new(sections_find(&sections, "thumb"), "Of the file.", a, out, err);
}

static const plain_job_class *made(struct arena *a, const char *options)
{
    const plain_job_class *cls = NULL;
    plain_error err;

    if (make(a, options, &cls, &err) < 0)
        fail_msg("PJ%d %s", err.pj, err.message);
    return cls;
}

static void an_empty_section_is_a_class_without_parameters(void **state)
{
    struct arena a = ARENA_INIT;
    const plain_job_class *cls = made(&a, "");

    (void)state;
    assert_string_equal(cls->name, "thumb");
    assert_string_equal(cls->doc, "Of the file.");
    assert_null(class_param(cls, 0));
    assert_null(cls->calculate_retry_delay);
    assert_null(cls->default_concurrency_key_for);
    assert_int_equal(executable_class_defer_ms(cls, 10000), 10000);
    assert_int_equal(executable_class_defer_ms(NULL, 10000), 10000);
    arena_release(&a);
}

static const char everything[] =
    "\"params\": [\"p:1\", \"user:int64\", \"width:int32=320\", \"tags:strings?\", \"loud:bool\", "
    "\"ratio:double=0.5\", \"name:string=\\\"a\\\"\", \"more:json?\", \"n:uint32?\"],"
    "\"doc\": [\"p:2\", \"Make it.\"], \"queue\": [\"p:3\", \"slow\"],"
    "\"priority\": [\"p:4\", \"-5\"], \"retries\": [\"p:5\", \"3\"],"
    "\"retry_delay\": [\"p:6\", \"exponential 1s max 1h\"],"
    "\"concurrency_key\": [\"p:7\", \"user-{user}-{width}\"], \"defer_delay\": [\"p:8\", \"30s\"]";

static void a_section_gives_what_a_class_has(void **state)
{
    struct arena a = ARENA_INIT;
    const plain_job_class *cls = made(&a, everything);
    struct enqueue_values values;
    const void *params = NULL;
    plain_error err;

    (void)state;
    assert_string_equal(cls->doc, "Make it.");
    assert_int_equal(class_param_count(cls), 8);
    assert_int_equal(executable_class_defer_ms(cls, 10000), 30000);
    assert_int_equal(cls->calculate_retry_delay(cls, NULL, 3), 4000);

    static const char stored[] = "{\"args\": [7], \"kwargs\": {\"loud\": true, \"tags\": [\"x\"]}}";
    if (params_decode(cls, stored, &a, &params, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(class_decide(cls, params, NULL, &values, &err), PLAIN_OK);
    assert_string_equal(values.queue, "slow");
    assert_string_equal(values.concurrency_key, "user-7-320");
    assert_int_equal(values.priority, -5);
    assert_int_equal(values.retries, 3);

    plain_options options = {.size = sizeof(options), .queue = "fast", .retries = plain_int(0)};
    assert_int_equal(class_decide(cls, params, &options, &values, &err), PLAIN_OK);
    assert_string_equal(values.queue, "fast");
    assert_int_equal(values.retries, 0);
    arena_release(&a);
}

static void its_parameters_are_checked(void **state)
{
    static const struct {
        const char *kwargs;
        int pj;
    } bad[] = {
        {"{\"loud\": true}", 102},
        {"{\"user\": \"7\", \"loud\": true}", 103},
        {"{\"user\": 7, \"loud\": true, \"widht\": 3}", 104},
        {"{\"user\": 7, \"loud\": true, \"tags\": [3]}", 103},
    };
    struct arena a = ARENA_INIT;
    const plain_job_class *cls = made(&a, everything);
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(params_from_json(cls, bad[i].kwargs, &stored, &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, bad[i].pj);
    }
    buf_release(&stored);
    arena_release(&a);
}

static void bad_options_are_named_with_their_place(void **state)
{
    static const struct {
        const char *options, *message, *fix;
    } bad[] = {
        {"\"priority\": [\"p:4\", \"high\"]",
         "p:4: job 'thumb': priority takes a whole number from -32768 to 32767, not 'high'", ""},
        {"\"priority\": [\"p:4\", \"32768\"]", "p:4: job 'thumb': priority takes", ""},
        {"\"retries\": [\"p:4\", \"-1\"]", "p:4: job 'thumb': retries takes", ""},
        {"\"retry_delay\": [\"p:4\", \"soon\"]",
         "p:4: job 'thumb': retry_delay takes \"30s\", \"constant 30s\"", ""},
        {"\"defer_delay\": [\"p:4\", \"-3s\"]", "p:4: job 'thumb': defer_delay takes a duration",
         ""},
        {"\"timeout\": [\"p:4\", \"0\"]", "p:4: job 'thumb': timeout takes a duration above 0", ""},
        {"\"defer_delay\": [\"p:4\", \"365001d\"]", "p:4: job 'thumb': defer_delay takes", ""},
        {"\"queue\": [\"p:4\", \"\"]", "plain.conf:3: job class 'thumb': default_queue: is empty",
         ""},
        {"\"queue\": [\"p:4\", \"a\\nb\"]", "holds a control character", ""},
        {"\"concurrency_key\": [\"p:4\", \"{user}\"]",
         "p:4: job 'thumb': concurrency_key has {user}", "takes no parameters"},
        {"\"params\": [\"p:4\", \"user\"]", "p:4: job 'thumb': params takes NAME:TYPE", ""},
        {"\"params\": [\"p:4\", \"user=3\"]", "params takes NAME:TYPE", ""},
        {"\"params\": [\"p:4\", \"user:int?x\"]", "params takes NAME:TYPE", ""},
        {"\"params\": [\"p:4\", \"user:int\"]", "params: 'int' is no type of 'user'",
         "the types are bool, int32"},
        {"\"params\": [\"p:4\", \"user:\"]", "'' is no type of 'user'", "the types are"},
        {"\"params\": [\"p:4\", \"us er:int32\"]", "p:4: job class 'thumb': us er: its name is not",
         "NAME:TYPE"},
        {"\"params\": [\"p:4\", \"a:int32\", \"a:bool\"]",
         "p:4: job class 'thumb': a: it is declared", "NAME:TYPE"},
        {"\"params\": [\"p:4\", \"a:int32=x\"]", "p:4: job class 'thumb': the fallback of a",
         "JSON"},
        {"\"params\": [\"p:4\", \"a:int32=\\\"3\\\"\"]", "the fallback of a", "JSON"},
        {"\"params\": [\"p:4\", \"a:int32=\"]", "the fallback of a", "JSON"},
        {"\"params\": [\"p:4\", \"a:string=b\"]", "the fallback of a", "'name:string=\"a\"'"},
        {"\"params\": [\"p:4\", \"a:int32=null\"]", "the fallback of a", "JSON"},
        {"\"params\": [\"p:4\", \"a:int32=1, \\\"b\\\": 2\"]", "the fallback of a", "JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena a = ARENA_INIT;
        const plain_job_class *cls;
        plain_error err;

        if (make(&a, bad[i].options, &cls, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i].options);
        if (err.pj != 202 || !strstr(err.message, bad[i].message) || !strstr(err.fix, bad[i].fix))
            fail_msg("%s: PJ%d %s (%s)", bad[i].options, err.pj, err.message, err.fix);
        assert_true(strlen(err.fix) > 0);
        arena_release(&a);
    }
}

static void too_many_parameters_are_refused(void **state)
{
    struct arena a = ARENA_INIT;
    const char *values[CLASS_PARAMS_MAX + 1];
    struct section section = {.name = "thumb", .place = "p:1"};
    const plain_job_class *cls;
    char names[CLASS_PARAMS_MAX + 1][16];
    plain_error err;

    (void)state;
    for (size_t i = 0; i < CLASS_PARAMS_MAX + 1; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "p%zu:int32?", i);
        values[i] = names[i];
    }
    section.options[JOB_OPTION_PARAMS] =
        (struct section_option){"p:2", values, CLASS_PARAMS_MAX + 1};
    assert_int_equal(executable_class_new(&section, "", &a, &cls, &err), PLAIN_E_INVALID);
    assert_non_null(strstr(err.message, "more than 256"));
    section.options[JOB_OPTION_PARAMS].count = CLASS_PARAMS_MAX;
    assert_int_equal(executable_class_new(&section, "", &a, &cls, &err), PLAIN_OK);
    assert_int_equal(class_param_count(cls), CLASS_PARAMS_MAX);
    arena_release(&a);
}

static void only_its_own_form_is_read(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "3",
        "[3]",
        "[{}]",
        "[{\"name\": \"a\"}]",
        "[{\"name\": \"a\", \"place\": 3}]",
        "[{\"name\": \"a\", \"place\": \"p\", \"queue\": \"x\"}]",
        "[{\"name\": \"a\", \"place\": \"p\", \"queue\": []}]",
        "[{\"name\": \"a\", \"place\": \"p\", \"queue\": [\"p\"]}]",
        "[{\"name\": \"a\", \"place\": \"p\", \"queue\": [\"p\", \"a\", \"b\"]}]",
        "[{\"name\": \"a\", \"place\": \"p\", \"params\": [\"p\", 3]}]",
        "[{\"name\": \"a\", \"place\": \"p\", \"other\": [\"p\", \"a\"]}]",
        "[[[[[[]]]]]]",
    };
    struct arena a = ARENA_INIT;
    struct sections sections;
    plain_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (sections_read(SECTION_JOB, bad[i], &a, &sections, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.pj, 202);
    }
    assert_int_equal(sections_read(SECTION_JOB, "[]", &a, &sections, &err), PLAIN_OK);
    assert_int_equal(sections.count, 0);
    arena_release(&a);
}

static void survives_every_failing_allocation(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        struct arena a = ARENA_INIT;
        const plain_job_class *cls;
        plain_error err;

        harness_fail_allocation(nth);
        int r = make(&a, everything, &cls, &err);
        failed = harness_allocation_failed();
        assert_int_equal(r, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        arena_release(&a);
    }
}

HARNESS_MAIN(an_empty_section_is_a_class_without_parameters, a_section_gives_what_a_class_has,
             its_parameters_are_checked, bad_options_are_named_with_their_place,
             too_many_parameters_are_refused, only_its_own_form_is_read,
             survives_every_failing_allocation)
