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

enum { OPTION_NAME_SIZE = 64, SECTION_COUNT = 1, FAULT_SIZE = 256, VALUE_MAX = 64 * 1024 };

/* An option that only our own last line has. libconfuse takes a section that is never closed, and
 * then the line would be inside of it; a comment that is never closed swallows it. */
#define END_MARK "plain_end_of_file"

static const char section_name[] = "jobs";

struct parse {
    const char *path;
    const char *names[SETTING_COUNT + SECTION_COUNT]; /* what may be meant by a wrong one */
    char option_names[SETTING_COUNT][OPTION_NAME_SIZE];
    cfg_opt_t options[SETTING_COUNT + 1];
    unsigned lines[SETTING_COUNT];
    char fault[FAULT_SIZE]; /* libconfuse's words for the first error, "" for none */
    unsigned fault_line;
};

/* libconfuse hands no context to its callbacks. */
static _Thread_local struct parse *current;

static void note_fault(cfg_t *cfg, const char *fmt, va_list ap) PLAIN_PRINTF(2, 0);
static void note_fault(cfg_t *cfg, const char *fmt, va_list ap)
{
    if (current->fault[0])
        return;
    (void)vsnprintf(current->fault, sizeof(current->fault), fmt, ap);
    current->fault_line = (unsigned)cfg->line;
}

static int note_line(cfg_t *cfg, cfg_opt_t *option)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(option->name, current->option_names[i]) == 0)
            current->lines[i] = (unsigned)cfg->line;
    }
    return 0;
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
        parse->names[i] = parse->option_names[i];
        parse->options[i] = (cfg_opt_t)CFG_STR(parse->option_names[i], NULL, CFGF_NODEFAULT);
        if (is_list)
            parse->options[i].flags |= CFGF_LIST;
        parse->options[i].validcb = note_line;
    }
    parse->names[SETTING_COUNT] = section_name;
    parse->options[SETTING_COUNT] = (cfg_opt_t)CFG_END();
}

/* The name in "no such option 'x'", "" when the fault is another. */
static void unknown_name(const char *fault, char out[OPTION_NAME_SIZE])
{
    static const char start[] = "no such option '";

    out[0] = '\0';
    if (!text_starts_with(fault, start))
        return;
    (void)text_copy(out, OPTION_NAME_SIZE, fault + strlen(start));
    out[strcspn(out, "'")] = '\0';
}

static int refuse_name(const struct parse *parse, const char *name, plain_error *err)
{
    const char *nearest = text_nearest(name, parse->names, ARRAY_SIZE(parse->names));

    (void)error_set(err, PLAIN_E_INVALID, 202, name, "%s:%u: there is no setting or section '%s'",
                    parse->path, parse->fault_line, name);
    if (nearest && strcmp(nearest, section_name) != 0)
        error_fix(err, "did you mean '%s', in the section jobs { ... }?", nearest);
    else if (nearest)
        error_fix(err, "write it as jobs { ... }");
    return PLAIN_E_INVALID;
}

static int refuse_file(const struct parse *parse, plain_error *err)
{
    char name[OPTION_NAME_SIZE];

    unknown_name(parse->fault, name);
    if (strcmp(name, END_MARK) == 0)
        return error_set(err, PLAIN_E_INVALID, 203, parse->path,
                         "%s:%u: the file ends inside of a section or comment: is a '}' missing?",
                         parse->path, parse->fault_line - 1);
    if (name[0])
        return refuse_name(parse, name, err);
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
    cfg_t *section = cfg_getsec(cfg, section_name);
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

static int parse_text(struct parse *parse, const char *text, config_file_fn *fn, void *user,
                      plain_error *err)
{
    cfg_opt_t top[] = {
        CFG_SEC("jobs", parse->options, CFGF_NONE),
        CFG_STR(END_MARK, NULL, CFGF_NODEFAULT),
        CFG_END(),
    };
    cfg_t *cfg = cfg_init(top, CFGF_NONE);

    if (!cfg)
        return error_nomem(err);
    (void)cfg_set_error_function(cfg, note_fault);
    int r = cfg_parse_buf(cfg, text);
    bool is_whole = r == CFG_SUCCESS && cfg_size(cfg, END_MARK) == 1;
    if (!is_whole && !parse->fault[0]) {
        parse->fault_line = (unsigned)cfg->line;
        (void)snprintf(parse->fault, sizeof(parse->fault), "no such option '%s'", END_MARK);
    }
    r = is_whole ? report(parse, cfg, fn, user, err) : refuse_file(parse, err);
    (void)cfg_free(cfg);
    return r;
}

int config_file_parse(const char *path, const char *text, config_file_fn *fn, void *user,
                      plain_error *err)
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
        current = parse;
        r = parse_text(parse, marked.data, fn, user, err);
        current = NULL;
    } else {
        (void)error_nomem(err);
    }
    mem_free(parse);
    buf_release(&marked);
    return r;
}
