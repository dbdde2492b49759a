/*
 * many.c - enqueueing many requests in one transaction
 *
 * Statements take thousands of rows each, as arrays. While the server works on one, the requests of
 * the next are made and put together: neither waits for the other. That ends with the first request
 * that has a key or a uuid that may exist: it concerns others of the call, so all that are left are
 * made, and are one part that takes these steps. What went before it has none of either.
 *
 * The trigger that takes a key raises an error when the key is held, which would undo all; so keys
 * are settled first:
 *
 *   1. Requests whose uuid may exist are looked up: those that do are done. Others are refused
 * where the transaction does not see what is committed after its snapshot.
 *   2. The keys of the others are sorted, so that two callers take them in one order. Of several
 *      requests with a key the first in the caller's order stands for it. Its key row is made, or
 *      somebody else's is in the way: then the holder is told, and when that is a row without a
 *      live job, the trigger is left to take it over.
 *   3. The requests that are left are inserted in the caller's order.
 *   4. A uuid that may exist can have been claimed between 1 and 3: then it is taken back.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"
#include "store/postgres/transaction.h"

enum { ROWS_MAX = 5000, ROWS_BYTES_MAX = 16 * 1024 * 1024 };

struct batch {
    struct session *session;
    const struct request_source *source;
    const struct new_request *requests;
    plain_request *out;
    size_t from, to; /* the part that is worked on: all before it was sent */
    bool at_server;  /* a statement is: its answer has not been waited for */
    struct arena arena;
    bool *is_settled; /* nothing of this request is left to do      */
    size_t *wanted;   /* numbers of requests that a step is about   */
    size_t wanted_count;
    struct new_request *rows; /* ROWS_MAX of them, for one statement */
    size_t *numbers;          /* of the requests in rows             */
    size_t row_count;
};

static void settle(struct batch *b, size_t i, const plain_uuid *made)
{
    b->is_settled[i] = true;
    b->out[i].uuid = *made;
}

/* Takes the next requests that are wanted, from *at on, to rows. */
static bool next_rows(struct batch *b, size_t *at)
{
    size_t bytes = 0;

    b->row_count = 0;
    while (*at < b->wanted_count && b->row_count < ROWS_MAX && bytes < ROWS_BYTES_MAX) {
        size_t i = b->wanted[(*at)++];

        b->numbers[b->row_count] = i;
        b->rows[b->row_count++] = b->requests[i];
        bytes += strlen(b->requests[i].parameters);
    }
    session_more_time(b->session);
    return b->row_count > 0;
}

static void put_texts(struct batch *b, const char *const *first)
{
    wire_array(&b->session->wire, &wire_text_items, first, b->row_count, sizeof(*b->rows));
}

static void put_uuids(struct batch *b)
{
    wire_array(&b->session->wire, &wire_uuid_items, &b->rows[0].uuid, b->row_count,
               sizeof(*b->rows));
}

/* Waits for the statement that is at the server, if one is. */
static int finish(struct batch *b, plain_error *err)
{
    bool at_server = b->at_server;

    b->at_server = false;
    return at_server ? session_sync(b->session, NULL, 0, err) : PLAIN_OK;
}

static int run(struct batch *b, enum sql_name name, PGresult **result, plain_error *err)
{
    int r = finish(b, err);

    *result = NULL;
    if (r < 0)
        return r;
    session_send(b->session, name);
    return session_sync(b->session, result, 1, err);
}

/* The row that the number (from 1) in the first column means. */
static size_t row_of(const PGresult *result, int i)
{
    int64_t n;

    field_read(result, i, 0, field_int64, NULL, &n);
    return (size_t)n - 1;
}

/*
 * uuids that were used before.
 */

static int find_repeated(struct batch *b, bool with_pending, PGresult **result, plain_error *err)
{
    put_uuids(b);
    wire_bool(&b->session->wire, with_pending);
    return run(b, SQL_MANY_REPEATED, result, err);
}

static int settle_repeated(struct batch *b, plain_error *err)
{
    PGresult *result;
    int r = PLAIN_OK;

    b->wanted_count = 0;
    for (size_t i = b->from; i < b->to; i++) {
        if (b->requests[i].may_exist)
            b->wanted[b->wanted_count++] = i;
    }
    for (size_t at = 0; r == PLAIN_OK && next_rows(b, &at);) {
        r = find_repeated(b, true, &result, err);
        for (int i = 0; r == PLAIN_OK && i < libpq.PQntuples(result); i++) {
            size_t row = row_of(result, i);
            settle(b, b->numbers[row], &b->rows[row].uuid);
        }
        libpq.PQclear(result);
    }
    return r;
}

