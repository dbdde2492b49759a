#include "core/config_file.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <confuse.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "core/job_section.h"

enum { OPTION_NAME_SIZE = 64, FAULT_SIZE = 256, TITLE_SIZE = 256, VALUE_MAX = 64 * 1024 };

/* An option that only our own last line has. libconfuse takes a section that is never closed, and
 * then the line would be inside of it; a comment that is never closed swallows it. */
#define END_MARK "plain_end_of_file"

static const char settings_section[] = "jobs";
static const char job_section[] = "job";
static const char dev_section[] = "dev";
static const char unknown_option[] = "no such option '";

/* Where an option of a job's section was given. */
struct note {
    const cfg_opt_t *option; /* of that section alone: libconfuse copies the table for each */
    unsigned line, section_line;
};

struct parse {
    const char *path;
    cfg_t *top;
    char option_names[SETTING_COUNT][OPTION_NAME_SIZE];
    cfg_opt_t options[SETTING_COUNT + 1];
    unsigned lines[SETTING_COUNT];
    cfg_opt_t job_options[JOB_OPTION_COUNT + 1];
    struct note *notes;
    size_t note_count;
    unsigned *dev_lines; /* of the names in sections `dev`, each once */
    size_t dev_line_count;
    char fault[FAULT_SIZE]; /* libconfuse's words for the first error, "" for none */
    unsigned fault_line;
    char fault_job[TITLE_SIZE]; /* whose section it is in, "" for none */
    bool out_of_memory;
};

/* libconfuse hands no context to its callbacks. */
static _Thread_local struct parse *current;

static void note_dev_line(const cfg_t *cfg)
{
    unsigned *lines =
        mem_grow(current->dev_lines, current->dev_line_count + 1, sizeof(*current->dev_lines));

    if (!lines) {
        current->out_of_memory = true;
        return;
    }
    current->dev_lines = lines;
    lines[current->dev_line_count++] = (unsigned)cfg->line;
}

/* In the section `dev` every name is new, which libconfuse tells as a fault and then takes. */
static void note_fault(cfg_t *cfg, const char *fmt, va_list ap) PLAIN_PRINTF(2, 0);
static void note_fault(cfg_t *cfg, const char *fmt, va_list ap)
{
    if (current->fault[0])
        return;
    (void)vsnprintf(current->fault, sizeof(current->fault), fmt, ap);
    if (strcmp(cfg->name, dev_section) == 0 && text_starts_with(current->fault, unknown_option)) {
        current->fault[0] = '\0';
        note_dev_line(cfg);
        return;
    }
    current->fault_line = (unsigned)cfg->line;
    if (strcmp(cfg->name, job_section) == 0)
        (void)text_copy(current->fault_job, sizeof(current->fault_job), cfg_title(cfg));
}

static int note_line(cfg_t *cfg, cfg_opt_t *option)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(option->name, current->option_names[i]) == 0)
            current->lines[i] = (unsigned)cfg->line;
    }
    return 0;
}

/* While a section is read, the line of what is around it stays that of its beginning. */
static int note_job_line(cfg_t *cfg, cfg_opt_t *option)
{
    struct note *notes = mem_grow(current->notes, current->note_count + 1, sizeof(*current->notes));

    if (!notes) {
        current->out_of_memory = true;
        return -1;
    }
    current->notes = notes;
    notes[current->note_count++] =
        (struct note){option, (unsigned)cfg->line, (unsigned)current->top->line};
    return 0;
}

static const struct note *find_note(const struct parse *parse, const cfg_opt_t *option)
{
    for (size_t i = 0; i < parse->note_count; i++) {
        if (parse->notes[i].option == option)
            return &parse->notes[i];
    }
    return NULL;
}

static void lower_case(char out[OPTION_NAME_SIZE], const char *name)
{
    (void)text_copy(out, OPTION_NAME_SIZE, name);
    for (char *p = out; *p; p++)
        *p = (char)tolower((unsigned char)*p);
}

