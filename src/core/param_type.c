#include "core/param_type.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/text.h"
#include "core/params.h"

enum {
    WHOLE_SIZE = 24,
    DOUBLE_SIZE = 32,
    SHOWN_SIZE = 48 /* of what was given, in a message */
};

const char *param_ref_name(const struct param_ref *ref, char out[PARAM_REF_SIZE])
{
    if (ref->is_item)
        (void)snprintf(out, PARAM_REF_SIZE, "%s[%zu]", ref->name, ref->index);
    else
        (void)text_copy(out, PARAM_REF_SIZE, ref->name);
    return out;
}

int param_refuse(const struct param_ref *ref, const char *got, plain_error *err)
{
    char name[PARAM_REF_SIZE];

    (void)param_ref_name(ref, name);
    return error_set(err, PLAIN_E_INVALID, 103, name, "parameter '%s' takes %s, not %s", name,
                     ref->type->takes, got);
}

/* Numbers are shown as they are; of anything else its kind, since it may be private or long. */
int param_refuse_json(const struct param_ref *ref, struct jtext got, plain_error *err)
{
    char shown[SHOWN_SIZE];
    enum jtext_kind kind = jtext_kind(got);
    int n = got.n < SHOWN_SIZE ? (int)got.n : SHOWN_SIZE - 1;

    if (kind != JTEXT_NUMBER)
        return param_refuse(ref, jtext_kind_name(kind), err);
    (void)snprintf(shown, sizeof(shown), "%.*s", n, got.p);
    return param_refuse(ref, shown, err);
}

int param_refuse_text(const struct param_ref *ref, const char *got, plain_error *err)
{
    char shown[SHOWN_SIZE + 2] = "'";

    (void)text_copy(shown + 1, SHOWN_SIZE, got);
    (void)text_copy(shown + strlen(shown), 2, "'");
    return param_refuse(ref, shown, err);
}

static int read_bool(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                     plain_error *err)
{
    enum jtext_kind kind = jtext_kind(value);
    bool b = kind == JTEXT_TRUE;

    (void)a;
    if (kind != JTEXT_TRUE && kind != JTEXT_FALSE)
        return param_refuse_json(ref, value, err);
    memcpy(out, &b, sizeof(b));
    return PLAIN_OK;
}

static int write_bool(const struct param_ref *ref, const void *value, struct buf *out,
                      plain_error *err)
{
    unsigned char byte; /* a bool of the caller that was never set may hold any byte */

    (void)ref;
    (void)err;
    memcpy(&byte, value, sizeof(byte));
    buf_puts(out, byte ? "true" : "false");
    return PLAIN_OK;
}

static int bool_from_text(const struct param_ref *ref, const char *text, struct buf *out,
                          plain_error *err)
{
    bool b;

    if (!text_parse_bool(text, &b))
        return param_refuse_text(ref, text, err);
    buf_puts(out, b ? "true" : "false");
    return PLAIN_OK;
}

static int64_t load_whole(const struct param_type *type, const void *value)
{
    int64_t wide;
    int32_t narrow;
    uint32_t positive;

    if (type->size == sizeof(wide)) {
        memcpy(&wide, value, sizeof(wide));
        return wide;
    }
    if (type->min < 0) {
        memcpy(&narrow, value, sizeof(narrow));
        return narrow;
    }
    memcpy(&positive, value, sizeof(positive));
    return positive;
}

static void store_whole(const struct param_type *type, int64_t n, void *out)
{
    uint32_t low = (uint32_t)n; /* of an int32_t too: two's complement */

    if (type->size == sizeof(n))
        memcpy(out, &n, sizeof(n));
    else
        memcpy(out, &low, sizeof(low));
}

static int read_whole(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                      plain_error *err)
{
    const struct param_type *type = ref->type;
    char digits[WHOLE_SIZE] = "";
    int64_t n;

    (void)a;
    if (value.n < sizeof(digits))
        memcpy(digits, value.p, value.n);
    if (!text_parse_int64(digits, type->min, type->max, &n))
        return param_refuse_json(ref, value, err);
    store_whole(type, n, out);
    return PLAIN_OK;
}

