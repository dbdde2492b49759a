#include "core/class.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/adopt.h"
#include "core/json.h"
#include "core/param_value.h"
#include "core/params.h"

enum { PARAM_NAME_MAX = 63 };

static bool is_control(unsigned cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

const char *class_text_fault(const char *text, bool may_be_empty)
{
    size_t n = strnlen(text, PLAIN_NAME_MAX + 1);

    if (n == 0)
        return may_be_empty ? NULL : "is empty";
    if (n > PLAIN_NAME_MAX)
        return "is longer than 255 bytes";
    if (!utf8_valid(text, n))
        return "is not valid UTF-8";
    for (const char *p = text; *p;) {
        unsigned cp;

        p += utf8_next(p, &cp);
        if (is_control(cp))
            return "holds a control character";
    }
    return NULL;
}

int class_check_text(const char *field, const char *text, bool may_be_empty, plain_error *err)
{
    const char *fault = class_text_fault(text, may_be_empty);

    if (fault)
        return error_set(err, PLAIN_E_INVALID, 105, field, "%s %s", field, fault);
    return PLAIN_OK;
}

const plain_param *class_param(const plain_job_class *cls, size_t i)
{
    if (!cls->params)
        return NULL;
    const void *row = (const char *)cls->params + i * cls->param_size;
    const plain_param *param = row;
    return param->name ? param : NULL;
}

size_t class_param_count(const plain_job_class *cls)
{
    size_t n = 0;

    while (class_param(cls, n))
        n++;
    return n;
}

const char *class_param_fallback(const plain_job_class *cls, const plain_param *param)
{
    /* Rows of a program built with older headers end before it. */
    if (cls->param_size < offsetof(plain_param, fallback) + sizeof(param->fallback))
        return NULL;
    return param->fallback;
}

int class_unknown_param(const plain_job_class *cls, const char *name, plain_error *err)
{
    const char *names[CLASS_PARAMS_MAX];
    size_t count = class_param_count(cls);

    for (size_t i = 0; i < count; i++)
        names[i] = class_param(cls, i)->name;
    (void)error_set(err, PLAIN_E_INVALID, 104, name, "job class '%s' has no parameter '%s'",
                    cls->name, name);
    const char *nearest = text_nearest(name, names, count);
    if (nearest)
        error_fix(err, "did you mean '%s'?", nearest);
    else if (count == 0)
        error_fix(err, "'%s' takes no parameters", cls->name);
    return PLAIN_E_INVALID;
}

static bool is_identifier(const char *s)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char digits[] = "0123456789";
    size_t n = strnlen(s, PARAM_NAME_MAX + 1);
    size_t i = strspn(s, letters) > 0;

    while (i > 0 && i < n && (strchr(letters, s[i]) || strchr(digits, s[i])))
        i++;
    return n > 0 && n <= PARAM_NAME_MAX && i == n;
}

/* Whether one of the first n parameters has this name. */
static bool is_declared(const plain_job_class *cls, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(class_param(cls, i)->name, name) == 0)
            return true;
    }
    return false;
}

static bool is_datetime(plain_type type)
{
    return type == PLAIN_TYPE_DATETIME || type == PLAIN_TYPE_ARRAY + PLAIN_TYPE_DATETIME;
}

/* Why the flags of a parameter cannot be; NULL when they can. */
static const char *flags_fault(const plain_job_class *cls, const plain_param *param)
{
    if (param->flags & ~(PLAIN_OPTIONAL | PLAIN_NEED_OFFSET))
        return "its flags are none that this library knows";
    if ((param->flags & PLAIN_NEED_OFFSET) && !is_datetime(param->type))
        return "PLAIN_NEED_OFFSET is for date-times";
    if (class_param_fallback(cls, param) && !(param->flags & PLAIN_OPTIONAL))
        return "it has a fallback and is not PLAIN_OPTIONAL";
    return NULL;
}

/* Why parameter i of the class cannot be used; NULL when it can. */
static const char *param_fault(const plain_job_class *cls, size_t i)
{
    const plain_param *param = class_param(cls, i);
    size_t size = param_size(param->type);

    if (!is_identifier(param->name))
        return "its name is not [A-Za-z_][A-Za-z0-9_]* of at most 63 bytes";
    if (is_declared(cls, i, param->name))
        return "it is declared twice";
    if (size == 0)
        return "its type is none that this library knows";
    if (param->size != size)
        return "the size of its field is not that of its type";
    if (param->offset > cls->params_size || param->size > cls->params_size - param->offset)
        return "its field lies outside of the structure";
    return flags_fault(cls, param);
}

