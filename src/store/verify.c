#include "store/verify.h"

#include "base/error.h"

enum { WHOLE = -1 };

/* In the order in which they are told. */
static const struct check {
    enum sql_name name;
    const char *word;
    int table; /* whose ids make the slices; WHOLE: none */
} checks[] = {
    {SQL_VERIFY_ENDED_TWICE, "ended_twice", TABLE_RESULT},
    {SQL_VERIFY_ENDED_PENDING, "two_states", TABLE_REQUEST},
    {SQL_VERIFY_PROCESSING_TWICE, "two_states", TABLE_PROCESS},
    {SQL_VERIFY_SUCCESSOR_GONE, "successor_gone", TABLE_RESULT},
    {SQL_VERIFY_NO_SUCCESSOR, "no_successor", TABLE_RESULT},
    {SQL_VERIFY_REQUEST_LINK, "wrong_link", TABLE_REQUEST},
    {SQL_VERIFY_PROCESS_LINK, "wrong_link", TABLE_PROCESS},
    {SQL_VERIFY_RESULT_LINK, "wrong_link", TABLE_RESULT},
    {SQL_VERIFY_KEY_LEAKED, "key_leaked", WHOLE},
    {SQL_VERIFY_REQUEST_KEY, "key_not_held", TABLE_REQUEST},
    {SQL_VERIFY_PROCESS_KEY, "key_not_held", TABLE_PROCESS},
    {SQL_VERIFY_ORPHAN, "orphan", TABLE_PROCESS},
    {SQL_VERIFY_TIMES, "times", TABLE_RESULT},
};

struct verifying {
    const struct verify_source *source;
    struct arena *arena;
    struct finding *findings;
    size_t count;
};

/* All ids are above INT64_MIN. Moves on to the next slice of a table that has rows. False: there is
 * none, or *r has failed. */
static bool next_slice(const struct verify_source *s, int table, struct verify_slice *slice, int *r,
                       plain_error *err)
{
    int64_t id = 0;

    if (*r != PLAIN_OK || slice->upto == INT64_MAX)
        return false;
    *r = s->next(s->store, (enum job_table)table, slice->upto + 1, &id, err);
    if (*r != PLAIN_OK) {
        *r = *r == PLAIN_NONE ? PLAIN_OK : *r;
        return false;
    }
    slice->above = id - 1;
    slice->upto = slice->above < INT64_MAX - VERIFY_SLICE ? slice->above + VERIFY_SLICE : INT64_MAX;
    return true;
}

static int check_slice(struct verifying *v, const struct check *c, const struct verify_slice *slice,
                       size_t *found, plain_error *err)
{
    size_t count = 0;
    int r = v->source->rows(v->source->store, slice, VERIFY_FINDINGS_MAX - *found, v->arena,
                            &v->findings[v->count], &count, err);

    for (size_t i = 0; r == PLAIN_OK && i < count; i++)
        v->findings[v->count + i].check = c->word;
    v->count += r == PLAIN_OK ? count : 0;
    *found += count;
    return r;
}

static int run_check(struct verifying *v, const struct check *c, plain_error *err)
{
    struct verify_slice slice = {.name = c->name, .upto = INT64_MIN};
    size_t found = 0;
    int r = PLAIN_OK;

    if (c->table == WHOLE) {
        slice.above = INT64_MIN;
        slice.upto = INT64_MAX;
        return check_slice(v, c, &slice, &found, err);
    }
    while (found < VERIFY_FINDINGS_MAX && next_slice(v->source, c->table, &slice, &r, err))
        r = check_slice(v, c, &slice, &found, err);
    return r;
}

/* Results that workers wrote, against what they counted. */
static int check_counters(struct verifying *v, plain_error *err)
{
    int64_t counted[JOB_STATUS_COUNT] = {0}, stored[JOB_STATUS_COUNT] = {0};
    const struct verify_source *s = v->source;
    const struct verify_slice whole = {.name = SQL_VERIFY_COUNTERS};
    struct verify_slice slice = {.name = SQL_VERIFY_RESULTS, .upto = INT64_MIN};
    int r = s->sums(s->store, &whole, counted, err);

    while (next_slice(s, TABLE_RESULT, &slice, &r, err))
        r = s->sums(s->store, &slice, stored, err);
    for (int i = 0; r == PLAIN_OK && i < JOB_STATUS_COUNT; i++) {
        if (counted[i] != stored[i])
            v->findings[v->count++] = (struct finding){.check = "counter",
                                                       .job_class = job_status_names[i],
                                                       .counted = counted[i],
                                                       .stored = stored[i]};
    }
    return r;
}

int verify_run(const struct verify_source *source, struct arena *a, struct finding **findings,
               size_t *count, plain_error *err)
{
    struct verifying v = {.source = source, .arena = a};
    size_t most = ARRAY_SIZE(checks) * VERIFY_FINDINGS_MAX + JOB_STATUS_COUNT;

    *count = 0;
    *findings = v.findings = arena_array(a, most, sizeof(*v.findings));
    if (!v.findings)
        return error_nomem(err);
    int r = PLAIN_OK;
    for (size_t i = 0; r == PLAIN_OK && i < ARRAY_SIZE(checks); i++)
        r = run_check(&v, &checks[i], err);
    if (r == PLAIN_OK)
        r = check_counters(&v, err);
    if (r == PLAIN_OK && !arena_ok(a))
        r = error_nomem(err);
    *count = r == PLAIN_OK ? v.count : 0;
    return r;
}