static int write_whole(const struct param_ref *ref, const void *value, struct buf *out,
                       plain_error *err)
{
    (void)err;
    buf_put_int(out, load_whole(ref->type, value));
    return PLAIN_OK;
}

static int whole_from_text(const struct param_ref *ref, const char *text, struct buf *out,
                           plain_error *err)
{
    int64_t n;

    if (!text_parse_int64(text, ref->type->min, ref->type->max, &n))
        return param_refuse_text(ref, text, err);
    buf_put_int(out, n);
    return PLAIN_OK;
}

static int read_double(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                       plain_error *err)
{
    double d;

    if (jtext_kind(value) != JTEXT_NUMBER)
        return param_refuse_json(ref, value, err);
    char *text = arena_memdup(a, value.p, value.n);
    if (!text)
        return error_nomem(err);
    if (!text_parse_double(text, &d))
        return param_refuse_json(ref, value, err);
    memcpy(out, &d, sizeof(d));
    return PLAIN_OK;
}

/* The fewest digits that read back as d, with the C locale's point whatever the program has set. */
static bool format_double(double d, char out[DOUBLE_SIZE])
{
    enum { FEWEST_DIGITS = 15, MOST_DIGITS = 17 };
    double again;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (!c)
        return false;
    locale_t before = uselocale(c);
    for (int digits = FEWEST_DIGITS; digits <= MOST_DIGITS; digits++) {
        (void)snprintf(out, DOUBLE_SIZE, "%.*g", digits, d);
        if (text_parse_double(out, &again) && again == d)
            break;
    }
    (void)uselocale(before);
    freelocale(c);
    return true;
}

static int write_double(const struct param_ref *ref, const void *value, struct buf *out,
                        plain_error *err)
{
    char text[DOUBLE_SIZE];
    double d;

    memcpy(&d, value, sizeof(d));
    if (!isfinite(d))
        return param_refuse(ref, isnan(d) ? "NaN" : "an infinity", err);
    if (!format_double(d, text))
        return error_nomem(err);
    buf_puts(out, text);
    if (!strpbrk(text, ".e"))
        buf_puts(out, ".0"); /* stays a real for readers that tell 1 from 1.0 */
    return PLAIN_OK;
}

static int double_from_text(const struct param_ref *ref, const char *text, struct buf *out,
                            plain_error *err)
{
    double d;

    if (!text_parse_double(text, &d))
        return param_refuse_text(ref, text, err);
    buf_puts(out, text);
    return PLAIN_OK;
}

static int read_string(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                       plain_error *err)
{
    if (jtext_kind(value) != JTEXT_STRING)
        return param_refuse_json(ref, value, err);
    const char *s = jtext_string(value, a);
    if (!s)
        return error_nomem(err);
    memcpy(out, &s, sizeof(s));
    return PLAIN_OK;
}

static int refuse_size(const struct param_ref *ref, plain_error *err)
{
    char name[PARAM_REF_SIZE];

    (void)param_ref_name(ref, name);
    return error_set(err, PLAIN_E_INVALID, 602, name,
                     "parameter '%s' is larger than %d bytes, the limit of all parameters", name,
                     PLAIN_PARAMETERS_MAX);
}

static int write_string(const struct param_ref *ref, const void *value, struct buf *out,
                        plain_error *err)
{
    char name[PARAM_REF_SIZE];
    const char *s;

    memcpy(&s, value, sizeof(s));
    size_t n = strnlen(s, PARAMS_SIZE_MAX + 1);
    if (n > PARAMS_SIZE_MAX)
        return refuse_size(ref, err);
    if (!utf8_valid(s, n)) {
        (void)param_ref_name(ref, name);
        return error_set(err, PLAIN_E_INVALID, 602, name, "parameter '%s' is not valid UTF-8",
                         name);
    }
    buf_put_json(out, s);
    return PLAIN_OK;
}