static int refuse_class(const plain_job_class *cls, const char *field, const char *fault,
                        plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 110, field, "job class '%s': %s: %s",
                     cls->name ? cls->name : "", field, fault);
}

/* Reads the fallback as a worker would. */
static int try_fallback(const plain_param *param, const char *fallback, struct arena *a,
                        plain_error *err)
{
    struct jtext value = {0};
    void *field = arena_alloc(a, param->size);

    if (!field)
        return error_nomem(err);
    int r = jtext_check(fallback, strlen(fallback), PARAMS_DEPTH_MAX - 1, param->name, &value, err);
    return r < 0 ? r : param_read(param, value, a, field, err);
}

static int check_fallback(const plain_job_class *cls, const plain_param *param, plain_error *err)
{
    const char *fallback = class_param_fallback(cls, param);
    struct arena a = ARENA_INIT;
    plain_error reason;

    if (!fallback)
        return PLAIN_OK;
    int r = try_fallback(param, fallback, &a, &reason);
    arena_release(&a);
    if (r == PLAIN_E_NOMEM)
        return error_nomem(err);
    if (r < 0)
        return error_set(err, PLAIN_E_INVALID, 110, param->name,
                         "job class '%s': the fallback of %s: %s", cls->name, param->name,
                         reason.message);
    return PLAIN_OK;
}

static int check_params(const plain_job_class *cls, plain_error *err)
{
    /* Rows of another version have more or fewer fields, but never fewer than the first had. */
    const size_t first_version = offsetof(plain_param, size) + sizeof(size_t);

    if (cls->params && (cls->param_size < first_version || cls->param_size > ADOPT_SIZE_MAX))
        return error_set(err, PLAIN_E_VERSION, 702, "param_size",
                         "job class '%s' says that a plain_param is %zu bytes", cls->name,
                         cls->param_size);
    for (size_t i = 0; class_param(cls, i); i++) {
        if (i == CLASS_PARAMS_MAX)
            return refuse_class(cls, "params", "more than 256: is PLAIN_PARAMS_END missing?", err);
        const char *fault = param_fault(cls, i);
        if (fault)
            return refuse_class(cls, class_param(cls, i)->name, fault, err);
        int r = check_fallback(cls, class_param(cls, i), err);
        if (r < 0)
            return r;
    }
    return PLAIN_OK;
}

static int check_texts(const plain_job_class *cls, plain_error *err)
{
    const struct {
        const char *field, *text;
        bool may_be_empty;
    } texts[] = {
        {"name", cls->name ? cls->name : "", false},
        {"default_queue", cls->default_queue ? cls->default_queue : "default", false},
        {"default_concurrency_key",
         cls->default_concurrency_key ? cls->default_concurrency_key : "", true},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *fault = class_text_fault(texts[i].text, texts[i].may_be_empty);
        if (fault)
            return refuse_class(cls, texts[i].field, fault, err);
    }
    for (size_t i = 0; cls->aliases && cls->aliases[i]; i++) {
        const char *fault = class_text_fault(cls->aliases[i], false);
        if (fault)
            return refuse_class(cls, "aliases", fault, err);
    }
    return PLAIN_OK;
}

static bool is_priority(int64_t n)
{
    return n >= -PLAIN_PRIORITY_MAX - 1 && n <= PLAIN_PRIORITY_MAX;
}

static bool is_retries(int64_t n)
{
    return n >= 0 && n <= PLAIN_RETRIES_MAX;
}

static bool is_timeout(int64_t ms)
{
    return ms >= 0 && ms <= PLAIN_DELAY_MAX;
}

/* A copy with every field that this library knows, of a class of any version. */
static int adopt_class(const plain_job_class *cls, plain_job_class *out, plain_error *err)
{
    return struct_adopt("the job class", "PLAIN_JOB_CLASS(struct ...)", out, sizeof(*out), cls,
                        cls->size, err);
}

int class_check(const plain_job_class *cls, plain_error *err)
{
    plain_job_class known;
    int r = adopt_class(cls, &known, err);

    if (r < 0)
        return r;
    r = check_texts(&known, err);
    if (r < 0)
        return r;
    if (!known.run)
        return refuse_class(&known, "run", "is NULL", err);
    if (!is_priority(known.default_priority))
        return refuse_class(&known, "default_priority", "is not from -32768 to 32767", err);
    if (!is_retries(known.default_retries))
        return refuse_class(&known, "default_retries", "is not from 0 to 32767", err);
    if (!is_timeout(known.timeout_ms))
        return refuse_class(&known, "timeout_ms", "is negative, or more than 365000 days", err);
    if (known.memory_limit != 0 && known.memory_limit < CLASS_MEMORY_MIN)
        return refuse_class(&known, "memory_limit", "is below a megabyte", err);
    if (!is_timeout(known.cpu_limit_ms))
        return refuse_class(&known, "cpu_limit_ms", "is negative, or more than 365000 days", err);
    return check_params(&known, err);
}