/* The options of the section: every setting is a text for libconfuse, or a list of texts, so that
 * one place decides what a value may be, wherever it comes from. */
static void make_options(struct parse *parse)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const bool is_list = settings_table[i].type == SETTING_LIST;

        lower_case(parse->option_names[i], settings_table[i].name);
        parse->options[i] = (cfg_opt_t)CFG_STR(parse->option_names[i], NULL, CFGF_NODEFAULT);
        if (is_list)
            parse->options[i].flags |= CFGF_LIST;
        parse->options[i].validcb = note_line;
    }
    parse->options[SETTING_COUNT] = (cfg_opt_t)CFG_END();
}

static void make_job_options(struct parse *parse)
{
    for (size_t i = 0; i < JOB_OPTION_COUNT; i++) {
        parse->job_options[i] = (cfg_opt_t)CFG_STR(job_option_kinds[i].name, NULL, CFGF_NODEFAULT);
        if (job_option_kinds[i].is_list)
            parse->job_options[i].flags |= CFGF_LIST;
        parse->job_options[i].validcb = note_job_line;
    }
    parse->job_options[JOB_OPTION_COUNT] = (cfg_opt_t)CFG_END();
}

/* The name in "no such option 'x'", "" when the fault is another. */
static void unknown_name(const char *fault, char out[OPTION_NAME_SIZE])
{
    out[0] = '\0';
    if (!text_starts_with(fault, unknown_option))
        return;
    (void)text_copy(out, OPTION_NAME_SIZE, fault + strlen(unknown_option));
    out[strcspn(out, "'")] = '\0';
}

static int refuse_job_option(const struct parse *parse, const char *name, plain_error *err)
{
    const char *names[JOB_OPTION_COUNT];

    for (size_t i = 0; i < JOB_OPTION_COUNT; i++)
        names[i] = job_option_kinds[i].name;
    const char *nearest = text_nearest(name, names, JOB_OPTION_COUNT);
    (void)error_set(err, PLAIN_E_INVALID, 202, name, "%s:%u: job '%s': there is no option '%s'",
                    parse->path, parse->fault_line, parse->fault_job, name);
    if (nearest)
        error_fix(err, "did you mean '%s'?", nearest);
    else
        error_fix(err, "a job has params, doc, queue, priority, retries, retry_delay, "
                       "concurrency_key and defer_delay");
    return PLAIN_E_INVALID;
}

static int refuse_name(const struct parse *parse, const char *name, plain_error *err)
{
    const char *names[SETTING_COUNT + 3];
    size_t count = 0;

    for (; count < SETTING_COUNT; count++)
        names[count] = parse->option_names[count];
    names[count++] = settings_section;
    names[count++] = job_section;
    names[count++] = dev_section;
    const char *nearest = text_nearest(name, names, count);
    (void)error_set(err, PLAIN_E_INVALID, 202, name, "%s:%u: there is no setting or section '%s'",
                    parse->path, parse->fault_line, name);
    if (nearest == settings_section || nearest == job_section || nearest == dev_section)
        error_fix(err, "sections are jobs { ... }, job NAME { ... } for a single job, dev { ... }");
    else if (nearest)
        error_fix(err, "did you mean '%s', in the section jobs { ... }?", nearest);
    return PLAIN_E_INVALID;
}

static int refuse_file(const struct parse *parse, plain_error *err)
{
    char name[OPTION_NAME_SIZE];

    if (parse->out_of_memory)
        return error_nomem(err);
    unknown_name(parse->fault, name);
    if (strcmp(name, END_MARK) == 0)
        return error_set(err, PLAIN_E_INVALID, 203, parse->path,
                         "%s:%u: the file ends inside of a section or comment: is a '}' missing?",
                         parse->path, parse->fault_line - 1);
    if (name[0])
        return parse->fault_job[0] ? refuse_job_option(parse, name, err)
                                   : refuse_name(parse, name, err);
    return error_set(err, PLAIN_E_INVALID, 203, parse->path, "%s:%u: %s", parse->path,
                     parse->fault_line, parse->fault[0] ? parse->fault : "cannot be parsed");
}