static int string_from_text(const struct param_ref *ref, const char *text, struct buf *out,
                            plain_error *err)
{
    if (!utf8_valid(text, strlen(text)))
        return param_refuse_text(ref, text, err);
    buf_put_json(out, text);
    return PLAIN_OK;
}

static int read_json(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                     plain_error *err)
{
    plain_json json = {.text = arena_memdup(a, value.p, value.n), .length = value.n};

    (void)ref;
    if (!json.text)
        return error_nomem(err);
    memcpy(out, &json, sizeof(json));
    return PLAIN_OK;
}

/* Levels that a raw value may have: the object of all parameters is one, and an array around it. */
static unsigned depth_max(const struct param_ref *ref)
{
    return PARAMS_DEPTH_MAX - (ref->is_item ? 2 : 1);
}

static int write_json(const struct param_ref *ref, const void *value, struct buf *out,
                      plain_error *err)
{
    char name[PARAM_REF_SIZE];
    plain_json json;
    struct jtext checked = {0};

    memcpy(&json, value, sizeof(json));
    size_t n = json.length ? json.length : strnlen(json.text, PARAMS_SIZE_MAX + 1);
    if (n > PARAMS_SIZE_MAX)
        return refuse_size(ref, err);
    int r = jtext_check(json.text, n, depth_max(ref), param_ref_name(ref, name), &checked, err);
    if (r == PLAIN_OK)
        buf_put(out, checked.p, checked.n);
    return r;
}

static int json_from_text(const struct param_ref *ref, const char *text, struct buf *out,
                          plain_error *err)
{
    int r = jtext_check(text, strlen(text), depth_max(ref), "", NULL, NULL);

    if (r == PLAIN_E_NOMEM)
        return error_nomem(err);
    if (r < 0)
        return param_refuse_text(ref, text, err);
    buf_puts(out, text);
    return PLAIN_OK;
}

/* A value that is stored as a tagged string. */
union tagged {
    plain_date date;
    plain_datetime datetime;
    plain_model model;
};

/* What a value is that is well-formed and yet not what the parameter wants; NULL: it is that. */
static const char *offset_fault(const struct param_ref *ref, const union tagged *value)
{
    if (!(ref->flags & PLAIN_NEED_OFFSET) || value->datetime.has_offset)
        return NULL;
    return "one without an offset";
}

static int read_tagged(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                       plain_error *err)
{
    union tagged tagged;

    if (jtext_kind(value) != JTEXT_STRING)
        return param_refuse_json(ref, value, err);
    char *text = jtext_string(value, a);
    if (!text)
        return error_nomem(err);
    const char *fault = tag_read(ref->type->tag, text, &tagged);
    if (!fault)
        fault = offset_fault(ref, &tagged);
    if (fault)
        return param_refuse(ref, fault, err);
    memcpy(out, &tagged, ref->type->size);
    return PLAIN_OK;
}

static int put_tagged(const struct param_ref *ref, const union tagged *value, struct buf *out,
                      plain_error *err)
{
    char text[TAG_SIZE];
    const char *fault = tag_write(ref->type->tag, value, text);

    if (!fault)
        fault = offset_fault(ref, value);
    if (fault)
        return param_refuse(ref, fault, err);
    buf_put_json(out, text);
    return PLAIN_OK;
}

static int write_tagged(const struct param_ref *ref, const void *value, struct buf *out,
                        plain_error *err)
{
    union tagged tagged;

    memcpy(&tagged, value, ref->type->size);
    return put_tagged(ref, &tagged, out, err);
}

static int tagged_from_text(const struct param_ref *ref, const char *text, struct buf *out,
                            plain_error *err)
{
    char copy[TAG_SIZE];
    union tagged tagged;

    if (!text_copy(copy, sizeof(copy), text) || !utf8_valid(text, strlen(text)))
        return param_refuse_text(ref, text, err);
    const char *fault = tag_read_bare(ref->type->tag, copy, &tagged);
    return fault ? param_refuse(ref, fault, err) : put_tagged(ref, &tagged, out, err);
}

