/* stops.c - cancelling jobs, watching those that run, completing them in a transaction */
#include "store/postgres/stops.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static int ask(struct session *s, enum sql_name name, PGresult **result, plain_error *err)
{
    *result = NULL;
    session_send(s, name);
    return session_sync(s, result, 1, err);
}

int postgres_cancel(struct store *store, const plain_uuid *uuid, const char *by,
                    enum cancel_outcome *outcome, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *result;
    int r = session_begin(s, "cancel the job", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, uuid);
    wire_text(&s->wire, by);
    r = ask(s, SQL_CANCEL_JOB, &result, err);
    if (r == PLAIN_OK) {
        const char *word = libpq.PQgetvalue(result, 0, 0);

        r = libpq.PQgetisnull(result, 0, 0) ? PLAIN_NONE : PLAIN_OK;
        *outcome = strcmp(word, "cancelled") == 0 ? CANCEL_DONE
                   : strcmp(word, "asked") == 0   ? CANCEL_ASKED
                                                  : CANCEL_ENDED;
    }
    libpq.PQclear(result);
    return r;
}

static int refuse_locked(int64_t locked, plain_error *err)
{
    (void)error_set(err, PLAIN_E_BUSY, 305, "",
                    "cannot cancel %lld running jobs: open transactions have locked their rows, as "
                    "one does in which a job completes",
                    (long long)locked);
    error_fix(err, "try again when those transactions have ended; see pg_stat_activity");
    return PLAIN_E_BUSY;
}

/* Cancels those whose rows nobody has locked; *count goes up by them, *locked is the others', of
 * those that were claimed at the first of these looks. A busy worker always has some in hand, and
 * ends them. */
static int cancel_free(struct session *s, const char *by, int64_t *first, int64_t *count,
                       int64_t *locked, plain_error *err)
{
    PGresult *result;
    int64_t asked = 0;

    wire_text(&s->wire, by);
    wire_time(&s->wire, *first);
    int r = ask(s, SQL_CANCEL_CLAIMED, &result, err);
    if (r == PLAIN_OK) {
        field_read(result, 0, 0, field_int64, NULL, &asked);
        field_read(result, 0, 1, field_int64, NULL, locked);
        field_read(result, 0, 2, field_time, NULL, first);
    }
    *count += asked;
    libpq.PQclear(result);
    return r;
}

int postgres_cancel_claimed(struct store *store, const char *by, int64_t *count, plain_error *err)
{
    enum { PATIENCE_MS = 2000, EVERY_MS = 100 };
    struct session *s = &postgres_of(store)->session;
    int64_t first = STORE_NO_TIME, locked = 0,
            until = clock_boot_us() + (int64_t)PATIENCE_MS * US_PER_MS;
    int r = session_begin(s, "cancel all running jobs", err);

    *count = 0;
    if (r < 0)
        return r;
    while ((r = cancel_free(s, by, &first, count, &locked, err)) == PLAIN_OK && locked > 0) {
        if (clock_boot_us() >= until)
            return refuse_locked(locked, err);
        clock_boot_sleep_until(clock_boot_us() + (int64_t)EVERY_MS * US_PER_MS);
    }
    return r;
}

int postgres_complete(struct store *store, const plain_uuid *token, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *result;
    int r = session_begin(s, "complete the job", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, token);
    r = ask(s, SQL_COMPLETE_JOB, &result, err);
    libpq.PQclear(result);
    return r;
}

void postgres_watch_send(struct session *s, const struct cycle *c)
{
    wire_array(&s->wire, &wire_uuid_items, c->watched, c->watched_count, sizeof(*c->watched));
    session_send(s, SQL_WATCH_JOBS);
}

void postgres_watch_read(const PGresult *result, struct arena *a, struct cycle_result *out)
{
    static const struct field fields[] = {
        {field_uuid, offsetof(struct watched_job, token)},
        {field_int, offsetof(struct watched_job, state)},
        {field_text, offsetof(struct watched_job, by)},
    };
    size_t count = (size_t)libpq.PQntuples(result);

    if (count == 0)
        return;
    out->watched = arena_array(a, count, sizeof(*out->watched));
    for (size_t i = 0; out->watched && i < count; i++)
        fields_read(result, (int)i, fields, ARRAY_SIZE(fields), a, &out->watched[i]);
    if (arena_ok(a))
        out->watched_count = count;
}

size_t postgres_completing(const struct cycle *c, plain_uuid out[STORE_END_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < c->end_count; i++) {
        if (c->ends[i].completing || c->ends[i].is_locked)
            out[count++] = c->ends[i].token;
    }
    return count;
}

/* Not to know more of them is fine, so a failure is none of the cycle's. */
void postgres_note_figures(struct session *s, const struct cycle *c)
{
    enum { SWITCHES, NOTED, COUNT };
    static const struct {
        const struct wire_items *items;
        size_t offset;
    } columns[] = {
        {&wire_uuid_items, offsetof(struct job_end, token)},
        {&wire_int4_items, offsetof(struct job_end, runner_pid)},
        {&wire_int8_given, offsetof(struct job_end, cpu_us)},
        {&wire_int8_given, offsetof(struct job_end, max_rss_kb)},
        {&wire_text_items, offsetof(struct job_end, output)},
    };
    PGresult *results[COUNT] = {NULL};

    session_send(s, SQL_PLAN_SWITCHES);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        wire_array(&s->wire, columns[i].items, (const char *)c->ends + columns[i].offset,
                   c->end_count, sizeof(*c->ends));
    session_send(s, SQL_NOTE_FIGURES);
    (void)session_sync(s, results, COUNT, NULL);
    session_clear(results, COUNT);
}

void postgres_tokens_read(const PGresult *result, struct arena *a, plain_uuid **tokens,
                          size_t *token_count)
{
    size_t count = (size_t)libpq.PQntuples(result);

    if (count == 0)
        return;
    *tokens = arena_array(a, count, sizeof(**tokens));
    for (size_t i = 0; *tokens && i < count; i++)
        field_read(result, (int)i, 0, field_uuid, NULL, &(*tokens)[i]);
    if (arena_ok(a))
        *token_count = count;
}
