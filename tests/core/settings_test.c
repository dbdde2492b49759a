/* settings_test.c - what settings.h, config_file.h and dotenv.h promise */
#include "core/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static void put_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(name, 0644), 0);
}

/* Every test starts in the temporary folder, without files and without variables of ours. */
static void start_clean(void)
{
    char name[80];

    assert_int_equal(chdir(harness_tmpdir()), 0);
    (void)unlink("plain.conf");
    (void)unlink(".env");
    (void)unsetenv("DATABASE_URL");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        (void)snprintf(name, sizeof(name), "PLAIN_%s", settings_table[i].name);
        (void)unsetenv(name);
    }
}

static struct settings *load(void)
{
    struct settings *s = NULL;
    plain_error err;

    if (settings_load(NULL, &s, &err) < 0)
        fail_msg("PJ%d %s", err.pj, err.message);
    return s;
}

static void assert_value(enum setting_id id, const char *value, const char *source)
{
    struct settings *s = load();

    assert_string_equal(settings_value(s, id), value);
    assert_string_equal(settings_source(s, id), source);
    settings_free(s);
}

static void assert_load_refused(int pj, const char *message_part)
{
    struct settings *s = NULL;
    plain_error err;

    if (settings_load(NULL, &s, &err) != PLAIN_E_INVALID)
        fail_msg("accepted; expected: %s", message_part);
    if (err.pj != pj || !strstr(err.message, message_part))
        fail_msg("PJ%d %s (expected PJ%d %s)", err.pj, err.message, pj, message_part);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    start_clean();
    struct settings *s = load();
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        assert_string_equal(settings_value(s, (enum setting_id)i), settings_table[i].fallback);
        assert_string_equal(settings_source(s, (enum setting_id)i), "default");
    }
    assert_string_equal(settings_text(s, SETTING_DATABASE_URL), "sqlite:plain.db");
    assert_int_equal(settings_duration_ms(s, SETTING_JOBS_WORKER_STATS_EVERY), 60000);
    assert_false(settings_is_set(s, SETTING_JOBS_WORKER_MAX_PROCESSES));
    assert_int_equal(settings_int(s, SETTING_JOBS_WORKER_MAX_PROCESSES), 0);
    settings_free(s);
}

static void stronger_sources_win(void **state)
{
    const enum setting_id id = SETTING_JOBS_WORKER_MAX_PROCESSES;

    (void)state;
    start_clean();
    put_file("plain.conf", "jobs {\n  jobs_worker_max_processes = 2\n}\n");
    assert_value(id, "2", "plain.conf");
    put_file(".env", "PLAIN_JOBS_WORKER_MAX_PROCESSES=3\n");
    assert_value(id, "3", ".env");
    (void)setenv("PLAIN_JOBS_WORKER_MAX_PROCESSES", "4", 1);
    assert_value(id, "4", "environment PLAIN_JOBS_WORKER_MAX_PROCESSES");
    struct settings *s = load();
    assert_int_equal(settings_override(s, id, "5", "--max-processes", NULL), PLAIN_OK);
    assert_int_equal(settings_int(s, id), 5);
    assert_string_equal(settings_source(s, id), "--max-processes");
    settings_free(s);
}

static void an_empty_variable_is_none(void **state)
{
    (void)state;
    start_clean();
    put_file(".env", "PLAIN_JOBS_WORKER_MAX_PROCESSES=3\nDATABASE_URL=\n");
    (void)setenv("PLAIN_JOBS_WORKER_MAX_PROCESSES", "", 1);
    assert_value(SETTING_JOBS_WORKER_MAX_PROCESSES, "3", ".env");
    assert_value(SETTING_DATABASE_URL, "sqlite:plain.db", "default");
}

