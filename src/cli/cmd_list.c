/*
 * cmd_list.c - plain jobs list
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"
#include "core/class.h"
#include "core/param_value.h"

/* cls NULL: an executable without a section. */
static const char *default_queue(const plain_job_class *cls)
{
    return cls && cls->default_queue ? cls->default_queue : "default";
}

/* The Python package's lines. */
static void print_lines(struct cli *cli, const struct registry *registry)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct job_entry *entry = registry_at(registry, i);

        buf_put_escaped(&cli->out, entry->name);
        if (entry->doc[0]) {
            buf_puts(&cli->out, ": ");
            buf_put_escaped(&cli->out, entry->doc);
        }
        buf_putc(&cli->out, '\n');
    }
}

/* "user_id, [locale]" */
static void put_parameter_names(struct buf *b, const plain_job_class *cls)
{
    const plain_param *p;

    for (size_t i = 0; cls && (p = class_param(cls, i)); i++) {
        char type[PARAM_TYPE_NAME_SIZE];
        bool optional = (p->flags & PLAIN_OPTIONAL) != 0;

        if (b->len > 0)
            buf_putc(b, ' ');
        buf_putf(b, optional ? "[%s:%s]" : "%s:%s", p->name, param_type_name(p->type, type));
    }
}

static void add_row(struct table *t, const struct job_entry *entry)
{
    const plain_job_class *cls = entry->cls;
    struct buf parameters = BUF_INIT(PARAMETERS_ROOM);
    char retries[16] = "";

    if (cls)
        (void)snprintf(retries, sizeof(retries), "%d", cls->default_retries);
    put_parameter_names(&parameters, cls);
    table_add(t, PAINT_BOLD, entry->name);
    table_add(t, PAINT_NONE, default_queue(cls));
    table_add(t, PAINT_NONE, retries);
    table_add(t, PAINT_NONE, parameters.data);
    table_add(t, PAINT_NONE, entry->doc);
    table_add(t, PAINT_DIM, entry->origin);
    buf_release(&parameters);
}

static void print_table(struct cli *cli, const struct registry *registry)
{
    static const struct table_column columns[] = {{"NAME", false},   {"QUEUE", false},
                                                  {"RETRIES", true}, {"PARAMETERS", false},
                                                  {"WHAT", false},   {"FROM", false}};
    size_t count = registry_count(registry);
    struct table t;

    if (count == 0) {
        cli_say(cli, "There are no jobs here: write app/jobs.c and run `plain build`, or put an "
                     "executable into jobs.d.");
        return;
    }
    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), count);
    for (size_t i = 0; i < count; i++)
        add_row(&t, registry_at(registry, i));
    table_print(&t, cli->colour, &cli->out);
}

/* null: an executable without a section takes any. */
static void put_parameters_json(struct json_writer *j, const plain_job_class *cls)
{
    const plain_param *p;

    if (!cls) {
        json_put_null(j, "parameters");
        return;
    }
    json_begin(j, "parameters", '[');
    for (size_t i = 0; (p = class_param(cls, i)); i++) {
        char type[PARAM_TYPE_NAME_SIZE];

        json_begin(j, NULL, '{');
        json_put_text(j, "name", p->name);
        json_put_text(j, "type", param_type_name(p->type, type));
        json_put_bool(j, "optional", (p->flags & PLAIN_OPTIONAL) != 0);
        json_put_raw(j, "default", class_param_fallback(cls, p));
        json_end(j, '}');
    }
    json_end(j, ']');
}

/* Defaults that are functions of the parameters are not known here: their constants are shown. */
static void put_class_json(struct json_writer *j, const plain_job_class *cls)
{
    json_put_text(j, "queue", default_queue(cls));
    json_put_int(j, "priority", cls ? cls->default_priority : 0);
    json_put_int(j, "retries", cls ? cls->default_retries : 0);
    put_parameters_json(j, cls);
    json_begin(j, "aliases", '[');
    for (const char *const *alias = cls ? cls->aliases : NULL; alias && *alias; alias++)
        json_put_text(j, NULL, *alias);
    json_end(j, ']');
}

static void print_json(struct cli *cli, const struct registry *registry)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_begin(&j, "jobs", '[');
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct job_entry *entry = registry_at(registry, i);

        json_begin(&j, NULL, '{');
        json_put_text(&j, "name", entry->name);
        json_put_text(&j, "doc", entry->doc);
        json_put_text(&j, "origin", entry->origin);
        json_put_bool(&j, "executable", entry->path != NULL);
        put_class_json(&j, entry->cls);
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end_document(&j);
}

int cmd_list(struct cli *cli, plain_error *err)
{
    struct registry *registry = NULL;
    int r = cli_registry(cli, &registry, err);

    if (r < 0)
        return r;
    if (cli->json)
        print_json(cli, registry);
    else if (cli->terminal)
        print_table(cli, registry);
    else
        print_lines(cli, registry);
    r = cli_flush(cli, err);
    registry_free(registry);
    return r;
}
