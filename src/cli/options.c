#include "cli/options.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* One word of the command line, or two when an option's value is a word of its own. */
struct token {
    const char *text;                /* as it was written */
    const struct cli_option *option; /* NULL: an operand, or an option that nobody has */
    const char *name;                /* of an option, without dashes and value; NULL: an operand */
    const char *value;               /* NULL: none was given */
};

struct reading {
    const struct option_table *table;
    struct arena *a;
    struct token *tokens;
    size_t count;
    struct arguments *out;
    plain_error *err;
};

static bool option_is_called(const struct cli_option *option, const char *name, bool by_letter)
{
    if (by_letter)
        return option->letter && name[0] == option->letter && name[1] == '\0';
    return strcmp(option->name, name) == 0;
}

static const struct cli_option *find_among(const struct cli_option *options, const char *name,
                                           bool by_letter)
{
    for (const struct cli_option *o = options; o && o->name; o++) {
        if (option_is_called(o, name, by_letter))
            return o;
    }
    return NULL;
}

/* So a command line can be cut into words before the command is known. */
const struct cli_option *option_find(const struct option_table *table, const char *name,
                                     bool by_letter)
{
    const struct cli_option *found = find_among(table->globals, name, by_letter);

    for (size_t i = 0; !found && i < table->command_count; i++)
        found = find_among(table->commands[i].options, name, by_letter);
    return found;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "-1" is a number and "-" a file: only a letter behind the dashes makes an option. */
static bool is_option_word(const char *text)
{
    return text[0] == '-' && is_letter(text[1] == '-' ? text[2] : text[1]);
}

/* Fills *token from an option word; its value may still stand in the next word. */
static int read_option_word(struct reading *r, const char *text, struct token *token)
{
    bool by_letter = text[1] != '-';
    const char *name = text + (by_letter ? 1 : 2);
    const char *equals = by_letter ? NULL : strchr(name, '=');
    char *copy = arena_strndup(r->a, name, equals ? (size_t)(equals - name) : strlen(name));

    if (!copy)
        return error_nomem(r->err);
    *token = (struct token){.text = text,
                            .option = option_find(r->table, copy, by_letter),
                            .name = copy,
                            .value = equals ? equals + 1 : NULL};
    if (token->option && !token->option->value && token->value)
        return error_set(r->err, PLAIN_E_INVALID, 201, copy, "--%s takes no value", copy);
    return PLAIN_OK;
}

/* The next word is the value, unless it looks like an option: then it was most likely forgotten. */
static int read_value_word(struct reading *r, const char *next, struct token *token)
{
    if (next && !text_starts_with(next, "--")) {
        token->value = next;
        return PLAIN_OK;
    }
    (void)error_set(r->err, PLAIN_E_INVALID, 201, token->name, "--%s lacks its value, %s",
                    token->name, token->option->value);
    if (next)
        error_fix(r->err, "if \"%s\" is the value, write --%s=%s", next, token->name, next);
    return PLAIN_E_INVALID;
}

static int read_tokens(struct reading *r, int argc, char *const *argv)
{
    bool options_end = false;

    r->tokens = arena_array(r->a, (size_t)argc + 1, sizeof(*r->tokens));
    if (!r->tokens)
        return error_nomem(r->err);
    for (int i = 1; i < argc; i++) {
        struct token *token = &r->tokens[r->count];

        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        r->count++;
        token->text = argv[i];
        if (options_end || !is_option_word(argv[i]))
            continue;
        int rc = read_option_word(r, argv[i], token);
        bool lacks_value = token->option && token->option->value && !token->value;
        if (rc == PLAIN_OK && lacks_value)
            rc = read_value_word(r, i + 1 < argc ? argv[++i] : NULL, token);
        if (rc < 0)
            return rc;
    }
    return PLAIN_OK;
}

static int apply(struct reading *r, const struct cli_option *option, const char *value)
{
    struct option_values *values = &r->out->values[option->id];

    if (!values->texts)
        values->texts = arena_array(r->a, r->count, sizeof(*values->texts));
    if (!values->texts)
        return error_nomem(r->err);
    if (!option->repeatable)
        values->count = 0;
    values->texts[values->count++] = value ? value : "";
    return PLAIN_OK;
}

static bool is_global(const struct reading *r, const struct token *t)
{
    return t->option && t->option == find_among(r->table->globals, t->option->name, false);
}

static int apply_globals(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct token *t = &r->tokens[i];
        int rc = is_global(r, t) ? apply(r, t->option, t->value) : PLAIN_OK;

        if (rc < 0)
            return rc;
    }
    return PLAIN_OK;
}

