/*
 * settings.c - values of settings, from five sources
 *
 * The sources are read from the weakest to the strongest, and each value overwrites what was there.
 * All are texts and go through accept(), the only place that knows what a value may be.
 */
#include "core/settings.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/write_access.h"
#include "core/config_file.h"
#include "core/dotenv.h"
#include "core/json.h"

#define PREFIX "PLAIN_" /* of variables */

extern char **environ;

enum {
    DOTENV_MAX = 64 * 1024,
    CONFIG_MAX = 1024 * 1024,
    VARIABLE_SIZE = 64,
    LIST_DEPTH = 1,
    DEV_NAME_MAX = 32
};

const struct setting settings_table[SETTING_COUNT] = {
#define SETTING_ROW(id, kind, def, low, high, words, text)                                         \
    [SETTING_##id] = {                                                                             \
        .name = #id,                                                                               \
        .type = SETTING_##kind,                                                                    \
        .fallback = (def),                                                                         \
        .min = (low),                                                                              \
        .max = (high),                                                                             \
        .choices = (words),                                                                        \
        .doc = (text),                                                                             \
    },
    SETTING_MAP(SETTING_ROW)
#undef SETTING_ROW
};

struct value {
    const char *text; /* as given, "" when unset; a choice as the table writes it */
    const char *source;
    int64_t number; /* of an INT; of a DURATION in ms */
    const char **list;
    size_t count;
};

struct settings {
    struct arena arena; /* every text and list */
    struct value values[SETTING_COUNT];
    const char *sections[SECTION_COUNT];
    struct dev_line *dev_lines;
    size_t dev_count;
};

/* A text that is about to become a value. */
struct candidate {
    const struct setting *setting;
    const char *text;
    const char *place; /* "plain.conf:3", for messages */
};

static int refuse(const struct candidate *c, const char *takes, plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 202, c->setting->name, "%s: %s takes %s, not '%s'",
                     c->place, c->setting->name, takes, c->text);
}

static int accept_text(struct settings *s, const struct candidate *c, struct value *v,
                       plain_error *err)
{
    (void)s;
    (void)v;
    for (const char *p = c->text; *p; p++) {
        if ((*p > 0 && *p < ' ') || *p == 0x7F)
            /* The text is not shown: a URL may hold a password. */
            return error_set(err, PLAIN_E_INVALID, 202, c->setting->name,
                             "%s: %s holds a control character", c->place, c->setting->name);
    }
    return PLAIN_OK;
}

static int accept_int(struct settings *s, const struct candidate *c, struct value *v,
                      plain_error *err)
{
    char takes[64];

    (void)s;
    if (text_parse_int64(c->text, c->setting->min, c->setting->max, &v->number))
        return PLAIN_OK;
    (void)snprintf(takes, sizeof(takes), "a whole number from %lld to %lld",
                   (long long)c->setting->min, (long long)c->setting->max);
    return refuse(c, takes, err);
}

static int accept_duration(struct settings *s, const struct candidate *c, struct value *v,
                           plain_error *err)
{
    char takes[96];

    (void)s;
    if (text_parse_duration_ms(c->text, &v->number) && v->number >= c->setting->min * MS_PER_S &&
        v->number <= c->setting->max * MS_PER_S)
        return PLAIN_OK;
    (void)snprintf(takes, sizeof(takes), "%lld to %lld seconds, also written as 300ms, 5m, 7d",
                   (long long)c->setting->min, (long long)c->setting->max);
    return refuse(c, takes, err);
}

static int accept_size(struct settings *s, const struct candidate *c, struct value *v,
                       plain_error *err)
{
    (void)s;
    if (text_parse_size(c->text, &v->number))
        return PLAIN_OK;
    return refuse(c, "a size in bytes, also written as 512K, 256M, 2G", err);
}

static int accept_choice(struct settings *s, const struct candidate *c, struct value *v,
                         plain_error *err)
{
    char word[VARIABLE_SIZE];
    const char *p = c->setting->choices;

    while (*p) {
        size_t n = strcspn(p, "|");

        assert(n < sizeof(word));
        memcpy(word, p, n);
        word[n] = '\0';
        if (text_equal_nocase(c->text, word)) {
            v->text = arena_strdup(&s->arena, word);
            return v->text ? PLAIN_OK : error_nomem(err);
        }
        p += n + (p[n] == '|');
    }
    return refuse(c, c->setting->choices, err);
}

