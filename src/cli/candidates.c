#include "cli/candidates.h"

#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "core/class.h"

/* The command line as far as it stands in front of the word that is completed. */
struct context {
    struct cli *cli;
    const char *group; /* "" for none */
    const struct command *command;
    const struct cli_option *lacks_value; /* the option whose value the word is */
    const char *class_name;               /* the first operand of the command */
    size_t operand_count;
    bool options_end;
    bool is_lost; /* there is no such command */

    const char *word;
    const char *prefix; /* in front of what is completed, "--status=" */
    size_t prefix_length;
};

/* Appends a candidate when it begins as the word does. */
static void put(struct context *c, const char *text, const char *meaning)
{
    if (!text_starts_with(text, c->word))
        return;
    buf_put(&c->cli->out, c->prefix, c->prefix_length);
    buf_put_escaped(&c->cli->out, text);
    if (meaning && *meaning) {
        buf_putc(&c->cli->out, '\t');
        buf_put_escaped(&c->cli->out, meaning);
    }
    buf_putc(&c->cli->out, '\n');
}

static void put_words(struct context *c, const char *const *words)
{
    for (; *words; words++)
        put(c, *words, NULL);
}

static void put_files(struct context *c)
{
    buf_puts(&c->cli->out, CANDIDATES_FILES "\n");
}

static void put_statuses(struct context *c)
{
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        put(c, job_status_names[i], NULL);
}

static void put_policies(struct context *c)
{
    put_words(c, (const char *const[]){"cron", "wall", NULL});
}

static void put_shells(struct context *c)
{
    put_words(c, (const char *const[]){"bash", "zsh", "fish", NULL});
}

static void put_settings(struct context *c)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        put(c, settings_table[i].name, settings_table[i].doc);
}

static void put_topics(struct context *c)
{
    put_words(c, (const char *const[]){"commands", "settings", "errors", "exit-codes", "databases",
                                       NULL});
}

static void put_classes(struct context *c)
{
    struct registry *registry = NULL;

    if (cli_registry(c->cli, &registry, NULL) == PLAIN_OK) {
        for (size_t i = 0; i < registry_count(registry); i++)
            put(c, registry_at(registry, i)->name, registry_at(registry, i)->doc);
    }
    registry_free(registry);
}

static const char *queue_of(const struct job_entry *entry)
{
    return entry->cls && entry->cls->default_queue ? entry->cls->default_queue : "default";
}

/* Those that the classes name: what else there is would have to be asked of the database. */
static void put_queues(struct context *c)
{
    struct registry *registry = NULL;
    size_t count = cli_registry(c->cli, &registry, NULL) == PLAIN_OK ? registry_count(registry) : 0;

    for (size_t i = 0; i < count; i++) {
        const char *queue = queue_of(registry_at(registry, i));
        size_t first = 0;

        while (strcmp(queue_of(registry_at(registry, first)), queue) != 0)
            first++;
        if (first == i)
            put(c, queue, NULL);
    }
    registry_free(registry);
}

static void put_queues_and_classes(struct context *c)
{
    put_queues(c);
    put_classes(c);
}

/* host:pid of those that live, which is shorter than the id. */
static void put_workers(struct context *c)
{
    struct arena *a = &c->cli->arena;
    struct worker_view *workers = NULL;
    struct store *store = NULL;
    char id[PLAIN_UUID_TEXT];
    size_t count = 0;

    if (cli_store(c->cli, STORE_READ_ONLY, &store, NULL) == PLAIN_OK)
        (void)store->ops->workers(store, a, &workers, &count, NULL);
    for (size_t i = 0; i < count; i++) {
        const char *place = arena_printf(a, "%s:%d", workers[i].host, workers[i].pid);

        if (place)
            put(c, place, plain_uuid_format(&workers[i].id, id));
    }
    store_close(store);
}

static void put_parameters_of(struct context *c, const plain_job_class *cls)
{
    for (size_t i = 0; i < class_param_count(cls); i++) {
        const char *word = arena_printf(&c->cli->arena, "%s=", class_param(cls, i)->name);

        if (word)
            put(c, word, NULL);
    }
}

static void put_parameters(struct context *c)
{
    struct registry *registry = NULL;

    if (cli_registry(c->cli, &registry, NULL) == PLAIN_OK) {
        const struct job_entry *entry = registry_find(registry, c->class_name);

        if (entry && entry->cls)
            put_parameters_of(c, entry->cls);
    }
    registry_free(registry);
}

