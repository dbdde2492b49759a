/* error_test.c - what error.h, plain/jobs/error.h and the table of codes promise */
#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#include "tests/harness/harness.h"

static void set_fills_everything_and_returns_the_code(void **state)
{
    plain_error err;
    (void)state;
    memset(&err, 0xFF, sizeof(err));
    assert_int_equal(error_set(&err, PLAIN_E_INVALID, 602, "parameters", "%d bytes", 7),
                     PLAIN_E_INVALID);
    assert_int_equal(err.code, PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_int_equal(err.native, 0);
    assert_string_equal(err.sqlstate, "");
    assert_false(err.retryable);
    assert_false(err.transaction_aborted);
    assert_string_equal(err.field, "parameters");
    assert_string_equal(err.message, "7 bytes");
    assert_string_equal(err.fix, pj_find(602)->fix);
}

static void err_may_be_null_everywhere(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, PLAIN_E_BUSY, 305, "", "busy"), PLAIN_E_BUSY);
    assert_int_equal(error_set_errno(NULL, PLAIN_E_IO, 705, "", ENOENT, "open"), PLAIN_E_IO);
    assert_int_equal(error_nomem(NULL), PLAIN_E_NOMEM);
    error_fix(NULL, "nothing");
    error_prefix(NULL, "nothing");
}

static void retryable_comes_from_the_code(void **state)
{
    static const int retryable[] = {PLAIN_E_NOMEM, PLAIN_E_UNREACHABLE, PLAIN_E_BUSY,
                                    PLAIN_E_TIMEOUT};
    plain_error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(retryable); i++) {
        (void)error_set(&err, retryable[i], 0, "", "x");
        assert_true(err.retryable);
    }
    (void)error_set(&err, PLAIN_E_DB, 304, "", "x");
    assert_false(err.retryable);
}

static void a_number_without_a_row_has_no_fix(void **state)
{
    plain_error err;
    (void)state;
    (void)error_set(&err, PLAIN_E_INVALID, 999, "", "x");
    assert_int_equal(err.pj, 999);
    assert_string_equal(err.fix, "");
}

static void texts_become_one_line_of_valid_utf8(void **state)
{
    plain_error err;
    (void)state;
    (void)error_set(&err, PLAIN_E_INVALID, 0, "a\nb", "one\r\ntwo\x1b[2J\xFF\x7F");
    assert_string_equal(err.field, "a b");
    assert_string_equal(err.message, "one  two [2J\xEF\xBF\xBD ");
}

static void long_texts_are_cut_between_characters(void **state)
{
    char text[3001] = "x"; /* so that no character ends with the field */
    plain_error err;
    (void)state;
    for (size_t i = 1; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 4);
    (void)error_set(&err, PLAIN_E_INVALID, 0, text, "%s", text);
    error_fix(&err, "%s", text);
    assert_int_equal(strlen(err.message), 511);
    assert_in_range(strlen(err.field), 61, 63);
    assert_in_range(strlen(err.fix), 253, 255);
    assert_true(utf8_valid(err.message, strlen(err.message)));
    assert_true(utf8_valid(err.field, strlen(err.field)));
    assert_true(utf8_valid(err.fix, strlen(err.fix)));
}

static void errno_text_and_number_are_added(void **state)
{
    plain_error err;
    (void)state;
    assert_int_equal(error_set_errno(&err, PLAIN_E_IO, 705, "path", ENOENT, "cannot open %s", "x"),
                     PLAIN_E_IO);
    assert_int_equal(err.native, ENOENT);
    assert_string_equal(err.message, "cannot open x: No such file or directory");
}

static void the_fix_fits_the_reason_of_the_system(void **state)
{
    static const struct {
        int number;
        const char *word;
    } reasons[] = {{ENOENT, "check the path"},
                   {EACCES, "namei -l"},
                   {ENOSPC, "make room"},
                   {EIO, "ulimit -a"}}; /* the last has none of its own */
    plain_error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        (void)error_set_errno(&err, PLAIN_E_IO, 705, "", reasons[i].number, "x");
        assert_non_null(strstr(err.fix, reasons[i].word));
    }
    (void)error_set_errno(&err, PLAIN_E_INVALID, 106, "", ENOENT, "x");
    assert_string_equal(err.fix, pj_find(106)->fix);
}

