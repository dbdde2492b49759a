#include "core/param_text.h"

#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "core/param_value.h"

const char param_type_words[] =
    "bool, int32, int64, uint32, double, string, json, date, datetime and model, and arrays of "
    "them in the plural: strings";

static const struct {
    plain_type type;
    const char *tag; /* in front of its stored texts */
} tags[] = {
    {PLAIN_TYPE_DATE, "__plain://date/"},
    {PLAIN_TYPE_DATETIME, "__plain://datetime/"},
    {PLAIN_TYPE_MODEL, "__plain://model/"},
};

bool param_type_by_name(const char *name, plain_type *out)
{
    char word[PARAM_TYPE_NAME_SIZE];

    for (unsigned type = PLAIN_TYPE_BOOL; type <= PLAIN_TYPE_MODEL; type++) {
        size_t n = strlen(param_type_name((plain_type)type, word));

        if (n == 0 || strncmp(name, word, n) != 0)
            continue;
        bool is_array = strcmp(name + n, "s") == 0 || strcmp(name + n, "[]") == 0;
        if (is_array || name[n] == '\0') {
            *out = (plain_type)(type + (is_array ? PLAIN_TYPE_ARRAY : 0));
            return true;
        }
    }
    return false;
}

const char *param_text(struct jtext value, plain_type type, struct arena *a)
{
    if (jtext_kind(value) != JTEXT_STRING)
        return arena_strndup(a, value.p, value.n);
    const char *text = jtext_string(value, a);
    for (size_t i = 0; text && i < ARRAY_SIZE(tags); i++) {
        if (tags[i].type == type && text_starts_with(text, tags[i].tag))
            return text + strlen(tags[i].tag);
    }
    return text;
}
