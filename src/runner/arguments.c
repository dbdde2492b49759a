#include "runner/arguments.h"

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "core/class.h"
#include "core/executable_class.h"
#include "core/params.h"

/* An object that is being written. */
struct writing {
    const plain_job_class *cls;
    struct buf out;
    bool given[CLASS_PARAMS_MAX];
};

static void put_name(struct writing *w, const char *name)
{
    buf_putf(&w->out, "%s\"%s\": ", w->out.len > 1 ? ", " : "", name);
}

/* A null stands for absence where there is a default, as for a class in C. */
static void put_value(struct writing *w, size_t i, struct jtext value)
{
    const plain_param *param = class_param(w->cls, i);

    if (!param || (jtext_kind(value) == JTEXT_NULL && class_param_fallback(w->cls, param)))
        return;
    put_name(w, param->name);
    buf_put(&w->out, value.p, value.n);
    w->given[i] = true;
}

static void put_args(struct writing *w, struct jtext args)
{
    struct jtext_walk walk = jtext_walk_start(args);
    struct jtext_member m;

    for (size_t i = 0; jtext_walk_next(&walk, &m); i++)
        put_value(w, i, m.value);
}

static void put_kwargs(struct writing *w, struct jtext kwargs)
{
    struct jtext_walk walk = jtext_walk_start(kwargs);
    struct jtext_member m;

    while (jtext_walk_next(&walk, &m)) {
        size_t i = 0;

        while (class_param(w->cls, i) && !jtext_key_is(m.key, class_param(w->cls, i)->name))
            i++;
        put_value(w, i, m.value);
    }
}

static void put_defaults(struct writing *w)
{
    for (size_t i = 0; class_param(w->cls, i); i++) {
        const plain_param *param = class_param(w->cls, i);
        const char *fallback = class_param_fallback(w->cls, param);

        if (w->given[i] || !fallback)
            continue;
        put_name(w, param->name);
        buf_puts(&w->out, fallback);
    }
}

/* stored has passed the check: what is not of the form is not there. */
static int put_stored(struct writing *w, const char *stored, plain_error *err)
{
    struct jtext whole = {.p = "{}", .n = 2};
    struct jtext_member m;

    if (stored) {
        int r =
            jtext_check(stored, strlen(stored), PARAMS_DEPTH_MAX + 1, "parameters", &whole, err);
        if (r < 0)
            return r;
    }
    buf_putc(&w->out, '{');
    if (jtext_kind(whole) == JTEXT_OBJECT) {
        struct jtext_walk walk = jtext_walk_start(whole);

        while (jtext_walk_next(&walk, &m)) {
            if (jtext_key_is(m.key, "args"))
                put_args(w, m.value);
            else if (jtext_key_is(m.key, "kwargs"))
                put_kwargs(w, m.value);
        }
    }
    put_defaults(w);
    buf_putc(&w->out, '}');
    return buf_ok(&w->out) ? PLAIN_OK : error_nomem(err);
}

int arguments_make(const plain_job_class *cls, const char *stored, struct arena *a,
                   struct jtext *out, plain_error *err)
{
    struct writing w = {.cls = cls, .out = BUF_INIT(PARAMS_BUF_MAX)};
    const void *params;

    if (executable_class_takes_any(cls))
        return params_kwargs(stored, &out->p, &out->n, err);
    int r = params_decode(cls, stored, a, &params, err);
    if (r == PLAIN_OK)
        r = put_stored(&w, stored, err);
    if (r == PLAIN_OK) {
        *out = (struct jtext){arena_memdup(a, w.out.data, w.out.len), w.out.len};
        r = out->p ? PLAIN_OK : error_nomem(err);
    }
    buf_release(&w.out);
    return r;
}
