/* lease.c - the rows of living workers, and the jobs of dead ones; lease.sql says what holds */
#include "base/error.h"
#include "base/uuid.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

/* Sends a statement that gives a row when it found the worker's, behind `before` others. */
static int change_row(struct session *s, size_t before, enum sql_name name, plain_error *err)
{
    PGresult *results[2] = {NULL};

    session_send(s, name);
    int r = session_sync(s, results, before + 1, err);
    if (r == PLAIN_OK && libpq.PQntuples(results[before]) == 0)
        r = PLAIN_NONE;
    session_clear(results, before + 1);
    return r;
}

int postgres_register_worker(struct store *store, const struct worker_row *row, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "register this worker", err);

    if (r < 0)
        return r;
    session_send(s, SQL_CLAIM_GATE);
    wire_uuid(&s->wire, &row->identity->id);
    wire_text(&s->wire, row->identity->host);
    wire_int4(&s->wire, row->identity->pid);
    wire_array(&s->wire, &wire_text_items, row->queues, row->queue_count, sizeof(*row->queues));
    wire_int8(&s->wire, row->lease_ms);
    wire_text(&s->wire, PLAIN_VERSION);
    wire_int4(&s->wire, row->capacity);
    wire_array(&s->wire, &wire_text_items, row->classes, row->class_count, sizeof(*row->classes));
    wire_uuid(&s->wire, &row->before);
    return change_row(s, 1, SQL_REGISTER_WORKER, err);
}

int postgres_beat(struct store *store, const plain_uuid *worker, bool stops, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "keep this worker's lease", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, worker);
    wire_bool(&s->wire, stops);
    return change_row(s, 0, SQL_BEAT, err);
}

int postgres_leave(struct store *store, const plain_uuid *worker, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[2] = {NULL};
    int r = session_begin(s, "delete this worker's row", err);

    if (r < 0)
        return r;
    wire_uuid(&s->wire, worker);
    session_send(s, SQL_GIVE_UP_RESCUES);
    wire_uuid(&s->wire, worker);
    session_send(s, SQL_LEAVE);
    r = session_sync(s, results, ARRAY_SIZE(results), err);
    session_clear(results, ARRAY_SIZE(results));
    return r;
}

/*
 * Rescue: a look, and where something is to be done one pipeline.
 */

enum {
    RESCUE_SWITCHES,
    RESCUE_ADOPT,
    RESCUE_SEIZE,
    RESCUE_FORGET,
    RESCUE_FIND,
    RESCUE_NEXT,
    RESCUE_RESULTS
};

static void put_uuids(struct wire *w, const plain_uuid *uuids, size_t count)
{
    wire_array(w, &wire_uuid_items, uuids, count, sizeof(*uuids));
}

static void send_rescue(struct session *s, const struct rescue_wish *wish)
{
    struct wire *w = &s->wire;
    const plain_uuid *self = &wish->worker->id;

    session_send(s, SQL_PLAN_SWITCHES);
    wire_int8(w, wish->lease_ms);
    session_send(s, SQL_ADOPT_ORPHANS);
    wire_uuid(w, self);
    put_uuids(w, wish->dead, wish->dead_count);
    put_uuids(w, wish->living, wish->living_count);
    wire_int8(w, RESCUE_LEASE_MS);
    session_send(s, SQL_SEIZE_WORKERS);
    wire_uuid(w, self);
    session_send(s, SQL_FORGET_WORKERS);
    wire_uuid(w, self);
    wire_int4(w, (int)wish->limit);
    session_send(s, SQL_FIND_ORPHANS);
    wire_uuid(w, self);
    put_uuids(w, wish->dead, wish->dead_count);
    session_send(s, SQL_NEXT_LAPSE);
}