/* Each setting with a value that is not its default. */
static const char *const samples[SETTING_COUNT] = {
    [SETTING_DATABASE_URL] = "postgresql://a@b/c",
    [SETTING_JOBS_MODULES] = "[\"a.so\", \"b c.so\"]",
    [SETTING_JOBS_BUILD_COMMAND] = "[\"make\", \"all jobs\"]",
    [SETTING_JOBS_WORKER_MAX_PROCESSES] = "7",
    [SETTING_JOBS_WORKER_MAX_JOBS_PER_PROCESS] = "8",
    [SETTING_JOBS_WORKER_MAX_RSS] = "256M",
    [SETTING_JOBS_WORKER_MAX_PENDING_PER_PROCESS] = "0",
    [SETTING_JOBS_WORKER_STATS_EVERY] = "5m",
    [SETTING_JOBS_HEARTBEAT_INTERVAL] = "2",
    [SETTING_JOBS_HEARTBEAT_TIMEOUT] = "9s",
    [SETTING_JOBS_MAX_CRASHES] = "4",
    [SETTING_JOBS_START_AHEAD_MS] = "11",
    [SETTING_JOBS_MIDDLEWARE] = "[\"Outer\", \"Inner\"]",
    [SETTING_JOBS_TIMEOUT] = "90m",
    [SETTING_JOBS_STOP_GRACE] = "300ms",
    [SETTING_JOBS_SHUTDOWN_GRACE] = "25",
    [SETTING_JOBS_RESULTS_RETENTION] = "36h",
    [SETTING_JOBS_SCHEDULE] = "none",
    [SETTING_TIME_ZONE] = "Europe/Berlin",
    [SETTING_LOG_FORMAT] = "json",
    [SETTING_LOG_LEVEL] = "DEBUG",
};

static void every_setting_comes_from_the_environment_and_dotenv(void **state)
{
    char name[80], source[100], line[200];

    (void)state;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        bool is_url = i == SETTING_DATABASE_URL;

        start_clean();
        (void)snprintf(name, sizeof(name), "%s%s", is_url ? "" : "PLAIN_", settings_table[i].name);
        (void)snprintf(source, sizeof(source), "environment %s", name);
        (void)setenv(name, samples[i], 1);
        assert_value((enum setting_id)i, samples[i], source);
        start_clean();
        (void)snprintf(line, sizeof(line), "export %s='%s'\n", name, samples[i]);
        put_file(".env", line);
        assert_value((enum setting_id)i, samples[i], ".env");
    }
}

static void every_setting_comes_from_the_file(void **state)
{
    (void)state;
    start_clean();
    put_file("plain.conf", "# a comment\n"
                           "jobs {\n"
                           "  database_url = 'postgresql://a@b/c'\n"
                           "  jobs_modules = {\"a.so\", \"b c.so\"}\n"
                           "  jobs_build_command = {make, \"all jobs\"}\n"
                           "  jobs_worker_max_processes = 7\n"
                           "  jobs_worker_max_jobs_per_process = 8\n"
                           "  jobs_worker_max_rss = 256M\n"
                           "  jobs_worker_max_pending_per_process = 0\n"
                           "  jobs_worker_stats_every = 5m\n"
                           "  jobs_heartbeat_interval = 2\n"
                           "  jobs_heartbeat_timeout = 9s\n"
                           "  jobs_max_crashes = 4\n"
                           "  jobs_start_ahead_ms = 11\n"
                           "  jobs_middleware = {Outer, Inner}\n"
                           "  jobs_timeout = 90m\n"
                           "  jobs_stop_grace = 300ms\n"
                           "  jobs_shutdown_grace = 25\n"
                           "  jobs_results_retention = 36h\n"
                           "  jobs_schedule = none\n"
                           "  time_zone = Europe/Berlin\n"
                           "  log_format = json\n"
                           "  log_level = debug\n"
                           "}\n");
    for (size_t i = 0; i < SETTING_COUNT; i++)
        assert_value((enum setting_id)i, samples[i], "plain.conf");
}