static size_t count_elements(struct jtext array)
{
    struct jtext_walk walk = jtext_walk_start(array);
    struct jtext_member m;
    size_t n = 0;

    while (jtext_walk_next(&walk, &m))
        n++;
    return n;
}

static int accept_list(struct settings *s, const struct candidate *c, struct value *v,
                       plain_error *err)
{
    static const char takes[] = "a JSON array of strings such as [\"a\", \"b\"]";
    struct jtext array;
    struct jtext_member m;

    if (jtext_check(c->text, strlen(c->text), LIST_DEPTH, c->setting->name, &array, NULL) < 0 ||
        jtext_kind(array) != JTEXT_ARRAY)
        return refuse(c, takes, err);
    v->list = arena_array(&s->arena, count_elements(array) + 1, sizeof(*v->list));
    v->count = 0;
    struct jtext_walk walk = jtext_walk_start(array);
    while (v->list && jtext_walk_next(&walk, &m)) {
        if (jtext_kind(m.value) != JTEXT_STRING)
            return refuse(c, takes, err);
        v->list[v->count++] = jtext_string(m.value, &s->arena);
    }
    return arena_ok(&s->arena) ? PLAIN_OK : error_nomem(err);
}

typedef int accept_fn(struct settings *s, const struct candidate *c, struct value *v,
                      plain_error *err);

static accept_fn *const accepts[] = {
    [SETTING_TEXT] = accept_text,         [SETTING_INT] = accept_int,
    [SETTING_DURATION] = accept_duration, [SETTING_SIZE] = accept_size,
    [SETTING_LIST] = accept_list,         [SETTING_CHOICE] = accept_choice,
};

/* Takes a text as the value of a setting. An empty one is none: the source below it counts. */
static int accept(struct settings *s, enum setting_id id, const char *text, const char *source,
                  const char *place, plain_error *err)
{
    const struct candidate c = {&settings_table[id], text, place};
    struct value v = {
        .text = arena_strdup(&s->arena, text),
        .source = arena_strdup(&s->arena, source),
    };

    if (!*text)
        return PLAIN_OK;
    if (!utf8_valid(text, strlen(text)))
        return error_set(err, PLAIN_E_INVALID, 202, c.setting->name, "%s: %s is not valid UTF-8",
                         place, c.setting->name);
    int r = accepts[c.setting->type](s, &c, &v, err);
    if (r < 0)
        return r;
    if (!arena_ok(&s->arena))
        return error_nomem(err);
    s->values[id] = v;
    return PLAIN_OK;
}

static int load_defaults(struct settings *s, plain_error *err)
{
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < SETTING_COUNT; i++) {
        s->values[i] = (struct value){.text = "", .source = "default"};
        r = accept(s, (enum setting_id)i, settings_table[i].fallback, "default", "default", err);
    }
    return r;
}

/* "PLAIN_JOBS_MODULES"; a database's URL has one name everywhere. */
static void variable_name(const struct setting *setting, char out[VARIABLE_SIZE])
{
    const char *prefix = setting == &settings_table[SETTING_DATABASE_URL] ? "" : PREFIX;

    (void)snprintf(out, VARIABLE_SIZE, "%s%s", prefix, setting->name);
}

/* The setting of a variable; false when there is none. */
static bool find_variable(const char *name, enum setting_id *id)
{
    char known[VARIABLE_SIZE];

    for (size_t i = 0; i < SETTING_COUNT; i++) {
        variable_name(&settings_table[i], known);
        if (strcmp(name, known) == 0) {
            *id = (enum setting_id)i;
            return true;
        }
    }
    return false;
}

static int refuse_variable(const char *name, const char *place, plain_error *err)
{
    char known[SETTING_COUNT][VARIABLE_SIZE];
    const char *names[SETTING_COUNT];

    for (size_t i = 0; i < SETTING_COUNT; i++) {
        variable_name(&settings_table[i], known[i]);
        names[i] = known[i];
    }
    (void)error_set(err, PLAIN_E_INVALID, 202, name, "%s: there is no setting %s", place, name);
    const char *nearest = text_nearest(name, names, SETTING_COUNT);
    if (!nearest && text_starts_with(name, PREFIX)) /* that of DATABASE_URL has none */
        nearest = text_nearest(name + sizeof(PREFIX) - 1, names, SETTING_COUNT);
    if (nearest)
        error_fix(err, "did you mean %s?", nearest);
    return PLAIN_E_INVALID;
}

/* A variable of the environment or of .env. Only names that are surely meant for us must exist: the
 * Python framework has names of its own that begin with PLAIN_. */
