/*
 * golden_parameters_test.c - what the Python package plain.jobs stores and reads back, so do we
 *
 * Every line of tests/golden/parameters.jsonl is either checked or stands in the table below with
 * the reason why it cannot be.
 */
#include "tests/harness/harness.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "core/params.h"
#include "tests/core/golden_line.h"
#include "tests/core/sheet.h"

static const struct {
    const char *description, *reason;
} cannot_apply[] = {
    {"None and bool keys become strings", "keys of JSON are strings already in C"},
    {"tuple inside list", "C has arrays and no tuples"},
    {"model not saved (id None)", "a reference without an id is refused, not stored as 'None'"},
    {"datetime inside dict: refused", "raw JSON in C can hold JSON values only"},
    {"model inside list: refused", "an array of model references is a type, and is stored"},
    {"time: refused", "there is no such type of a parameter"},
    {"UUID", "there is no such type of a parameter"},
    {"bytes: refused", "there is no such type of a parameter"},
    {"set: refused", "there is no such type of a parameter"},
    {"complex: refused", "there is no such type of a parameter"},
    {"model unknown package", "which packages exist is the job's to find out"},
    {"model unknown model", "which models exist is the job's to find out"},
    {"model id not a number", "an id is a text, and which rows exist is the job's to find out"},
    {"legacy missing row", "which rows exist is the job's to find out"},
    {"no kwargs key", "a part that is missing is empty, for rows written by hand"},
    {"no args key", "a part that is missing is empty, for rows written by hand"},
    {"empty object", "parts that are missing are empty, for rows written by hand"},
    {"null parameters: load_job uses {} instead", "null is no parameters here too, where they are "
                                                  "read"},
};

enum { CANNOT_APPLY = sizeof(cannot_apply) / sizeof(cannot_apply[0]) };

/* Where a line fails, it says so and answers false. */
static bool complain(const struct golden_line *line, const char *what, const char *got)
{
    printf("# golden parameters: %s: %s: %.400s\n", line->description, what, got);
    return false;
}

static json_t *load(struct jtext value)
{
    return json_loadb(value.p, value.n, JSON_DECODE_ANY, NULL);
}

/* As JSON values; numbers beyond int64 as texts. */
static bool is_same_json(struct jtext a, struct jtext b)
{
    json_t *left = load(a), *right = load(b);
    bool same = left && right ? json_equal(left, right) : a.n == b.n && !memcmp(a.p, b.p, a.n);

    json_decref(left);
    json_decref(right);
    return same;
}

/* The value of a key, by the key's text; p NULL when the object has none. */
static struct jtext member_of(struct jtext object, struct jtext key)
{
    struct jtext_walk walk = jtext_walk_start(object);
    struct jtext_member m;

    while (jtext_walk_next(&walk, &m)) {
        if (m.key.n == key.n && !memcmp(m.key.p, key.p, key.n))
            return m.value;
    }
    return (struct jtext){NULL, 0};
}

static struct jtext part_of(struct jtext stored, const char *quoted_name)
{
    return member_of(stored, (struct jtext){quoted_name, strlen(quoted_name)});
}

static const char *const arg_names[] = {"arg0", "arg1", "arg2", "arg3"};

/* The parameters of a line: args first, in their order, then kwargs. */
static bool declare_line(struct sheet *sheet, const struct golden_line *line)
{
    struct jtext_walk walk = jtext_walk_start(line->args);
    struct jtext_member m;

    for (size_t i = 0; jtext_walk_next(&walk, &m); i++) {
        if (!sheet_add(sheet, arg_names[i], m.value))
            return complain(line, "no C type for an arg", "");
    }
    walk = jtext_walk_start(line->kwargs);
    while (jtext_walk_next(&walk, &m)) {
        char *name = jtext_string(m.key, &sheet->a);

        if (!sheet_add(sheet, name, m.value))
            return complain(line, "no C type for a kwarg", name);
    }
    return true;
}

