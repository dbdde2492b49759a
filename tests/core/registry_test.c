/* registry_test.c - what registry.h and executable.h promise */
#include "core/registry.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const char *const old_names[] = {"OldWelcome", "Hello", NULL};
static const plain_job_class Welcome = {
    PLAIN_JOB_CLASS_EMPTY, .name = "Welcome",  .doc = "Send the welcome mail.",
    .aliases = old_names,  .run = run_nothing,
};
static const plain_job_class Archive = {PLAIN_JOB_CLASS_EMPTY, .name = "Archive",
                                        .run = run_nothing};
static const plain_job_class Broken = {PLAIN_JOB_CLASS_EMPTY, .name = "Broken"};

static const plain_module two = {
    .size = sizeof(plain_module),
    .abi = PLAIN_MODULE_ABI,
    .jobs = (const plain_job_class *const[]){&Welcome, &Archive, NULL},
};

static struct registry *with_two(void)
{
    struct registry *r = registry_new();
    plain_error err;

    assert_non_null(r);
    if (registry_add_module(r, &two, "app/jobs.so", &err) < 0)
        fail_msg("%s", err.message);
    return r;
}

static void finds_classes_by_name_and_alias(void **state)
{
    struct registry *r = with_two();

    (void)state;
    assert_int_equal(registry_count(r), 2);
    assert_string_equal(registry_at(r, 0)->name, "Archive");
    assert_string_equal(registry_at(r, 0)->doc, "");
    assert_string_equal(registry_at(r, 1)->name, "Welcome");
    const struct job_entry *welcome = registry_find(r, "Welcome");
    assert_ptr_equal(welcome->cls, &Welcome);
    assert_string_equal(welcome->origin, "app/jobs.so");
    assert_string_equal(welcome->doc, "Send the welcome mail.");
    assert_null(welcome->path);
    assert_ptr_equal(registry_find(r, "OldWelcome"), welcome);
    assert_ptr_equal(registry_find(r, "Hello"), welcome);
    assert_null(registry_find(r, "welcome"));
    assert_null(registry_find(r, ""));
    registry_free(r);
}

static void an_unknown_name_gets_the_nearest_one(void **state)
{
    struct registry *r = with_two();
    plain_error err;

    (void)state;
    assert_int_equal(registry_unknown(r, "Welcom", &err), PLAIN_E_NOT_FOUND);
    assert_int_equal(err.pj, 101);
    assert_non_null(strstr(err.message, "there is no job class 'Welcom'"));
    assert_non_null(strstr(err.message, "Archive, Welcome"));
    assert_non_null(strstr(err.fix, "did you mean 'Welcome'?"));
    registry_free(r);

    r = registry_new();
    assert_int_equal(registry_unknown(r, "X", &err), PLAIN_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "none"));
    registry_free(r);
}

static void assert_module_refused(const plain_module *module, int code, int pj)
{
    struct registry *r = with_two();
    plain_error err;

    assert_int_equal(registry_add_module(r, module, "app/other.so", &err), code);
    assert_int_equal(err.pj, pj);
    assert_non_null(strstr(err.message, "app/other.so"));
    registry_free(r);
}

static void refuses_bad_modules(void **state)
{
    static const plain_job_class alias_of_ours = {PLAIN_JOB_CLASS_EMPTY, .name = "OldWelcome",
                                                  .run = run_nothing};
    const plain_module other_abi = {.size = sizeof(plain_module), .abi = 2, .jobs = two.jobs};
    const plain_module nothing = {.size = sizeof(plain_module), .abi = PLAIN_MODULE_ABI};
    const plain_module no_size = {.abi = PLAIN_MODULE_ABI, .jobs = two.jobs};
    const plain_module broken = {.size = sizeof(plain_module),
                                 .abi = PLAIN_MODULE_ABI,
                                 .jobs = (const plain_job_class *const[]){&Broken, NULL}};
    const plain_module alias = {.size = sizeof(plain_module),
                                .abi = PLAIN_MODULE_ABI,
                                .jobs = (const plain_job_class *const[]){&alias_of_ours, NULL}};

    (void)state;
    assert_module_refused(&other_abi, PLAIN_E_MODULE, 109);
    assert_module_refused(&nothing, PLAIN_E_MODULE, 109);
    assert_module_refused(&no_size, PLAIN_E_VERSION, 702);
    assert_module_refused(&broken, PLAIN_E_INVALID, 110);
    assert_module_refused(&two, PLAIN_E_INVALID, 107);
    assert_module_refused(&alias, PLAIN_E_INVALID, 107);
}

