/*
 * enqueue_from.c - from the lines of a file to jobs
 *
 * Without --partial the whole file is read and checked, in memory, before anything is written; all
 * of it is one transaction. With --partial a chunk is written when it has been read, and bad lines
 * are told and left out. Where the library does not take many at once, for executables and for
 * classes that judge each job by a rule of theirs, the jobs that were checked are written one by
 * one.
 */
#include "cli/enqueue_from.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/uuid.h"
#include "cli/job_line.h"
#include "cli/job_words.h"
#include "cli/line_reader.h"
#include "cli/report.h"
#include "cli/unserved_note.h"
#include "cli/uuid_lines.h"
#include "queue/rule.h"

enum {
    CHUNK_LINES = 5000,
    CHUNK_BYTES = 64 * 1024 * 1024,
    LINES_MAX = 1000000,
    FILE_BYTES_MAX = 512 * 1024 * 1024
};

struct batch {
    struct cli *cli;
    const char *name;
    const plain_job_class *cls;
    const plain_options *options;
    bool is_partial;
    struct line_reader reader;

    struct arena arena; /* of the lines that wait */
    struct job_line *lines;
    size_t count, capacity;
    struct uuid_lines uuids; /* of the whole file */
    size_t written_bytes;    /* of the file, up to those lines */

    plain_jobs *jobs; /* NULL until something is to be written */
    struct json_writer json;
    plain_request holder; /* of the first line that was skipped */
    size_t made, skipped, bad;
};

static struct job_line *add_line(struct batch *b)
{
    enum { FIRST_CAPACITY = 64 };

    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : FIRST_CAPACITY;
        struct job_line *lines = mem_grow(b->lines, capacity, sizeof(*lines));

        if (!lines)
            return NULL;
        b->lines = lines;
        b->capacity = capacity;
    }
    b->lines[b->count] = (struct job_line){.number = b->reader.number};
    return &b->lines[b->count];
}

static bool is_blank(const struct buf *line)
{
    for (size_t i = 0; i < line->len; i++) {
        if (line->data[i] != ' ' && line->data[i] != '\t' && line->data[i] != '\r')
            return false;
    }
    return true;
}

/* A uuid that is given twice is a slip: the second job would vanish. */
static int check_uuid(struct batch *b, const struct job_line *line, plain_error *err)
{
    size_t before = 0;

    if (uuid_is_zero(&line->options.uuid))
        return PLAIN_OK;
    int r = uuid_lines_add(&b->uuids, &line->options.uuid, line->number, &before, err);
    if (r == PLAIN_OK && before)
        r = error_set(err, PLAIN_E_INVALID, 105, "uuid", "its uuid is that of line %zu", before);
    return r;
}

/* Checks the line that was read, and keeps it. */
static int keep_line(struct batch *b, plain_error *err)
{
    const struct buf *text = &b->reader.line;

    if (is_blank(text))
        return PLAIN_OK;
    struct job_line *line = add_line(b);
    int r = line ? job_line_read(text->data, text->len, b->options, &b->arena, line, err)
                 : error_nomem(err);
    if (r == PLAIN_OK)
        r = job_line_check(line, b->cls, err);
    if (r == PLAIN_OK)
        r = check_uuid(b, line, err);
    if (r == PLAIN_OK)
        b->count++;
    return r;
}

/* A bad line ends all, or is told and left out. */
static int judge_line(struct batch *b, int r, plain_error *err)
{
    bool is_bad = r == PLAIN_E_INVALID && b->reader.number > 0;

    if (is_bad)
        error_prefix(err, "line %zu: ", b->reader.number);
    if (!is_bad || !b->is_partial)
        return r;
    b->bad++;
    report_error(err, b->cli->json, b->cli->colour_err);
    return PLAIN_OK;
}

