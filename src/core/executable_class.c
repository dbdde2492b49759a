#include "core/executable_class.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/class.h"
#include "core/job.h"
#include "core/key_template.h"
#include "core/param_text.h"
#include "core/param_value.h"
#include "core/retry_policy.h"

enum { FIELD_ALIGNMENT = 16, DEFER_UNSET = -1 };

struct executable_class {
    plain_job_class cls; /* its data is the whole */
    struct retry_policy retry_delay;
    const char *key; /* a template */
    int64_t defer_ms;
};

/* A class that is being made. */
struct making {
    struct executable_class *made;
    struct arena *a;
};

static const struct executable_class *whole(const plain_job_class *cls)
{
    return cls->data;
}

static int run_nothing(plain_job *job, const void *params)
{
    (void)params;
    job_set_failed(job, "NotRunHere", NULL, 0, "an executable runs as a process of its own", "");
    return JOB_RETURN_FAILED;
}

static int64_t ask_retry_delay(const plain_job_class *self, const void *params, int attempt)
{
    (void)params;
    return retry_policy_delay_ms(&whole(self)->retry_delay, attempt);
}

static int ask_key(const plain_job_class *self, const void *params, char *out, size_t size)
{
    return key_template_render(whole(self)->key, self, params, out, size);
}

static int refuse(enum job_option_id id, const char *takes, const char *text, plain_error *err)
{
    const char *name = section_kinds[SECTION_JOB].options[id].name;

    return error_set(err, PLAIN_E_INVALID, 202, name, "%s takes %s, not '%s'", name, takes, text);
}

/* A parameter's text, cut in its parts. */
struct declaration {
    char *name, *type;
    bool optional;
    const char *fallback; /* NULL: none */
};

/* "width:int32=320", "tags:strings?" */
static bool split_declaration(char *text, struct declaration *out)
{
    char *colon = strpbrk(text, ":=");

    if (!colon || *colon != ':')
        return false;
    *colon = '\0';
    *out = (struct declaration){.name = text, .type = colon + 1};
    char *end = out->type + strcspn(out->type, "?=");
    out->optional = *end != '\0';
    if (*end == '?')
        *end++ = '\0';
    if (*end == '=') {
        *end = '\0';
        out->fallback = end + 1;
        return true;
    }
    return *end == '\0';
}

static int refuse_type(const struct declaration *d, plain_error *err)
{
    (void)error_set(err, PLAIN_E_INVALID, 202, "params", "params: '%s' is no type of '%s'", d->type,
                    d->name);
    error_fix(err, "the types are %s", param_type_words);
    return PLAIN_E_INVALID;
}

/* Lays out a field behind those that are there. */
static int add_param(struct making *m, const char *text, plain_param *row, plain_error *err)
{
    plain_job_class *cls = &m->made->cls;
    struct declaration d;
    plain_type id;
    char *copy = arena_strdup(m->a, text);

    if (!copy)
        return error_nomem(err);
    if (!split_declaration(copy, &d))
        return refuse(JOB_OPTION_PARAMS, "NAME:TYPE, NAME:TYPE? or NAME:TYPE=DEFAULT", text, err);
    if (!param_type_by_name(d.type, &id))
        return refuse_type(&d, err);
    *row = (plain_param){
        .name = d.name,
        .type = id,
        .flags = d.optional ? PLAIN_OPTIONAL : 0,
        .offset = cls->params_size,
        .size = param_size(id),
        .fallback = d.fallback,
    };
    cls->params_size += (row->size + FIELD_ALIGNMENT - 1) / FIELD_ALIGNMENT * FIELD_ALIGNMENT;
    return PLAIN_OK;
}

static int take_params(struct making *m, const struct section_option *o, plain_error *err)
{
    plain_param *rows = arena_array(m->a, o->count + 1, sizeof(*rows));
    int r = PLAIN_OK;

    if (o->count > CLASS_PARAMS_MAX)
        return error_set(err, PLAIN_E_INVALID, 202, "params", "params: more than %d",
                         CLASS_PARAMS_MAX);
    if (!rows)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < o->count; i++)
        r = add_param(m, o->values[i], &rows[i], err);
    m->made->cls.params = rows;
    return r;
}

static int take_doc(struct making *m, const struct section_option *o, plain_error *err)
{
    (void)err;
    m->made->cls.doc = o->values[0];
    return PLAIN_OK;
}

static int take_queue(struct making *m, const struct section_option *o, plain_error *err)
{
    (void)err;
    m->made->cls.default_queue = o->values[0];
    return PLAIN_OK;
}

static int take_int(enum job_option_id id, const char *text, int64_t min, int64_t max, int *out,
                    plain_error *err)
{
    char takes[64];
    int64_t n;

    if (!text_parse_int64(text, min, max, &n)) {
        (void)snprintf(takes, sizeof(takes), "a whole number from %lld to %lld", (long long)min,
                       (long long)max);
        return refuse(id, takes, text, err);
    }
    *out = (int)n;
    return PLAIN_OK;
}

static int take_priority(struct making *m, const struct section_option *o, plain_error *err)
{
    return take_int(JOB_OPTION_PRIORITY, o->values[0], -PLAIN_PRIORITY_MAX - 1, PLAIN_PRIORITY_MAX,
                    &m->made->cls.default_priority, err);
}

static int take_retries(struct making *m, const struct section_option *o, plain_error *err)
{
    return take_int(JOB_OPTION_RETRIES, o->values[0], 0, PLAIN_RETRIES_MAX,
                    &m->made->cls.default_retries, err);
}

