/* many_test.c - plain_run_many: every item is checked before anything is written */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <plain/jobs.h>

#include "base/error.h"
#include "base/uuid.h"
#include "queue/jobs.h"
#include "tests/harness/harness.h"

struct user {
    int64_t user_id;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static int key_for(const plain_job_class *self, const void *params, char *out, size_t size)
{
    const struct user *user = params;

    (void)self;
    return snprintf(out, size, "user-%lld", (long long)user->user_id);
}

static const plain_param user_params[] = {PLAIN_PARAM(struct user, user_id, 0), PLAIN_PARAMS_END};

static const plain_job_class UserJob = {
    PLAIN_JOB_CLASS(struct user),           .name = "UserJob",  .params = user_params,
    .default_concurrency_key_for = key_for, .run = run_nothing,
};

/* A new file with the schema. */
static plain_jobs *open_jobs(struct store **store)
{
    static int number;
    char url[512];
    plain_jobs *jobs = NULL;
    plain_error err;
    int from, to;

    (void)snprintf(url, sizeof(url), "sqlite:%s/many-%d.db", harness_tmpdir(), number++);
    assert_int_equal(store_open(url, STORE_CREATE, store, &err), PLAIN_OK);
    assert_int_equal((*store)->ops->migrate(*store, &from, &to, &err), PLAIN_OK);
    assert_int_equal(plain_jobs_open(url, &jobs, &err), PLAIN_OK);
    return jobs;
}

static void close_jobs(plain_jobs *jobs, struct store *store)
{
    plain_jobs_close(jobs);
    store_close(store);
}

static int64_t pending(struct store *store)
{
    struct store_stats stats;

    assert_int_equal(store->ops->stats(store, &stats, NULL), PLAIN_OK);
    return stats.pending;
}

#define ITEM(...)                                                                                  \
    {                                                                                              \
        .size = sizeof(plain_item), __VA_ARGS__                                                    \
    }

static void structs_and_json_go_together(void **state)
{
    const struct user first = {1};
    const plain_item items[] = {
        ITEM(.params = &first), ITEM(.json = "{\"user_id\": 2}"), ITEM(.json = "{\"user_id\": 1}"),
        ITEM(.json = "{\"user_id\": 1}", .options = PLAIN_OPTIONS(.concurrency_key = ""))};
    plain_request results[4];
    plain_error err;
    struct store *store;
    plain_jobs *jobs = open_jobs(&store);
    size_t made;

    (void)state;
    assert_int_equal(plain_run_many(jobs, &UserJob, items, 4, results, &made, &err), PLAIN_OK);
    assert_int_equal(made, 3);
    assert_true(uuid_is_zero(&results[2].uuid));
    assert_true(uuid_equal(&results[2].holder, &results[0].uuid));
    assert_int_equal(pending(store), 3);
    assert_int_equal(plain_run_many(jobs, &UserJob, items, 4, NULL, NULL, &err), PLAIN_OK);
    assert_int_equal(pending(store), 4);
    close_jobs(jobs, store);
}

static void a_bad_item_is_named_and_nothing_written(void **state)
{
    static const struct user user = {1};
    const plain_uuid uuid = uuid_new();
    const struct {
        plain_item bad;
        int code;
        const char *field, *message;
    } cases[] = {
        {ITEM(.json = "{\"user_id\": \"x\"}"), PLAIN_E_INVALID, "user_id", "item 2: "},
        {ITEM(.json = "{}"), PLAIN_E_INVALID, "user_id", "item 2: "},
        {ITEM(.json = "{"), PLAIN_E_INVALID, "parameters", "item 2: "},
        {ITEM(.params = NULL), PLAIN_E_INVALID, "parameters", "item 2: "},
        {ITEM(.params = &user, .json = "{}"), PLAIN_E_INVALID, "json", "item 2: params and json"},
        {ITEM(.params = &user, .options = PLAIN_OPTIONS(.delay_ms = -1)), PLAIN_E_INVALID,
         "delay_ms", "item 2: "},
        {{.size = 8, .params = &user}, PLAIN_E_VERSION, "size", "item 2: its size is 8"},
        {ITEM(.params = &user, .options = PLAIN_OPTIONS(.uuid = uuid)), PLAIN_E_INVALID, "uuid",
         "items 0 and 2 have one uuid"},
    };
    struct store *store;
    plain_jobs *jobs = open_jobs(&store);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const plain_item items[] = {ITEM(.params = &user, .options = PLAIN_OPTIONS(.uuid = uuid)),
                                    ITEM(.params = &user), cases[i].bad};
        plain_request results[3];
        plain_error err;
        size_t made = 99;

        memset(results, 0xAA, sizeof(results));
        assert_int_equal(plain_run_many(jobs, &UserJob, items, 3, results, &made, &err),
                         cases[i].code);
        assert_string_equal(err.field, cases[i].field);
        if (!strstr(err.message, cases[i].message))
            fail_msg("no '%s' in: %s", cases[i].message, err.message);
        assert_int_equal(made, 0);
        assert_true(uuid_is_zero(&results[0].uuid));
        assert_int_equal(pending(store), 0);
    }
    close_jobs(jobs, store);
}