static int read_operands(struct reading *r)
{
    assert(r->tokens);
    r->out->operands = arena_array(r->a, r->count + 1, sizeof(*r->out->operands));
    if (!r->out->operands)
        return error_nomem(r->err);
    for (size_t i = 0; i < r->count; i++) {
        if (!r->tokens[i].name)
            r->out->operands[r->out->operand_count++] = r->tokens[i].text;
    }
    return PLAIN_OK;
}

/* The group whose name is nearest to word, or NULL. */
static const char *nearest_group(const struct option_table *table, const char *word)
{
    const char *near = NULL;

    for (size_t i = 0; !near && i < table->command_count; i++) {
        if (table->commands[i].group[0])
            near = text_nearest(word, &table->commands[i].group, 1);
    }
    return near;
}

static int unknown_command(struct reading *r, const char *word)
{
    const struct command *near = command_nearest(r->table, word);
    const char *group = r->out->group[0] ? NULL : nearest_group(r->table, word);
    const char *title = near ? command_title(r->a, near) : NULL;

    (void)error_set(r->err, PLAIN_E_INVALID, 201, "command", "there is no command \"%s\"", word);
    if (group)
        error_fix(r->err, "did you mean `plain %s ...`? See all with `plain help`", group);
    else if (title)
        error_fix(r->err, "did you mean `%s`? See all with `plain help`", title);
    return PLAIN_E_INVALID;
}

static void drop_operands(struct arguments *args, size_t n)
{
    args->operands += n;
    args->operand_count -= n;
}

/* Takes the words of the command from the front of the operands. */
static int read_command(struct reading *r)
{
    struct arguments *out = r->out;

    out->group = "";
    if (out->operand_count > 0 && command_is_group(r->table, out->operands[0])) {
        out->group = out->operands[0];
        drop_operands(out, 1);
    }
    if (out->operand_count == 0)
        return PLAIN_OK;
    const char *word = out->operands[0];
    out->command = command_find(r->table, out->group, word);
    if (!out->command) /* "plain jobs help" */
        out->command = command_find(r->table, "", word);
    if (!out->command)
        return unknown_command(r, word);
    drop_operands(out, 1);
    return PLAIN_OK;
}

enum { NAMES_MAX = 64 };

static size_t add_names(const char **names, size_t n, const struct cli_option *options)
{
    for (const struct cli_option *o = options; o && o->name && n < NAMES_MAX; o++)
        names[n++] = o->name;
    return n;
}

/* An option that this command does not have: somebody else's, or nobody's. */
static int unknown_option(struct reading *r, const struct token *t)
{
    const struct command *command = r->out->command;
    const char *title = command ? command_title(r->a, command) : "plain";
    const char *names[NAMES_MAX];
    size_t n = add_names(names, 0, r->table->globals);

    n = add_names(names, n, command ? command->options : NULL);
    const char *near = text_nearest(t->name, names, n);
    if (!title)
        return error_nomem(r->err);
    (void)error_set(r->err, PLAIN_E_INVALID, 201, t->name, "`%s` has no option %s%s", title,
                    text_starts_with(t->text, "--") ? "--" : "-", t->name);
    if (near)
        error_fix(r->err, "did you mean --%s? See `%s --help`", near, title);
    else
        error_fix(r->err, "see `%s --help`", title);
    return PLAIN_E_INVALID;
}