static int take_retry_delay(struct making *m, const struct section_option *o, plain_error *err)
{
    if (!retry_policy_parse(o->values[0], &m->made->retry_delay))
        return refuse(JOB_OPTION_RETRY_DELAY, retry_policy_forms, o->values[0], err);
    m->made->cls.calculate_retry_delay = ask_retry_delay;
    return PLAIN_OK;
}

static int take_key(struct making *m, const struct section_option *o, plain_error *err)
{
    m->made->key = o->values[0];
    m->made->cls.default_concurrency_key_for = ask_key;
    return key_template_check(o->values[0], &m->made->cls, err);
}

static int take_defer_delay(struct making *m, const struct section_option *o, plain_error *err)
{
    if (text_parse_duration_ms(o->values[0], &m->made->defer_ms) &&
        m->made->defer_ms <= PLAIN_DELAY_MAX)
        return PLAIN_OK;
    return refuse(JOB_OPTION_DEFER_DELAY, "a duration (60, 300ms, 5m, 2h, 7d)", o->values[0], err);
}

static int take_timeout(struct making *m, const struct section_option *o, plain_error *err)
{
    int64_t *out = &m->made->cls.timeout_ms;

    if (text_parse_duration_ms(o->values[0], out) && *out > 0 && *out <= PLAIN_DELAY_MAX)
        return PLAIN_OK;
    return refuse(JOB_OPTION_TIMEOUT, "a duration above 0 (60, 300ms, 5m, 2h, 7d)", o->values[0],
                  err);
}

static int take_memory_limit(struct making *m, const struct section_option *o, plain_error *err)
{
    int64_t *out = &m->made->cls.memory_limit;

    if (text_parse_size(o->values[0], out) && *out >= CLASS_MEMORY_MIN)
        return PLAIN_OK;
    return refuse(JOB_OPTION_MEMORY_LIMIT, "a size of a megabyte or more (512M, 2G)", o->values[0],
                  err);
}

static int take_cpu_limit(struct making *m, const struct section_option *o, plain_error *err)
{
    int64_t *out = &m->made->cls.cpu_limit_ms;

    if (text_parse_duration_ms(o->values[0], out) && *out > 0 && *out <= PLAIN_DELAY_MAX)
        return PLAIN_OK;
    return refuse(JOB_OPTION_CPU_LIMIT, "a duration above 0 (60, 300ms, 5m)", o->values[0], err);
}

static int (*const takers[JOB_OPTION_COUNT])(struct making *m, const struct section_option *o,
                                             plain_error *err) = {
    [JOB_OPTION_PARAMS] = take_params,       [JOB_OPTION_DOC] = take_doc,
    [JOB_OPTION_QUEUE] = take_queue,         [JOB_OPTION_PRIORITY] = take_priority,
    [JOB_OPTION_RETRIES] = take_retries,     [JOB_OPTION_RETRY_DELAY] = take_retry_delay,
    [JOB_OPTION_CONCURRENCY_KEY] = take_key, [JOB_OPTION_DEFER_DELAY] = take_defer_delay,
    [JOB_OPTION_TIMEOUT] = take_timeout,     [JOB_OPTION_MEMORY_LIMIT] = take_memory_limit,
    [JOB_OPTION_CPU_LIMIT] = take_cpu_limit,
};

static int take_options(struct making *m, const struct section *section, plain_error *err)
{
    for (size_t i = 0; i < JOB_OPTION_COUNT; i++) {
        const struct section_option *o = &section->options[i];
        int r = o->place ? takers[i](m, o, err) : PLAIN_OK;

        if (r < 0) {
            error_prefix(err, "%s: job '%s': ", o->place, section->name);
            return r;
        }
    }
    return PLAIN_OK;
}

/* What any class is checked for; here it is the file that has to be mended. */
static int check(const struct section *section, const plain_job_class *cls, plain_error *err)
{
    const struct section_option *params = &section->options[JOB_OPTION_PARAMS];
    plain_error fault;
    int r = class_check(cls, &fault);

    if (r == PLAIN_OK)
        return r;
    if (r == PLAIN_E_NOMEM)
        return error_nomem(err);
    bool is_param = false;
    for (size_t i = 0; class_param(cls, i); i++)
        is_param |= strcmp(class_param(cls, i)->name, fault.field) == 0;
    (void)error_set(err, PLAIN_E_INVALID, 202, fault.field, "%s: %s",
                    is_param ? params->place : section->place, fault.message);
    if (is_param)
        error_fix(err, "write NAME:TYPE, NAME:TYPE? or NAME:TYPE=DEFAULT, where a default is JSON: "
                       "'size:int32=3', 'name:string=\"a\"'");
    return PLAIN_E_INVALID;
}

int executable_class_new(const struct section *section, const char *doc, struct arena *a,
                         const plain_job_class **out, plain_error *err)
{
    struct making m = {.made = arena_alloc(a, sizeof(*m.made)), .a = a};

    if (!m.made)
        return error_nomem(err);
    m.made->defer_ms = DEFER_UNSET;
    m.made->cls = (plain_job_class){
        PLAIN_JOB_CLASS_EMPTY, .name = section->name, .doc = doc,
        .run = run_nothing,    .data = m.made,
    };
    int r = take_options(&m, section, err);
    if (r == PLAIN_OK)
        r = check(section, &m.made->cls, err);
    if (r == PLAIN_OK)
        *out = &m.made->cls;
    return r;
}

bool executable_class_takes_any(const plain_job_class *cls)
{
    return !cls || (cls->run == run_nothing && !cls->params);
}

int64_t executable_class_defer_ms(const plain_job_class *cls, int64_t fallback)
{
    if (!cls || whole(cls)->defer_ms == DEFER_UNSET)
        return fallback;
    return whole(cls)->defer_ms;
}
