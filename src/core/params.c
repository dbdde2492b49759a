/*
 * params.c - the stored form of parameters, written and read
 *
 * Whatever comes in as text is checked as a whole by jtext_check() first. After that no step can
 * meet malformed JSON: what is left to refuse are values that do not fit their parameters.
 */
#include "core/params.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/class.h"
#include "core/executable_class.h"
#include "core/json.h"
#include "core/json_value.h"
#include "core/param_value.h"

static const char stored_start[] = "{\"args\": [], \"kwargs\": ";
static const char stored_end[] = "}";

enum {
    FRAME_SIZE = sizeof(stored_start) - 1 + sizeof(stored_end) - 1,
    SHOWN_SIZE = 48 /* of a name or a number in a message */
};

static int refuse_size(plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 602, "parameters",
                     "parameters: larger than %d bytes with what is stored around them",
                     PLAIN_PARAMETERS_MAX);
}

static int check_value(struct jtext stored, plain_error *err)
{
    struct jtext refused;
    size_t size = json_value_size(stored, &refused);

    if (refused.n > 0)
        return error_set(
            err, PLAIN_E_INVALID, 602, "parameters",
            "parameters: %.*s%s has more than %d digits behind the point, or an exponent "
            "that no database takes",
            (int)(refused.n < SHOWN_SIZE ? refused.n : SHOWN_SIZE), refused.p,
            refused.n > SHOWN_SIZE ? "..." : "", JSON_VALUE_DIGITS_MAX);
    if (size > PARAMS_STORED_MAX)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters",
                         "parameters: larger than %zu bytes when numbers are written without "
                         "exponents, as PostgreSQL does",
                         PARAMS_STORED_MAX);
    return PLAIN_OK;
}

/* What became of the stored form that was appended to out from byte `start` on. */
static int finish(const struct buf *out, size_t start, plain_error *err)
{
    if (!buf_ok(out))
        return out->max < PARAMS_BUF_MAX ? refuse_size(err) : error_nomem(err);
    if (out->len - start > PARAMS_SIZE_MAX)
        return refuse_size(err);
    return check_value((struct jtext){out->data + start, out->len - start}, err);
}

static int write_param(const plain_param *param, const void *params, struct buf *out,
                       plain_error *err)
{
    const void *field = (const char *)params + param->offset;

    if ((param->flags & PLAIN_OPTIONAL) && param_is_absent(param, field))
        return PLAIN_OK;
    if (buf_ok(out) && out->data[out->len - 1] != '{')
        buf_puts(out, ", ");
    buf_putc(out, '"');
    buf_puts(out, param->name);
    buf_puts(out, "\": ");
    return param_write(param, field, out, err);
}

int params_encode(const plain_job_class *cls, const void *params, struct buf *out, plain_error *err)
{
    size_t start = out->len;

    if (!params && class_param(cls, 0))
        return error_set(err, PLAIN_E_INVALID, 102, "parameters",
                         "job class '%s' takes parameters, and params is NULL", cls->name);
    buf_puts(out, stored_start);
    buf_putc(out, '{');
    for (size_t i = 0; class_param(cls, i); i++) {
        int r = write_param(class_param(cls, i), params, out, err);
        if (r == PLAIN_OK && buf_ok(out) && out->len - start > PARAMS_SIZE_MAX)
            r = refuse_size(err);
        if (r < 0)
            return r;
    }
    buf_putc(out, '}');
    buf_puts(out, stored_end);
    return finish(out, start, err);
}

/* A stored form as a database gives it back: its size, then its form. */
static int check_stored(const char *text, struct jtext *out, plain_error *err)
{
    size_t n = strnlen(text, PARAMS_STORED_MAX + 1);

    if (n > PARAMS_STORED_MAX)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters",
                         "parameters: larger than %zu bytes", PARAMS_STORED_MAX);
    return jtext_check(text, n, PARAMS_DEPTH_MAX + 1, "parameters", out, err);
}

/* The two parts of a stored form; a missing one is empty. */
struct stored {
    struct jtext args;
    struct jtext kwargs;
};