static void lists_hold_their_texts(void **state)
{
    size_t count;

    (void)state;
    start_clean();
    (void)setenv("PLAIN_JOBS_MODULES", "[ \"a\\n.so\", \"b.so\" ]", 1);
    struct settings *s = load();
    const char *const *list = settings_list(s, SETTING_JOBS_MODULES, &count);
    assert_int_equal(count, 2);
    assert_string_equal(list[0], "a\n.so");
    assert_string_equal(list[1], "b.so");
    settings_free(s);

    start_clean();
    put_file("plain.conf", "jobs { jobs_modules = {} }");
    s = load();
    (void)settings_list(s, SETTING_JOBS_MODULES, &count);
    assert_int_equal(count, 0);
    settings_free(s);
}

static void an_empty_list_of_the_file_is_not_the_default(void **state)
{
    (void)state;
    start_clean();
    put_file("plain.conf", "jobs { jobs_build_command = {} }");
    assert_value(SETTING_JOBS_BUILD_COMMAND, "[]", "plain.conf");
    assert_value(SETTING_JOBS_MODULES, "", "default");
    put_file("plain.conf", "jobs { jobs_build_command = {make} }\n"
                           "jobs { jobs_build_command = {} }\n");
    assert_value(SETTING_JOBS_BUILD_COMMAND, "[]", "plain.conf");
}

static void a_list_may_be_nearly_as_large_as_the_file(void **state)
{
    enum { NAME = 1000, NAMES = 100 };
    static char text[NAMES * (NAME + 8) + 64];
    size_t count, n;

    (void)state;
    start_clean();
    n = (size_t)snprintf(text, sizeof(text), "jobs { jobs_modules = {\"x\"");
    for (int i = 0; i < NAMES; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, ", \"%0*d\"", (int)NAME, i);
    (void)snprintf(text + n, sizeof(text) - n, "} }\n");
    put_file("plain.conf", text);
    struct settings *s = load();
    (void)settings_list(s, SETTING_JOBS_MODULES, &count);
    assert_int_equal(count, NAMES + 1);
    settings_free(s);
}

static void durations_are_seconds_unless_they_say_more(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } durations[] = {{"0", 0}, {"60", 60000}, {"300ms", 300}, {"5m", 300000}, {"1d", 86400000}};

    (void)state;
    start_clean();
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        (void)setenv("PLAIN_JOBS_WORKER_STATS_EVERY", durations[i].text, 1);
        struct settings *s = load();
        assert_true(settings_duration_ms(s, SETTING_JOBS_WORKER_STATS_EVERY) == durations[i].ms);
        settings_free(s);
    }
}