static int apply_own(struct reading *r)
{
    const struct command *command = r->out->command;

    for (size_t i = 0; i < r->count; i++) {
        const struct token *t = &r->tokens[i];
        const struct cli_option *own = NULL;

        if (!t->name || is_global(r, t))
            continue;
        if (t->option && command)
            own = find_among(command->options, t->option->name, false);
        int rc = own ? apply(r, own, t->value) : unknown_option(r, t);
        if (rc < 0)
            return rc;
    }
    return PLAIN_OK;
}

static int check_operands(struct reading *r)
{
    const struct arguments *out = r->out;
    const struct command *command = out->command;

    if (!command || option_given(out, OPTION_HELP))
        return PLAIN_OK;
    bool too_many = out->operand_count > command->most;
    if (!too_many && out->operand_count >= command->least)
        return PLAIN_OK;
    const char *title = command_title(r->a, command);
    if (!title)
        return error_nomem(r->err);
    if (!too_many)
        (void)error_set(r->err, PLAIN_E_INVALID, 201, "", "`%s` lacks its argument: %s", title,
                        command->operands);
    else
        (void)error_set(r->err, PLAIN_E_INVALID, 201, "", "`%s` takes %s, and not \"%s\"", title,
                        command->most ? command->operands : "no arguments",
                        out->operands[command->most]);
    error_fix(r->err, "see `%s --help`", title);
    return PLAIN_E_INVALID;
}

int arguments_parse(const struct option_table *table, int argc, char *const *argv, struct arena *a,
                    struct arguments *out, plain_error *err)
{
    struct reading r = {.table = table, .a = a, .out = out, .err = err};

    *out = (struct arguments){.group = ""};
    int rc = read_tokens(&r, argc, argv);
    int globals = r.tokens ? apply_globals(&r) : PLAIN_OK;
    if (rc == PLAIN_OK)
        rc = globals;
    if (rc == PLAIN_OK)
        rc = read_operands(&r);
    if (rc == PLAIN_OK)
        rc = read_command(&r);
    if (rc == PLAIN_OK)
        rc = apply_own(&r);
    if (rc == PLAIN_OK)
        rc = check_operands(&r);
    return rc;
}

bool option_given(const struct arguments *args, enum option_id id)
{
    return args->values[id].count > 0;
}

const char *option_text(const struct arguments *args, enum option_id id)
{
    const struct option_values *values = &args->values[id];

    return values->count > 0 ? values->texts[values->count - 1] : NULL;
}

int option_int(const struct arguments *args, enum option_id id, const char *name, int64_t min,
               int64_t max, int pj, int64_t *out, plain_error *err)
{
    const char *text = option_text(args, id);

    if (!text || text_parse_int64(text, min, max, out))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, pj, name,
                     "--%s takes a whole number from %lld to %lld, and not \"%s\"", name,
                     (long long)min, (long long)max, text);
}

const struct command *command_find(const struct option_table *table, const char *group,
                                   const char *name)
{
    for (size_t i = 0; i < table->command_count; i++) {
        const struct command *c = &table->commands[i];

        if (strcmp(c->group, group) == 0 && strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

bool command_is_group(const struct option_table *table, const char *word)
{
    for (size_t i = 0; i < table->command_count; i++) {
        if (table->commands[i].group[0] && strcmp(table->commands[i].group, word) == 0)
            return true;
    }
    return false;
}

const struct command *command_nearest(const struct option_table *table, const char *word)
{
    const char *names[NAMES_MAX] = {NULL};
    size_t n = 0;

    for (; n < table->command_count && n < NAMES_MAX; n++)
        names[n] = table->commands[n].name;
    const char *near = text_nearest(word, names, n);
    for (size_t i = 0; near && i < n; i++) {
        if (names[i] == near)
            return &table->commands[i];
    }
    return NULL;
}

const char *command_title(struct arena *a, const struct command *command)
{
    return arena_printf(a, "plain %s%s%s", command->group, command->group[0] ? " " : "",
                        command->name);
}