static const struct stored nothing_stored = {.args = {"[]", 2}, .kwargs = {"{}", 2}};

static int take_part(struct jtext value, const char *name, enum jtext_kind kind, struct jtext *out,
                     plain_error *err)
{
    if (jtext_kind(value) != kind)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters",
                         "parameters: \"%s\" is %s, not %s", name,
                         jtext_kind_name(jtext_kind(value)), jtext_kind_name(kind));
    *out = value;
    return PLAIN_OK;
}

/* Cuts a stored form in its parts. A NULL column and a JSON null are no parameters, and members
 * that are neither part are passed over, as in Python; where there is nothing else, somebody wrote
 * the parameters as they are, and the job would run without them. */
static int split_stored(const char *stored, struct stored *out, plain_error *err)
{
    struct jtext whole = {0};
    struct jtext_member m;

    *out = nothing_stored;
    if (!stored)
        return PLAIN_OK;
    int r = check_stored(stored, &whole, err);
    if (r < 0 || jtext_kind(whole) == JTEXT_NULL)
        return r;
    if (jtext_kind(whole) != JTEXT_OBJECT)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters", "parameters: %s, not an object",
                         jtext_kind_name(jtext_kind(whole)));

    struct jtext_walk walk = jtext_walk_start(whole);
    size_t members = 0, parts = 0;
    while (r == PLAIN_OK && jtext_walk_next(&walk, &m)) {
        bool is_args = jtext_key_is(m.key, "args"), is_kwargs = jtext_key_is(m.key, "kwargs");

        members++;
        parts += is_args || is_kwargs;
        if (is_args)
            r = take_part(m.value, "args", JTEXT_ARRAY, &out->args, err);
        else if (is_kwargs)
            r = take_part(m.value, "kwargs", JTEXT_OBJECT, &out->kwargs, err);
    }
    if (r == PLAIN_OK && members > 0 && parts == 0)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters",
                         "parameters: neither \"args\" nor \"kwargs\": the stored form is "
                         "{\"args\": [], \"kwargs\": {...}}");
    return r;
}

/* A struct of parameters that is being filled. */
struct filling {
    const plain_job_class *cls;
    unsigned char *params; /* zeroed; NULL for a class without a struct */
    struct arena *a;
    bool given[CLASS_PARAMS_MAX];
};

/* An optional parameter that is absent or null: its fallback, which class_check() has tried. */
static int fill_fallback(struct filling *f, const plain_param *param, plain_error *err)
{
    const char *fallback = class_param_fallback(f->cls, param);

    if (!fallback)
        return PLAIN_OK;
    return param_read(param, jtext_of(fallback), f->a, f->params + param->offset, err);
}

static int fill_param(struct filling *f, size_t i, struct jtext value, plain_error *err)
{
    const plain_param *param = class_param(f->cls, i);

    if (f->given[i])
        return error_set(err, PLAIN_E_INVALID, 602, param->name,
                         "parameter '%s' is given twice, in args and in kwargs", param->name);
    f->given[i] = true;
    if ((param->flags & PLAIN_OPTIONAL) && jtext_kind(value) == JTEXT_NULL)
        return fill_fallback(f, param, err);
    return param_read(param, value, f->a, f->params + param->offset, err);
}

static int fill_args(struct filling *f, struct jtext args, plain_error *err)
{
    struct jtext_walk walk = jtext_walk_start(args);
    struct jtext_member m;
    size_t count = class_param_count(f->cls);

    for (size_t i = 0; jtext_walk_next(&walk, &m); i++) {
        if (i == count)
            return error_set(err, PLAIN_E_INVALID, 104, "args",
                             "more values in args than the %zu parameters of job class '%s'", count,
                             f->cls->name);
        int r = fill_param(f, i, m.value, err);
        if (r < 0)
            return r;
    }
    return PLAIN_OK;
}