/* Our own transactions see all. */
static int refuse_unseen(struct batch *b, plain_error *err)
{
    PGresult *result = NULL;
    bool is_sure = true;

    for (size_t i = b->from; i < b->to; i++)
        is_sure = is_sure && (b->is_settled[i] || !b->requests[i].may_exist);
    if (is_sure || !b->session->adopted.is)
        return PLAIN_OK;
    int r = run(b, SQL_SEE_COMMITS, &result, err);
    libpq.PQclear(result);
    return r;
}

/*
 * Keys.
 */

static int compare_keys(const struct new_request *a, const struct new_request *b)
{
    int order = strcmp(a->job_class, b->job_class);

    return order != 0 ? order : strcmp(a->concurrency_key, b->concurrency_key);
}

/* qsort() hands over nothing but two items: pointers into the caller's array, whose order is that
 * of the calls. */
static int compare_items(const void *a, const void *b)
{
    const struct new_request *const *first = a;
    const struct new_request *const *second = b;
    int order = compare_keys(*first, *second);

    if (order != 0)
        return order;
    return *first < *second ? -1 : *first > *second;
}

/* The keyed requests that are not settled, by key; wanted becomes the first of each. */
static const struct new_request **sort_keyed(struct batch *b, size_t *count)
{
    const struct new_request **keyed =
        arena_array(&b->arena, b->to - b->from, sizeof(const void *));

    *count = b->wanted_count = 0;
    if (!keyed)
        return NULL;
    for (size_t i = b->from; i < b->to; i++) {
        if (b->requests[i].concurrency_key[0] && !b->is_settled[i])
            keyed[(*count)++] = &b->requests[i];
    }
    qsort(keyed, *count, sizeof(const void *), compare_items);
    for (size_t i = 0; i < *count; i++) {
        if (i == 0 || compare_keys(keyed[i - 1], keyed[i]) != 0)
            b->wanted[b->wanted_count++] = (size_t)(keyed[i] - b->requests);
    }
    return keyed;
}

/* Takes the keys of rows; those that were taken leave rows. */
static int take_keys(struct batch *b, plain_error *err)
{
    PGresult *result;
    size_t left = 0;
    int taken = 0;

    put_texts(b, &b->rows[0].job_class);
    put_texts(b, &b->rows[0].concurrency_key);
    put_uuids(b);
    int r = run(b, SQL_MANY_KEYS, &result, err);
    for (size_t i = 0; r == PLAIN_OK && i < b->row_count; i++) {
        plain_uuid uuid = {{0}};

        if (taken < libpq.PQntuples(result))
            field_read(result, taken, 0, field_uuid, NULL, &uuid);
        if (uuid_equal(&uuid, &b->rows[i].uuid)) {
            taken++;
            continue;
        }
        b->numbers[left] = b->numbers[i];
        b->rows[left++] = b->rows[i];
    }
    b->row_count = left;
    libpq.PQclear(result);
    return r;
}

struct holder {
    int64_t n;
    plain_request held;
};

/* The keys of rows are held: says by whom. A request that holds its own key exists already. */
static int tell_holders(struct batch *b, plain_error *err)
{
    static const struct field fields[] = {
        {field_int64, offsetof(struct holder, n)},
        {field_uuid, offsetof(struct holder, held.holder)},
        {field_int, offsetof(struct holder, held.holder_state)},
        {field_int64, offsetof(struct holder, held.holder_age_ms)},
    };
    PGresult *result;

    put_texts(b, &b->rows[0].job_class);
    put_texts(b, &b->rows[0].concurrency_key);
    int r = run(b, SQL_MANY_HOLDERS, &result, err);
    for (int i = 0; r == PLAIN_OK && i < libpq.PQntuples(result); i++) {
        struct holder h = {0};

        fields_read(result, i, fields, ARRAY_SIZE(fields), NULL, &h);
        size_t number = b->numbers[h.n - 1];
        b->is_settled[number] = true;
        if (uuid_equal(&h.held.holder, &b->requests[number].uuid))
            b->out[number].uuid = h.held.holder;
        else
            b->out[number] = h.held;
    }
    libpq.PQclear(result);
    return r;
}

