#include "core/config_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <confuse.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "core/section.h"

/* VALUE_MAX: more than a whole file (1 MiB), of which an escape has six bytes. */
enum { OPTION_NAME_SIZE = 64, FAULT_SIZE = 256, TITLE_SIZE = 256, VALUE_MAX = 8 * 1024 * 1024 };
enum { TWICE_MAX = 16 };

/* An option that only our own last line has. libconfuse takes a section that is never closed, and
 * then the line would be inside of it; a comment that is never closed swallows it. */
#define END_MARK "plain_end_of_file"

static const char settings_section[] = "jobs";
static const char dev_section[] = "dev";
static const char unknown_option[] = "no such option '";

/* Where an option of a titled section was given. */
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
    cfg_opt_t titled_options[SECTION_COUNT][SECTION_OPTIONS_MAX + 1];
    struct note *notes;
    size_t note_count;
    unsigned *dev_lines; /* of the names in sections `dev`, each once */
    size_t dev_line_count;
    unsigned seen;                     /* schedules so far */
    char twice[TWICE_MAX][TITLE_SIZE]; /* schedules that stand in the file twice */
    size_t twice_count;
    char fault[FAULT_SIZE]; /* libconfuse's words for the first error, "" for none */
    unsigned fault_line;
    const struct section_kind *fault_kind; /* NULL: it is in no titled section, else... */
    char fault_title[TITLE_SIZE];          /* ... in that one */
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
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (strcmp(cfg->name, section_kinds[i].word) != 0)
            continue;
        current->fault_kind = &section_kinds[i];
        (void)text_copy(current->fault_title, sizeof(current->fault_title), cfg_title(cfg));
    }
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
static int note_titled_line(cfg_t *cfg, cfg_opt_t *option)
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
    const struct note *found = NULL;

    /* From the last one: libconfuse may use the memory of a section that it replaced again. Of the
     * values of a list the first tells the place. */
    for (size_t i = parse->note_count; i > 0; i--) {
        const struct note *note = &parse->notes[i - 1];

        if (note->option == option && (!found || note->section_line == found->section_line))
            found = note;
    }
    return found;
}

/* Called behind each titled section. One whose name was there already takes the other's place:
 * their number stays, and the line of the file is where the new one ends. */
static int note_twice(cfg_t *cfg, cfg_opt_t *option)
{
    unsigned *seen = &current->seen;

    if (cfg_opt_size(option) == *seen && current->twice_count < TWICE_MAX) {
        for (unsigned i = 0; i < *seen; i++) {
            cfg_t *section = cfg_opt_getnsec(option, i);

            if (section->line == cfg->line) {
                (void)text_copy(current->twice[current->twice_count++], TITLE_SIZE,
                                cfg_title(section));
                break;
            }
        }
    }
    *seen = cfg_opt_size(option);
    return 0;
}

static bool is_twice(const struct parse *parse, const char *title)
{
    for (size_t i = 0; i < parse->twice_count; i++) {
        if (strcmp(parse->twice[i], title) == 0)
            return true;
    }
    return false;
}

