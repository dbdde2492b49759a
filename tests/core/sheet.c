#include "tests/core/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/class.h"
#include "core/params.h"
#include "tests/harness/harness.h"

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

void sheet_init(struct sheet *sheet)
{
    *sheet = (struct sheet){
        .cls =
            {
                PLAIN_JOB_CLASS_EMPTY,
                .name = "Sheet",
                .params = sheet->params,
                .run = run_nothing,
            },
        .a = ARENA_INIT,
    };
    sheet->cls.params_size = sizeof(sheet->slots);
}

void sheet_release(struct sheet *sheet)
{
    arena_release(&sheet->a);
}

/* Bytes of a field; only of the types that slots hold. */
static size_t field_size(plain_type type)
{
    static const struct {
        int type;
        size_t size;
    } sizes[] = {
        {PLAIN_TYPE_BOOL, sizeof(bool)},
        {PLAIN_TYPE_INT64, sizeof(int64_t)},
        {PLAIN_TYPE_DOUBLE, sizeof(double)},
        {PLAIN_TYPE_STRING, sizeof(const char *)},
        {PLAIN_TYPE_JSON, sizeof(plain_json)},
        {PLAIN_TYPE_DATE, sizeof(plain_date)},
        {PLAIN_TYPE_DATETIME, sizeof(plain_datetime)},
        {PLAIN_TYPE_MODEL, sizeof(plain_model)},
        {PLAIN_TYPE_ARRAY + PLAIN_TYPE_INT64, sizeof(plain_int64s)},
        {PLAIN_TYPE_ARRAY + PLAIN_TYPE_STRING, sizeof(plain_strings)},
    };
    size_t i = 0;

    while (sizes[i].type != (int)type)
        i++;
    return sizes[i].size;
}

union slot *sheet_declare(struct sheet *sheet, const char *name, plain_type type)
{
    size_t i = sheet->count++;
    plain_error err;

    assert_true(i < SHEET_SLOTS);
    sheet->params[i] = (plain_param){
        .name = name,
        .type = type,
        .offset = i * sizeof(union slot),
        .size = field_size(type),
    };
    if (class_check(&sheet->cls, &err) < 0)
        fail_msg("%s", err.message);
    return &sheet->slots[i];
}

/* The characters of a slice. */
static char *text_of(struct sheet *sheet, struct jtext value)
{
    char *text = jtext_kind(value) == JTEXT_STRING ? jtext_string(value, &sheet->a)
                                                   : arena_memdup(&sheet->a, value.p, value.n);

    assert_non_null(text);
    return text;
}

static bool is_int64(const char *text, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && !*end;
}

static void add_raw(struct sheet *sheet, const char *name, struct jtext value)
{
    sheet_declare(sheet, name, PLAIN_TYPE_JSON)->raw =
        (plain_json){.text = value.p, .length = value.n};
}

static void add_number(struct sheet *sheet, const char *name, struct jtext value)
{
    const char *text = text_of(sheet, value);
    int64_t n;

    if (strpbrk(text, ".eE"))
        sheet_declare(sheet, name, PLAIN_TYPE_DOUBLE)->real = strtod(text, NULL);
    else if (is_int64(text, &n))
        sheet_declare(sheet, name, PLAIN_TYPE_INT64)->whole = n;
    else
        add_raw(sheet, name, value);
}

/* An array of whole numbers where it is one, else raw JSON. */
static void add_list(struct sheet *sheet, const char *name, struct jtext value)
{
    enum { ITEMS_MAX = 16 };
    struct jtext_walk walk = jtext_walk_start(value);
    struct jtext_member m;
    int64_t *items = arena_array(&sheet->a, ITEMS_MAX, sizeof(*items));
    size_t n = 0;

    assert_non_null(items);
    while (n < ITEMS_MAX && jtext_walk_next(&walk, &m)) {
        if (!is_int64(text_of(sheet, m.value), &items[n++])) {
            add_raw(sheet, name, value);
            return;
        }
    }
    sheet_declare(sheet, name, (plain_type)(PLAIN_TYPE_ARRAY + PLAIN_TYPE_INT64))->wholes =
        (plain_int64s){.items = items, .count = n};
}