#define WHOLE_FUNCTIONS  .read = read_whole, .write = write_whole, .from_text = whole_from_text
#define TAGGED_FUNCTIONS .read = read_tagged, .write = write_tagged, .from_text = tagged_from_text

static const struct param_type types[] = {
    {
        .type = PLAIN_TYPE_BOOL,
        .name = "bool",
        .takes = "true or false",
        .size = sizeof(bool),
        .read = read_bool,
        .write = write_bool,
        .from_text = bool_from_text,
    },
    {
        .type = PLAIN_TYPE_INT32,
        .name = "int32",
        .takes = "a whole number from -2147483648 to 2147483647",
        .size = sizeof(int32_t),
        .min = INT32_MIN,
        .max = INT32_MAX,
        WHOLE_FUNCTIONS,
    },
    {
        .type = PLAIN_TYPE_INT64,
        .name = "int64",
        .takes = "a whole number from -9223372036854775808 to 9223372036854775807",
        .size = sizeof(int64_t),
        .min = INT64_MIN,
        .max = INT64_MAX,
        WHOLE_FUNCTIONS,
    },
    {
        .type = PLAIN_TYPE_UINT32,
        .name = "uint32",
        .takes = "a whole number from 0 to 4294967295",
        .size = sizeof(uint32_t),
        .min = 0,
        .max = UINT32_MAX,
        WHOLE_FUNCTIONS,
    },
    {
        .type = PLAIN_TYPE_DOUBLE,
        .name = "double",
        .takes = "a finite number",
        .size = sizeof(double),
        .read = read_double,
        .write = write_double,
        .from_text = double_from_text,
    },
    {
        .type = PLAIN_TYPE_STRING,
        .name = "string",
        .takes = "a text of valid UTF-8",
        .size = sizeof(const char *),
        .presence = sizeof(const char *),
        .read = read_string,
        .write = write_string,
        .from_text = string_from_text,
    },
    {
        .type = PLAIN_TYPE_JSON,
        .name = "json",
        .takes = "a JSON value",
        .size = sizeof(plain_json),
        .presence = sizeof(const char *),
        .takes_null = true,
        .read = read_json,
        .write = write_json,
        .from_text = json_from_text,
    },
    {
        .type = PLAIN_TYPE_DATE,
        .name = "date",
        .takes = "a date such as 2026-11-24",
        .size = sizeof(plain_date),
        .presence = sizeof(plain_date),
        .tag = &tag_date,
        TAGGED_FUNCTIONS,
    },
    {
        .type = PLAIN_TYPE_DATETIME,
        .name = "datetime",
        .takes = "a date-time such as 2026-11-24T06:30:00+01:00",
        .size = sizeof(plain_datetime),
        .presence = sizeof(int32_t),
        .tag = &tag_datetime,
        TAGGED_FUNCTIONS,
    },
    {
        .type = PLAIN_TYPE_MODEL,
        .name = "model",
        .takes = "a model reference such as app/user/42",
        .size = sizeof(plain_model),
        .presence = sizeof(const char *),
        .tag = &tag_model,
        TAGGED_FUNCTIONS,
    },
};

/* What `presence` counts stands first. */
_Static_assert(offsetof(plain_json, text) == 0, "absent json has no text");
_Static_assert(offsetof(plain_datetime, year) == 0, "an absent date-time has no year");
_Static_assert(offsetof(plain_model, package) == 0, "an absent model has no package");

const struct param_type *param_type_find(plain_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].type == type)
            return &types[i];
    }
    return NULL;
}

bool param_type_is_absent(const struct param_type *type, const void *value)
{
    static const unsigned char zero[sizeof(union tagged)];

    return type->presence > 0 && memcmp(value, zero, type->presence) == 0;
}