static const struct field orphan_fields[] = {
    {field_uuid, offsetof(struct orphan, claim.token)},
    {field_uuid, offsetof(struct orphan, claim.request_uuid)},
    {field_uuid, offsetof(struct orphan, claim.root_uuid)},
    {field_text, offsetof(struct orphan, claim.job_class)},
    {field_text, offsetof(struct orphan, claim.parameters)},
    {field_text, offsetof(struct orphan, claim.queue)},
    {field_text, offsetof(struct orphan, claim.concurrency_key)},
    {field_text, offsetof(struct orphan, claim.source)},
    {field_int, offsetof(struct orphan, claim.priority)},
    {field_int, offsetof(struct orphan, claim.retries)},
    {field_int, offsetof(struct orphan, claim.retry_attempt)},
    {field_int, offsetof(struct orphan, claim.run_no)},
    {field_int, offsetof(struct orphan, claim.crash_count)},
    {field_time, offsetof(struct orphan, claim.requested_at)},
    {field_time, offsetof(struct orphan, claim.due_at)},
    {field_int64, offsetof(struct orphan, claim.id)},
    {field_int64, offsetof(struct orphan, claim.timeout_ms)},
    {field_int, offsetof(struct orphan, claim.lost_count)},
    {field_time, offsetof(struct orphan, started_at)},
    {field_uuid, offsetof(struct orphan, worker_id)},
    {field_text, offsetof(struct orphan, worker_host)},
    {field_int, offsetof(struct orphan, worker_pid)},
};

static void read_orphans(const PGresult *result, struct arena *a, struct rescue_result *out)
{
    size_t count = (size_t)libpq.PQntuples(result);

    if (count == 0)
        return;
    out->orphans = arena_array(a, count, sizeof(*out->orphans));
    for (size_t i = 0; out->orphans && i < count; i++)
        fields_read(result, (int)i, orphan_fields, ARRAY_SIZE(orphan_fields), a, &out->orphans[i]);
    out->orphan_count = arena_ok(a) ? count : 0;
}

static size_t count_seized(const PGresult *result)
{
    enum { SEIZED_IS_NEW = 3 };
    size_t count = 0;

    for (int row = 0; row < libpq.PQntuples(result); row++) {
        bool is_new = false;

        field_read(result, row, SEIZED_IS_NEW, field_bool, NULL, &is_new);
        count += is_new;
    }
    return count;
}

/* Those of a column that are not NULL. */
static plain_uuid *read_ids(const PGresult *result, int column, struct arena *a, size_t *count)
{
    int rows = libpq.PQntuples(result);
    plain_uuid *ids = arena_array(a, (size_t)rows, sizeof(*ids));

    for (int row = 0; ids && row < rows; row++) {
        field_read(result, row, column, field_uuid, NULL, &ids[*count]);
        *count += !uuid_is_zero(&ids[*count]);
    }
    return ids;
}

static void read_next(const PGresult *result, struct arena *a, struct rescue_result *out)
{
    enum { NOW, NEXT, UNFINISHED };

    field_read(result, 0, NOW, field_time, NULL, &out->now);
    field_read(result, 0, NEXT, field_time, NULL, &out->next_lapse);
    out->unfinished = read_ids(result, UNFINISHED, a, &out->unfinished_count);
}

/* Whether there is anything to rescue; if not, all that is to be told is in *out. */
static int look(struct session *s, const struct rescue_wish *wish, bool *needed,
                struct rescue_result *out, plain_error *err)
{
    enum { NEEDED, NOW, NEXT };
    PGresult *result = NULL;

    wire_uuid(&s->wire, &wish->worker->id);
    put_uuids(&s->wire, wish->dead, wish->dead_count);
    session_send(s, SQL_NEED_RESCUE);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK) {
        field_read(result, 0, NEEDED, field_bool, NULL, needed);
        field_read(result, 0, NOW, field_time, NULL, &out->now);
        field_read(result, 0, NEXT, field_time, NULL, &out->next_lapse);
    }
    session_clear(&result, 1);
    return r;
}

int postgres_rescue(struct store *store, const struct rescue_wish *wish, struct arena *a,
                    struct rescue_result *out, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[RESCUE_RESULTS] = {NULL};

    *out = (struct rescue_result){.next_lapse = STORE_NO_TIME};
    bool needed = false;
    int r = session_begin(s, "rescue jobs", err);
    if (r == PLAIN_OK)
        r = look(s, wish, &needed, out, err);
    if (r < 0 || !needed)
        return r;
    send_rescue(s, wish);
    r = session_sync(s, results, RESCUE_RESULTS, err);
    if (r < 0)
        return r;
    out->seized = count_seized(results[RESCUE_SEIZE]);
    out->forgotten = read_ids(results[RESCUE_FORGET], 0, a, &out->forgotten_count);
    read_orphans(results[RESCUE_FIND], a, out);
    read_next(results[RESCUE_NEXT], a, out);
    session_clear(results, RESCUE_RESULTS);
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}