/* Ours has in kwargs what the Python package has in args and in kwargs. */
static bool has_expected(const struct golden_line *line, const char *ours)
{
    struct jtext kwargs = part_of(jtext_of(ours), "\"kwargs\"");
    struct jtext_walk got = jtext_walk_start(kwargs);
    struct jtext_walk want = jtext_walk_start(part_of(line->expected, "\"args\""));
    struct jtext_member g, w;

    while (jtext_walk_next(&want, &w)) {
        if (!jtext_walk_next(&got, &g) || !is_same_json(g.value, w.value))
            return complain(line, "an arg is stored differently", ours);
    }
    want = jtext_walk_start(part_of(line->expected, "\"kwargs\""));
    while (jtext_walk_next(&want, &w)) {
        struct jtext value = member_of(kwargs, w.key);

        if (!jtext_walk_next(&got, &g) || !value.p || !is_same_json(value, w.value))
            return complain(line, "a kwarg is stored differently", ours);
    }
    return !jtext_walk_next(&got, &g) || complain(line, "more is stored", ours);
}

/* Reads what it stored, args by the order of the fields, and says it again as ours. */
static bool reads_back(struct sheet *sheet, const struct golden_line *line, const char *stored,
                       const char *ours)
{
    plain_error err;

    if (sheet_decode(sheet, stored, &err) < 0)
        return complain(line, "cannot be read back", err.message);
    const char *again = sheet_encode(sheet);
    return is_same_json(jtext_of(again), jtext_of(ours)) ||
           complain(line, "is read back as something else", again);
}

static const char *copy_slice(struct arena *a, struct jtext value)
{
    const char *text = arena_memdup(a, value.p, value.n);

    assert_non_null(text);
    return text;
}

/* Text that is no UTF-8 is refused, as its database did. */
static bool is_refused_as_json(const struct golden_line *line, struct sheet *sheet)
{
    const char *stored =
        arena_printf(&sheet->a, "{\"args\": %s}", copy_slice(&sheet->a, line->args));
    plain_error err;

    (void)sheet_declare(sheet, arg_names[0], PLAIN_TYPE_STRING);
    return (sheet_decode(sheet, stored, &err) == PLAIN_E_INVALID && err.pj == 602) ||
           complain(line, "was accepted", stored);
}

static bool is_name(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz")];
}

/* Whether a C class can have parameters of the names in kwargs. */
static bool has_c_names(const struct golden_line *line, struct sheet *sheet)
{
    struct jtext_walk walk = jtext_walk_start(line->kwargs);
    struct jtext_member m;

    while (jtext_walk_next(&walk, &m)) {
        if (!is_name(jtext_string(m.key, &sheet->a)))
            return false;
    }
    return true;
}

/* Other names reach the queue as JSON text, for a class that this program does not have. */
static bool is_stored_by_name(const struct golden_line *line, struct sheet *sheet)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;
    int r = params_from_json(NULL, copy_slice(&sheet->a, line->kwargs), &out, &err);
    bool ok = r == PLAIN_OK ? has_expected(line, out.data) : complain(line, "fails", err.message);

    buf_release(&out);
    return ok;
}

static bool check_serialize(const struct golden_line *line, struct sheet *sheet)
{
    if (!line->is_json)
        return is_refused_as_json(line, sheet);
    if (!has_c_names(line, sheet))
        return is_stored_by_name(line, sheet);
    if (!declare_line(sheet, line))
        return false;
    const char *ours = sheet_encode(sheet);
    return has_expected(line, ours) && reads_back(sheet, line, ours, ours) &&
           reads_back(sheet, line, copy_slice(&sheet->a, line->expected), ours) &&
           reads_back(sheet, line, jtext_string(line->stored, &sheet->a), ours);
}

/* The stored form with the line's value as its only arg. */
static const char *one_arg(struct sheet *sheet, const struct golden_line *line)
{
    return arena_printf(&sheet->a, "{\"args\": [%s], \"kwargs\": {}}",
                        copy_slice(&sheet->a, line->stored));
}

