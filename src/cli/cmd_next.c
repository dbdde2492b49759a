/*
 * cmd_next.c - plain jobs next: when a cron schedule is due, without a database
 */
#include <string.h>

#include <plain/jobs/schedule.h>

#include "admin/moment.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/line_reader.h"
#include "schedule/zone.h"

enum { COUNT_MAX = 1000, LINE_MAX_SIZE = 64 * 1024 };

/* One question as texts: what is NULL or "" is not given. */
struct question {
    const char *expression;
    const char *from;
    const char *zone;
    const char *dst;
};

/* The question understood. */
struct search {
    plain_schedule schedule;
    const struct zone *zone;
    const char *zone_name;
    int64_t after_us;
    int dst;
};

static const char *given_or(const char *text, const char *other)
{
    return text && *text ? text : other;
}

static int read_dst(const char *text, int *out, plain_error *err)
{
    static const struct {
        const char *name;
        int dst;
    } policies[] = {{"cron", PLAIN_DST_CRON}, {"wall", PLAIN_DST_WALL}};

    for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
        if (strcmp(text, policies[i].name) == 0) {
            *out = policies[i].dst;
            return PLAIN_OK;
        }
    }
    return error_set(err, PLAIN_E_INVALID, 201, "dst", "--dst takes cron or wall, and not \"%s\"",
                     text);
}

static int understand(const struct question *q, struct search *out, plain_error *err)
{
    const char *from = given_or(q->from, NULL);
    int r = plain_schedule_parse(q->expression, &out->schedule, err);

    out->zone_name = given_or(q->zone, "UTC");
    out->after_us = clock_wall_us();
    if (r == PLAIN_OK)
        r = zone_find(out->zone_name, &out->zone, err);
    if (r == PLAIN_OK)
        r = read_dst(given_or(q->dst, "cron"), &out->dst, err);
    if (r == PLAIN_OK && from && !parse_zoned_time(from, out->zone, &out->after_us))
        r = error_set(err, PLAIN_E_INVALID, 201, "from",
                      "--from takes a time such as 2026-11-24T06:30 or 2026-11-24T06:30:00Z, and "
                      "not \"%s\"",
                      from);
    return r;
}

/* The next answer, from which the search goes on. */
static int search_on(struct search *s, plain_error *err)
{
    return plain_schedule_next(&s->schedule, s->zone_name, s->after_us, s->dst, &s->after_us, err);
}

static int answer_question(struct cli *cli, const struct question *q, int64_t count,
                           plain_error *err)
{
    struct search s;
    struct json_writer j = {.out = &cli->out};
    int r = understand(q, &s, err);

    if (r < 0)
        return r;
    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_begin(&j, "next", '[');
    }
    for (int64_t i = 0; r == PLAIN_OK && i < count; i++) {
        struct buf text = BUF_INIT(64);

        r = search_on(&s, err);
        if (r == PLAIN_OK)
            put_zoned_time(&text, s.after_us, s.zone);
        if (r == PLAIN_OK && cli->json)
            json_put_text(&j, NULL, text.data);
        else if (r == PLAIN_OK)
            buf_putf(&cli->out, "%s\n", text.data);
        buf_release(&text);
    }
    if (cli->json) {
        json_end(&j, ']');
        json_end_document(&j);
    }
    return r;
}

/* Shows what is wrong with the text under the text itself. */
static void point_at(const struct cli *cli, const char *expression)
{
    char caret[PLAIN_SCHEDULE_CARET_SIZE];
    char *second;

    if (cli->json || plain_schedule_caret(expression, caret, sizeof(caret)) != PLAIN_OK)
        return;
    second = strchr(caret, '\n');
    if (!second)
        return;
    *second++ = '\0';
    cli_say(cli, "  %s", caret);
    cli_say(cli, "  %s", second);
}

/* Cuts the next text off *rest at a tab; NULL when there is none. */
static char *cut(char **rest)
{
    return *rest ? strsep(rest, "\t") : NULL;
}

static void put_error(struct cli *cli, const plain_error *err)
{
    buf_puts(&cli->out, "ERROR ");
    buf_put_escaped(&cli->out, err->message);
}

static void answer_line(struct cli *cli, char *line, size_t length, const struct question *defaults)
{
    struct question q;
    struct search s;
    plain_error err;
    int r;

    if (strlen(line) < length) {
        buf_puts(&cli->out, "ERROR the line holds a NUL character\n");
        return;
    }
    q.expression = cut(&line);
    q.from = given_or(cut(&line), defaults->from);
    q.zone = given_or(cut(&line), defaults->zone);
    q.dst = given_or(cut(&line), defaults->dst);
    r = understand(&q, &s, &err);
    if (r == PLAIN_OK)
        r = search_on(&s, &err);
    if (r == PLAIN_OK)
        put_zoned_time(&cli->out, s.after_us, s.zone);
    else
        put_error(cli, &err);
    buf_putc(&cli->out, '\n');
}

/* A line that is wrong ends nothing. */
static int answer_next(struct cli *cli, struct line_reader *reader, const struct question *defaults,
                       plain_error *err)
{
    int r = line_reader_next(reader, err);

    if (r == PLAIN_OK) {
        answer_line(cli, reader->line.data, reader->line.len, defaults);
    } else if (r == PLAIN_E_INVALID) {
        error_prefix(err, "the line ");
        put_error(cli, err);
        buf_putc(&cli->out, '\n');
        r = PLAIN_OK;
    }
    return r;
}

/* One line of stdin, one line of stdout, in the same order. Who writes a line and waits for its
 * answer gets it. */
static int answer_lines(struct cli *cli, const struct question *defaults, plain_error *err)
{
    struct line_reader *reader = mem_alloc(sizeof(*reader));

    if (!reader)
        return error_nomem(err);
    line_reader_init(reader, LINE_MAX_SIZE);
    int r = line_reader_open(reader, "-", err);
    while (r == PLAIN_OK) {
        if (!line_reader_has_line(reader))
            r = cli_flush(cli, err);
        if (r == PLAIN_OK)
            r = answer_next(cli, reader, defaults, err);
    }
    line_reader_close(reader);
    mem_free(reader);
    return r == PLAIN_NONE ? PLAIN_OK : r;
}

int cmd_next(struct cli *cli, plain_error *err)
{
    const struct arguments *args = &cli->args;
    const struct question q = {.expression = args->operands[0],
                               .from = option_text(args, OPTION_FROM),
                               .zone = option_text(args, OPTION_TIMEZONE),
                               .dst = option_text(args, OPTION_DST)};
    int64_t count = 1;
    int r = option_int(args, OPTION_COUNT_OF, "count", 1, COUNT_MAX, 201, &count, err);

    if (r < 0)
        return r;
    if (strcmp(q.expression, "-") == 0) {
        if (cli->json || count > 1)
            return error_set(err, PLAIN_E_INVALID, 201, cli->json ? "json" : "count",
                             "%s does not go with -: each line read is answered by one line",
                             cli->json ? "--json" : "--count");
        return answer_lines(cli, &q, err);
    }
    r = answer_question(cli, &q, count, err);
    if (r < 0 && err->pj == 401)
        point_at(cli, q.expression);
    return r;
}
