#include "core/param_type.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/text.h"
#include "core/params.h"

enum { WHOLE_SIZE = 24, DOUBLE_SIZE = 32 };

static bool read_bool(const struct param_type *type, struct jtext value, struct arena *a,
                      void *field)
{
    enum jtext_kind kind = jtext_kind(value);
    bool b = kind == JTEXT_TRUE;

    (void)type;
    (void)a;
    memcpy(field, &b, sizeof(b));
    return kind == JTEXT_TRUE || kind == JTEXT_FALSE;
}

static int write_bool(const struct param_type *type, const char *name, const void *field,
                      struct buf *out, plain_error *err)
{
    unsigned char byte; /* a bool of the caller that was never set may hold any byte */

    (void)type;
    (void)name;
    (void)err;
    memcpy(&byte, field, sizeof(byte));
    buf_puts(out, byte ? "true" : "false");
    return PLAIN_OK;
}

static bool bool_from_text(const struct param_type *type, const char *text, struct buf *out)
{
    bool b;

    (void)type;
    if (!text_parse_bool(text, &b))
        return false;
    buf_puts(out, b ? "true" : "false");
    return true;
}

static int64_t load_whole(const struct param_type *type, const void *field)
{
    int64_t wide;
    int32_t narrow;
    uint32_t positive;

    if (type->size == sizeof(wide)) {
        memcpy(&wide, field, sizeof(wide));
        return wide;
    }
    if (type->min < 0) {
        memcpy(&narrow, field, sizeof(narrow));
        return narrow;
    }
    memcpy(&positive, field, sizeof(positive));
    return positive;
}

static void store_whole(const struct param_type *type, int64_t n, void *field)
{
    uint32_t low = (uint32_t)n; /* of an int32_t too: two's complement */

    if (type->size == sizeof(n))
        memcpy(field, &n, sizeof(n));
    else
        memcpy(field, &low, sizeof(low));
}

static bool read_whole(const struct param_type *type, struct jtext value, struct arena *a,
                       void *field)
{
    char digits[WHOLE_SIZE];
    int64_t n;

    (void)a;
    if (value.n >= sizeof(digits))
        return false;
    memcpy(digits, value.p, value.n);
    digits[value.n] = '\0';
    if (!text_parse_int64(digits, type->min, type->max, &n))
        return false;
    store_whole(type, n, field);
    return true;
}

static int write_whole(const struct param_type *type, const char *name, const void *field,
                       struct buf *out, plain_error *err)
{
    (void)name;
    (void)err;
    buf_putf(out, "%lld", (long long)load_whole(type, field));
    return PLAIN_OK;
}

static bool whole_from_text(const struct param_type *type, const char *text, struct buf *out)
{
    int64_t n;

    if (!text_parse_int64(text, type->min, type->max, &n))
        return false;
    buf_putf(out, "%lld", (long long)n);
    return true;
}

static bool read_double(const struct param_type *type, struct jtext value, struct arena *a,
                        void *field)
{
    double d;
    char *text = arena_memdup(a, value.p, value.n);

    (void)type;
    if (!text || !text_parse_double(text, &d))
        return false;
    memcpy(field, &d, sizeof(d));
    return true;
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

static int write_double(const struct param_type *type, const char *name, const void *field,
                        struct buf *out, plain_error *err)
{
    char text[DOUBLE_SIZE];
    double d;

    memcpy(&d, field, sizeof(d));
    if (!isfinite(d))
        return param_type_refuse(type, name, isnan(d) ? "NaN" : "an infinity", err);
    if (!format_double(d, text))
        return error_nomem(err);
    buf_puts(out, text);
    if (!strpbrk(text, ".e"))
        buf_puts(out, ".0"); /* stays a real for readers that tell 1 from 1.0 */
    return PLAIN_OK;
}

static bool double_from_text(const struct param_type *type, const char *text, struct buf *out)
{
    double d;

    (void)type;
    if (!text_parse_double(text, &d))
        return false;
    buf_puts(out, text);
    return true;
}

static bool read_string(const struct param_type *type, struct jtext value, struct arena *a,
                        void *field)
{
    (void)type;
    if (jtext_kind(value) != JTEXT_STRING)
        return false;
    const char *s = jtext_string(value, a);
    memcpy(field, &s, sizeof(s));
    return s != NULL;
}

static int refuse_size(const char *name, plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 602, name,
                     "parameter '%s' is larger than %d bytes, the limit of all parameters", name,
                     PLAIN_PARAMETERS_MAX);
}

static int write_string(const struct param_type *type, const char *name, const void *field,
                        struct buf *out, plain_error *err)
{
    const char *s;

    (void)type;
    memcpy(&s, field, sizeof(s));
    size_t n = strnlen(s, PARAMS_SIZE_MAX + 1);
    if (n > PARAMS_SIZE_MAX)
        return refuse_size(name, err);
    if (!utf8_valid(s, n))
        return error_set(err, PLAIN_E_INVALID, 602, name, "parameter '%s' is not valid UTF-8",
                         name);
    buf_put_json(out, s);
    return PLAIN_OK;
}

static bool string_from_text(const struct param_type *type, const char *text, struct buf *out)
{
    (void)type;
    if (!utf8_valid(text, strlen(text)))
        return false;
    buf_put_json(out, text);
    return true;
}

static bool read_json(const struct param_type *type, struct jtext value, struct arena *a,
                      void *field)
{
    plain_json json = {.text = arena_memdup(a, value.p, value.n), .length = value.n};

    (void)type;
    memcpy(field, &json, sizeof(json));
    return json.text != NULL;
}

static int write_json(const struct param_type *type, const char *name, const void *field,
                      struct buf *out, plain_error *err)
{
    plain_json json;
    struct jtext value = {0};

    (void)type;
    memcpy(&json, field, sizeof(json));
    size_t n = json.length ? json.length : strnlen(json.text, PARAMS_SIZE_MAX + 1);
    if (n > PARAMS_SIZE_MAX)
        return refuse_size(name, err);
    /* The object that holds all parameters is a level too. */
    int r = jtext_check(json.text, n, PARAMS_DEPTH_MAX - 1, name, &value, err);
    if (r == PLAIN_OK)
        buf_put(out, value.p, value.n);
    return r;
}

static bool json_from_text(const struct param_type *type, const char *text, struct buf *out)
{
    (void)type;
    if (jtext_check(text, strlen(text), PARAMS_DEPTH_MAX - 1, "", NULL, NULL) < 0)
        return false;
    buf_puts(out, text);
    return true;
}

#define WHOLE_FUNCTIONS .read = read_whole, .write = write_whole, .from_text = whole_from_text

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
        .is_pointer = true,
        .read = read_string,
        .write = write_string,
        .from_text = string_from_text,
    },
    {
        .type = PLAIN_TYPE_JSON,
        .name = "JSON",
        .takes = "a JSON value",
        .size = sizeof(plain_json),
        .is_pointer = true,
        .takes_null = true,
        .read = read_json,
        .write = write_json,
        .from_text = json_from_text,
    },
};

_Static_assert(offsetof(plain_json, text) == 0, "is_pointer reads the first pointer of the field");

const struct param_type *param_type_find(plain_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].type == type)
            return &types[i];
    }
    return NULL;
}

bool param_type_is_absent(const struct param_type *type, const void *field)
{
    const void *pointer;

    if (!type->is_pointer)
        return false;
    memcpy(&pointer, field, sizeof(pointer));
    return !pointer;
}

int param_type_refuse(const struct param_type *type, const char *name, const char *got,
                      plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 103, name, "parameter '%s' takes %s, not %s", name,
                     type->takes, got);
}
