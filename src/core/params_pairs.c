/*
 * params_pairs.c - parameters from a command line: "name=value" texts to a JSON object
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/class.h"
#include "core/executable_class.h"
#include "core/json.h"
#include "core/param_value.h"
#include "core/params.h"

struct pair {
    char name[PLAIN_NAME_MAX + 1];
    const char *value;
};

static int split_pair(const char *text, struct pair *out, plain_error *err)
{
    const char *sign = strchr(text, '=');
    size_t n = sign ? (size_t)(sign - text) : 0;

    if (!sign || n == 0)
        return error_set(err, PLAIN_E_INVALID, 103, text,
                         "'%s' is not a parameter: write NAME=VALUE", text);
    if (n > PLAIN_NAME_MAX || !utf8_valid(text, n))
        return error_set(err, PLAIN_E_INVALID, 103, "parameters",
                         "the name of a parameter is not valid UTF-8 or longer than 255 bytes");
    memcpy(out->name, text, n);
    out->name[n] = '\0';
    out->value = sign + 1;
    return PLAIN_OK;
}

/* Whether one of the first n texts gives the same name. */
static bool is_given(const char *const *pairs, size_t n, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < n; i++) {
        if (strncmp(pairs[i], name, length) == 0 && pairs[i][length] == '=')
            return true;
    }
    return false;
}

static const plain_param *find_param(const plain_job_class *cls, const char *name)
{
    size_t i = 0;

    while (class_param(cls, i) && strcmp(class_param(cls, i)->name, name) != 0)
        i++;
    return class_param(cls, i);
}

static int put_declared(const plain_job_class *cls, const struct pair *pair, struct buf *json,
                        plain_error *err)
{
    const plain_param *param = find_param(cls, pair->name);

    if (!param)
        return class_unknown_param(cls, pair->name, err);
    return param_from_text(param, pair->value, json, err);
}

/* Without a declared type: JSON where the text is JSON, else a string. JSON's own strings, in their
 * quotes, would be hard to tell from texts that begin with one, so they are texts. */
static int put_guessed(const struct pair *pair, struct buf *json, plain_error *err)
{
    size_t n = strlen(pair->value);

    if (!utf8_valid(pair->value, n))
        return error_set(err, PLAIN_E_INVALID, 602, pair->name, "parameter '%s' is not valid UTF-8",
                         pair->name);
    bool is_json = pair->value[0] != '"' &&
                   jtext_check(pair->value, n, PARAMS_DEPTH_MAX - 1, "", NULL, NULL) == PLAIN_OK;
    if (is_json)
        buf_put(json, pair->value, n);
    else
        buf_put_json(json, pair->value);
    return PLAIN_OK;
}

static int put_pair(const plain_job_class *cls, const char *const *pairs, size_t i,
                    struct buf *json, plain_error *err)
{
    struct pair pair = {.value = ""};
    int r = split_pair(pairs[i], &pair, err);

    if (r < 0)
        return r;
    if (is_given(pairs, i, pair.name))
        return error_set(err, PLAIN_E_INVALID, 602, pair.name, "parameter '%s' is given twice",
                         pair.name);
    if (i > 0)
        buf_puts(json, ", ");
    buf_put_json(json, pair.name);
    buf_puts(json, ": ");
    return executable_class_takes_any(cls) ? put_guessed(&pair, json, err)
                                           : put_declared(cls, &pair, json, err);
}

int params_from_pairs(const plain_job_class *cls, const char *const *pairs, size_t n,
                      struct buf *json, plain_error *err)
{
    if (n > CLASS_PARAMS_MAX)
        return error_set(err, PLAIN_E_INVALID, 602, "parameters", "more than %d parameters",
                         CLASS_PARAMS_MAX);
    buf_putc(json, '{');
    for (size_t i = 0; i < n; i++) {
        int r = put_pair(cls, pairs, i, json, err);
        if (r < 0)
            return r;
    }
    buf_putc(json, '}');
    return buf_ok(json) ? PLAIN_OK : error_nomem(err);
}
