#include "core/key_template.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "core/class.h"
#include "core/json.h"
#include "core/param_text.h"
#include "core/params.h"

/* A part of a template: n bytes that stand for themselves, or the name of a parameter. */
struct piece {
    const char *p;
    size_t n;
    bool is_name;
};

/* The piece at *text, which is not at its end, and moves *text behind it. False when a brace has no
 * other half. */
static bool next_piece(const char **text, struct piece *out)
{
    const char *p = *text;

    if (p[0] != '{' && p[0] != '}') {
        *out = (struct piece){.p = p, .n = strcspn(p, "{}")};
        *text = p + out->n;
        return true;
    }
    if (p[1] == p[0]) {
        *out = (struct piece){.p = p, .n = 1};
        *text = p + 2;
        return true;
    }
    size_t n = strcspn(p + 1, "{}");
    *out = (struct piece){.p = p + 1, .n = n, .is_name = true};
    *text = p + n + 2;
    return p[0] == '{' && p[n + 1] == '}';
}

static const plain_param *find_param(const plain_job_class *cls, const struct piece *piece)
{
    for (size_t i = 0; class_param(cls, i); i++) {
        const plain_param *param = class_param(cls, i);

        if (strlen(param->name) == piece->n && memcmp(param->name, piece->p, piece->n) == 0)
            return param;
    }
    return NULL;
}

static int refuse_name(const plain_job_class *cls, const struct piece *piece, plain_error *err)
{
    plain_error unknown;
    char name[PLAIN_NAME_MAX + 1];

    (void)snprintf(name, sizeof(name), "%.*s", (int)piece->n, piece->p);
    (void)class_unknown_param(cls, name, &unknown);
    (void)error_set(err, PLAIN_E_INVALID, 202, "concurrency_key",
                    "concurrency_key has {%s}, which is none of the params", name);
    error_fix(err, "%s", unknown.fix);
    return PLAIN_E_INVALID;
}

int key_template_check(const char *text, const plain_job_class *cls, plain_error *err)
{
    struct piece piece;

    for (const char *p = text; *p;) {
        if (!next_piece(&p, &piece)) {
            (void)error_set(err, PLAIN_E_INVALID, 202, "concurrency_key",
                            "concurrency_key has a brace without its other half: '%s'", text);
            error_fix(err, "write {name} for a parameter, {{ and }} for braces themselves");
            return PLAIN_E_INVALID;
        }
        if (piece.is_name && !find_param(cls, &piece))
            return refuse_name(cls, &piece, err);
    }
    return PLAIN_OK;
}

/* The parameter's value, a slice of kwargs; false when it is absent. */
static bool find_value(struct jtext kwargs, const char *name, struct jtext *out)
{
    struct jtext_walk walk = jtext_walk_start(kwargs);
    struct jtext_member m;

    while (jtext_walk_next(&walk, &m)) {
        if (jtext_key_is(m.key, name)) {
            *out = m.value;
            return true;
        }
    }
    return false;
}

/* False when memory is out: a key that lacks a part would be another's. */
static bool put_param(const plain_param *param, struct jtext kwargs, struct arena *a,
                      struct buf *out)
{
    struct jtext value;

    if (!find_value(kwargs, param->name, &value))
        return true;
    const char *text = param_text(value, param->type, a);
    buf_puts(out, text ? text : "");
    return text != NULL;
}

static bool put_all(const char *text, const plain_job_class *cls, struct jtext kwargs,
                    struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct piece piece;
    bool ok = true;

    for (const char *p = text; ok && *p && next_piece(&p, &piece);) {
        if (piece.is_name)
            ok = put_param(find_param(cls, &piece), kwargs, &a, out);
        else
            buf_put(out, piece.p, piece.n);
    }
    arena_release(&a);
    return ok && buf_ok(out);
}

int key_template_render(const char *text, const plain_job_class *cls, const void *params, char *out,
                        size_t size)
{
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    struct buf key = BUF_INIT(PARAMS_BUF_MAX);
    struct jtext kwargs = {0};
    int r = params_encode(cls, params, &stored, NULL);

    if (r == PLAIN_OK)
        r = params_kwargs(stored.data, &kwargs.p, &kwargs.n, NULL);
    if (r == PLAIN_OK)
        r = put_all(text, cls, kwargs, &key) ? snprintf(out, size, "%s", key.data) : PLAIN_E_NOMEM;
    buf_release(&key);
    buf_release(&stored);
    return r;
}
