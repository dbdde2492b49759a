#include "core/param_value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "core/param_type.h"
#include "core/params.h"

/* What every array type is in memory, whatever its items are. */
struct items {
    const void *first;
    size_t count;
};

_Static_assert(sizeof(struct items) == sizeof(plain_models), "one layout for all arrays");
_Static_assert(offsetof(struct items, count) == offsetof(plain_strings, count),
               "one layout for all arrays");

static bool is_array(plain_type type)
{
    return type > PLAIN_TYPE_ARRAY;
}

/* Of the value, or of an array's items. */
static const struct param_type *value_type(plain_type type)
{
    return param_type_find((plain_type)(is_array(type) ? type - PLAIN_TYPE_ARRAY : type));
}

size_t param_size(plain_type type)
{
    const struct param_type *value = value_type(type);

    if (!value)
        return 0;
    return is_array(type) ? sizeof(struct items) : value->size;
}

const char *param_type_name(plain_type type, char out[PARAM_TYPE_NAME_SIZE])
{
    const struct param_type *value = value_type(type);

    (void)snprintf(out, PARAM_TYPE_NAME_SIZE, "%s%s", value ? value->name : "",
                   value && is_array(type) ? "[]" : "");
    return out;
}

static struct param_ref refer(const plain_param *param)
{
    const struct param_type *type = value_type(param->type);

    assert(type); /* class_check() has passed it */
    return (struct param_ref){.type = type, .name = param->name, .flags = param->flags};
}

bool param_is_absent(const plain_param *param, const void *field)
{
    struct items items;

    if (!is_array(param->type))
        return param_type_is_absent(value_type(param->type), field);
    memcpy(&items, field, sizeof(items));
    return !items.first && items.count == 0;
}

static int refuse_array(const plain_param *param, const char *got, plain_error *err)
{
    char type[PARAM_TYPE_NAME_SIZE];

    return error_set(err, PLAIN_E_INVALID, 103, param->name,
                     "parameter '%s' takes an array (%s), not %s", param->name,
                     param_type_name(param->type, type), got);
}

static int read_value(const struct param_ref *ref, struct jtext value, struct arena *a, void *out,
                      plain_error *err)
{
    if (jtext_kind(value) == JTEXT_NULL && !ref->type->takes_null)
        return param_refuse(ref, "null", err);
    return ref->type->read(ref, value, a, out, err);
}

static size_t count_items(struct jtext array)
{
    struct jtext_walk walk = jtext_walk_start(array);
    struct jtext_member m;
    size_t n = 0;

    while (jtext_walk_next(&walk, &m))
        n++;
    return n;
}

static int read_items(struct param_ref ref, struct jtext array, struct arena *a, void *field,
                      plain_error *err)
{
    struct jtext_walk walk = jtext_walk_start(array);
    struct jtext_member m;
    size_t count = count_items(array);
    unsigned char *items = arena_array(a, count, ref.type->size);

    if (!items)
        return error_nomem(err);
    ref.is_item = true;
    for (; jtext_walk_next(&walk, &m); ref.index++) {
        int r = read_value(&ref, m.value, a, items + ref.index * ref.type->size, err);
        if (r < 0)
            return r;
    }
    memcpy(field, &(struct items){.first = items, .count = count}, sizeof(struct items));
    return PLAIN_OK;
}

int param_read(const plain_param *param, struct jtext value, struct arena *a, void *field,
               plain_error *err)
{
    const struct param_ref ref = refer(param);

    if (!is_array(param->type))
        return read_value(&ref, value, a, field, err);
    if (jtext_kind(value) != JTEXT_ARRAY)
        return refuse_array(param, jtext_kind_name(jtext_kind(value)), err);
    return read_items(ref, value, a, field, err);
}

/* A count that cannot be meant: not even the commas fit. Then items may not be looked at. */
static int check_items(const plain_param *param, const struct items *items, plain_error *err)
{
    if (!items->first && items->count > 0)
        return refuse_array(param, "one with a count and items NULL", err);
    if (items->count > PARAMS_SIZE_MAX / 2)
        return refuse_array(param, "one with more items than 1 MiB of JSON can hold", err);
    return PLAIN_OK;
}

static int write_item(const struct param_ref *ref, const void *value, struct buf *out,
                      plain_error *err)
{
    if (param_type_is_absent(ref->type, value))
        return param_refuse(ref, "an empty item (NULL, or all zero)", err);
    if (ref->index > 0)
        buf_puts(out, ", ");
    return ref->type->write(ref, value, out, err);
}

/* Ends early when the text has become too large or memory is out: the caller asks for both. */
static int write_items(struct param_ref ref, const struct items *items, struct buf *out,
                       plain_error *err)
{
    const unsigned char *first = items->first;
    size_t start = out->len;

    buf_putc(out, '[');
    ref.is_item = true;
    for (; ref.index < items->count; ref.index++) {
        int r = write_item(&ref, first + ref.index * ref.type->size, out, err);
        if (r < 0)
            return r;
        if (!buf_ok(out) || out->len - start > PARAMS_SIZE_MAX)
            return PLAIN_OK;
    }
    buf_putc(out, ']');
    return PLAIN_OK;
}

int param_write(const plain_param *param, const void *field, struct buf *out, plain_error *err)
{
    const struct param_ref ref = refer(param);
    struct items items;

    if (is_array(param->type)) {
        memcpy(&items, field, sizeof(items));
        int r = check_items(param, &items, err);
        return r < 0 ? r : write_items(ref, &items, out, err);
    }
    if (param_type_is_absent(ref.type, field))
        return error_set(err, PLAIN_E_INVALID, 102, param->name,
                         "parameter '%s' is required, and its field is NULL or all zero",
                         param->name);
    return ref.type->write(&ref, field, out, err);
}

/* One item of a JSON array on the command line: where the type has a tag, the text may do without
 * it there too. */
static int item_from_text(const struct param_ref *ref, struct jtext item, struct buf *out,
                          plain_error *err)
{
    struct arena a = ARENA_INIT;
    int r = PLAIN_OK;

    if (!ref->type->tag || jtext_kind(item) != JTEXT_STRING) {
        buf_put(out, item.p, item.n);
        return PLAIN_OK;
    }
    const char *text = jtext_string(item, &a);
    r = text ? ref->type->from_text(ref, text, out, err) : error_nomem(err);
    arena_release(&a);
    return r;
}

static int items_from_text(struct param_ref ref, struct jtext array, struct buf *out,
                           plain_error *err)
{
    struct jtext_walk walk = jtext_walk_start(array);
    struct jtext_member m;

    buf_putc(out, '[');
    ref.is_item = true;
    for (; jtext_walk_next(&walk, &m); ref.index++) {
        if (ref.index > 0)
            buf_puts(out, ", ");
        int r = item_from_text(&ref, m.value, out, err);
        if (r < 0)
            return r;
    }
    buf_putc(out, ']');
    return PLAIN_OK;
}

int param_from_text(const plain_param *param, const char *text, struct buf *out, plain_error *err)
{
    const struct param_ref ref = refer(param);
    struct jtext array = {0};

    if (!is_array(param->type))
        return ref.type->from_text(&ref, text, out, err);
    int r = jtext_check(text, strlen(text), PARAMS_DEPTH_MAX - 1, param->name, &array, err);
    if (r < 0)
        return r == PLAIN_E_NOMEM ? r : refuse_array(param, "a text that is not JSON", err);
    if (jtext_kind(array) != JTEXT_ARRAY)
        return refuse_array(param, jtext_kind_name(jtext_kind(array)), err);
    return items_from_text(ref, array, out, err);
}