static int check_size(const struct batch *b, plain_error *err)
{
    if (b->is_partial || (b->reader.bytes_read <= FILE_BYTES_MAX && b->count <= LINES_MAX))
        return PLAIN_OK;
    (void)error_set(err, PLAIN_E_INVALID, 703, "from",
                    "%s has more than %d jobs or 512 MiB, too many for one transaction",
                    b->reader.path, LINES_MAX);
    error_fix(err, "split it, or say --partial");
    return PLAIN_E_INVALID;
}

static int enqueue_each(struct batch *b, plain_request *results, size_t *done, plain_error *err)
{
    int r = PLAIN_OK;

    for (*done = 0; r >= 0 && *done < b->count; *done += r >= 0) {
        const struct job_line *line = &b->lines[*done];
        plain_request *out = &results[*done];

        r = b->cls ? plain_run_in_worker_json(b->jobs, b->cls, line->json, &line->options, out, err)
                   : plain_run_in_worker_by_name(b->jobs, b->name, line->json, &line->options, out,
                                                 err);
    }
    return r < 0 ? r : PLAIN_OK;
}

static int enqueue_together(struct batch *b, plain_request *results, size_t *done, plain_error *err)
{
    plain_item *items = mem_zalloc(b->count, sizeof(*items));

    *done = 0;
    if (!items)
        return error_nomem(err);
    for (size_t i = 0; i < b->count; i++)
        items[i] = (plain_item){.size = sizeof(items[i]),
                                .json = b->lines[i].json ? b->lines[i].json : "{}",
                                .options = &b->lines[i].options};
    int r = plain_run_many(b->jobs, b->cls, items, b->count, results, NULL, err);
    if (r == PLAIN_OK)
        *done = b->count;
    mem_free(items);
    return r;
}

static void print_skipped(struct batch *b, const struct job_line *line, const plain_request *result)
{
    if (b->skipped++ == 0)
        b->holder = *result;
    if (b->cli->json) {
        json_put_null(&b->json, NULL);
        return;
    }
    buf_puts(&b->cli->out, "skipped\n");
    cli_say(b->cli, "line %zu:", line->number);
    say_skipped(b->cli, result);
}

static int print_result(struct batch *b, const struct job_line *line, const plain_request *result,
                        plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    if (uuid_is_zero(&result->uuid)) {
        print_skipped(b, line, result);
        return cli_flush_some(b->cli, err);
    }
    if (b->cli->json)
        json_put_uuid(&b->json, NULL, &result->uuid);
    else
        buf_putf(&b->cli->out, "%s\n", plain_uuid_format(&result->uuid, text));
    return cli_flush_some(b->cli, err);
}

static int open_jobs(struct batch *b, plain_error *err)
{
    if (b->jobs)
        return PLAIN_OK;
    return plain_jobs_open(settings_text(b->cli->settings, SETTING_DATABASE_URL), &b->jobs, err);
}

/* Writes the lines that wait. What was made is printed also when the rest failed. */
static int write_lines(struct batch *b, plain_error *err)
{
    plain_request *results = mem_zalloc(b->count + 1, sizeof(*results));
    bool has_rule = false;
    size_t done = 0;

    if (!results)
        return error_nomem(err);
    int r = b->cls ? rule_exists(b->cls, &has_rule, err) : PLAIN_OK;
    bool is_together = b->cls && !has_rule;
    if (r == PLAIN_OK)
        r = open_jobs(b, err);
    if (r == PLAIN_OK && b->count > 0)
        r = (is_together ? enqueue_together : enqueue_each)(b, results, &done, err);
    if (r == PLAIN_E_UNREACHABLE && done < b->count && !uuid_is_zero(&results[done].uuid)) {
        say_unknown(&results[done].uuid, err);
        error_prefix(err, is_together ? "line %zu and those behind it: " : "line %zu: ",
                     b->lines[done].number);
    }
    int printed = PLAIN_OK;
    for (size_t i = 0; i < done; i++) {
        b->made += !uuid_is_zero(&results[i].uuid);
        if (printed == PLAIN_OK)
            printed = print_result(b, &b->lines[i], &results[i], r < 0 ? NULL : err);
    }
    mem_free(results);
    b->count = 0;
    b->written_bytes = b->reader.bytes_read;
    arena_reset(&b->arena);
    return r < 0 ? r : printed;
}

