/*
 * cycle.c - a worker's round: ends, claims put back, new claims, all in one transaction
 *
 * One pipeline and one sync for a few statements, each of which moves any number of jobs. The
 * results are looked at only after the sync: until then nothing is committed, and a job must not be
 * handed out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "store/postgres/fields.h"
#include "store/postgres/hooks.h"
#include "store/postgres/postgres.h"
#include "store/postgres/stops.h"

/* Where the results of a cycle stand; -1: no such statement was sent. */
struct cycle_plan {
    int switches, told, finish, undecided, release, kept, claim, hooks, fold, watch;
    size_t count;
};

enum { CYCLE_RESULTS_MAX = 14 };

/*
 * What is sent.
 */

/* A column that comes from a job_end. */
struct end_column {
    const struct wire_items *items; /* NULL: it is the name of the status */
    size_t offset;
};

static bool put_status(struct buf *b, const void *field)
{
    return wire_text_items.put(b, &job_status_names[*(const enum job_status *)field]);
}

/* Those of finish_jobs, in their order: $1 to $19. */
static const struct end_column end_columns[] = {
    {&wire_uuid_items, offsetof(struct job_end, token)},
    {NULL, offsetof(struct job_end, status)},
    {&wire_time_items, offsetof(struct job_end, started_at)},
    {&wire_time_items, offsetof(struct job_end, ended_at)},
    {&wire_text_items, offsetof(struct job_end, error)},
    {&wire_text_items, offsetof(struct job_end, error_type)},
    {&wire_text_items, offsetof(struct job_end, error_message)},
    {&wire_text_items, offsetof(struct job_end, fingerprint)},
    {&wire_int4_given, offsetof(struct job_end, exit_code)},
    {&wire_int4_given, offsetof(struct job_end, exit_signal)},
    {&wire_int4_items, offsetof(struct job_end, crash_count)},
    {&wire_int4_items, offsetof(struct job_end, runner_pid)},
    {&wire_int8_given, offsetof(struct job_end, cpu_us)},
    {&wire_int8_given, offsetof(struct job_end, max_rss_kb)},
    {&wire_uuid_items, offsetof(struct job_end, successor)},
    {&wire_time_items, offsetof(struct job_end, successor_start_at)},
    {&wire_int4_items, offsetof(struct job_end, successor_retry_attempt)},
    {&wire_int4_items, offsetof(struct job_end, lost_count)},
    {&wire_text_items, offsetof(struct job_end, output)},
};

/* Those of finish_plain: $1 to $6. */
static const struct end_column plain_columns[] = {
    {&wire_uuid_items, offsetof(struct job_end, token)},
    {&wire_time_items, offsetof(struct job_end, started_at)},
    {&wire_time_items, offsetof(struct job_end, ended_at)},
    {&wire_int4_items, offsetof(struct job_end, runner_pid)},
    {&wire_int8_given, offsetof(struct job_end, cpu_us)},
    {&wire_int8_given, offsetof(struct job_end, max_rss_kb)},
};

/* Whether these columns tell all of it. */
static bool is_plain(const struct job_end *e)
{
    bool has_words =
        e->error_type || e->error_message || e->fingerprint || e->output || (e->error && *e->error);

    return e->status == JOB_SUCCESSFUL && !has_words && uuid_is_zero(&e->successor) &&
           e->exit_code < 0 && e->exit_signal < 0 && e->crash_count == 0 && e->lost_count == 0 &&
           !e->completing && !e->is_locked;
}

static bool are_plain(const struct cycle *c)
{
    for (size_t i = 0; i < c->end_count; i++) {
        if (!is_plain(&c->ends[i]))
            return false;
    }
    return true;
}

static void put_ends(struct session *s, const struct cycle *c, const struct end_column *columns,
                     size_t count)
{
    const struct wire_items statuses = {wire_text_items.oid, put_status};
    const struct worker_identity *w = c->worker;

    for (size_t i = 0; i < count; i++)
        wire_array(&s->wire, columns[i].items ? columns[i].items : &statuses,
                   (const char *)c->ends + columns[i].offset, c->end_count, sizeof(*c->ends));
    wire_uuid(&s->wire, &w->id);
    wire_text(&s->wire, w->host);
    wire_int4(&s->wire, w->pid);
    wire_int4(&s->wire, c->shard);
}