static int refuse_key(const plain_job_class *cls, struct jtext key, plain_error *err)
{
    char name[SHOWN_SIZE];

    (void)utf8_clean(name, sizeof(name), key.p + 1, key.n - 2);
    return class_unknown_param(cls, name, err);
}

static int fill_kwargs(struct filling *f, struct jtext kwargs, plain_error *err)
{
    struct jtext_walk walk = jtext_walk_start(kwargs);
    struct jtext_member m;
    int r = PLAIN_OK;

    while (r == PLAIN_OK && jtext_walk_next(&walk, &m)) {
        size_t i = 0;

        while (class_param(f->cls, i) && !jtext_key_is(m.key, class_param(f->cls, i)->name))
            i++;
        r = class_param(f->cls, i) ? fill_param(f, i, m.value, err)
                                   : refuse_key(f->cls, m.key, err);
    }
    return r;
}

static int fill_rest(struct filling *f, plain_error *err)
{
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && class_param(f->cls, i); i++) {
        const plain_param *param = class_param(f->cls, i);

        if (f->given[i])
            continue;
        if (!(param->flags & PLAIN_OPTIONAL))
            return error_set(err, PLAIN_E_INVALID, 102, param->name,
                             "job class '%s' needs parameter '%s'", f->cls->name, param->name);
        r = fill_fallback(f, param, err);
    }
    return r;
}

static int fill(const plain_job_class *cls, const struct stored *parts, struct arena *a,
                const void **params, plain_error *err)
{
    struct filling f = {.cls = cls, .a = a};

    if (cls->params_size > 0) {
        f.params = arena_alloc(a, cls->params_size);
        if (!f.params)
            return error_nomem(err);
    }
    int r = fill_args(&f, parts->args, err);
    if (r == PLAIN_OK)
        r = fill_kwargs(&f, parts->kwargs, err);
    if (r == PLAIN_OK)
        r = fill_rest(&f, err);
    if (r == PLAIN_OK)
        *params = f.params;
    return r;
}

int params_decode(const plain_job_class *cls, const char *stored, struct arena *a,
                  const void **params, plain_error *err)
{
    struct stored parts;
    int r = split_stored(stored, &parts, err);

    if (r < 0)
        return r;
    *params = NULL;
    return executable_class_takes_any(cls) ? PLAIN_OK : fill(cls, &parts, a, params, err);
}

/* Whether the object suits the class: by filling a struct that nobody reads. */
static int check_object(const plain_job_class *cls, struct jtext object, plain_error *err)
{
    const struct stored parts = {.args = nothing_stored.args, .kwargs = object};
    struct arena a = ARENA_INIT;
    const void *params;
    int r = fill(cls, &parts, &a, &params, err);

    arena_release(&a);
    return r;
}

int params_from_json(const plain_job_class *cls, const char *json, struct buf *out,
                     plain_error *err)
{
    struct jtext object = {0};
    size_t start = out->len;
    size_t n = json ? strnlen(json, PARAMS_SIZE_MAX) : 0;

    if (n + FRAME_SIZE > PARAMS_SIZE_MAX)
        return refuse_size(err);
    int r = json ? jtext_check(json, n, PARAMS_DEPTH_MAX, "parameters", &object, err) : PLAIN_OK;
    if (!json)
        object = jtext_of("{}");
    if (r < 0)
        return r;
    if (jtext_kind(object) != JTEXT_OBJECT)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters",
                         "parameters: %s, not an object {\"name\": value}",
                         jtext_kind_name(jtext_kind(object)));
    r = executable_class_takes_any(cls) ? PLAIN_OK : check_object(cls, object, err);
    if (r < 0)
        return r;
    buf_puts(out, stored_start);
    buf_put(out, object.p, object.n);
    buf_puts(out, stored_end);
    return finish(out, start, err);
}

int params_kwargs(const char *stored, const char **text, size_t *length, plain_error *err)
{
    struct stored parts;
    int r = split_stored(stored, &parts, err);

    if (r == PLAIN_OK) {
        *text = parts.kwargs.p;
        *length = parts.kwargs.n;
    }
    return r;
}