static bool is_chunk(const struct batch *b)
{
    return b->is_partial &&
           (b->count == CHUNK_LINES || b->reader.bytes_read - b->written_bytes > CHUNK_BYTES);
}

static int read_lines(struct batch *b, plain_error *err)
{
    int r = PLAIN_OK;

    while (r == PLAIN_OK) {
        r = line_reader_next(&b->reader, err);
        if (r == PLAIN_OK)
            r = keep_line(b, err);
        if (r < 0)
            r = judge_line(b, r, err);
        if (r == PLAIN_OK)
            r = check_size(b, err);
        if (r == PLAIN_OK && is_chunk(b))
            r = write_lines(b, err);
    }
    return r == PLAIN_NONE ? PLAIN_OK : r;
}

static int run(struct batch *b, plain_error *err)
{
    int r = line_reader_open(&b->reader, option_text(&b->cli->args, OPTION_FROM), err);

    if (r == PLAIN_OK)
        r = read_lines(b, err);
    /* Of a file that fails in the middle the good lines in front of it count, when some may. */
    if (b->count > 0 && (r == PLAIN_OK || b->is_partial)) {
        int written = write_lines(b, r < 0 ? NULL : err);
        r = r < 0 ? r : written;
    }
    line_reader_close(&b->reader);
    return r;
}

static int sum_up(const struct batch *b, plain_error *err)
{
    bool one = b->bad == 1;

    if (b->bad == 0)
        return b->skipped > 0 && b->made == 0 ? PLAIN_SKIPPED : PLAIN_OK;
    (void)error_set(err, PLAIN_E_JOB, 602, "from",
                    "%zu line%s of %s %s bad and %s left out; of the others %zu jobs were made and "
                    "%zu skipped",
                    b->bad, one ? "" : "s", b->reader.path, one ? "is" : "are",
                    one ? "was" : "were", b->made, b->skipped);
    error_fix(err, "correct those lines, and enqueue them alone");
    return PLAIN_E_JOB;
}

int enqueue_from(struct cli *cli, const char *name, const plain_job_class *cls,
                 const plain_options *options, plain_error *err)
{
    struct batch *b = mem_zalloc(1, sizeof(*b)); /* with a block of the file: not on the stack */

    if (!b)
        return error_nomem(err);
    b->cli = cli;
    b->name = name;
    b->cls = cls;
    b->options = options;
    b->is_partial = option_given(&cli->args, OPTION_PARTIAL);
    line_reader_init(&b->reader, JOB_LINE_MAX);
    if (cli->json) {
        json_begin_document(&b->json, &cli->out);
        json_begin(&b->json, "requests", '[');
    }
    int r = run(b, err);
    if (cli->json && r < 0 && b->made + b->skipped == 0) {
        buf_reset(&cli->out); /* the error is all that there is to say */
    } else if (cli->json) {
        json_end(&b->json, ']');
        put_skipped(&b->json, b->skipped > 0 ? &b->holder : NULL);
        json_end_document(&b->json);
    }
    if (r == PLAIN_OK)
        r = cli_flush(cli, err);
    if (b->made > 0)
        note_unserved(cli);
    if (r < 0 && b->made > 0)
        error_prefix(err, "after %zu jobs were enqueued: ", b->made);
    if (r == PLAIN_OK)
        r = sum_up(b, err);
    plain_jobs_close(b->jobs);
    mem_free(b->lines);
    uuid_lines_release(&b->uuids);
    arena_release(&b->arena);
    mem_free(b);
    return r;
}
