#include "runner/environment.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/class.h"
#include "core/param_text.h"

extern char **environ;

enum {
    VALUE_MAX = 128 * 1024, /* of one variable, with its name: what the kernel takes */
    ARGUMENTS_SIZE_MAX = 512 * 1024,
    ARGUMENTS_MAX = 1000,
    NAME_SIZE = 256,
    JOB_VARIABLES = 12
};

static const char argument_prefix[] = "PLAIN_ARG_";

/* What this library sets itself, or hands over between its own processes. */
static const char *const own_prefixes[] = {"PLAIN_ARG_", "PLAIN_JOB_", "PLAIN_RUNNER_"};
static const char *const secret_words[] = {"SECRET", "PASSWORD", "TOKEN", "KEY", "URL"};

struct environment {
    char **list;
    size_t count;
    struct arena *a;
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

static bool is_withheld(const char *name)
{
    if (ends_with(name, "DATABASE_URL") || strcmp(name, "PGPASSWORD") == 0)
        return true;
    if (!text_starts_with(name, "PLAIN_"))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(own_prefixes); i++) {
        if (text_starts_with(name, own_prefixes[i]))
            return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++) {
        if (strstr(name, secret_words[i]))
            return true;
    }
    return false;
}

static void inherit(struct environment *e)
{
    char name[NAME_SIZE];

    for (char **entry = environ; entry && *entry; entry++) {
        size_t n = strcspn(*entry, "=");

        if (n >= sizeof(name)) /* as no name of ours is */
            n = sizeof(name) - 1;
        memcpy(name, *entry, n);
        name[n] = '\0';
        if (!is_withheld(name))
            e->list[e->count++] = *entry;
    }
}

static void put_text(struct environment *e, const char *name, const char *value)
{
    e->list[e->count++] = arena_printf(e->a, "PLAIN_JOB_%s=%s", name, value);
}

/* `plain jobs run` has no worker: then it is empty. */
static void put_uuid(struct environment *e, const char *name, const plain_uuid *uuid)
{
    char text[PLAIN_UUID_TEXT];

    put_text(e, name, uuid_is_zero(uuid) ? "" : plain_uuid_format(uuid, text));
}

static void put_int(struct environment *e, const char *name, int value)
{
    e->list[e->count++] = arena_printf(e->a, "PLAIN_JOB_%s=%d", name, value);
}

static void put_job(struct environment *e, const plain_job *job)
{
    put_uuid(e, "UUID", &job->token);
    put_uuid(e, "REQUEST_UUID", &job->request_uuid);
    put_uuid(e, "ROOT_UUID", &job->root_uuid);
    put_uuid(e, "WORKER", &job->worker_id);
    put_text(e, "CLASS", job->job_class);
    put_text(e, "QUEUE", job->queue);
    put_int(e, "ATTEMPT", job->retry_attempt + 1);
    put_int(e, "RUN", job->run_no);
    put_int(e, "RETRIES", job->retries);
    put_int(e, "PRIORITY", job->priority);
    put_text(e, "CONCURRENCY_KEY", job->concurrency_key);
    put_text(e, "SOURCE", job->source);
}

/* "user_id" to "PLAIN_ARG_USER_ID="; false for a name that no shell could use. */
static bool variable_name(const char *name, char out[NAME_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char digits[] = "0123456789";
    size_t used = sizeof(argument_prefix) - 1;

    memcpy(out, argument_prefix, used);
    if (!*name || strlen(name) + used + 2 > NAME_SIZE || strchr(digits, *name))
        return false;
    for (; *name; name++) {
        if (!strchr(letters, *name) && !strchr(digits, *name))
            return false;
        out[used++] = (char)toupper((unsigned char)*name);
    }
    out[used++] = '=';
    out[used] = '\0';
    return true;
}

/* Whether one of the variables from `first` on begins with name, which ends in '='. */
static bool is_set(const struct environment *e, size_t first, const char *name)
{
    for (size_t i = first; i < e->count; i++) {
        if (e->list[i] && text_starts_with(e->list[i], name))
            return true;
    }
    return false;
}

static plain_type declared_type(const plain_job_class *cls, const char *name)
{
    for (size_t i = 0; cls && class_param(cls, i); i++) {
        if (strcmp(class_param(cls, i)->name, name) == 0)
            return class_param(cls, i)->type;
    }
    return (plain_type)0;
}

static void put_argument(struct environment *e, size_t first, const plain_job_class *cls,
                         const struct jtext_member *m, size_t *size)
{
    char variable[NAME_SIZE];

    if (jtext_kind(m->value) == JTEXT_NULL)
        return;
    const char *name = jtext_string(m->key, e->a);
    if (!name || !variable_name(name, variable) || is_set(e, first, variable))
        return;
    const char *text = param_text(m->value, declared_type(cls, name), e->a);
    if (!text)
        return;
    size_t needed = strlen(variable) + strlen(text) + 1;
    if (needed > VALUE_MAX || *size + needed > ARGUMENTS_SIZE_MAX)
        return;
    e->list[e->count++] = arena_printf(e->a, "%s%s", variable, text);
    *size += needed;
}

static void put_arguments(struct environment *e, const plain_job_class *cls, struct jtext arguments)
{
    struct jtext_walk walk = jtext_walk_start(arguments);
    struct jtext_member m;
    size_t first = e->count, size = 0;

    while (e->count - first < ARGUMENTS_MAX && jtext_walk_next(&walk, &m))
        put_argument(e, first, cls, &m, &size);
}

static size_t count_inherited(void)
{
    size_t n = 0;

    while (environ && environ[n])
        n++;
    return n;
}

char *const *environment_make(const plain_job *job, const plain_job_class *cls,
                              struct jtext arguments)
{
    size_t room = count_inherited() + JOB_VARIABLES + ARGUMENTS_MAX + 1;
    struct environment e = {.list = arena_array(job->arena, room, sizeof(char *)), .a = job->arena};

    if (!e.list)
        return NULL;
    inherit(&e);
    put_job(&e, job);
    put_arguments(&e, cls, arguments);
    return arena_ok(job->arena) ? e.list : NULL;
}
