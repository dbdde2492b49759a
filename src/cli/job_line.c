#include "cli/job_line.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/class.h"
#include "core/json.h"

/* A member that is being read. */
struct reading {
    const char *name;
    struct jtext value;
    const char *text; /* of a string its characters, else the value as it stands there */
    struct job_line *line;
};

static int refuse(const struct reading *r, const char *takes, plain_error *err)
{
    enum { SHOWN_MAX = 64 };

    return error_set(err, PLAIN_E_INVALID, 105, r->name, "\"%s\" is %s, and not %.*s", r->name,
                     takes, SHOWN_MAX, r->text);
}

static bool is_string(const struct reading *r)
{
    return jtext_kind(r->value) == JTEXT_STRING;
}

static int read_params(struct reading *r, plain_error *err)
{
    if (jtext_kind(r->value) != JTEXT_OBJECT)
        return refuse(r, "an object", err);
    r->line->json = r->text;
    return PLAIN_OK;
}

static int read_queue(struct reading *r, plain_error *err)
{
    r->line->options.queue = r->text;
    return is_string(r) ? PLAIN_OK : refuse(r, "a string", err);
}

static int read_key(struct reading *r, plain_error *err)
{
    r->line->options.concurrency_key = r->text;
    return is_string(r) ? PLAIN_OK : refuse(r, "a string", err);
}

static int read_delay(struct reading *r, plain_error *err)
{
    bool has_form = is_string(r) || jtext_kind(r->value) == JTEXT_NUMBER;

    r->line->is_timed = true;
    if (has_form && text_parse_duration_ms(r->text, &r->line->options.delay_ms))
        return PLAIN_OK;
    return refuse(r, "seconds or a duration (60, \"300ms\", \"5m\", \"7d\")", err);
}

static int read_timeout(struct reading *r, plain_error *err)
{
    bool has_form = is_string(r) || jtext_kind(r->value) == JTEXT_NUMBER;
    int64_t *out = &r->line->options.timeout_ms;

    if (has_form && text_parse_duration_ms(r->text, out) && *out > 0)
        return PLAIN_OK;
    return refuse(r, "seconds or a duration above 0 (60, \"300ms\", \"5m\")", err);
}

static int read_start_at(struct reading *r, plain_error *err)
{
    r->line->is_timed = true;
    if (is_string(r) && clock_parse(r->text, &r->line->options.start_at))
        return PLAIN_OK;
    return refuse(r, "a time (\"2026-11-24T06:30:00Z\")", err);
}

static int read_uuid(struct reading *r, plain_error *err)
{
    plain_uuid *uuid = &r->line->options.uuid;

    if (is_string(r) && plain_uuid_parse(r->text, uuid) && !uuid_is_zero(uuid))
        return PLAIN_OK;
    return refuse(r, "a uuid of 32 hexadecimal digits, not all of them 0", err);
}

static int read_int(struct reading *r, int64_t least, const char *takes, plain_opt_int *out,
                    plain_error *err)
{
    int64_t n = 0;

    if (jtext_kind(r->value) != JTEXT_NUMBER ||
        !text_parse_int64(r->text, least, PLAIN_PRIORITY_MAX, &n))
        return refuse(r, takes, err);
    *out = plain_int((int32_t)n);
    return PLAIN_OK;
}

static int read_priority(struct reading *r, plain_error *err)
{
    return read_int(r, -PLAIN_PRIORITY_MAX - 1, "a whole number from -32768 to 32767",
                    &r->line->options.priority, err);
}

static int read_retries(struct reading *r, plain_error *err)
{
    return read_int(r, 0, "a whole number from 0 to 32767", &r->line->options.retries, err);
}

static const struct member {
    const char *name;
    int (*read)(struct reading *r, plain_error *err);
} members[] = {
    {"params", read_params},     {"queue", read_queue},       {"delay", read_delay},
    {"start_at", read_start_at}, {"priority", read_priority}, {"retries", read_retries},
    {"key", read_key},           {"uuid", read_uuid},         {"timeout", read_timeout},
};

static const struct member *find_member(struct jtext key)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (jtext_key_is(key, members[i].name))
            return &members[i];
    }
    return NULL;
}

static int unknown_member(struct jtext key, plain_error *err)
{
    (void)error_set(err, PLAIN_E_INVALID, 201, "from", "there is no member %.*s", (int)key.n,
                    key.p);
    error_fix(err,
              "there are params, queue, delay, start_at, priority, retries, key, timeout and uuid; "
              "the class's parameters stand in params");
    return PLAIN_E_INVALID;
}

static int read_member(const struct jtext_member *m, struct arena *a, struct job_line *line,
                       plain_error *err)
{
    const struct member *member = find_member(m->key);
    struct reading r = {.value = m->value, .line = line};

    if (!member)
        return unknown_member(m->key, err);
    r.name = member->name;
    r.text = is_string(&r) ? jtext_string(m->value, a) : arena_strndup(a, m->value.p, m->value.n);
    return r.text ? member->read(&r, err) : error_nomem(err);
}

/* Fills what the line left open. A time of the line replaces both of base's. */
static void complete(struct job_line *line, const plain_options *base)
{
    plain_options *o = &line->options;

    o->size = sizeof(*o);
    o->source = base->source;
    if (!o->queue)
        o->queue = base->queue;
    if (!o->concurrency_key)
        o->concurrency_key = base->concurrency_key;
    if (!o->priority.given)
        o->priority = base->priority;
    if (!o->retries.given)
        o->retries = base->retries;
    if (!o->timeout_ms)
        o->timeout_ms = base->timeout_ms;
    if (!line->is_timed) {
        o->delay_ms = base->delay_ms;
        o->start_at = base->start_at;
    }
}

int job_line_read(const char *text, size_t n, const plain_options *base, struct arena *a,
                  struct job_line *out, plain_error *err)
{
    struct jtext object;
    struct jtext_member m;
    int r = jtext_check(text, n, PARAMS_DEPTH_MAX + 1, "job", &object, err);

    if (r == PLAIN_OK && jtext_kind(object) != JTEXT_OBJECT)
        r = error_set(err, PLAIN_E_INVALID, 602, "from", "is %s, and not an object",
                      jtext_kind_name(jtext_kind(object)));
    if (r < 0)
        return r;
    struct jtext_walk walk = jtext_walk_start(object);
    while (r == PLAIN_OK && jtext_walk_next(&walk, &m))
        r = read_member(&m, a, out, err);
    complete(out, base);
    return r;
}

int job_line_check(const struct job_line *line, const plain_job_class *cls, plain_error *err)
{
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    struct arena arena = ARENA_INIT;
    struct enqueue_values values;
    const void *params = NULL;
    int r = params_from_json(cls, line->json, &stored, err);

    if (r == PLAIN_OK && cls)
        r = params_decode(cls, stored.data, &arena, &params, err);
    if (r == PLAIN_OK)
        r = class_decide(cls, params, &line->options, &values, err);
    arena_release(&arena);
    buf_release(&stored);
    return r;
}