static void lower_case(char out[OPTION_NAME_SIZE], const char *name)
{
    (void)text_copy(out, OPTION_NAME_SIZE, name);
    for (char *p = out; *p; p++)
        *p = text_lower(*p);
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

static void make_titled_options(struct parse *parse, enum section_id id)
{
    const struct section_kind *kind = &section_kinds[id];
    cfg_opt_t *options = parse->titled_options[id];

    for (size_t i = 0; i < kind->option_count; i++) {
        options[i] = (cfg_opt_t)CFG_STR(kind->options[i].name, NULL, CFGF_NODEFAULT);
        if (kind->options[i].is_list)
            options[i].flags |= CFGF_LIST;
        options[i].validcb = note_titled_line;
    }
    options[kind->option_count] = (cfg_opt_t)CFG_END();
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

/* "a job has params, doc and queue" */
static void list_options(const struct section_kind *kind, struct buf *out)
{
    buf_putf(out, "a %s has ", kind->word);
    for (size_t i = 0; i < kind->option_count; i++)
        buf_putf(out, "%s%s",
                 i == 0                       ? ""
                 : i + 1 < kind->option_count ? ", "
                                              : " and ",
                 kind->options[i].name);
}

static int refuse_titled_option(const struct parse *parse, const char *name, plain_error *err)
{
    const struct section_kind *kind = parse->fault_kind;
    const char *names[SECTION_OPTIONS_MAX];
    struct buf list = BUF_INIT(VALUE_MAX);

    for (size_t i = 0; i < kind->option_count; i++)
        names[i] = kind->options[i].name;
    const char *nearest = text_nearest(name, names, kind->option_count);
    (void)error_set(err, PLAIN_E_INVALID, 202, name, "%s:%u: %s '%s': there is no option '%s'",
                    parse->path, parse->fault_line, kind->word, parse->fault_title, name);
    list_options(kind, &list);
    if (nearest)
        error_fix(err, "did you mean '%s'?", nearest);
    else
        error_fix(err, "%s", list.data);
    buf_release(&list);
    return PLAIN_E_INVALID;
}

static int refuse_name(const struct parse *parse, const char *name, plain_error *err)
{
    const char *names[SETTING_COUNT + 2 + SECTION_COUNT];
    size_t count = 0;

    for (; count < SETTING_COUNT; count++)
        names[count] = parse->option_names[count];
    names[count++] = settings_section;
    for (size_t i = 0; i < SECTION_COUNT; i++)
        names[count++] = section_kinds[i].word;
    names[count++] = dev_section;
    const char *nearest = text_nearest(name, names, count);
    (void)error_set(err, PLAIN_E_INVALID, 202, name, "%s:%u: there is no setting or section '%s'",
                    parse->path, parse->fault_line, name);
    size_t at = 0;
    while (at < count && names[at] != nearest)
        at++;
    if (nearest && at >= SETTING_COUNT)
        error_fix(err,
                  "sections are jobs { ... }, job NAME { ... } for a single job, schedule NAME "
                  "{ ... } and dev { ... }");
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
        return parse->fault_kind ? refuse_titled_option(parse, name, err)
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

/* Where a setting was given, 0 when it was not. libconfuse tells of each value, so not of an empty
 * list. */
static unsigned setting_line(const struct parse *parse, cfg_t *section, size_t i)
{
    const cfg_opt_t *option = cfg_getopt(section, parse->option_names[i]);

    if (parse->lines[i] == 0 && (option->flags & CFGF_MODIFIED))
        return (unsigned)section->line;
    return parse->lines[i];
}

static int report(const struct parse *parse, cfg_t *cfg, config_file_fn *fn, void *user,
                  plain_error *err)
{
    cfg_t *section = cfg_getsec(cfg, settings_section);
    struct buf value = BUF_INIT(VALUE_MAX);
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < SETTING_COUNT; i++) {
        unsigned line = setting_line(parse, section, i);

        if (line == 0)
            continue;
        buf_reset(&value);
        put_value(section, parse->option_names[i], settings_table[i].type == SETTING_LIST, &value);
        r = buf_ok(&value) ? fn((enum setting_id)i, value.data, line, user, err) : error_nomem(err);
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
static int put_titled_option(const struct parse *parse, cfg_t *section, const char *name,
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
static unsigned section_line(const struct parse *parse, const struct section_kind *kind,
                             cfg_t *section)
{
    for (size_t i = 0; i < kind->option_count; i++) {
        const struct note *note = find_note(parse, cfg_getopt(section, kind->options[i].name));

        if (note)
            return note->section_line;
    }
    return (unsigned)section->line;
}

static int put_section(const struct parse *parse, const struct section_kind *kind, cfg_t *section,
                       struct buf *out, plain_error *err)
{
    buf_puts(out, "{\"name\": ");
    int r = put_text(parse->path, cfg_title(section), out, err);
    buf_puts(out, ", \"place\": ");
    if (r == PLAIN_OK)
        r = put_place(parse, section_line(parse, kind, section), out, err);
    if (kind->may_be_twice && is_twice(parse, cfg_title(section)))
        buf_puts(out, ", \"twice\": true");
    for (size_t i = 0; r == PLAIN_OK && i < kind->option_count; i++)
        r = put_titled_option(parse, section, kind->options[i].name, out, err);
    buf_putc(out, '}');
    return r;
}

static int put_sections(const struct parse *parse, const struct section_kind *kind, cfg_t *cfg,
                        struct buf *out, plain_error *err)
{
    int r = PLAIN_OK;

    buf_putc(out, '[');
    for (unsigned i = 0; r == PLAIN_OK && i < cfg_size(cfg, kind->word); i++) {
        buf_puts(out, i > 0 ? ", " : "");
        r = put_section(parse, kind, cfg_getnsec(cfg, kind->word, i), out, err);
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
                      void *user, struct buf sections[SECTION_COUNT], plain_error *err)
{
    cfg_opt_t none[] = {CFG_END()};
    cfg_opt_t top[] = {
        CFG_SEC(dev_section, none, CFGF_KEYSTRVAL),
        CFG_SEC(settings_section, parse->options, CFGF_NONE),
        CFG_SEC(section_kinds[SECTION_JOB].word, parse->titled_options[SECTION_JOB],
                CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_SEC(section_kinds[SECTION_SCHEDULE].word, parse->titled_options[SECTION_SCHEDULE],
                CFGF_MULTI | CFGF_TITLE),
        CFG_STR(END_MARK, NULL, CFGF_NODEFAULT),
        CFG_END(),
    };
    cfg_t *cfg = cfg_init(top, CFGF_NONE);

    if (!cfg)
        return error_nomem(err);
    parse->top = cfg;
    (void)cfg_set_validate_func(cfg, section_kinds[SECTION_SCHEDULE].word, note_twice);
    (void)cfg_set_error_function(cfg, note_fault);
    int r = cfg_parse_buf(cfg, text);
    bool is_whole = r == CFG_SUCCESS && cfg_size(cfg, END_MARK) == 1;
    if (!is_whole && !parse->fault[0]) {
        parse->fault_line = (unsigned)cfg->line;
        (void)snprintf(parse->fault, sizeof(parse->fault), "no such option '%s'", END_MARK);
    }
    r = is_whole ? report(parse, cfg, fn, user, err) : refuse_file(parse, err);
    for (size_t i = 0; r == PLAIN_OK && i < SECTION_COUNT; i++)
        r = put_sections(parse, &section_kinds[i], cfg, &sections[i], err);
    if (r == PLAIN_OK)
        r = report_dev(parse, cfg, dev, user, err);
    (void)cfg_free(cfg);
    return r;
}

/* Behind the comment that begins at p; p when none does: "//" in a word is part of it. */
static const char *skip_comment(const char *p, char before)
{
    static const struct {
        const char *begin, *end;
    } comments[] = {{"#", "\n"}, {"//", "\n"}, {"/*", "*/"}};

    for (size_t i = 0; i < ARRAY_SIZE(comments); i++) {
        if (!text_starts_with(p, comments[i].begin) ||
            (*p == '/' && !strchr(" \t\r\n={}(),", before)))
            continue;
        const char *end = strstr(p + strlen(comments[i].begin), comments[i].end);
        return end ? end + strlen(comments[i].end) : p + strlen(p);
    }
    return p;
}

/* The "${" that libconfuse would replace by a variable of the environment, or by nothing; NULL:
 * there is none. Not in single quotes; a backslash has what follows stand for itself. */
static const char *find_variable(const char *p)
{
    char quote = '\0', before = '\n';

    while (*p) {
        const char *behind = quote ? p : skip_comment(p, before);

        if (behind > p) {
            p = behind;
            before = '\n';
            continue;
        }
        if (quote != '\'' && text_starts_with(p, "${"))
            return p;
        if (*p == '\\' && p[1])
            p++;
        else if (quote ? *p == quote : *p == '"' || *p == '\'')
            quote = quote ? '\0' : *p;
        before = *p++;
    }
    return NULL;
}

static int check_variables(const char *path, const char *text, plain_error *err)
{
    const char *found = find_variable(text);
    unsigned line = 1;

    if (!found)
        return PLAIN_OK;
    for (const char *p = text; p < found; p++)
        line += *p == '\n';
    (void)error_set(err, PLAIN_E_INVALID, 203, path,
                    "%s:%u: ${ would be replaced by a variable of the environment", path, line);
    error_fix(err, "write the value in single quotes, where nothing is replaced, or \\${ for these "
                   "characters");
    return PLAIN_E_INVALID;
}

int config_file_parse(const char *path, const char *text, config_file_fn *fn, config_dev_fn *dev,
                      void *user, struct buf sections[SECTION_COUNT], plain_error *err)
{
    struct buf marked = BUF_INIT(SIZE_MAX);
    int r = check_variables(path, text, err);

    if (r < 0)
        return r;
    struct parse *parse = mem_zalloc(1, sizeof(*parse));
    r = PLAIN_E_NOMEM;
    buf_puts(&marked, text);
    buf_puts(&marked, marked.len > 0 && marked.data[marked.len - 1] == '\n' ? "" : "\n");
    buf_puts(&marked, END_MARK " = 1\n");
    if (parse && buf_ok(&marked)) {
        parse->path = path;
        make_options(parse);
        for (int i = 0; i < SECTION_COUNT; i++)
            make_titled_options(parse, (enum section_id)i);
        current = parse;
        r = parse_text(parse, marked.data, fn, dev, user, sections, err);
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