static void send_finish(struct session *s, const struct cycle *c, const plain_uuid *completing,
                        size_t completing_count)
{
    if (are_plain(c)) {
        put_ends(s, c, plain_columns, ARRAY_SIZE(plain_columns));
        session_send(s, SQL_FINISH_PLAIN);
        return;
    }
    put_ends(s, c, end_columns, ARRAY_SIZE(end_columns));
    wire_array(&s->wire, &wire_uuid_items, completing, completing_count, sizeof(*completing));
    session_send(s, SQL_FINISH_JOBS);
}

/* What was not ended because a transaction has it is looked for behind that. */
static void send_ends(struct session *s, const struct cycle *c, struct cycle_plan *plan)
{
    plain_uuid completing[STORE_END_MAX];
    size_t count = postgres_completing(c, completing);

    plan->finish = (int)plan->count++;
    send_finish(s, c, completing, count);
    plan->count += postgres_hooks_want(s, c);
    if (count == 0)
        return;
    plan->undecided = (int)plan->count++;
    wire_array(&s->wire, &wire_uuid_items, completing, count, sizeof(*completing));
    session_send(s, SQL_STILL_PROCESSING);
}

/* Likewise what was not released. */
static void send_release(struct session *s, const struct cycle *c, struct cycle_plan *plan)
{
    plan->release = (int)plan->count++;
    wire_array(&s->wire, &wire_uuid_items, c->releases, c->release_count, sizeof(*c->releases));
    wire_int4(&s->wire, c->shard);
    session_send(s, SQL_RELEASE_JOBS);
    plan->kept = (int)plan->count++;
    wire_array(&s->wire, &wire_uuid_items, c->releases, c->release_count, sizeof(*c->releases));
    session_send(s, SQL_STILL_PROCESSING);
}

static void put_texts(struct session *s, const char *const *texts, size_t count)
{
    wire_array(&s->wire, &wire_text_items, texts, count, sizeof(*texts));
}

static void send_claim(struct postgres *p, const struct cycle *c)
{
    struct wire *w = &p->session.wire;
    const struct claim_wish *wish = c->wish;
    const struct bound *b = p->bounds.items;
    size_t n = p->bounds.count;

    wire_array(w, &wire_text_items, &b->queue, n, sizeof(*b));
    wire_array(w, &wire_int4_items, &b->priority, n, sizeof(*b));
    wire_array(w, &wire_time_items, &b->due_at, n, sizeof(*b));
    wire_array(w, &wire_int8_items, &b->from_id, n, sizeof(*b));
    put_texts(&p->session, wish->classes, wish->class_count);
    wire_int4(w, (int)wish->limit);
    wire_array(w, &wire_uuid_items, wish->tokens, wish->limit, sizeof(*wish->tokens));
    wire_uuid(w, &c->worker->id);
    session_send(&p->session, SQL_CLAIM_JOBS);
}

static void send_claim_told(struct session *s, const struct cycle *c)
{
    const struct claim_wish *wish = c->wish;

    wire_int8(&s->wire, c->told);
    put_texts(s, wish->queues, wish->queue_count);
    put_texts(s, wish->classes, wish->class_count);
    wire_uuid(&s->wire, &wish->tokens[0]);
    wire_uuid(&s->wire, &c->worker->id);
    session_send(s, SQL_CLAIM_TOLD);
}

static void send_settle_claims(struct session *s, const struct cycle *c)
{
    wire_uuid(&s->wire, c->in_doubt_of);
    wire_array(&s->wire, &wire_uuid_items, c->releases, c->release_count, sizeof(*c->releases));
    session_send(s, SQL_SETTLE_CLAIMS);
}

static bool claims(const struct cycle *c)
{
    return c->wish && c->wish->limit > 0;
}

/* Whether only that is claimed: see listen_settings. */
static bool claims_told(const struct session *s, const struct cycle *c)
{
    return claims(c) && c->told > 0 && s->listens;
}