struct class_limits class_limits(const plain_job_class *cls)
{
    const size_t end = offsetof(plain_job_class, cpu_limit_ms) + sizeof(cls->cpu_limit_ms);

    if (!cls || cls->size < end)
        return (struct class_limits){0};
    return (struct class_limits){.memory = cls->memory_limit, .cpu_ms = cls->cpu_limit_ms};
}

int64_t class_timeout_ms(const plain_job_class *cls)
{
    const size_t end = offsetof(plain_job_class, timeout_ms) + sizeof(cls->timeout_ms);

    return cls && cls->size >= end ? cls->timeout_ms : 0;
}

bool class_has_schedule(const plain_job_class *cls)
{
    const size_t end = offsetof(plain_job_class, schedule) + sizeof(cls->schedule);

    return cls && cls->size >= end && cls->schedule;
}

plain_on_aborted_fn *class_on_aborted(const plain_job_class *cls)
{
    const size_t end = offsetof(plain_job_class, on_aborted) + sizeof(cls->on_aborted);

    return cls && cls->size >= end ? cls->on_aborted : NULL;
}

/*
 * One decision: what the class's function, constant and the option say, and where it goes.
 */
struct decision {
    const plain_job_class *self; /* what functions are called with; NULL: no class */
    const plain_job_class *cls;  /* its adopted copy; zeroed when there is no class */
    const void *params;
};

/* The value that a function of the class writes. */
static int ask_text(const struct decision *d, const char *field, plain_text_for_fn *fn,
                    char out[PLAIN_NAME_MAX + 1], plain_error *err)
{
    int n = fn(d->self, d->params, out, PLAIN_NAME_MAX + 1);

    if (n > PLAIN_NAME_MAX)
        return error_set(err, PLAIN_E_INVALID, 105, field,
                         "%s: that of job class '%s' would have %d bytes here, more than %d", field,
                         d->cls->name, n, PLAIN_NAME_MAX);
    if (n < 0)
        return error_set(err, PLAIN_E_INVALID, 105, field,
                         "%s: default_%s_for of job class '%s' returned %d", field, field,
                         d->cls->name, n);
    out[n] = '\0';
    return PLAIN_OK;
}

static int decide_text(const struct decision *d, const char *field, bool may_be_empty,
                       const char *option, plain_text_for_fn *fn, const char *constant,
                       char out[PLAIN_NAME_MAX + 1], plain_error *err)
{
    const char *chosen = option ? option : constant;

    if (!option && fn) {
        int r = ask_text(d, field, fn, out, err);
        if (r < 0)
            return r;
        chosen = out;
    }
    int r = class_check_text(field, chosen, may_be_empty, err);
    if (r == PLAIN_OK)
        (void)text_copy(out, PLAIN_NAME_MAX + 1, chosen);
    return r;
}

static int decide_texts(const struct decision *d, const plain_options *o,
                        struct enqueue_values *out, plain_error *err)
{
    const plain_job_class *cls = d->cls;
    const char *queue = cls->default_queue ? cls->default_queue : "default";
    const char *key = cls->default_concurrency_key ? cls->default_concurrency_key : "";
    int r =
        decide_text(d, "queue", false, o->queue, cls->default_queue_for, queue, out->queue, err);

    if (r < 0)
        return r;
    return decide_text(d, "concurrency_key", true, o->concurrency_key,
                       cls->default_concurrency_key_for, key, out->concurrency_key, err);
}

static int64_t decide_int(const struct decision *d, plain_opt_int option, plain_int_for_fn *fn,
                          int constant)
{
    if (option.given)
        return option.value;
    return fn ? fn(d->self, d->params) : constant;
}

static int decide_numbers(const struct decision *d, const plain_options *o,
                          struct enqueue_values *out, plain_error *err)
{
    const plain_job_class *cls = d->cls;
    int64_t priority = decide_int(d, o->priority, cls->default_priority_for, cls->default_priority);
    int64_t retries = decide_int(d, o->retries, cls->default_retries_for, cls->default_retries);