/* What the Python package passes on as a text is an error where a date is declared. */
static bool is_refused_as_tag(const struct golden_line *line)
{
    static const plain_type tagged[] = {PLAIN_TYPE_DATE, PLAIN_TYPE_DATETIME, PLAIN_TYPE_MODEL};
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(tagged) / sizeof(tagged[0]); i++) {
        struct sheet sheet;
        plain_error err;

        sheet_init(&sheet);
        (void)sheet_declare(&sheet, arg_names[0], tagged[i]);
        if (sheet_decode(&sheet, one_arg(&sheet, line), &err) != PLAIN_E_INVALID || err.pj != 103)
            ok = complain(line, "a bad tag was accepted", sheet_encode(&sheet));
        sheet_release(&sheet);
    }
    return ok;
}

/* A list of strings, which no line of the other kind has. */
static bool is_kept_as_strings(const struct golden_line *line)
{
    struct sheet sheet;
    plain_error err;

    sheet_init(&sheet);
    const plain_strings *texts =
        &sheet_declare(&sheet, arg_names[0], (plain_type)(PLAIN_TYPE_ARRAY + PLAIN_TYPE_STRING))
             ->texts;
    bool ok = sheet_decode(&sheet, one_arg(&sheet, line), &err) == PLAIN_OK && texts->count == 1 &&
              !strcmp(texts->items[0], "__plain://date/2026-01-01");
    sheet_release(&sheet);
    return ok || complain(line, "an array of strings is not kept", "");
}

static bool check_deserialize(const struct golden_line *line, struct sheet *sheet)
{
    if (!sheet_add(sheet, arg_names[0], line->expected))
        return complain(line, "no C type for it", "");
    const char *expected = sheet_encode(sheet);
    if (!reads_back(sheet, line, one_arg(sheet, line), expected))
        return false;
    if (line->unchanged && jtext_kind(line->stored) == JTEXT_STRING)
        return is_refused_as_tag(line);
    return jtext_kind(line->stored) != JTEXT_ARRAY || is_kept_as_strings(line);
}

static bool check_from_json(const struct golden_line *line, struct sheet *sheet)
{
    plain_error err;

    (void)sheet_declare(sheet, arg_names[0], PLAIN_TYPE_INT64);
    int r = sheet_decode(sheet, copy_slice(&sheet->a, line->stored), &err);
    if (line->expected_error)
        return r == PLAIN_E_INVALID || complain(line, "was accepted", "");
    return r == PLAIN_OK ? has_expected(line, sheet_encode(sheet))
                         : complain(line, "was refused", err.message);
}

static const struct {
    const char *op;
    bool (*check)(const struct golden_line *line, struct sheet *sheet);
} checks[] = {
    {"serialize", check_serialize},
    {"deserialize", check_deserialize},
    {"from_json", check_from_json},
};

static bool check_line(const struct golden_line *line)
{
    struct sheet sheet;
    size_t i = 0;

    while (strcmp(checks[i].op, line->op) != 0)
        i++;
    sheet_init(&sheet);
    bool ok = checks[i].check(line, &sheet);
    sheet_release(&sheet);
    return ok;
}

/* The line's place in the table of those that cannot apply; CANNOT_APPLY when it has none. */
static size_t find_exception(const struct golden_line *line)
{
    size_t i = 0;

    while (i < CANNOT_APPLY && strcmp(cannot_apply[i].description, line->description) != 0)
        i++;
    return i;
}

static void every_golden_line_agrees_or_cannot_apply(void **state)
{
    FILE *f = fopen("tests/golden/parameters.jsonl", "r");
    struct arena a = ARENA_INIT;
    struct golden_line line;
    unsigned read = 0, agree = 0, excepted = 0;

    (void)state;
    assert_non_null(f);
    while (golden_line_read(f, &a, &line)) {
        size_t i = find_exception(&line);

        read++;
        if (i < CANNOT_APPLY) {
            excepted++;
            printf("# golden parameters: cannot apply: %s (%s)\n", cannot_apply[i].description,
                   cannot_apply[i].reason);
        } else {
            agree += check_line(&line);
        }
        arena_reset(&a);
    }
    (void)fclose(f);
    arena_release(&a);
    printf("# golden parameters: %u read, %u agree, %u cannot apply\n", read, agree, excepted);
    assert_int_equal(read, 112);
    assert_int_equal(excepted, CANNOT_APPLY);
    assert_int_equal(agree + excepted, read);
}

HARNESS_MAIN(every_golden_line_agrees_or_cannot_apply)
