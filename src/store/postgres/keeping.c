/* keeping.c - deleting what is old or unwanted, in slices; the figures beside the counts; the clock
 */
#include <stdio.h>

#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

/* Sends a statement behind those that stand ahead in the pipeline, at most one, and gives its
 * result to read. */
static int ask(struct session *s, size_t ahead, enum sql_name name,
               int (*read)(const PGresult *result, void *out, plain_error *err), void *out,
               plain_error *err)
{
    PGresult *results[2] = {NULL};

    session_send(s, name);
    int r = session_sync(s, results, ahead + 1, err);
    if (r == PLAIN_OK)
        r = read(results[ahead], out, err);
    session_clear(results, ahead + 1);
    return r;
}

static int read_number(const PGresult *result, void *out, plain_error *err)
{
    (void)err;
    field_read(result, 0, 0, field_int64, NULL, out);
    return PLAIN_OK;
}

int postgres_clear(struct store *store, int64_t before, int most, int64_t *deleted,
                   plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "clear results", err);

    *deleted = 0;
    if (r < 0)
        return r;
    session_send(s, SQL_PLAN_SWITCHES);
    wire_time(&s->wire, before);
    wire_int4(&s->wire, most);
    return ask(s, 1, SQL_CLEAR_RESULTS, read_number, deleted, err);
}

/* A slice that was purged. */
struct slice {
    int64_t deleted;
    int64_t last; /* id */
};

static int read_slice(const PGresult *result, void *out, plain_error *err)
{
    static const struct field fields[] = {
        {field_int64, offsetof(struct slice, deleted)},
        {field_int64, offsetof(struct slice, last)},
    };

    (void)err;
    fields_read(result, 0, fields, ARRAY_SIZE(fields), NULL, out);
    return PLAIN_OK;
}

/* Each slice is a call with a deadline of its own. */
static int purge_slice(struct session *s, int64_t last, struct slice *slice, plain_error *err)
{
    int r = session_begin(s, "purge requests", err);

    if (r < 0)
        return r;
    session_send(s, SQL_PLAN_SWITCHES);
    wire_int8(&s->wire, slice->last);
    wire_int8(&s->wire, last);
    wire_int4(&s->wire, STORE_SLICE);
    return ask(s, 1, SQL_PURGE_REQUESTS, read_slice, slice, err);
}

static int read_nothing(const PGresult *result, void *out, plain_error *err)
{
    (void)result;
    (void)out;
    (void)err;
    return PLAIN_OK;
}

/* For verify: what was not continued before this may be gone. */
static int note_purge(struct session *s, plain_error *err)
{
    int r = session_begin(s, "purge requests", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, "purge");
    return ask(s, 0, SQL_DUTY_DONE, read_nothing, NULL, err);
}

int postgres_purge(struct store *store, const char *by, int64_t *requests, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct slice slice = {.deleted = STORE_SLICE, .last = INT64_MIN};
    int64_t last = 0; /* what comes in later is not purged: there would be no end to it */
    int r = session_begin(s, "purge requests", err);

    *requests = 0;
    if (r == PLAIN_OK)
        r = ask(s, 0, SQL_LAST_REQUEST, read_number, &last, err);
    if (r == PLAIN_OK)
        r = note_purge(s, err);
    while (r == PLAIN_OK && slice.deleted == STORE_SLICE) {
        r = purge_slice(s, last, &slice, err);
        if (r == PLAIN_OK)
            *requests += slice.deleted;
    }
    if (r == PLAIN_OK)
        r = note_purge(s, err);
    const struct audit_row row = {
        .actor = by, .action = "purge", .target = "*", .detail = "pending", .n = *requests};
    if (*requests == 0)
        return r;
    if (r == PLAIN_OK)
        return postgres_note(store, &row, err);
    (void)postgres_note(store, &row, NULL); /* what was done so far, if that works */
    return r;
}

static int read_time(const PGresult *result, void *out, plain_error *err)
{
    (void)err;
    field_read(result, 0, 0, field_time, NULL, out);
    return PLAIN_OK;
}

int postgres_now(struct store *store, int64_t *us, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "ask for the time", err);

    return r < 0 ? r : ask(s, 0, SQL_NOW, read_time, us, err);
}

static int read_identity(const PGresult *result, void *out, plain_error *err)
{
    (void)err;
    (void)snprintf(out, STORE_IDENTITY_SIZE, "%s", libpq.PQgetvalue(result, 0, 0));
    return PLAIN_OK;
}