/* Rows whose key has a row without a live holder, or one that this transaction cannot see. */
static int leave_to_trigger(struct batch *b, plain_error *err)
{
    for (size_t i = 0; i < b->row_count; i++) {
        plain_request *out = &b->out[b->numbers[i]];

        if (b->is_settled[b->numbers[i]])
            continue;
        int r = postgres_insert(b->session, &b->rows[i], out, err);
        if (r < 0)
            return r;
        b->is_settled[b->numbers[i]] = true;
        if (r == PLAIN_SKIPPED)
            out->holder_state = PLAIN_HOLDER_UNSEEN;
    }
    return PLAIN_OK;
}

/* Every keyed request behind the first of its key is held by it, or by whom that is held. */
static void settle_followers(struct batch *b, const struct new_request *const *keyed, size_t count)
{
    size_t first = 0;

    assert(keyed || count == 0);
    for (size_t k = 0; k < count; k++) {
        size_t i = (size_t)(keyed[k] - b->requests);

        if (k == 0 || compare_keys(keyed[k - 1], keyed[k]) != 0) {
            first = i;
            continue;
        }
        b->is_settled[i] = true;
        if (b->out[first].holder_state != PLAIN_HOLDER_NONE)
            b->out[i] = b->out[first];
        else
            b->out[i] = (plain_request){.holder = b->requests[first].uuid,
                                        .holder_state = PLAIN_HOLDER_PENDING};
    }
}

static int settle_keys(struct batch *b, plain_error *err)
{
    size_t count;
    const struct new_request **keyed = sort_keyed(b, &count);
    int r = keyed ? PLAIN_OK : error_nomem(err);

    for (size_t at = 0; r == PLAIN_OK && next_rows(b, &at);) {
        r = take_keys(b, err);
        if (r == PLAIN_OK && b->row_count > 0)
            r = tell_holders(b, err);
        if (r == PLAIN_OK)
            r = leave_to_trigger(b, err);
    }
    if (r == PLAIN_OK)
        settle_followers(b, keyed, count);
    return r;
}

/*
 * Requests.
 */

static bool has_repeatable(const struct batch *b)
{
    for (size_t i = 0; i < b->row_count; i++) {
        if (b->rows[i].may_exist)
            return true;
    }
    return false;
}

static bool put_given_delay(struct buf *b, const void *field)
{
    return *(const int64_t *)field != 0 && wire_int8_items.put(b, field);
}

/* The rows as values of the statement that is sent next. Most have class, queue and the like in
 * common: then these cross the wire once. */
static void put_rows(struct batch *b)
{
    const struct wire_items delays = {wire_int8_items.oid, put_given_delay};
    struct wire *w = &b->session->wire;
    const struct new_request *rows = b->rows;
    size_t n = b->row_count;

    put_uuids(b);
    wire_text_column(w, &rows[0].job_class, n, sizeof(*rows));
    wire_array(w, &wire_json_items, &rows[0].parameters, n, sizeof(*rows));
    wire_text_column(w, &rows[0].queue, n, sizeof(*rows));
    wire_array(w, &delays, &rows[0].delay_us, n, sizeof(*rows));
    wire_array(w, &wire_time_items, &rows[0].start_at, n, sizeof(*rows));
    wire_int4_column(w, &rows[0].priority, n, sizeof(*rows));
    wire_int4_column(w, &rows[0].retries, n, sizeof(*rows));
    wire_text_column(w, &rows[0].concurrency_key, n, sizeof(*rows));
    wire_text_column(w, &rows[0].source, n, sizeof(*rows));
    wire_array(w, &wire_int8_positive, &rows[0].timeout_ms, n, sizeof(*rows));
    for (size_t i = 0; i < n; i++)
        settle(b, b->numbers[i], &rows[i].uuid);
}

/* Keeps the rows of `result` only, whose numbers rise. */
static void keep_rows(struct batch *b, const PGresult *result)
{
    b->row_count = (size_t)libpq.PQntuples(result);
    for (size_t i = 0; i < b->row_count; i++)
        b->rows[i] = b->rows[row_of(result, (int)i)];
}

static int take_back_repeated(struct batch *b, plain_error *err)
{
    PGresult *result;
    int r = find_repeated(b, false, &result, err);

    if (r == PLAIN_OK)
        keep_rows(b, result);
    libpq.PQclear(result);
    if (r < 0 || b->row_count == 0)
        return r;
    put_uuids(b);
    r = run(b, SQL_MANY_TAKEN_BACK, &result, err);
    libpq.PQclear(result);
    return r;
}