static int take_variable(struct settings *s, const char *name, const char *value,
                         const char *source, const char *place, plain_error *err)
{
    enum setting_id id;

    if (find_variable(name, &id))
        return accept(s, id, value, source, place, err);
    bool is_ours = text_starts_with(name, "PLAIN_JOBS_") || strcmp(name, "PLAIN_DATABASE_URL") == 0;
    return is_ours ? refuse_variable(name, place, err) : PLAIN_OK;
}

static bool is_of_interest(const char *name)
{
    return text_starts_with(name, PREFIX) || text_starts_with(name, "DATABASE_URL");
}

static int load_environment(struct settings *s, plain_error *err)
{
    int r = PLAIN_OK;

    for (char **entry = environ; r == PLAIN_OK && entry && *entry; entry++) {
        const char *sign = strchr(*entry, '=');

        if (!sign || !is_of_interest(*entry))
            continue;
        char *name = arena_strndup(&s->arena, *entry, (size_t)(sign - *entry));
        char *source = name ? arena_printf(&s->arena, "environment %s", name) : NULL;
        r = source ? take_variable(s, name, sign + 1, source, source, err) : error_nomem(err);
    }
    return r;
}

/* What the callbacks of a file need. */
struct file {
    struct settings *settings;
    const char *path;
};

static const char *place_of(const struct file *file, unsigned line)
{
    const char *place = arena_printf(&file->settings->arena, "%s:%u", file->path, line);

    return place ? place : file->path;
}

static int take_dotenv(const char *name, const char *value, unsigned line, void *user,
                       plain_error *err)
{
    const struct file *file = user;

    return take_variable(file->settings, name, value, file->path, place_of(file, line), err);
}

static int take_config(enum setting_id id, const char *value, unsigned line, void *user,
                       plain_error *err)
{
    const struct file *file = user;

    return accept(file->settings, id, value, file->path, place_of(file, line), err);
}

static bool is_dev_name(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t n = strlen(name);

    return n > 0 && n <= DEV_NAME_MAX && strspn(name, letters) == n;
}

static int take_dev(const char *name, const char *command, unsigned line, void *user,
                    plain_error *err)
{
    const struct file *file = user;
    struct settings *s = file->settings;
    const char *place = place_of(file, line);

    if (!is_dev_name(name) || !command || !utf8_valid(command, strlen(command)))
        return error_set(
            err, PLAIN_E_INVALID, 202, "dev",
            "%s: a line of dev { ... } is NAME = \"command\", with letters, digits and "
            "_.- in the name, at most %d",
            place, DEV_NAME_MAX);
    struct dev_line *lines = mem_grow(s->dev_lines, s->dev_count + 1, sizeof(*lines));
    if (!lines)
        return error_nomem(err);
    s->dev_lines = lines;
    lines[s->dev_count++] = (struct dev_line){.name = arena_strdup(&s->arena, name),
                                              .command = arena_strdup(&s->arena, command),
                                              .place = place};
    return PLAIN_OK; /* the arena is asked at the end */
}

static int refuse_file(const char *path, const char *fault, plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 203, path, "%s %s", path, fault);
}

static int check_mode(int fd, const char *path, plain_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return error_set_errno(err, PLAIN_E_INVALID, 203, path, errno, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return refuse_file(path, "is not a regular file", err);
    if (!write_access_is_owners(&st, path)) {
        (void)refuse_file(path, "may be written by others than its owner", err);
        error_fix(err, "chmod go-w %s", path);
        return PLAIN_E_INVALID;
    }
    return PLAIN_OK;
}

/* Reads all of fd, at most max bytes of text, into out. */
static int read_text(int fd, const char *path, size_t max, struct buf *out, plain_error *err)
{
    enum { CHUNK = 4096 };
    char chunk[CHUNK];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0 && out->len <= max)
        buf_put(out, chunk, (size_t)n);
    if (n < 0)
        return error_set_errno(err, PLAIN_E_INVALID, 203, path, errno, "cannot read %s", path);
    if (!buf_ok(out))
        return error_nomem(err);
    if (out->len > max)
        return error_set(err, PLAIN_E_INVALID, 203, path, "%s is larger than %zu bytes", path, max);
    if (strlen(out->data) != out->len)
        return refuse_file(path, "holds a NUL byte", err);
    return PLAIN_OK;
}

