/*
 * cmd_stats.c - plain jobs stats
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/table.h"

struct figure {
    const char *word; /* the original's */
    const char *member;
    int64_t value;
    enum paint paint;
    bool original; /* on a pipe the original's five lines, and no other, are printed */
    bool bounded;  /* counted up to STORE_COUNT_MAX */
};

enum { FIGURES = 7 };

static void figures_of(const struct store_stats *s, struct figure out[FIGURES])
{
    const int64_t *by = s->by_status;
    const struct figure figures[FIGURES] = {
        {"Pending", "pending", s->pending, PAINT_NONE, true, true},
        {"Processing", "processing", s->processing, PAINT_BLUE, true, true},
        {"Successful", "successful", by[JOB_SUCCESSFUL], PAINT_GREEN, true, false},
        {"Errored", "errored", by[JOB_ERRORED], PAINT_RED, true, false},
        {"Lost", "lost", by[JOB_LOST], PAINT_RED, true, false},
        {"Deferred", "deferred", by[JOB_DEFERRED], PAINT_YELLOW, false, false},
        {"Cancelled", "cancelled", by[JOB_CANCELLED], PAINT_DIM, false, false},
    };

    for (size_t i = 0; i < FIGURES; i++)
        out[i] = figures[i];
}

static void print_lines(struct cli *cli, const struct figure figures[FIGURES])
{
    for (size_t i = 0; i < FIGURES; i++) {
        if (figures[i].original)
            buf_putf(&cli->out, "%s: %lld\n", figures[i].word, (long long)figures[i].value);
    }
}

static void print_table(struct cli *cli, const struct figure figures[FIGURES])
{
    static const struct table_column columns[] = {{NULL, false}, {NULL, true}};
    struct table t;

    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), FIGURES);
    for (size_t i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        bool more = f->bounded && f->value >= STORE_COUNT_MAX;
        char number[32];

        (void)snprintf(number, sizeof(number), "%s%lld", more ? "\xE2\x89\xA5 " : "",
                       (long long)f->value);
        table_add(&t, f->value ? f->paint : PAINT_NONE, f->word);
        table_add(&t, PAINT_NONE, number);
    }
    table_print(&t, cli->colour, &cli->out);
}

static void print_json(struct cli *cli, const struct figure figures[FIGURES])
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    for (size_t i = 0; i < FIGURES; i++)
        json_put_int(&j, figures[i].member, figures[i].value);
    json_end_document(&j);
}

int cmd_stats(struct cli *cli, plain_error *err)
{
    struct figure figures[FIGURES];
    struct store_stats stats;
    struct store *store = NULL;
    int r = cli_store(cli, STORE_READ_ONLY, &store, err);

    if (r == PLAIN_OK)
        r = store->ops->stats(store, &stats, err);
    store_close(store);
    if (r < 0)
        return r;
    figures_of(&stats, figures);
    if (cli->json)
        print_json(cli, figures);
    else if (cli->terminal)
        print_table(cli, figures);
    else
        print_lines(cli, figures);
    return PLAIN_OK;
}
