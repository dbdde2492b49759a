#include "tests/core/golden_line.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/harness.h"

/* Where a member of a line goes. */
static const struct {
    const char *name;
    size_t offset;
    enum { AS_TEXT, AS_VALUE, AS_BOOL } form;
} members[] = {
    {"op", offsetof(struct golden_line, op), AS_TEXT},
    {"description", offsetof(struct golden_line, description), AS_TEXT},
    {"error", offsetof(struct golden_line, expected_error), AS_TEXT},
    {"args", offsetof(struct golden_line, args), AS_VALUE},
    {"kwargs", offsetof(struct golden_line, kwargs), AS_VALUE},
    {"stored", offsetof(struct golden_line, stored), AS_VALUE},
    {"expected", offsetof(struct golden_line, expected), AS_VALUE},
    {"unchanged", offsetof(struct golden_line, unchanged), AS_BOOL},
};

static void keep(struct golden_line *line, size_t i, struct jtext value, struct arena *a)
{
    unsigned char *field = (unsigned char *)line + members[i].offset;
    const char *text;
    bool b = jtext_kind(value) == JTEXT_TRUE;

    switch (members[i].form) {
    case AS_TEXT:
        text = jtext_string(value, a);
        assert_non_null(text);
        memcpy(field, &text, sizeof(text));
        break;
    case AS_VALUE:
        memcpy(field, &value, sizeof(value));
        break;
    case AS_BOOL:
        memcpy(field, &b, sizeof(b));
        break;
    }
}

static void split(struct jtext object, struct arena *a, struct golden_line *out)
{
    struct jtext_walk walk = jtext_walk_start(object);
    struct jtext_member m;

    while (jtext_walk_next(&walk, &m)) {
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
            if (jtext_key_is(m.key, members[i].name))
                keep(out, i, m.value, a);
        }
    }
}

bool golden_line_read(FILE *f, struct arena *a, struct golden_line *out)
{
    char *line = NULL;
    size_t room = 0;

    if (getline(&line, &room, f) <= 0) {
        free(line);
        return false;
    }
    char *text = arena_strndup(a, line, strcspn(line, "\n"));
    free(line);
    assert_non_null(text);
    *out = (struct golden_line){0};
    out->is_json = jtext_check(text, strlen(text), 128, "line", NULL, NULL) == PLAIN_OK;
    split(jtext_of(text), a, out);
    return true;
}
