#include "core/tag.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/class.h"
#include "core/iso8601.h"

enum { MODEL_PARTS = 3 };

/* A prefix, and how to read what stands behind it. */
struct tag_form {
    const char *prefix;
    const char *(*read)(char *text, void *value);
};

struct tag {
    struct tag_form form;     /* what is written */
    struct tag_form old_form; /* what older rows hold, too; prefix NULL: there is none */
    const char *untagged;     /* what a string without a prefix is instead */
    const char *(*write)(const char *prefix, const void *value, char out[TAG_SIZE]);
};

static const char *read_date(char *text, void *value)
{
    return iso_parse_date(text, value);
}

static const char *read_datetime(char *text, void *value)
{
    return iso_parse_datetime(text, value);
}

static const char *write_date(const char *prefix, const void *value, char out[TAG_SIZE])
{
    char text[ISO_DATE_SIZE] = "";
    const char *fault = iso_format_date(value, text);

    (void)snprintf(out, TAG_SIZE, "%s%s", prefix, text);
    return fault;
}

static const char *write_datetime(const char *prefix, const void *value, char out[TAG_SIZE])
{
    char text[ISO_DATETIME_SIZE] = "";
    const char *fault = iso_format_datetime(value, text);

    (void)snprintf(out, TAG_SIZE, "%s%s", prefix, text);
    return fault;
}

static const char *model_fault(const plain_model *model)
{
    const char *const parts[MODEL_PARTS] = {model->package, model->model, model->id};

    for (int i = 0; i < MODEL_PARTS; i++) {
        if (!parts[i])
            return "one with a part that is NULL";
        if (class_text_fault(parts[i], false) || strchr(parts[i], '/'))
            return "one with a part that is not 1 to 255 bytes of UTF-8 without '/' and control "
                   "characters";
    }
    return NULL;
}

static const char *read_model(char *text, void *value)
{
    char *parts[MODEL_PARTS];
    char *rest = text;
    plain_model *model = value;

    for (int i = 0; i < MODEL_PARTS; i++) {
        parts[i] = rest;
        rest = strchr(rest, '/');
        if (!rest != (i == MODEL_PARTS - 1))
            return "one that is not of three parts, package/model/id";
        if (rest)
            *rest++ = '\0';
    }
    *model = (plain_model){.package = parts[0], .model = parts[1], .id = parts[2]};
    return model_fault(model);
}

/* Older rows name the class of a model, which is the model's name in mixed case. */
static const char *read_old_model(char *text, void *value)
{
    char *start = strchr(text, '/');

    for (char *p = start ? start + 1 : text; start && *p && *p != '/'; p++)
        *p = text_lower(*p);
    return read_model(text, value);
}

static const char *write_model(const char *prefix, const void *value, char out[TAG_SIZE])
{
    const plain_model *model = value;
    const char *fault = model_fault(model);

    if (!fault)
        (void)snprintf(out, TAG_SIZE, "%s%s/%s/%s", prefix, model->package, model->model,
                       model->id);
    return fault;
}

const struct tag tag_date = {
    .form = {"__plain://date/", read_date},
    .untagged = "a string that does not begin with '__plain://date/'",
    .write = write_date,
};

const struct tag tag_datetime = {
    .form = {"__plain://datetime/", read_datetime},
    .untagged = "a string that does not begin with '__plain://datetime/'",
    .write = write_datetime,
};

const struct tag tag_model = {
    .form = {"__plain://model/", read_model},
    .old_form = {"gid://", read_old_model},
    .untagged = "a string that does not begin with '__plain://model/'",
    .write = write_model,
};

/* The form that text has, moved behind its prefix; NULL when it has none. */
static const struct tag_form *take_prefix(const struct tag *tag, char **text)
{
    const struct tag_form *const forms[] = {&tag->form, &tag->old_form};

    for (size_t i = 0; i < ARRAY_SIZE(forms) && forms[i]->prefix; i++) {
        if (text_starts_with(*text, forms[i]->prefix)) {
            *text += strlen(forms[i]->prefix);
            return forms[i];
        }
    }
    return NULL;
}

const char *tag_read(const struct tag *tag, char *text, void *value)
{
    const struct tag_form *form = take_prefix(tag, &text);

    return form ? form->read(text, value) : tag->untagged;
}

const char *tag_read_bare(const struct tag *tag, char *text, void *value)
{
    const struct tag_form *form = take_prefix(tag, &text);

    return form ? form->read(text, value) : tag->form.read(text, value);
}

const char *tag_write(const struct tag *tag, const void *value, char out[TAG_SIZE])
{
    return tag->write(tag->form.prefix, value, out);
}