static void errno_text_survives_a_long_message(void **state)
{
    plain_error err;
    (void)state;
    (void)error_set_errno(&err, PLAIN_E_IO, 705, "", EACCES, "%2000s", "x");
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    assert_non_null(strstr(err.message, ": Permission denied"));
}

static void fix_replaces_the_table_s(void **state)
{
    plain_error err;
    (void)state;
    (void)error_set(&err, PLAIN_E_SCHEMA, 302, "", "older");
    error_fix(&err, "plain migrate --db %s\n", "sqlite:x.db");
    assert_string_equal(err.fix, "plain migrate --db sqlite:x.db ");
}

static void prefix_stands_in_front_of_the_message(void **state)
{
    plain_error err;
    (void)state;
    (void)error_set(&err, PLAIN_E_DB, 304, "queue", "disk full");
    error_prefix(&err, "worker %d: ", 3);
    assert_string_equal(err.message, "worker 3: disk full");
    assert_string_equal(err.field, "queue");
    error_prefix(&err, "%600s", "x");
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
}

static void an_error_can_be_made_from_itself(void **state)
{
    plain_error err;
    (void)state;
    (void)error_set(&err, PLAIN_E_DB, 304, "queue", "disk full");
    (void)error_set(&err, PLAIN_E_JOB, 603, err.field, "job failed: %s", err.message);
    error_prefix(&err, "%s! ", err.message);
    assert_string_equal(err.field, "queue");
    assert_string_equal(err.message, "job failed: disk full! job failed: disk full");
}

static void nomem_is_704(void **state)
{
    plain_error err;
    (void)state;
    assert_int_equal(error_nomem(&err), PLAIN_E_NOMEM);
    assert_int_equal(err.pj, 704);
    assert_true(err.retryable);
}

static void names_and_exit_codes_follow_the_map(void **state)
{
    (void)state;
#define CHECK(name, number, text, retryable, exit_code)                                            \
    assert_string_equal(plain_error_name(number), "PLAIN_E_" #name);                               \
    assert_int_equal(error_exit_code(number), exit_code);
    PLAIN_ERROR_MAP(CHECK)
#undef CHECK
    assert_int_equal(error_exit_code(PLAIN_OK), 0);
    assert_int_equal(error_exit_code(PLAIN_SKIPPED), 6);
    assert_string_equal(plain_error_name(-999), "PLAIN_E_?");
    assert_int_equal(error_exit_code(-999), 1);
}

static void pj_numbers_rise_and_are_found(void **state)
{
    size_t count;
    const struct pj_code *all = pj_all(&count);
    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(all[i].number, 101, 899);
        assert_true(i == 0 || all[i - 1].number < all[i].number);
        assert_ptr_equal(pj_find(all[i].number), &all[i]);
    }
    assert_null(pj_find(100));
    assert_null(pj_find(-1));
}

/* A phrase for a heading: one line that does not end like a sentence. */
static void check_title(const struct pj_code *row)
{
    assert_in_range(strlen(row->title), 5, 60);
    assert_int_not_equal(row->title[strlen(row->title) - 1], '.');
}

/* Backquotes enclose commands, so that they come in pairs; err.fix must hold the whole. */
static void check_fix(const struct pj_code *row)
{
    size_t backquotes = 0;

    assert_in_range(strlen(row->fix), 10, sizeof(((plain_error *)0)->fix) - 1);
    for (const char *p = row->fix; *p; p++)
        backquotes += *p == '`';
    assert_int_equal(backquotes % 2, 0);
}

static void every_pj_code_teaches(void **state)
{
    size_t count;
    const struct pj_code *all = pj_all(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        check_title(&all[i]);
        check_fix(&all[i]);
        assert_true(strlen(all[i].why) > 40);
        assert_int_equal(all[i].why[strlen(all[i].why) - 1], '.');
        assert_true(!all[i].example[0] || strstr(all[i].example, "plain "));
    }
}

HARNESS_MAIN(set_fills_everything_and_returns_the_code, err_may_be_null_everywhere,
             retryable_comes_from_the_code, a_number_without_a_row_has_no_fix,
             texts_become_one_line_of_valid_utf8, long_texts_are_cut_between_characters,
             errno_text_and_number_are_added, the_fix_fits_the_reason_of_the_system,
             errno_text_survives_a_long_message, fix_replaces_the_table_s,
             prefix_stands_in_front_of_the_message, an_error_can_be_made_from_itself, nomem_is_704,
             names_and_exit_codes_follow_the_map, pj_numbers_rise_and_are_found,
             every_pj_code_teaches)