/* A list as a JSON array; a single value as it is. */
static void put_value(cfg_t *section, const char *name, bool is_list, struct buf *out)
{
    if (!is_list) {
        buf_puts(out, cfg_getstr(section, name));
        return;
    }
    buf_putc(out, '[');
    for (unsigned i = 0; i < cfg_size(section, name); i++) {
        buf_puts(out, i > 0 ? ", " : "");
        buf_put_json(out, cfg_getnstr(section, name, i));
    }
    buf_putc(out, ']');
}

static int report(const struct parse *parse, cfg_t *cfg, config_file_fn *fn, void *user,
                  plain_error *err)
{
    cfg_t *section = cfg_getsec(cfg, settings_section);
    struct buf value = BUF_INIT(VALUE_MAX);
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < SETTING_COUNT; i++) {
        if (parse->lines[i] == 0)
            continue;
        buf_reset(&value);
        put_value(section, parse->option_names[i], settings_table[i].type == SETTING_LIST, &value);
        r = buf_ok(&value) ? fn((enum setting_id)i, value.data, parse->lines[i], user, err)
                           : error_nomem(err);
    }
    buf_release(&value);
    return r;
}

static int put_text(const char *place, const char *text, struct buf *out, plain_error *err)
{
    if (!utf8_valid(text, strlen(text)))
        return error_set(err, PLAIN_E_INVALID, 202, "job", "%s is not valid UTF-8", place);
    buf_put_json(out, text);
    return PLAIN_OK;
}

static int put_place(const struct parse *parse, unsigned line, struct buf *out, plain_error *err)
{
    struct buf place = BUF_INIT(VALUE_MAX);

    buf_putf(&place, "%s:%u", parse->path, line);
    int r = put_text(parse->path, place.data, out, err);
    buf_release(&place);
    return r;
}

/* `, "queue": ["plain.conf:4", "slow"]`, or nothing when it is not given. */
static int put_job_option(const struct parse *parse, cfg_t *section, const char *name,
                          struct buf *out, plain_error *err)
{
    cfg_opt_t *option = cfg_getopt(section, name);
    const struct note *note = find_note(parse, option);
    char place[TITLE_SIZE];

    if (!note)
        return PLAIN_OK;
    (void)snprintf(place, sizeof(place), "%s:%u: %s", parse->path, note->line, name);
    buf_putf(out, ", \"%s\": [", name);
    int r = put_place(parse, note->line, out, err);
    for (unsigned i = 0; r == PLAIN_OK && i < cfg_opt_size(option); i++) {
        buf_puts(out, ", ");
        r = put_text(place, cfg_opt_getnstr(option, i), out, err);
    }
    buf_putc(out, ']');
    return r;
}

/* The line where the section begins; where it ends when it has no options. */
static unsigned section_line(const struct parse *parse, cfg_t *section)
{
    for (size_t i = 0; i < JOB_OPTION_COUNT; i++) {
        const struct note *note = find_note(parse, cfg_getopt(section, job_option_kinds[i].name));

        if (note)
            return note->section_line;
    }
    return (unsigned)section->line;
}

static int put_job(const struct parse *parse, cfg_t *section, struct buf *out, plain_error *err)
{
    buf_puts(out, "{\"name\": ");
    int r = put_text(parse->path, cfg_title(section), out, err);
    buf_puts(out, ", \"place\": ");
    if (r == PLAIN_OK)
        r = put_place(parse, section_line(parse, section), out, err);
    for (size_t i = 0; r == PLAIN_OK && i < JOB_OPTION_COUNT; i++)
        r = put_job_option(parse, section, job_option_kinds[i].name, out, err);
    buf_putc(out, '}');
    return r;
}