static void bad_values_name_setting_and_place(void **state)
{
    static const struct {
        const char *name, *value;
    } bad[] = {
        {"PLAIN_JOBS_WORKER_MAX_PROCESSES", "many"},
        {"PLAIN_JOBS_WORKER_MAX_PROCESSES", "0"},
        {"PLAIN_JOBS_WORKER_MAX_PROCESSES", "1025"},
        {"PLAIN_JOBS_WORKER_MAX_PROCESSES", "4 "},
        {"PLAIN_JOBS_WORKER_MAX_JOBS_PER_PROCESS", "2147483648"},
        {"PLAIN_JOBS_WORKER_STATS_EVERY", "-1"},
        {"PLAIN_JOBS_WORKER_STATS_EVERY", "2d"},
        {"PLAIN_JOBS_WORKER_STATS_EVERY", "5 m"},
        {"PLAIN_JOBS_WORKER_MAX_RSS", "lots"},
        {"PLAIN_JOBS_WORKER_MAX_RSS", "-1"},
        {"PLAIN_JOBS_WORKER_MAX_RSS", "1.5G"},
        {"PLAIN_JOBS_MODULES", "a.so"},
        {"PLAIN_JOBS_MODULES", "{}"},
        {"PLAIN_JOBS_MODULES", "[1]"},
        {"PLAIN_JOBS_MODULES", "[[\"a\"]]"},
        {"PLAIN_LOG_LEVEL", "LOUD"},
        {"PLAIN_LOG_FORMAT", "keyvalue|json"},
        {"DATABASE_URL", "sqlite:a\nb"},
        {"DATABASE_URL", "sqlite:\xFF"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char place[100];

        start_clean();
        (void)setenv(bad[i].name, bad[i].value, 1);
        (void)snprintf(place, sizeof(place), "environment %s: ", bad[i].name);
        assert_load_refused(202, place);
    }
}

static void a_bad_url_is_not_shown(void **state)
{
    struct settings *s;
    plain_error err;

    (void)state;
    start_clean();
    (void)setenv("DATABASE_URL", "postgresql://me:secret@host/\n", 1);
    assert_int_equal(settings_load(NULL, &s, &err), PLAIN_E_INVALID);
    assert_null(strstr(err.message, "secret"));
}

static void unknown_names_get_the_nearest_one(void **state)
{
    struct settings *s;
    plain_error err;

    (void)state;
    start_clean();
    (void)setenv("PLAIN_JOBS_MODULS", "x", 1);
    assert_int_equal(settings_load(NULL, &s, &err), PLAIN_E_INVALID);
    (void)unsetenv("PLAIN_JOBS_MODULS");
    assert_int_equal(err.pj, 202);
    assert_string_equal(err.field, "PLAIN_JOBS_MODULS");
    assert_non_null(strstr(err.fix, "PLAIN_JOBS_MODULES"));

    put_file(".env", "\n\nPLAIN_JOBS_MODULS=x\n");
    assert_load_refused(202, ".env:3: there is no setting PLAIN_JOBS_MODULS");
    start_clean();
    put_file("plain.conf", "jobs {\n\n  jobs_moduls = x\n}\n");
    assert_load_refused(202, "plain.conf:3: there is no setting or section 'jobs_moduls'");
    assert_int_equal(settings_load(NULL, &s, &err), PLAIN_E_INVALID);
    assert_non_null(strstr(err.fix, "'jobs_modules'"));
    put_file("plain.conf", "queue mail {\n}\n");
    assert_load_refused(202, "plain.conf:1: there is no setting or section 'queue'");
}

static void names_of_others_are_passed_over(void **state)
{
    (void)state;
    start_clean();
    (void)setenv("PLAIN_OTHER", "x", 1);
    put_file(".env", "OTHER=1\nKEY=\"-----BEGIN\nPLAIN_JOBS_NOT_A_LINE=1\n-----END\"\n"
                     "no equals sign\nPLAIN_ANOTHER=2\n'quoted'=3\nPLAIN_LOG_LEVEL=ERROR");
    assert_value(SETTING_LOG_LEVEL, "ERROR", ".env");
    (void)unsetenv("PLAIN_OTHER");
}

static void dotenv_has_quotes_and_comments_and_expands_nothing(void **state)
{
    static const struct {
        const char *line, *value;
    } lines[] = {
        {"DATABASE_URL=sqlite:a.db", "sqlite:a.db"},
        {"  DATABASE_URL = sqlite:a.db  \r", "sqlite:a.db"},
        {"export\tDATABASE_URL=sqlite:a#b.db # comment", "sqlite:a#b.db"},
        {"DATABASE_URL='sqlite: a # b $HOME \\' # comment", "sqlite: a # b $HOME \\"},
        {"DATABASE_URL=\"sqlite:\\\"a\\\" \\\\ \\n ${HOME}\"", "sqlite:\"a\" \\ \\n ${HOME}"},
        {"# DATABASE_URL=x\nDATABASE_URL=first\nDATABASE_URL=last", "last"},
        {"\xC3\xA9=1\nDATABASE_URL=$(id)`id`", "$(id)`id`"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        start_clean();
        put_file(".env", lines[i].line);
        assert_value(SETTING_DATABASE_URL, lines[i].value, ".env");
    }
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    start_clean();
    put_file(".env", "\xEF\xBB\xBF"
                     "DATABASE_URL=sqlite:a.db");
    assert_value(SETTING_DATABASE_URL, "sqlite:a.db", ".env");
    start_clean();
    put_file("plain.conf", "\xEF\xBB\xBF"
                           "jobs {\n  log_level = ERROR\n}\n");
    assert_value(SETTING_LOG_LEVEL, "ERROR", "plain.conf");
    put_file("plain.conf", "jobs {\n}\n\xEF\xBB\xBF");
    assert_load_refused(202, "plain.conf:3: there is no setting or section");
}

static void bad_dotenv_lines_are_named(void **state)
{
    (void)state;
    start_clean();
    put_file(".env", "A=1\nB=2\nDATABASE_URL='open\n\n");
    assert_load_refused(203, ".env:3: a quote is opened");
    put_file(".env", "A='two\nlines'\nPLAIN_LOG_LEVEL\n");
    assert_load_refused(203, ".env:3: expected NAME=VALUE");
    put_file(".env", "PLAIN_LOG_LEVEL='INFO'x\n");
    assert_load_refused(203, ".env:1: text behind the closing quote");
    put_file(".env", "A=1\nPLAIN_LOG_LEVEL=LOUD\n");
    assert_load_refused(202, ".env:2: LOG_LEVEL takes");
}

static void bad_lines_of_the_file_are_named(void **state)
{
    (void)state;
    start_clean();
    put_file("plain.conf", "jobs {\n  jobs_worker_max_processes = 0\n}\n");
    assert_load_refused(202, "plain.conf:2: JOBS_WORKER_MAX_PROCESSES takes");
    put_file("plain.conf", "jobs {\n");
    assert_load_refused(203, "plain.conf:1: the file ends inside of a section");
    put_file("plain.conf", "jobs {\n log_level = INFO\n");
    assert_load_refused(203, "plain.conf:2: the file ends inside of a section");
    put_file("plain.conf", "jobs { }\n/* open\n");
    assert_load_refused(203, "the file ends inside of a section or comment");
    put_file("plain.conf", "jobs {\n log_level = \"INFO\n}\n");
    assert_load_refused(203, "plain.conf:");
    put_file("plain.conf", "jobs = 3\n");
    assert_load_refused(203, "plain.conf:1: ");
    put_file("plain.conf", "jobs { log_level = {a, b} }\n");
    assert_load_refused(203, "plain.conf:1: ");
    put_file("plain.conf", "log_level = INFO\n");
    assert_load_refused(202, "plain.conf:1: there is no setting or section 'log_level'");
}

static void sections_of_jobs_are_kept_as_texts(void **state)
{
    static const char expected[] =
        "[{\"name\": \"thumb\", \"place\": \"plain.conf:2\", "
        "\"params\": [\"plain.conf:5\", \"file:string\", \"width:int32=320\"], "
        "\"doc\": [\"plain.conf:3\", \"caf\xC3\xA9 \\\"x\\\"\"], "
        "\"priority\": [\"plain.conf:7\", \"5\"], "
        "\"concurrency_key\": [\"plain.conf:8\", \"user-{user_id}\"]}, "
        "{\"name\": \"b c\", \"place\": \"plain.conf:10\"}]";

    (void)state;
    start_clean();
    put_file("plain.conf", "jobs { log_level = ERROR }\n"
                           "job thumb {\n"
                           "  doc = \"caf\xC3\xA9 \\\"x\\\"\"\n"
                           "\n"
                           "  params = {\"file:string\",\n"
                           "            'width:int32=320'}\n"
                           "  priority = 5\n"
                           "  concurrency_key = \"user-{user_id}\"\n"
                           "}\n"
                           "job 'b c' { }\n");
    struct settings *s = load();
    assert_string_equal(settings_sections(s, SECTION_JOB), expected);
    assert_string_equal(settings_text(s, SETTING_LOG_LEVEL), "ERROR");
    settings_free(s);
    (void)unlink("plain.conf");
    s = load();
    assert_string_equal(settings_sections(s, SECTION_JOB), "[]");
    settings_free(s);
}

static void bad_sections_of_jobs_are_named(void **state)
{
    static const struct {
        const char *text;
        int pj;
        const char *message;
    } bad[] = {
        {"job a {\n retires = 3\n}\n", 202, "plain.conf:2: job 'a': there is no option 'retires'"},
        {"job a {\n run = \"rm\"\n}\n", 202, "plain.conf:2: job 'a': there is no option 'run'"},
        {"job a {\n log_level = INFO\n}\n", 202, "plain.conf:2: job 'a': there is no option"},
        {"jobs {\n queue = x\n}\n", 202, "plain.conf:2: there is no setting or section 'queue'"},
        {"jop a {\n}\n", 202, "plain.conf:1: there is no setting or section 'jop'"},
        {"job { queue = x }\n", 203, "plain.conf:1: missing title"},
        {"job a { }\n\njob a { queue = x }\n", 203, "plain.conf:3: found duplicate title 'a'"},
        {"job a {\n queue = {x, y}\n}\n", 203, "plain.conf:2: "},
        {"job a {\n queue = x\n", 203, "plain.conf:2: the file ends inside of a section"},
        {"job a {\n job b { }\n}\n", 202, "plain.conf:2: job 'a': there is no option 'job'"},
        {"job a {\n\n doc = \"\xFF\"\n}\n", 202, "plain.conf:3: doc is not valid UTF-8"},
        {"job \"\xFF\" { }\n", 202, "plain.conf is not valid UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        start_clean();
        put_file("plain.conf", bad[i].text);
        assert_load_refused(bad[i].pj, bad[i].message);
    }
}

static void the_file_may_be_empty_or_named(void **state)
{
    struct settings *s = NULL;
    plain_error err;

    (void)state;
    start_clean();
    put_file("plain.conf", "");
    assert_value(SETTING_LOG_LEVEL, "INFO", "default");
    assert_int_equal(settings_load("other.conf", &s, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 203);
    assert_non_null(strstr(err.message, "other.conf does not exist"));
    put_file("other.conf", "jobs { log_level = ERROR }");
    assert_int_equal(settings_load("other.conf", &s, &err), PLAIN_OK);
    assert_string_equal(settings_source(s, SETTING_LOG_LEVEL), "other.conf");
    settings_free(s);
}

static void files_that_others_may_write_are_refused(void **state)
{
    static const char *const names[] = {".env", "plain.conf"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start_clean();
        put_file(names[i], "");
        assert_int_equal(chmod(names[i], 0646), 0);
        assert_load_refused(203, "may be written by others than its owner");
        assert_int_equal(unlink(names[i]), 0);
        assert_int_equal(mkfifo(names[i], 0600), 0);
        assert_load_refused(203, "is not a regular file");
        assert_int_equal(unlink(names[i]), 0);
    }
}

static void files_that_are_too_large_or_hold_nul_are_refused(void **state)
{
    static const char nul[] = "A=1\0\nB=2";
    FILE *f;

    (void)state;
    start_clean();
    put_file(".env", "");
    assert_int_equal(truncate(".env", 64 * 1024 + 1), 0);
    assert_load_refused(203, ".env is larger than 65536 bytes");
    put_file(".env", "");
    f = fopen(".env", "w");
    assert_non_null(f);
    assert_int_equal(fwrite(nul, 1, sizeof(nul) - 1, f), sizeof(nul) - 1);
    assert_int_equal(fclose(f), 0);
    assert_load_refused(203, ".env holds a NUL byte");
}

static void the_section_dev_has_lines_of_any_name(void **state)
{
    static const struct dev_line lines[] = {
        {"worker", "plain jobs worker --reload --stats-every 0 --max-processes 2", "plain.conf:2"},
        {"worker-slow", "plain jobs worker --reload --queue slow", "plain.conf:3"},
        {"web.x_1", "sh -c 'echo $HOME'", "plain.conf:5"},
    };
    size_t count = 7;

    (void)state;
    start_clean();
    struct settings *s = load();
    (void)settings_dev_lines(s, &count);
    assert_int_equal(count, 0);
    settings_free(s);
    put_file("plain.conf",
             "dev {\n"
             "  worker = \"plain jobs worker --reload --stats-every 0 --max-processes 2\"\n"
             "  worker-slow = 'plain jobs worker --reload --queue slow'\n"
             "\n"
             "  web.x_1 = \"sh -c 'echo $HOME'\" # a comment\n"
             "}\n"
             "jobs {\n  jobs_worker_max_processes = 2\n}\n");
    s = load();
    const struct dev_line *found = settings_dev_lines(s, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(found[i].name, lines[i].name);
        assert_string_equal(found[i].command, lines[i].command);
        assert_string_equal(found[i].place, lines[i].place);
    }
    assert_int_equal(settings_int(s, SETTING_JOBS_WORKER_MAX_PROCESSES), 2);
    settings_free(s);
}

static void bad_lines_of_the_section_dev_are_named(void **state)
{
    static const struct {
        const char *text;
        int pj;
        const char *part;
    } rows[] = {
        {"dev {\n  'a b' = c\n}\n", 202, "plain.conf:2: a line of dev"},
        {"dev {\n  a1234567890123456789012345678901234 = c\n}\n", 202, "plain.conf:2: a line"},
        {"dev {\n  a = {b, c}\n}\n", 203, "plain.conf:2: "},
        {"dev {\n  a {\n}\n}\n", 203, "plain.conf:2: "},
        {"dev {\n  a = b\n", 203, "plain.conf:3: the file ends inside"},
        {"dev {\n  a = b\n}\njobs {\n  a = b\n}\n", 202, "plain.conf:5: there is no setting"},
    };

    (void)state;
    start_clean();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put_file("plain.conf", rows[i].text);
        assert_load_refused(rows[i].pj, rows[i].part);
    }
}

static void a_flag_needs_a_value_that_fits(void **state)
{
    plain_error err;

    (void)state;
    start_clean();
    struct settings *s = load();
    assert_int_equal(
        settings_override(s, SETTING_JOBS_WORKER_MAX_PROCESSES, "x", "--max-processes", &err),
        PLAIN_E_INVALID);
    assert_int_equal(err.pj, 202);
    assert_non_null(strstr(err.message, "--max-processes: "));
    assert_int_equal(settings_override(s, SETTING_DATABASE_URL, "", "--db", &err), PLAIN_E_INVALID);
    assert_string_equal(settings_source(s, SETTING_JOBS_WORKER_MAX_PROCESSES), "default");
    settings_free(s);
}

static void survives_every_failing_allocation(void **state)
{
    bool failed = true;

    (void)state;
    start_clean();
    put_file(".env", "PLAIN_LOG_LEVEL=ERROR\n");
    put_file("plain.conf", "jobs { jobs_modules = {a, b} }\ndev { a = b }\n");
    for (unsigned nth = 0; failed; nth++) {
        struct settings *s = NULL;

        harness_fail_allocation(nth);
        int r = settings_load(NULL, &s, NULL);
        failed = harness_allocation_failed();
        assert_int_equal(r, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        settings_free(s);
    }
}

HARNESS_MAIN(defaults_are_those_of_the_table, stronger_sources_win, an_empty_variable_is_none,
             every_setting_comes_from_the_environment_and_dotenv, every_setting_comes_from_the_file,
             lists_hold_their_texts, an_empty_list_of_the_file_is_not_the_default,
             a_list_may_be_nearly_as_large_as_the_file, durations_are_seconds_unless_they_say_more,
             bad_values_name_setting_and_place, a_bad_url_is_not_shown,
             unknown_names_get_the_nearest_one, names_of_others_are_passed_over,
             dotenv_has_quotes_and_comments_and_expands_nothing, bad_dotenv_lines_are_named,
             bad_lines_of_the_file_are_named, sections_of_jobs_are_kept_as_texts,
             bad_sections_of_jobs_are_named, the_file_may_be_empty_or_named,
             files_that_others_may_write_are_refused,
             files_that_are_too_large_or_hold_nul_are_refused, a_byte_order_mark_is_passed_over,
             a_flag_needs_a_value_that_fits, the_section_dev_has_lines_of_any_name,
             bad_lines_of_the_section_dev_are_named, survives_every_failing_allocation)