/* A fresh folder of executables. */
static const char *make_folder(void)
{
    static char path[256];
    static unsigned n;

    (void)snprintf(path, sizeof(path), "%s/jobs.d.%u", harness_tmpdir(), n++);
    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

static void put_file(const char *folder, const char *name, const char *text, mode_t mode)
{
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void executables_are_job_classes(void **state)
{
    const char *folder = make_folder();
    struct registry *r = with_two();
    char expected[300], target[300], link_path[300];
    plain_error err;

    (void)state;
    put_file(folder, "hello", "#!/bin/sh\n#\n\n#   Say hello. \r\necho hello\n", 0755);
    put_file(folder, "bare.py", "#!/bin/sh\necho 1 # not this\n# nor this\n", 0700);
    put_file(folder, "_binary",
             "\x7F"
             "ELF\n# no comment\n",
             0755);
    put_file(folder, ".hidden", "", 0666);
    put_file(folder, "hello~", "", 0666);
    (void)snprintf(target, sizeof(target), "%s/hello", folder);
    (void)snprintf(link_path, sizeof(link_path), "%s/linked", folder);
    assert_int_equal(symlink(target, link_path), 0);

    if (registry_add_folder(r, folder, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(registry_count(r), 6);
    const struct job_entry *hello = registry_find(r, "hello");
    assert_string_equal(hello->doc, "Say hello. ");
    assert_null(hello->cls);
    (void)snprintf(expected, sizeof(expected), "%s/hello", folder);
    assert_string_equal(hello->path, expected);
    assert_string_equal(hello->origin, expected);
    assert_string_equal(registry_find(r, "bare.py")->doc, "");
    assert_string_equal(registry_find(r, "_binary")->doc, "");
    assert_string_equal(registry_find(r, "linked")->doc, "Say hello. ");
    registry_free(r);
}

static void the_path_of_an_executable_is_absolute(void **state)
{
    struct registry *r = registry_new();
    const char *folder = make_folder();

    (void)state;
    put_file(folder, "hello", "#!/bin/sh\n", 0755);
    assert_int_equal(chdir(harness_tmpdir()), 0);
    assert_int_equal(registry_add_folder(r, strrchr(folder, '/') + 1, NULL), PLAIN_OK);
    assert_int_equal(registry_at(r, 0)->path[0], '/');
    assert_int_equal(access(registry_at(r, 0)->path, X_OK), 0);
    assert_int_equal(chdir("/"), 0);
    registry_free(r);
}

static void a_folder_that_is_not_there_adds_nothing(void **state)
{
    struct registry *r = registry_new();

    (void)state;
    assert_int_equal(registry_add_folder(r, "/no/such/folder", NULL), PLAIN_OK);
    assert_int_equal(registry_count(r), 0);
    registry_free(r);
}

static void refuses_bad_executables(void **state)
{
    static const struct {
        const char *name;
        mode_t mode;
        int pj;
    } bad[] = {
        {"not_executable", 0644, 106}, {"world_writable", 0757, 106}, {"1st", 0755, 106},
        {"-dash", 0755, 106},          {"with blank", 0755, 106},     {"semi;colon", 0755, 106},
        {"new\nline", 0755, 106},      {"Welcome", 0755, 107},        {"OldWelcome", 0755, 107},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct registry *r = with_two();
        const char *folder = make_folder();
        plain_error err;

        put_file(folder, bad[i].name, "#!/bin/sh\n", bad[i].mode);
        if (registry_add_folder(r, folder, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i].name);
        assert_int_equal(err.pj, bad[i].pj);
        assert_true(strlen(err.fix) > 0);
        registry_free(r);
    }
}

/* A script in Python makes one. */
static void passes_over_folders(void **state)
{
    struct registry *r = registry_new();
    const char *folder = make_folder();
    char path[300];
    plain_error err;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/__pycache__", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    (void)snprintf(path, sizeof(path), "%s/my notes", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(registry_add_folder(r, folder, &err), PLAIN_OK);
    assert_int_equal(registry_count(r), 0);
    registry_free(r);
}

static void refuses_what_is_no_file_and_an_open_folder(void **state)
{
    struct registry *r = registry_new();
    const char *folder = make_folder();
    char path[300];
    plain_error err;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/inner", folder);
    assert_int_equal(symlink("/no/such/file", path), 0);
    assert_int_equal(registry_add_folder(r, folder, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 106);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0755), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(registry_add_folder(r, folder, &err), PLAIN_E_INVALID);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(registry_add_folder(r, folder, &err), PLAIN_E_INVALID);
    assert_non_null(strstr(err.fix, "chmod o-w"));
    assert_int_equal(registry_add_folder(r, "/dev/null", &err), PLAIN_E_IO);
    assert_int_equal(err.pj, 705);
    registry_free(r);
}

#define SECTION(name) "{\"name\": \"" name "\", \"place\": \"plain.conf:3\"}"

static void a_section_makes_an_executable_a_class(void **state)
{
    const char *folder = make_folder();
    struct registry *r = with_two();
    plain_error err;

    (void)state;
    put_file(folder, "hello", "#!/bin/sh\n# Of the file.\n", 0755);
    put_file(folder, "bare", "#!/bin/sh\n", 0755);
    assert_int_equal(registry_take_sections(r,
                                            "[{\"name\": \"hello\", \"place\": \"plain.conf:3\","
                                            "\"doc\": [\"plain.conf:4\", \"Of the section.\"],"
                                            "\"queue\": [\"plain.conf:5\", \"slow\"]}]",
                                            &err),
                     PLAIN_OK);
    if (registry_add_folder(r, folder, &err) < 0 || registry_check_sections(r, &err) < 0)
        fail_msg("%s", err.message);
    const struct job_entry *hello = registry_find(r, "hello");
    assert_string_equal(hello->doc, "Of the section.");
    assert_string_equal(hello->cls->name, "hello");
    assert_string_equal(hello->cls->default_queue, "slow");
    assert_non_null(hello->path);
    assert_null(registry_find(r, "bare")->cls);
    assert_non_null(registry_find(r, "bare")->path);
    registry_free(r);
}

static void a_section_for_anything_else_is_refused(void **state)
{
    static const struct {
        const char *sections, *message, *fix;
    } bad[] = {
        {"[" SECTION("hello") ", " SECTION("helo") "]",
         "plain.conf:3: job 'helo': there is no executable jobs.d/helo", "take the section out"},
        {"[" SECTION("Welcome") "]",
         "plain.conf:3: job 'Welcome' is a class of app/jobs.so: sections are for executables",
         "says these in its code"},
        {"[" SECTION("OldWelcome") "]", "is a class of app/jobs.so", "says these in its code"},
    };
    const char *folder = make_folder();
    plain_error err;

    (void)state;
    put_file(folder, "hello", "#!/bin/sh\n", 0755);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct registry *r = with_two();

        assert_int_equal(registry_take_sections(r, bad[i].sections, &err), PLAIN_OK);
        assert_int_equal(registry_add_folder(r, folder, &err), PLAIN_OK);
        assert_int_equal(registry_check_sections(r, &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, 202);
        assert_non_null(strstr(err.message, bad[i].message));
        assert_non_null(strstr(err.fix, bad[i].fix));
        registry_free(r);
    }
}

static void a_bad_section_stops_the_folder(void **state)
{
    struct registry *r = registry_new();
    const char *folder = make_folder();
    plain_error err;

    (void)state;
    put_file(folder, "hello", "#!/bin/sh\n", 0755);
    assert_int_equal(registry_take_sections(r,
                                            "[{\"name\": \"hello\", \"place\": \"p:1\","
                                            "\"retries\": [\"p:2\", \"some\"]}]",
                                            &err),
                     PLAIN_OK);
    assert_int_equal(registry_add_folder(r, folder, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 202);
    assert_non_null(strstr(err.message, "p:2: job 'hello': retries takes"));
    registry_free(r);
}

static void survives_every_failing_allocation(void **state)
{
    const char *folder = make_folder();
    bool failed = true;

    (void)state;
    put_file(folder, "hello", "#!/bin/sh\n# Hello\n", 0755);
    for (unsigned nth = 0; failed; nth++) {
        harness_fail_allocation(nth);
        struct registry *r = registry_new();
        int result = r ? registry_add_module(r, &two, "app/jobs.so", NULL) : PLAIN_E_NOMEM;
        if (result == PLAIN_OK)
            result = registry_take_sections(r, "[" SECTION("hello") "]", NULL);
        if (result == PLAIN_OK)
            result = registry_add_folder(r, folder, NULL);
        failed = harness_allocation_failed();
        assert_int_equal(result, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        registry_free(r);
    }
}

HARNESS_MAIN(finds_classes_by_name_and_alias, an_unknown_name_gets_the_nearest_one,
             refuses_bad_modules, executables_are_job_classes,
             the_path_of_an_executable_is_absolute, a_folder_that_is_not_there_adds_nothing,
             refuses_bad_executables, passes_over_folders,
             refuses_what_is_no_file_and_an_open_folder, a_section_makes_an_executable_a_class,
             a_section_for_anything_else_is_refused, a_bad_section_stops_the_folder,
             survives_every_failing_allocation)