/* The values of a statement are put together while the one before is at the server, but not queued
 * before that has answered: libpq moves what is left of its buffer at each write, which took twice
 * the time. */
static int insert_rows(struct batch *b, plain_error *err)
{
    bool is_repeatable = has_repeatable(b);

    put_rows(b);
    int r = finish(b, err);
    if (r == PLAIN_OK)
        r = session_start(b->session, is_repeatable ? SQL_MANY_REPEATABLE : SQL_MANY_REQUESTS, err);
    b->at_server = r == PLAIN_OK;
    return r == PLAIN_OK && is_repeatable ? take_back_repeated(b, err) : r;
}

static int insert_part(struct batch *b, plain_error *err)
{
    int r = PLAIN_OK;

    b->wanted_count = 0;
    for (size_t i = b->from; i < b->to; i++) {
        if (!b->is_settled[i])
            b->wanted[b->wanted_count++] = i;
    }
    for (size_t at = 0; r == PLAIN_OK && next_rows(b, &at);)
        r = insert_rows(b, err);
    return r;
}

/*
 * Parts.
 */

static bool concerns_others(const struct batch *b)
{
    for (size_t i = b->from; i < b->to; i++) {
        if (b->requests[i].may_exist || b->requests[i].concurrency_key[0])
            return true;
    }
    return false;
}

static int make(struct batch *b, size_t count, plain_error *err)
{
    b->to = count;
    return b->source->prepare(b->source->user, count, err);
}

/* A connection of the application waits for each statement, so there all is one part: a bad request
 * is found before there is a savepoint. */
static int next_part(struct batch *b, plain_error *err)
{
    size_t left = b->source->count - b->to;
    bool is_last = left <= ROWS_MAX || b->session->adopted.is;

    b->from = b->to;
    int r = make(b, is_last ? b->source->count : b->from + ROWS_MAX, err);
    if (r == PLAIN_OK && !is_last && concerns_others(b))
        r = make(b, b->source->count, err);
    return r;
}

static int enqueue_part(struct batch *b, plain_error *err)
{
    int r = settle_repeated(b, err);

    if (r == PLAIN_OK)
        r = refuse_unseen(b, err);
    if (r == PLAIN_OK)
        r = settle_keys(b, err);
    if (r == PLAIN_OK)
        r = insert_part(b, err);
    return r;
}

/* The first part is there: of a small call nothing is made in the transaction. */
static int enqueue_in_transaction(struct batch *b, plain_error *err)
{
    int r = enqueue_part(b, err);

    while (r == PLAIN_OK && b->to < b->source->count) {
        r = next_part(b, err);
        if (r == PLAIN_OK)
            r = enqueue_part(b, err);
    }
    int answer = finish(b, r == PLAIN_OK ? err : NULL);
    wire_reset(&b->session->wire); /* after a failure the values of the next are there */
    return r == PLAIN_OK ? answer : r;
}

static int prepare(struct batch *b, plain_error *err)
{
    size_t count = b->source->count;
    size_t rows = count < ROWS_MAX ? count : ROWS_MAX;

    memset(b->out, 0, count * sizeof(*b->out));
    b->is_settled = arena_array(&b->arena, count, sizeof(*b->is_settled));
    b->wanted = arena_array(&b->arena, count, sizeof(*b->wanted));
    b->rows = arena_array(&b->arena, rows, sizeof(*b->rows));
    b->numbers = arena_array(&b->arena, rows, sizeof(*b->numbers));
    return arena_ok(&b->arena) ? next_part(b, err) : error_nomem(err);
}

int postgres_enqueue_many(struct store *store, const struct request_source *from,
                          plain_request *out, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    struct batch b = {.session = s, .source = from, .requests = from->requests, .out = out};
    int code;

    if (from->count == 0)
        return PLAIN_OK;
    code = prepare(&b, err);
    if (code == PLAIN_OK)
        code = session_begin(s, "enqueue many jobs", err);
    if (code == PLAIN_OK)
        code = transaction_begin(s, err);
    if (code == PLAIN_OK)
        code = transaction_end(s, enqueue_in_transaction(&b, err), err);
    if (code < 0)
        memset(out, 0, from->count * sizeof(*out));
    arena_release(&b.arena);
    return code;
}