static int put_jobs(const struct parse *parse, cfg_t *cfg, struct buf *out, plain_error *err)
{
    int r = PLAIN_OK;

    buf_putc(out, '[');
    for (unsigned i = 0; r == PLAIN_OK && i < cfg_size(cfg, job_section); i++) {
        buf_puts(out, i > 0 ? ", " : "");
        r = put_job(parse, cfg_getnsec(cfg, job_section, i), out, err);
    }
    buf_putc(out, ']');
    if (r == PLAIN_OK && !buf_ok(out))
        r = error_nomem(err);
    return r;
}

/* libconfuse appends a name when it first meets it. Of two sections the last one counts. */
static int report_dev(const struct parse *parse, cfg_t *cfg, config_dev_fn *fn, void *user,
                      plain_error *err)
{
    cfg_t *section = cfg_getsec(cfg, dev_section);
    unsigned n = section ? cfg_num(section) : 0;
    int r = parse->out_of_memory ? error_nomem(err) : PLAIN_OK;

    for (unsigned i = 0; r == PLAIN_OK && i < n; i++) {
        cfg_opt_t *option = cfg_getnopt(section, i);
        size_t note = parse->dev_line_count - n + i;

        r = fn(option->name, cfg_opt_getstr(option), parse->dev_lines[note], user, err);
    }
    return r;
}

static int parse_text(struct parse *parse, const char *text, config_file_fn *fn, config_dev_fn *dev,
                      void *user, struct buf *jobs, plain_error *err)
{
    cfg_opt_t none[] = {CFG_END()};
    cfg_opt_t top[] = {
        CFG_SEC(dev_section, none, CFGF_KEYSTRVAL),
        CFG_SEC(settings_section, parse->options, CFGF_NONE),
        CFG_SEC(job_section, parse->job_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_STR(END_MARK, NULL, CFGF_NODEFAULT),
        CFG_END(),
    };
    cfg_t *cfg = cfg_init(top, CFGF_NONE);

    if (!cfg)
        return error_nomem(err);
    parse->top = cfg;
    (void)cfg_set_error_function(cfg, note_fault);
    int r = cfg_parse_buf(cfg, text);
    bool is_whole = r == CFG_SUCCESS && cfg_size(cfg, END_MARK) == 1;
    if (!is_whole && !parse->fault[0]) {
        parse->fault_line = (unsigned)cfg->line;
        (void)snprintf(parse->fault, sizeof(parse->fault), "no such option '%s'", END_MARK);
    }
    r = is_whole ? report(parse, cfg, fn, user, err) : refuse_file(parse, err);
    if (r == PLAIN_OK)
        r = put_jobs(parse, cfg, jobs, err);
    if (r == PLAIN_OK)
        r = report_dev(parse, cfg, dev, user, err);
    (void)cfg_free(cfg);
    return r;
}

int config_file_parse(const char *path, const char *text, config_file_fn *fn, config_dev_fn *dev,
                      void *user, struct buf *jobs, plain_error *err)
{
    struct buf marked = BUF_INIT(SIZE_MAX);
    struct parse *parse = mem_zalloc(1, sizeof(*parse));
    int r = PLAIN_E_NOMEM;

    buf_puts(&marked, text);
    buf_puts(&marked, marked.len > 0 && marked.data[marked.len - 1] == '\n' ? "" : "\n");
    buf_puts(&marked, END_MARK " = 1\n");
    if (parse && buf_ok(&marked)) {
        parse->path = path;
        make_options(parse);
        make_job_options(parse);
        current = parse;
        r = parse_text(parse, marked.data, fn, dev, user, jobs, err);
        current = NULL;
        mem_free(parse->notes);
        mem_free(parse->dev_lines);
    } else {
        (void)error_nomem(err);
    }
    mem_free(parse);
    buf_release(&marked);
    return r;
}
