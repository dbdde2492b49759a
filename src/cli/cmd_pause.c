/*
 * cmd_pause.c - plain jobs pause, resume: holding queues and classes back
 *
 * A name without --queue or --class is looked up: it is a queue that has requests, is served by a
 * worker's --queue, is a class's default or is paused; it is a class that is registered here, that
 * a worker has or that requests name. One that is both, or neither, has to be said more clearly.
 */
#include <string.h>

#include <plain/jobs/operators.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/who.h"
#include "core/class.h"
#include "core/queue_pattern.h"
#include "queue/jobs.h"
#include "queue/unserved.h"
#include "store/pause.h"

struct target {
    enum pause_kind kind;
    const char *name;
};

/* What is known of names. */
struct known {
    struct cli *cli;
    struct store *store;
    struct registry *registry;
    struct worker_view *workers;
    size_t worker_count;
    struct pause *pauses;
    size_t pause_count;
};

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_paused(const struct known *k, enum pause_kind kind, const char *name)
{
    for (size_t i = 0; i < k->pause_count; i++) {
        if (k->pauses[i].kind == kind && strcmp(k->pauses[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Whether a request names it. */
static int has_requests(const struct known *k, enum pause_kind kind, const char *name, bool *yes,
                        plain_error *err)
{
    const struct row_filter filter = {.queue = kind == PAUSE_QUEUE ? name : NULL,
                                      .job_class = kind == PAUSE_CLASS ? name : NULL,
                                      .limit = 1};
    struct job_row *rows;
    size_t count = 0;
    int r =
        k->store->ops->list(k->store, TABLE_REQUEST, &filter, &k->cli->arena, &rows, &count, err);

    *yes = count > 0;
    return r;
}

static bool is_default_queue(const struct known *k, const char *name)
{
    for (size_t i = 0; i < registry_count(k->registry); i++) {
        const plain_job_class *cls = registry_at(k->registry, i)->cls;
        const char *queue = cls && cls->default_queue ? cls->default_queue : "default";

        if (strcmp(queue, name) == 0)
            return true;
    }
    return strcmp(name, "default") == 0;
}

static int is_queue(const struct known *k, const char *name, bool *yes, plain_error *err)
{
    *yes =
        queue_pattern_is_open(name) || is_paused(k, PAUSE_QUEUE, name) || is_default_queue(k, name);
    for (size_t i = 0; i < k->worker_count; i++)
        *yes = *yes || is_among(k->workers[i].queues, k->workers[i].queue_count, name);
    return *yes ? PLAIN_OK : has_requests(k, PAUSE_QUEUE, name, yes, err);
}

static int is_class(const struct known *k, const char *name, bool *yes, plain_error *err)
{
    *yes = registry_find(k->registry, name) != NULL || is_paused(k, PAUSE_CLASS, name);
    for (size_t i = 0; i < k->worker_count; i++)
        *yes = *yes || is_among(k->workers[i].classes, k->workers[i].class_count, name);
    return *yes ? PLAIN_OK : has_requests(k, PAUSE_CLASS, name, yes, err);
}

static int look_up(const struct known *k, const char *name, struct target *out, plain_error *err)
{
    bool queue = false, class = false;
    int r = is_queue(k, name, &queue, err);

    if (r == PLAIN_OK)
        r = is_class(k, name, &class, err);
    if (r < 0)
        return r;
    *out = (struct target){queue ? PAUSE_QUEUE : PAUSE_CLASS, name};
    if (queue && class) {
        r = error_set(err, PLAIN_E_INVALID, 201, "name", "\"%s\" is a queue and a class", name);
        error_fix(err, "say which with --queue %s or --class %s", name, name);
    } else if (!queue && !class) {
        r = error_set(err, PLAIN_E_NOT_FOUND, 205, "name", "there is no queue or class \"%s\"",
                      name);
        error_fix(err, "see the names with `plain jobs queues` and `plain jobs list`; --queue and "
                       "--class take one that is not there yet");
    }
    return r;
}

static int find_known(struct known *k, plain_error *err)
{
    const struct store_ops *ops = k->store->ops;
    int r = cli_registry(k->cli, &k->registry, err);

    if (r == PLAIN_OK)
        r = ops->workers(k->store, &k->cli->arena, &k->workers, &k->worker_count, err);
    if (r == PLAIN_OK)
        r = ops->pauses(k->store, &k->cli->arena, &k->pauses, &k->pause_count, err);
    return r;
}

static int find_target(struct cli *cli, struct store *store, struct target *out, plain_error *err)
{
    struct known k = {.cli = cli, .store = store};
    int r = find_known(&k, err);

    if (r == PLAIN_OK)
        r = look_up(&k, cli->args.operands[0], out, err);
    registry_free(k.registry);
    return r;
}

/* Exactly one of NAME, --queue and --class. */
static int read_target(struct cli *cli, struct target *out, plain_error *err)
{
    const char *queue = option_text(&cli->args, OPTION_QUEUE);
    const char *class = option_text(&cli->args, OPTION_CLASS);
    size_t given = cli->args.operand_count + (queue != NULL) + (class != NULL);

    if (given != 1)
        return error_set(err, PLAIN_E_INVALID, 201, "name",
                         "name one queue or class: NAME, --queue NAME or --class NAME");
    *out = (struct target){.name = NULL};
    if (queue)
        *out = (struct target){PAUSE_QUEUE, queue};
    if (class)
        *out = (struct target){PAUSE_CLASS, class};
    if (!out->name)
        return queue_pattern_check(cli->args.operands[0], err);
    return queue ? queue_pattern_check(queue, err) : class_check_text("class", class, false, err);
}

/* Opens the queue and finds out what is meant. */
static int begin(struct cli *cli, struct target *target, plain_jobs **jobs, plain_error *err)
{
    struct store *store = NULL;
    int r = read_target(cli, target, err);

    if (r == PLAIN_OK)
        r = cli_jobs(cli, jobs, err);
    if (r < 0 || target->name)
        return r;
    r = jobs_take_store(*jobs, &store, err);
    if (r < 0)
        return r;
    r = find_target(cli, store, target, err);
    jobs_give_store(*jobs, store);
    return r;
}

static void print_done(struct cli *cli, const char *done, bool changed, const struct target *t)
{
    struct json_writer j;

    if (!cli->json) {
        buf_putf(&cli->out, "%s %s ", done, pause_kind_names[t->kind]);
        buf_put_escaped(&cli->out, t->name);
        buf_putc(&cli->out, '\n');
        return;
    }
    json_begin_document(&j, &cli->out);
    json_put_text(&j, "kind", pause_kind_names[t->kind]);
    json_put_text(&j, "name", t->name);
    json_put_bool(&j, "changed", changed);
    json_end_document(&j);
}

static int pause(plain_jobs *jobs, const struct target *t, const char *reason, const char *by,
                 plain_error *err)
{
    return t->kind == PAUSE_QUEUE ? plain_jobs_pause_queue(jobs, t->name, reason, by, err)
                                  : plain_jobs_pause_class(jobs, t->name, reason, by, err);
}

int cmd_pause(struct cli *cli, plain_error *err)
{
    const char *by = who_am_i(&cli->arena);
    struct target target = {.name = NULL};
    plain_jobs *jobs = NULL;
    int r = by ? begin(cli, &target, &jobs, err) : error_nomem(err);

    if (r == PLAIN_OK)
        r = pause(jobs, &target, option_text(&cli->args, OPTION_REASON), by, err);
    plain_jobs_close(jobs);
    if (r < 0)
        return r;
    print_done(cli, "paused", r == PLAIN_OK, &target);
    if (r == PLAIN_NONE)
        cli_say(cli, "It was paused already.");
    return PLAIN_OK;
}

static int resume(plain_jobs *jobs, const struct target *t, const char *by, plain_error *err)
{
    return t->kind == PAUSE_QUEUE ? plain_jobs_resume_queue(jobs, t->name, by, err)
                                  : plain_jobs_resume_class(jobs, t->name, by, err);
}

/* A queue can be meant by several pauses: says which one holds it back all the same. */
static int note_other_pause(struct cli *cli, plain_jobs *jobs, const struct target *t,
                            plain_error *err)
{
    struct store *store = NULL;
    struct pause *pauses;
    size_t count = 0;
    int r = jobs_take_store(jobs, &store, err);

    if (r < 0)
        return r;
    r = store->ops->pauses(store, &cli->arena, &pauses, &count, err);
    jobs_give_store(jobs, store);
    const struct pause *other = r == PLAIN_OK ? pause_find(pauses, count, t->kind, t->name) : NULL;
    if (other)
        cli_say(
            cli, "%s is paused by %s all the same. Resume that too: `plain jobs resume --%s %s`",
            t->name, other->name, pause_kind_names[t->kind], shell_word(&cli->arena, other->name));
    return r;
}

int cmd_resume(struct cli *cli, plain_error *err)
{
    const char *by = who_am_i(&cli->arena);
    struct target target = {.name = NULL};
    plain_jobs *jobs = NULL;
    int noted = PLAIN_OK, r = by ? begin(cli, &target, &jobs, err) : error_nomem(err);

    if (r == PLAIN_OK)
        r = resume(jobs, &target, by, err);
    if (r == PLAIN_OK && target.kind == PAUSE_QUEUE)
        noted = note_other_pause(cli, jobs, &target, err);
    plain_jobs_close(jobs);
    if (r < 0)
        return r;
    print_done(cli, r == PLAIN_OK ? "resumed" : "not paused:", r == PLAIN_OK, &target);
    return noted < 0 ? noted : PLAIN_OK;
}