int postgres_identify(struct store *store, char out[STORE_IDENTITY_SIZE], plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "ask which database it is", err);

    if (r == PLAIN_OK)
        r = ask(s, 0, SQL_IDENTIFY, read_identity, out, err);
    return r < 0 && !err->retryable ? PLAIN_NONE : r; /* not every role may ask the server that */
}

/* Rows of status and number. A status that we do not know is nobody's. */
static int read_by_status(const PGresult *result, void *out, plain_error *err)
{
    int64_t *by_status = out;

    (void)err;
    for (int row = 0; row < libpq.PQntuples(result); row++) {
        enum job_status status;

        if (job_status_parse(libpq.PQgetvalue(result, row, 0), &status))
            field_read(result, row, 1, field_int64, NULL, &by_status[status]);
    }
    return PLAIN_OK;
}

int postgres_ended_since(struct store *store, int64_t since, int64_t by_status[JOB_STATUS_COUNT],
                         plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "count jobs", err);

    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        by_status[i] = 0;
    if (r < 0)
        return r;
    wire_time(&s->wire, since);
    return ask(s, 0, SQL_COUNT_SINCE, read_by_status, by_status, err);
}

/* Where read_queues() puts what it reads. */
struct queue_list {
    struct arena *arena;
    struct queue_stats *queues;
    size_t count;
};

static int read_queues(const PGresult *result, void *out, plain_error *err)
{
    static const struct field fields[] = {
        {field_text, offsetof(struct queue_stats, queue)},
        {field_int64, offsetof(struct queue_stats, pending)},
        {field_int64, offsetof(struct queue_stats, processing)},
        {field_time, offsetof(struct queue_stats, due_at)},
    };
    struct queue_list *list = out;

    list->count = (size_t)libpq.PQntuples(result);
    list->queues = arena_array(list->arena, list->count, sizeof(*list->queues));
    for (size_t i = 0; i < list->count && arena_ok(list->arena); i++)
        fields_read(result, (int)i, fields, ARRAY_SIZE(fields), list->arena, &list->queues[i]);
    return arena_ok(list->arena) ? PLAIN_OK : error_nomem(err);
}

int postgres_queue_stats(struct store *store, struct arena *a, struct queue_stats **queues,
                         size_t *count, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct queue_list list = {.arena = a};
    int r = session_begin(s, "count jobs", err);

    if (r == PLAIN_OK) {
        session_send(s, SQL_PLAN_SWITCHES);
        wire_int4(&s->wire, STORE_QUEUE_COUNT_MAX);
        wire_int4(&s->wire, STORE_QUEUES_MAX);
        r = ask(s, 1, SQL_COUNT_QUEUES, read_queues, &list, err);
    }
    *queues = list.queues;
    *count = list.count;
    return r;
}

static int read_taken(const PGresult *result, void *out, plain_error *err)
{
    (void)err;
    *(bool *)out = libpq.PQntuples(result) > 0;
    return PLAIN_OK;
}

int postgres_take_duty(struct store *store, const char *name, const plain_uuid *holder, int64_t ms,
                       plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    bool taken = false;
    int r = session_begin(s, "keep house", err);

    if (r < 0)
        return r;
    wire_text(&s->wire, name);
    wire_uuid(&s->wire, holder);
    wire_int8(&s->wire, ms);
    r = ask(s, 0, SQL_TAKE_DUTY, read_taken, &taken, err);
    return r == PLAIN_OK && !taken ? PLAIN_NONE : r;
}

/* Not behind a pooler: there its settings stand in front of every statement, and a VACUUM stands
 * alone. Whoever may not vacuum is warned, which stands in the server's log, and so does not try it
 * again. */
int postgres_tidy(struct store *store, enum tidy_what what, plain_error *err)
{
    static const enum sql_name statements[] = {
        [TIDY_REQUESTS] = SQL_TIDY_REQUESTS, [TIDY_PROCESSES] = SQL_TIDY_PROCESSES};
    struct postgres *p = postgres_of(store);
    struct session *s = &p->session;
    int r = session_begin(s, "vacuum the tables of jobs", err);

    if (r < 0 || s->pooled.is || p->may_not_tidy)
        return r;
    s->is_warned = false;
    session_send(s, statements[what]);
    r = session_sync(s, NULL, 0, err);
    p->may_not_tidy = s->is_warned;
    return r;
}