static struct cycle_plan send_cycle(struct postgres *p, const struct cycle *c)
{
    struct cycle_plan plan = {.switches = -1,
                              .told = -1,
                              .finish = -1,
                              .undecided = -1,
                              .release = -1,
                              .kept = -1,
                              .claim = -1,
                              .hooks = -1,
                              .fold = -1,
                              .watch = -1};
    struct session *s = &p->session;

    if (claims_told(s, c)) {
        plan.told = (int)plan.count++;
        send_claim_told(s, c);
        return plan;
    }
    plan.switches = (int)plan.count++;
    session_send(s, claims(c) ? SQL_CLAIM_GATE : SQL_PLAN_SWITCHES);
    if (c->end_count > 0)
        send_ends(s, c, &plan);
    if (c->in_doubt_of) {
        plan.count++;
        send_settle_claims(s, c);
    }
    if (c->release_count > 0)
        send_release(s, c, &plan);
    if (claims(c)) {
        plan.claim = (int)plan.count++;
        send_claim(p, c);
    }
    if (c->idle != IDLE_KEEP) {
        plan.count++;
        wire_uuid(&s->wire, &c->worker->id);
        wire_bool(&s->wire, c->idle == IDLE_MARK);
        session_send(s, SQL_MARK_IDLE);
    }
    plan.count += postgres_hooks_done(s, c);
    if (c->hook_limit > 0) {
        plan.hooks = (int)plan.count++;
        postgres_hooks_take(s, c);
    }
    if (c->watched_count > 0) {
        plan.watch = (int)plan.count++;
        postgres_watch_send(s, c);
    }
    if (c->fold) {
        plan.fold = (int)plan.count++;
        wire_int4(&s->wire, c->shard);
        wire_int4(&s->wire, STORE_FOLD_MAX);
        wire_int4(&s->wire, STORE_COUNTER_DAYS);
        session_send(s, SQL_FOLD_COUNTERS);
    }
    return plan;
}

/*
 * What comes back.
 */

static const struct field claim_fields[] = {
    {field_uuid, offsetof(struct claim, token)},
    {field_uuid, offsetof(struct claim, request_uuid)},
    {field_uuid, offsetof(struct claim, root_uuid)},
    {field_text, offsetof(struct claim, job_class)},
    {field_text, offsetof(struct claim, parameters)},
    {field_text, offsetof(struct claim, queue)},
    {field_text, offsetof(struct claim, concurrency_key)},
    {field_text, offsetof(struct claim, source)},
    {field_int, offsetof(struct claim, priority)},
    {field_int, offsetof(struct claim, retries)},
    {field_int, offsetof(struct claim, retry_attempt)},
    {field_int, offsetof(struct claim, run_no)},
    {field_int, offsetof(struct claim, crash_count)},
    {field_time, offsetof(struct claim, requested_at)},
    {field_time, offsetof(struct claim, due_at)},
    {field_int64, offsetof(struct claim, id)},
    {field_int64, offsetof(struct claim, timeout_ms)},
    {field_int, offsetof(struct claim, lost_count)},
};

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Highest priority first, then earliest due, then oldest. */
static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    int order = compare(b->priority, a->priority);

    if (order == 0)
        order = compare(a->due_at, b->due_at);
    return order ? order : compare(a->id, b->id);
}

static void read_claims(const PGresult *result, struct arena *a, struct cycle_result *out)
{
    size_t count = (size_t)libpq.PQntuples(result);

    if (count == 0)
        return;
    out->claims = arena_array(a, count, sizeof(*out->claims));
    if (!out->claims)
        return;
    for (size_t i = 0; i < count; i++)
        fields_read(result, (int)i, claim_fields, ARRAY_SIZE(claim_fields), a, &out->claims[i]);
    if (!arena_ok(a))
        return;
    out->claim_count = count;
    qsort(out->claims, count, sizeof(*out->claims), compare_claims);
}

/* The time of a claim is that of its statement. */
static void read_told(const PGresult *result, struct arena *a, struct cycle_result *out)
{
    if (libpq.PQntuples(result) > 0)
        field_read(result, 0, ARRAY_SIZE(claim_fields), field_time, NULL, &out->now);
    read_claims(result, a, out);
}

static size_t read_count(PGresult *const *results, int i, int column)
{
    int64_t count = 0;

    if (i >= 0)
        field_read(results[i], 0, column, field_int64, NULL, &count);
    return (size_t)count;
}