static void arguments_are_checked(void **state)
{
    const plain_item item = ITEM(.json = "{\"user_id\": 2}");
    plain_error err;
    struct store *store;
    plain_jobs *jobs = open_jobs(&store);

    (void)state;
    assert_int_equal(plain_run_many(NULL, &UserJob, &item, 1, NULL, NULL, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "jobs");
    assert_int_equal(plain_run_many(jobs, NULL, &item, 1, NULL, NULL, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "cls");
    assert_int_equal(plain_run_many(jobs, &UserJob, NULL, 1, NULL, NULL, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "items");
    assert_int_equal(plain_run_many(jobs, &UserJob, NULL, 0, NULL, NULL, &err), PLAIN_OK);
    close_jobs(jobs, store);
}

/* Items of a program whose plain_item has grown. */
static void larger_items_are_fine_when_their_tail_is_zero(void **state)
{
    struct larger {
        plain_item item;
        long added;
    } items[2] = {{{.size = sizeof(struct larger), .json = "{\"user_id\": 1}"}, 0},
                  {{.size = sizeof(struct larger), .json = "{\"user_id\": 2}"}, 0}};
    plain_error err;
    struct store *store;
    plain_jobs *jobs = open_jobs(&store);

    (void)state;
    assert_int_equal(plain_run_many(jobs, &UserJob, &items[0].item, 2, NULL, NULL, &err), PLAIN_OK);
    assert_int_equal(pending(store), 2);
    items[1].added = 1;
    assert_int_equal(plain_run_many(jobs, &UserJob, &items[0].item, 2, NULL, NULL, &err),
                     PLAIN_E_VERSION);
    assert_non_null(strstr(err.message, "item 1: "));
    close_jobs(jobs, store);
}

static void a_class_that_is_not_here_takes_json(void **state)
{
    const plain_item items[] = {ITEM(.json = "{\"x\": 1}"), ITEM(.json = NULL)};
    const plain_item bad = ITEM(.params = &items);
    plain_error err;
    struct store *store;
    plain_jobs *jobs = open_jobs(&store);
    size_t made;

    (void)state;
    assert_int_equal(jobs_run_many(jobs, NULL, "Elsewhere", items, 2, NULL, &made, &err), PLAIN_OK);
    assert_int_equal(made, 2);
    assert_int_equal(jobs_run_many(jobs, NULL, "Elsewhere", &bad, 1, NULL, &made, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "params");
    close_jobs(jobs, store);
}

static void memory_that_runs_out_is_told_and_nothing_written(void **state)
{
    const plain_item items[] = {ITEM(.json = "{\"user_id\": 1}"), ITEM(.json = "{\"user_id\": 2}")};
    plain_error err;
    struct store *store;
    plain_jobs *jobs = open_jobs(&store);
    int r;

    (void)state;
    for (unsigned n = 0;; n++) {
        harness_fail_allocation(n);
        r = plain_run_many(jobs, &UserJob, items, 2, NULL, NULL, &err);
        if (!harness_allocation_failed())
            break;
        assert_int_equal(r, PLAIN_E_NOMEM);
        assert_int_equal(pending(store), 0);
    }
    assert_int_equal(r, PLAIN_OK);
    assert_int_equal(pending(store), 2);
    close_jobs(jobs, store);
}

/*
 * A store that asks for as many requests as it is told to, and answers so.
 */
enum { THREE = 3 };

static struct {
    size_t asked[2]; /* by the first call and by the second */
    int answers[2];
    int calls;
    bool may_exist[2][THREE];
    plain_uuid uuids[2][THREE];
} script;

static int functions_asked; /* of the class */
static int asked_before_store;

static int fake_enqueue_many(struct store *s, const struct request_source *from, plain_request *out,
                             plain_error *err)
{
    int call = script.calls++;

    (void)s;
    if (call == 0)
        asked_before_store = functions_asked;
    int r = from->prepare(from->user, script.asked[call], err);
    for (size_t i = 0; r == PLAIN_OK && i < script.asked[call]; i++) {
        script.may_exist[call][i] = from->requests[i].may_exist;
        script.uuids[call][i] = out[i].uuid = from->requests[i].uuid;
    }
    if (r == PLAIN_OK && script.answers[call] < 0)
        r = error_set(err, script.answers[call], 301, "", "told to");
    return r;
}

static void fake_close(struct store *s)
{
    (void)s;
}

static plain_jobs *open_script(size_t first, size_t second, int answer)
{
    static const struct store_ops ops = {
        .size = sizeof(ops), .close = fake_close, .enqueue_many = fake_enqueue_many};
    static struct store fake = {.ops = &ops};
    plain_jobs *jobs = NULL;

    memset(&script, 0, sizeof(script));
    script.asked[0] = first;
    script.asked[1] = second;
    script.answers[0] = PLAIN_E_UNREACHABLE;
    script.answers[1] = answer;
    assert_int_equal(jobs_open_around(&fake, &jobs, NULL), PLAIN_OK);
    return jobs;
}

static const plain_job_class PlainJob = {PLAIN_JOB_CLASS(struct user), .name = "PlainJob",
                                         .params = user_params, .run = run_nothing};

static const plain_item three[THREE] = {ITEM(.json = "{\"user_id\": 1}"),
                                        ITEM(.json = "{\"user_id\": 2}"),
                                        ITEM(.json = "{\"user_id\": 3}")};

/* Those that the first try had may be there already, the third cannot. */
static void a_second_try_has_the_uuids_of_the_first(void **state)
{
    plain_jobs *jobs = open_script(2, 3, PLAIN_OK);
    plain_request results[THREE];
    plain_error err;
    size_t made;

    (void)state;
    assert_int_equal(plain_run_many(jobs, &PlainJob, three, THREE, results, &made, &err), PLAIN_OK);
    assert_int_equal(made, THREE);
    assert_int_equal(script.calls, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_false(script.may_exist[0][i]);
        assert_true(script.may_exist[1][i]);
        assert_true(uuid_equal(&script.uuids[0][i], &script.uuids[1][i]));
    }
    assert_false(script.may_exist[1][2]);
    assert_false(uuid_is_zero(&script.uuids[1][2]));
    plain_jobs_close(jobs);
}

/* Two tries, of which the second ends with `second` behind `taken` items. */
static void run_to_an_unknown_outcome(size_t taken, int second, plain_request results[THREE],
                                      plain_error *err)
{
    plain_jobs *jobs = open_script(taken, taken, second);
    size_t made = 99;

    assert_int_equal(plain_run_many(jobs, &PlainJob, three, THREE, results, &made, err),
                     PLAIN_E_UNREACHABLE);
    assert_int_equal(made, 0);
    plain_jobs_close(jobs);
}

static void an_unknown_outcome_can_be_repeated_with_all_uuids(void **state)
{
    plain_request results[THREE];
    plain_error err;

    (void)state;
    run_to_an_unknown_outcome(2, PLAIN_E_UNREACHABLE, results, &err);
    assert_true(uuid_equal(&results[1].uuid, &script.uuids[0][1]));
    assert_false(uuid_is_zero(&results[2].uuid));
}

/* The first try may be on its way to its commit while the second one waits for it in vain. */
static void a_second_try_that_fails_leaves_the_outcome_unknown(void **state)
{
    plain_request results[THREE];
    plain_error err;

    (void)state;
    run_to_an_unknown_outcome(THREE, PLAIN_E_BUSY, results, &err);
    for (size_t i = 0; i < THREE; i++)
        assert_true(uuid_equal(&results[i].uuid, &script.uuids[0][i]));
    assert_int_equal(err.code, PLAIN_E_UNREACHABLE);
    assert_non_null(strstr(err.message, "told to"));
}

/* All are made before the commit: without one of them the first try cannot have come so far. */
static void a_bad_item_of_the_second_try_is_told(void **state)
{
    const plain_item items[THREE] = {three[0], three[1], ITEM(.json = "{}")};
    plain_jobs *jobs = open_script(1, THREE, PLAIN_OK);
    plain_request results[THREE];
    plain_error err;

    (void)state;
    assert_int_equal(plain_run_many(jobs, &PlainJob, items, THREE, results, NULL, &err),
                     PLAIN_E_INVALID);
    assert_non_null(strstr(err.message, "item 2: "));
    plain_jobs_close(jobs);
}

static void a_bad_item_is_told_when_nobody_is_reached(void **state)
{
    const plain_item items[THREE] = {three[0], three[1], ITEM(.json = "{}")};
    plain_jobs *jobs = open_script(1, 1, PLAIN_E_UNREACHABLE);
    plain_request results[THREE];
    plain_error err;

    (void)state;
    assert_int_equal(plain_run_many(jobs, &PlainJob, items, THREE, results, NULL, &err),
                     PLAIN_E_INVALID);
    assert_non_null(strstr(err.message, "item 2: "));
    plain_jobs_close(jobs);
}

static int count_priority(const plain_job_class *self, const void *params)
{
    (void)self;
    (void)params;
    functions_asked++;
    return 0;
}

static void functions_of_a_class_are_not_asked_in_a_transaction(void **state)
{
    plain_job_class cls = PlainJob;
    plain_jobs *jobs = open_script(1, 3, PLAIN_OK);
    plain_error err;

    (void)state;
    cls.default_priority_for = count_priority;
    assert_int_equal(plain_run_many(jobs, &cls, three, THREE, NULL, NULL, &err), PLAIN_OK);
    assert_int_equal(asked_before_store, THREE);
    assert_int_equal(functions_asked, THREE);
    plain_jobs_close(jobs);
}

HARNESS_MAIN(structs_and_json_go_together, a_bad_item_is_named_and_nothing_written,
             arguments_are_checked, larger_items_are_fine_when_their_tail_is_zero,
             a_class_that_is_not_here_takes_json, memory_that_runs_out_is_told_and_nothing_written,
             a_second_try_has_the_uuids_of_the_first,
             an_unknown_outcome_can_be_repeated_with_all_uuids,
             a_second_try_that_fails_leaves_the_outcome_unknown,
             a_bad_item_of_the_second_try_is_told, a_bad_item_is_told_when_nobody_is_reached,
             functions_of_a_class_are_not_asked_in_a_transaction)