/* The value of {"$date": "2026-11-23"}. Read with scanf(), not with what is being tested. */
static plain_date date_of(const char *text)
{
    plain_date d = {0};

    assert_int_equal(sscanf(text, "%4d-%2d-%2d", &d.year, &d.month, &d.day), 3);
    return d;
}

static plain_datetime datetime_of(const char *text)
{
    plain_datetime t = {0};
    int n = 0, hours, minutes;

    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &t.year, &t.month, &t.day, &t.hour,
                            &t.minute, &t.second, &n),
                     6);
    text += n;
    if (*text == '.') {
        assert_int_equal(sscanf(text, ".%6d%n", &t.microsecond, &n), 1);
        assert_int_equal(n, 7);
        text += n;
    }
    t.has_offset = *text != '\0';
    if (t.has_offset) {
        assert_int_equal(sscanf(text + 1, "%2d:%2d", &hours, &minutes), 2);
        t.offset_s = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
    }
    return t;
}

/* The value of {"$model": ["plainjobs", "jobrequest", 5]}. */
static plain_model model_of(struct sheet *sheet, struct jtext parts)
{
    struct jtext_walk walk = jtext_walk_start(parts);
    struct jtext_member m[3];

    for (int i = 0; i < 3; i++)
        assert_true(jtext_walk_next(&walk, &m[i]));
    return (plain_model){
        .package = text_of(sheet, m[0].value),
        .model = text_of(sheet, m[1].value),
        .id = text_of(sheet, m[2].value),
    };
}

/* An object: what its key says when that begins with a dollar, else raw JSON. */
static bool add_object(struct sheet *sheet, const char *name, struct jtext value)
{
    struct jtext_walk walk = jtext_walk_start(value);
    struct jtext_member m;

    if (!jtext_walk_next(&walk, &m) || m.key.p[1] != '$') {
        add_raw(sheet, name, value);
        return true;
    }
    const char *kind = text_of(sheet, m.key);
    if (!strcmp(kind, "$date"))
        sheet_declare(sheet, name, PLAIN_TYPE_DATE)->date = date_of(text_of(sheet, m.value));
    else if (!strcmp(kind, "$datetime"))
        sheet_declare(sheet, name, PLAIN_TYPE_DATETIME)->datetime =
            datetime_of(text_of(sheet, m.value));
    else if (!strcmp(kind, "$model"))
        sheet_declare(sheet, name, PLAIN_TYPE_MODEL)->model = model_of(sheet, m.value);
    else
        return false;
    return true;
}

bool sheet_add(struct sheet *sheet, const char *name, struct jtext golden)
{
    enum jtext_kind kind = jtext_kind(golden);

    if (kind == JTEXT_OBJECT)
        return add_object(sheet, name, golden);
    if (kind == JTEXT_ARRAY)
        add_list(sheet, name, golden);
    else if (kind == JTEXT_NUMBER)
        add_number(sheet, name, golden);
    else if (kind == JTEXT_STRING)
        sheet_declare(sheet, name, PLAIN_TYPE_STRING)->text = text_of(sheet, golden);
    else if (kind == JTEXT_NULL)
        add_raw(sheet, name, golden);
    else
        sheet_declare(sheet, name, PLAIN_TYPE_BOOL)->b = kind == JTEXT_TRUE;
    return true;
}

const char *sheet_encode(struct sheet *sheet)
{
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    if (params_encode(&sheet->cls, sheet->slots, &out, &err) < 0)
        fail_msg("%s", err.message);
    const char *text = arena_strdup(&sheet->a, out.data);
    buf_release(&out);
    return text;
}

int sheet_decode(struct sheet *sheet, const char *stored, plain_error *err)
{
    const void *params = NULL;
    int r = params_decode(&sheet->cls, stored, &sheet->a, &params, err);

    if (r == PLAIN_OK && params)
        memcpy(sheet->slots, params, sizeof(sheet->slots));
    return r;
}