static void read_cycle(const struct cycle_plan *plan, PGresult *const *results, struct arena *a,
                       struct cycle_result *out)
{
    if (plan->told >= 0) {
        read_told(results[plan->told], a, out);
        return;
    }
    field_read(results[plan->switches], 0, 0, field_time, NULL, &out->now);
    out->ended = read_count(results, plan->finish, 0);
    out->recorded = read_count(results, plan->finish, 1);
    out->released = read_count(results, plan->release, 0);
    out->folded = read_count(results, plan->fold, 0);
    if (plan->undecided >= 0)
        postgres_tokens_read(results[plan->undecided], a, &out->undecided, &out->undecided_count);
    if (plan->kept >= 0)
        postgres_tokens_read(results[plan->kept], a, &out->kept, &out->kept_count);
    if (plan->watch >= 0)
        postgres_watch_read(results[plan->watch], a, out);
    if (plan->claim >= 0)
        read_claims(results[plan->claim], a, out);
    if (plan->hooks >= 0)
        postgres_hooks_read(results[plan->hooks], a, out);
}

/* Committed, and nobody can be told of the claims: as after a lost answer, the caller is to give
 * their tokens back. */
static int lose_claims(struct session *s, plain_error *err)
{
    session_drop(s);
    return error_set(err, PLAIN_E_UNREACHABLE, 704, "",
                     "cannot claim jobs: out of memory for what the database gave");
}

/* Asks what an empty-handed worker may sleep until. The cycle is committed already, so a failure
 * here must not look like one of the cycle: not to know is fine, the next call will say why. */
static void find_next_due(struct session *s, const struct claim_wish *wish,
                          struct cycle_result *out)
{
    enum { SWITCHES, DUE, COUNT };
    enum { NOW, NEXT };
    PGresult *results[COUNT] = {NULL};

    session_send(s, SQL_PLAN_SWITCHES);
    put_texts(s, wish->queues, wish->queue_count);
    put_texts(s, wish->classes, wish->class_count);
    wire_time(&s->wire, out->now);
    session_send(s, SQL_NEXT_DUE);
    if (session_sync(s, results, COUNT, NULL) == PLAIN_OK) {
        field_read(results[DUE], 0, NOW, field_time, NULL, &out->now);
        field_read(results[DUE], 0, NEXT, field_time, NULL, &out->next_due);
    }
    session_clear(results, COUNT);
}

/* The bounds follow what was claimed, and are forgotten when they may hide something. */
static void follow(struct bounds *b, const struct cycle *c, const struct cycle_result *out)
{
    if (c->release_count > 0 || (c->wish && out->claim_count < c->wish->limit))
        bounds_forget(b);
    else
        bounds_advance(b, out->claims, out->claim_count);
}

int postgres_cycle(struct store *store, const struct cycle *c, struct arena *a,
                   struct cycle_result *out, plain_error *err)
{
    struct postgres *p = postgres_of(store);
    PGresult *results[CYCLE_RESULTS_MAX] = {NULL};

    *out = (struct cycle_result){.now = STORE_NO_TIME, .next_due = STORE_NO_TIME};
    int r = session_begin(&p->session, "claim and end jobs", err);
    if (r < 0)
        return r;
    if (c->woken)
        bounds_forget(&p->bounds);
    if (c->wish && !bounds_prepare(&p->bounds, c->wish->queues, c->wish->queue_count, c->ahead))
        return error_nomem(err);
    out->is_sent = true;
    struct cycle_plan plan = send_cycle(p, c);
    r = session_sync(&p->session, results, plan.count, err);
    if (r < 0) {
        bounds_forget(&p->bounds);
        return r;
    }
    read_cycle(&plan, results, a, out);
    session_clear(results, plan.count);
    if (!arena_ok(a))
        return lose_claims(&p->session, err);
    follow(&p->bounds, c, out);
    if (out->recorded > 0)
        postgres_note_figures(&p->session, c);
    if (c->idle == IDLE_MARK)
        p->marked_at = 0;
    if (plan.told < 0 && c->wish && out->claim_count == 0)
        find_next_due(&p->session, c->wish, out);
    return PLAIN_OK;
}