/* PLAIN_NONE when there is no such file. */
static int read_file(const char *path, size_t max, struct buf *out, plain_error *err)
{
    /* Should it be a pipe, this does not wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT)
        return PLAIN_NONE;
    if (fd < 0)
        return error_set_errno(err, PLAIN_E_INVALID, 203, path, errno, "cannot read %s", path);
    int r = check_mode(fd, path, err);
    if (r == PLAIN_OK)
        r = read_text(fd, path, max, out, err);
    (void)close(fd);
    return r;
}

/* Editors of other systems put a byte order mark in front, which nobody sees. */
static const char *skip_mark(const char *text)
{
    static const char mark[] = "\xEF\xBB\xBF";

    return text_starts_with(text, mark) ? text + strlen(mark) : text;
}

static int load_config(struct settings *s, const char *config, plain_error *err)
{
    struct file file = {.settings = s, .path = config ? config : "plain.conf"};
    struct buf text = BUF_INIT((size_t)CONFIG_MAX * 2);
    struct buf sections[SECTION_COUNT];
    int r = read_file(file.path, CONFIG_MAX, &text, err);

    for (size_t i = 0; i < SECTION_COUNT; i++)
        sections[i] = (struct buf)BUF_INIT((size_t)CONFIG_MAX * 8); /* an escape has six bytes */
    if (r == PLAIN_OK)
        r = config_file_parse(file.path, skip_mark(text.data), take_config, take_dev, &file,
                              sections, err);
    else if (r == PLAIN_NONE)
        r = config ? refuse_file(config, "does not exist", err) : PLAIN_OK;
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        s->sections[i] = sections[i].len > 0 ? arena_strdup(&s->arena, sections[i].data) : "[]";
        buf_release(&sections[i]);
    }
    buf_release(&text);
    return r;
}

static int load_dotenv(struct settings *s, plain_error *err)
{
    struct file file = {.settings = s, .path = ".env"};
    struct buf text = BUF_INIT((size_t)DOTENV_MAX * 2);
    int r = read_file(file.path, DOTENV_MAX, &text, err);

    if (r == PLAIN_OK)
        r = dotenv_parse(file.path, skip_mark(text.data), &s->arena, is_of_interest, take_dotenv,
                         &file, err);
    else if (r == PLAIN_NONE)
        r = PLAIN_OK;
    buf_release(&text);
    return r;
}

int settings_load(const char *config, struct settings **out, plain_error *err)
{
    struct settings *s = mem_zalloc(1, sizeof(*s));

    if (!s)
        return error_nomem(err);
    int r = load_defaults(s, err);
    if (r == PLAIN_OK)
        r = load_config(s, config, err);
    if (r == PLAIN_OK)
        r = load_dotenv(s, err);
    if (r == PLAIN_OK)
        r = load_environment(s, err);
    if (r == PLAIN_OK && !arena_ok(&s->arena))
        r = error_nomem(err);
    if (r < 0)
        settings_free(s);
    else
        *out = s;
    return r;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    arena_release(&s->arena);
    mem_free(s->dev_lines);
    mem_free(s);
}

int settings_override(struct settings *s, enum setting_id id, const char *text, const char *source,
                      plain_error *err)
{
    if (!*text)
        return error_set(err, PLAIN_E_INVALID, 202, settings_table[id].name, "%s needs a value",
                         source);
    return accept(s, id, text, source, source, err);
}

bool settings_is_set(const struct settings *s, enum setting_id id)
{
    return s->values[id].text[0] != '\0';
}

const char *settings_text(const struct settings *s, enum setting_id id)
{
    return s->values[id].text;
}

int64_t settings_int(const struct settings *s, enum setting_id id)
{
    assert(settings_table[id].type == SETTING_INT);
    return s->values[id].number;
}

int64_t settings_size(const struct settings *s, enum setting_id id)
{
    assert(settings_table[id].type == SETTING_SIZE);
    return s->values[id].number;
}

int64_t settings_duration_ms(const struct settings *s, enum setting_id id)
{
    assert(settings_table[id].type == SETTING_DURATION);
    return s->values[id].number;
}

const char *const *settings_list(const struct settings *s, enum setting_id id, size_t *count)
{
    assert(settings_table[id].type == SETTING_LIST);
    *count = s->values[id].count;
    return s->values[id].list;
}

const char *settings_sections(const struct settings *s, enum section_id id)
{
    return s->sections[id];
}

const struct dev_line *settings_dev_lines(const struct settings *s, size_t *count)
{
    *count = s->dev_count;
    return s->dev_lines;
}

const char *settings_value(const struct settings *s, enum setting_id id)
{
    return s->values[id].text;
}

const char *settings_source(const struct settings *s, enum setting_id id)
{
    return s->values[id].source;
}