/* What the words of help mean: how values of options and operands are called there. */
static const struct kind {
    const char *name;
    void (*put)(struct context *c);
} kinds[] = {
    {"CLASS", put_classes},
    {"QUEUE", put_queues},
    {"FILE", put_files},
    {"STATUS", put_statuses},
    {"POLICY", put_policies},
    {"SHELL", put_shells},
    {"[QUEUE|CLASS]", put_queues_and_classes},
    {"WORKER", put_workers},
    {"[NAME]", put_settings},
    {"[TOPIC|CODE]", put_topics},
    {"[name=value]...", put_parameters},
    {"[FOLDER]", put_files},
};

static void put_kind(struct context *c, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, name, length) == 0)
            kinds[i].put(c);
    }
}

/* The operand that comes next, by its word in "CLASS [name=value]..."; the last one repeats. */
static void put_operand(struct context *c)
{
    const char *name = c->command->operands;
    const char *blank = strchr(name, ' ');

    for (size_t i = 0; i < c->operand_count && blank; i++) {
        name = blank + 1;
        blank = strchr(name, ' ');
    }
    if (c->operand_count < c->command->most)
        put_kind(c, name, blank ? (size_t)(blank - name) : strlen(name));
}

/* Commands, and in front of any group the groups. */
static void put_commands(struct context *c)
{
    const char *last_group = "";

    for (size_t i = 0; i < command_table.command_count; i++) {
        const struct command *command = &command_table.commands[i];

        if (strcmp(command->group, c->group) == 0)
            put(c, command->name, command->doc);
        else if (!c->group[0] && strcmp(command->group, last_group) != 0)
            put(c, command->group, "commands for jobs");
        last_group = command->group;
    }
}

static void put_options(struct context *c, const struct cli_option *options)
{
    for (const struct cli_option *o = options; o && o->name; o++) {
        char *word = arena_printf(&c->cli->arena, "--%s", o->name);

        if (word)
            put(c, word, o->doc);
    }
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* The option of a word such as "-q", "--queue" or "--queue=a". */
static const struct cli_option *option_of(struct context *c, const char *word)
{
    bool by_letter = word[1] != '-';
    const char *name = word + (by_letter ? 1 : 2);
    const char *copy = arena_strndup(&c->cli->arena, name, strcspn(name, "="));

    return copy ? option_find(&command_table, copy, by_letter) : NULL;
}

static void read_operand(struct context *c, const char *word)
{
    if (c->command) {
        if (c->operand_count++ == 0)
            c->class_name = word;
    } else if (!c->group[0] && command_is_group(&command_table, word)) {
        c->group = word;
    } else {
        c->command = command_find(&command_table, c->group, word);
        c->is_lost = !c->command;
    }
}

/* Of the line's own database and settings the candidates are. */
static void read_value(struct context *c, const struct cli_option *option, const char *value)
{
    const char **texts = arena_array(&c->cli->arena, 1, sizeof(*texts));

    if (!texts || (option->id != OPTION_DB && option->id != OPTION_CONFIG))
        return;
    texts[0] = value;
    c->cli->args.values[option->id] = (struct option_values){.texts = texts, .count = 1};
}

static void read_word(struct context *c, const char *word)
{
    const char *equals = strchr(word, '=');

    if (c->lacks_value) {
        read_value(c, c->lacks_value, word);
        c->lacks_value = NULL;
    } else if (!c->options_end && strcmp(word, "--") == 0) {
        c->options_end = true;
    } else if (!c->options_end && is_option(word)) {
        const struct cli_option *option = option_of(c, word);

        if (option && option->value && equals)
            read_value(c, option, equals + 1);
        else if (option && option->value)
            c->lacks_value = option;
    } else {
        read_operand(c, word);
    }
}

/* "--queue=ma" is completed behind the sign. */
static bool cut_value(struct context *c)
{
    const char *equals = strchr(c->word, '=');

    if (c->options_end || !is_option(c->word) || !equals)
        return false;
    c->lacks_value = option_of(c, c->word);
    c->prefix = c->word;
    c->prefix_length = (size_t)(equals + 1 - c->word);
    c->word = equals + 1;
    return true;
}

void put_candidates(struct cli *cli, const char *const *words, size_t count)
{
    struct context c = {.cli = cli, .group = "", .prefix = ""};

    for (size_t i = 0; i + 1 < count; i++)
        read_word(&c, words[i]);
    c.word = words[count - 1];
    if (c.lacks_value || cut_value(&c)) {
        if (c.lacks_value && c.lacks_value->value)
            put_kind(&c, c.lacks_value->value, strlen(c.lacks_value->value));
    } else if (!c.options_end && c.word[0] == '-') {
        put_options(&c, command_table.globals);
        put_options(&c, c.command ? c.command->options : NULL);
    } else if (c.command) {
        put_operand(&c);
    } else if (!c.is_lost) {
        put_commands(&c);
    }
}
