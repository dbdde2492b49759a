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
    int64_t last[TABLE_RESULT + 1], first[TABLE_RESULT + 1];
};

static int check_slice(struct verifying *v, const struct check *c, int64_t above, int64_t upto,
                       size_t *found, plain_error *err)
{
    const struct verify_slice slice = {c->name, above, upto};
    size_t count = 0;
    int r = v->source->rows(v->source->store, &slice, VERIFY_FINDINGS_MAX - *found, v->arena,
                            &v->findings[v->count], &count, err);

    for (size_t i = 0; r == PLAIN_OK && i < count; i++)
        v->findings[v->count + i].check = c->word;
    v->count += r == PLAIN_OK ? count : 0;
    *found += count;
    return r;
}

static int run_check(struct verifying *v, const struct check *c, plain_error *err)
{
    size_t found = 0;
    int r = PLAIN_OK;

    if (c->table == WHOLE)
        return check_slice(v, c, INT64_MIN, INT64_MAX, &found, err);
    for (int64_t above = v->first[c->table] - 1;
         r == PLAIN_OK && above < v->last[c->table] && found < VERIFY_FINDINGS_MAX;
         above += VERIFY_SLICE)
        r = check_slice(v, c, above, above + VERIFY_SLICE, &found, err);
    return r;
}

/* Results that workers wrote, against what they counted. */
static int check_counters(struct verifying *v, plain_error *err)
{
    int64_t counted[JOB_STATUS_COUNT] = {0}, stored[JOB_STATUS_COUNT] = {0};
    const struct verify_source *s = v->source;
    const struct verify_slice whole = {.name = SQL_VERIFY_COUNTERS};
    int r = s->sums(s->store, &whole, counted, err);

    for (int64_t above = v->first[TABLE_RESULT] - 1; r == PLAIN_OK && above < v->last[TABLE_RESULT];
         above += VERIFY_SLICE) {
        const struct verify_slice slice = {SQL_VERIFY_RESULTS, above, above + VERIFY_SLICE};

        r = s->sums(s->store, &slice, stored, err);
    }
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
    int r = source->ends(source->store, v.last, v.first, err);
    for (size_t i = 0; r == PLAIN_OK && i < ARRAY_SIZE(checks); i++)
        r = run_check(&v, &checks[i], err);
    if (r == PLAIN_OK)
        r = check_counters(&v, err);
    if (r == PLAIN_OK && !arena_ok(a))
        r = error_nomem(err);
    *count = r == PLAIN_OK ? v.count : 0;
    return r;
}