    if (!is_priority(priority))
        return error_set(err, PLAIN_E_INVALID, 105, "priority",
                         "priority is %lld, not from -32768 to 32767", (long long)priority);
    if (!is_retries(retries))
        return error_set(err, PLAIN_E_INVALID, 105, "retries",
                         "retries is %lld, not from 0 to 32767", (long long)retries);
    if (!is_timeout(o->timeout_ms))
        return error_set(err, PLAIN_E_INVALID, 105, "timeout_ms",
                         "timeout_ms is %lld, not from 1 to 365000 days", (long long)o->timeout_ms);
    out->timeout_ms = o->timeout_ms;
    out->priority = (int)priority;
    out->retries = (int)retries;
    return PLAIN_OK;
}

static int decide_time(const plain_options *o, struct enqueue_values *out, plain_error *err)
{
    const int64_t last = clock_add(clock_wall_us(), PLAIN_DELAY_MAX * US_PER_MS);

    if (o->delay_ms != 0 && o->start_at != 0)
        return error_set(err, PLAIN_E_INVALID, 105, "delay_ms",
                         "delay_ms and start_at are both given: they contradict each other");
    if (o->delay_ms < 0)
        return error_set(err, PLAIN_E_INVALID, 105, "delay_ms", "delay_ms is negative: %lld",
                         (long long)o->delay_ms);
    if (o->delay_ms > PLAIN_DELAY_MAX)
        return error_set(err, PLAIN_E_INVALID, 105, "delay_ms",
                         "delay_ms is %lld, more than 365000 days", (long long)o->delay_ms);
    if (o->start_at < 0)
        return error_set(err, PLAIN_E_INVALID, 105, "start_at",
                         "start_at is before 1970: %lld microseconds", (long long)o->start_at);
    if (o->start_at > last)
        return error_set(err, PLAIN_E_INVALID, 105, "start_at",
                         "start_at is more than 365000 days ahead: %lld microseconds since 1970",
                         (long long)o->start_at);
    out->delay_us = o->delay_ms * US_PER_MS;
    out->start_at = o->start_at != 0 ? o->start_at : INT64_MIN;
    return PLAIN_OK;
}

/* The end of s that fits in room bytes, from the beginning of a character on. */
static const char *last_bytes(const char *s, size_t room)
{
    size_t n = strlen(s);
    const char *start = n > room ? s + (n - room) : s;

    while (start > s && ((unsigned char)*start & 0xC0) == 0x80)
        start++;
    return start;
}

/* The source is for people to read: it is never refused, but made valid and cut from the left. */
static void decide_source(const plain_options *o, char out[PLAIN_NAME_MAX + 1])
{
    enum { LINE_SIZE = 16, CLEAN_SIZE = 3 * PLAIN_NAME_MAX + 1 };
    char clean[CLEAN_SIZE]; /* an invalid byte becomes three */
    char line[LINE_SIZE] = "";
    const char *text = o->source ? o->source : o->source_file;

    if (!text)
        text = "";
    else if (!o->source)
        (void)snprintf(line, sizeof(line), ":%d", o->source_line);
    text = last_bytes(text, PLAIN_NAME_MAX);
    (void)utf8_clean(clean, sizeof(clean), text, strlen(text));
    int room = (int)(PLAIN_NAME_MAX - strlen(line));
    (void)snprintf(out, PLAIN_NAME_MAX + 1, "%.*s%s", room, last_bytes(clean, (size_t)room), line);
}

int class_decide(const plain_job_class *cls, const void *params, const plain_options *options,
                 struct enqueue_values *out, plain_error *err)
{
    plain_job_class known = {0};
    plain_options o = {0};
    struct decision d = {.self = cls, .cls = &known, .params = params};

    int r = cls ? adopt_class(cls, &known, err) : PLAIN_OK;
    if (r == PLAIN_OK && options)
        r = struct_adopt("plain_options", "PLAIN_OPTIONS(...)", &o, sizeof(o), options,
                         options->size, err);
    if (r < 0)
        return r;

    *out = (struct enqueue_values){.uuid = o.uuid};
    decide_source(&o, out->source);
    r = decide_time(&o, out, err);
    if (r == PLAIN_OK)
        r = decide_numbers(&d, &o, out, err);
    if (r == PLAIN_OK)
        r = decide_texts(&d, &o, out, err);
    return r;
}

bool class_has_deciders(const plain_job_class *cls)
{
    plain_job_class known;

    return cls && adopt_class(cls, &known, NULL) == PLAIN_OK &&
           (known.default_queue_for || known.default_concurrency_key_for ||
            known.default_priority_for || known.default_retries_for);
}
