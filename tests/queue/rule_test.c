/* rule_test.c - should_enqueue and enqueue_lock as the queue calls them, on a store that listens */
#include "queue/rule.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/job.h"
#include "queue/jobs.h"
#include "tests/harness/harness.h"

enum { TEXT_SIZE = 600 };

static struct {
    char lock[TEXT_SIZE], job_class[TEXT_SIZE], key[TEXT_SIZE];
    unsigned flags;
    bool has_self;
    plain_uuid self;
    int64_t answer;  /* of a count */
    int count_fails; /* with this code */
    int ruled, plain, answer_unreachable;
    bool may_exist;
} heard;

static int hear_ruled(struct store *s, const struct new_request *r, const char *lock,
                      int (*rule)(struct store_tx *tx, void *user), void *user, plain_request *out,
                      plain_error *err)
{
    struct store_tx tx = {s};

    heard.ruled++;
    heard.may_exist = r->may_exist;
    (void)text_copy(heard.lock, TEXT_SIZE, lock);
    (void)text_copy(heard.job_class, TEXT_SIZE, r->job_class);
    if (heard.answer_unreachable-- > 0)
        return error_set(err, PLAIN_E_UNREACHABLE, 301, "", "told to");
    int r2 = rule(&tx, user);
    if (r2 == 1)
        out->uuid = r->uuid;
    return r2 > 0 ? PLAIN_OK : r2 < 0 ? r2 : PLAIN_SKIPPED;
}

static int hear_enqueue(struct store *s, const struct new_request *r, plain_request *out,
                        plain_error *err)
{
    (void)s;
    (void)err;
    heard.plain++;
    out->uuid = r->uuid;
    return PLAIN_OK;
}

static int hear_count(struct store_tx *tx, enum job_table table, const char *job_class,
                      const char *key, unsigned flags, const plain_uuid *self, int64_t *out,
                      plain_error *err)
{
    (void)tx;
    (void)table;
    (void)text_copy(heard.job_class, TEXT_SIZE, job_class);
    (void)text_copy(heard.key, TEXT_SIZE, key);
    heard.flags = flags;
    heard.has_self = self != NULL;
    heard.self = self ? *self : (plain_uuid){{0}};
    *out = heard.answer;
    return heard.count_fails < 0 ? error_set(err, heard.count_fails, 305, "", "told to") : PLAIN_OK;
}

static void close_nothing(struct store *s)
{
    (void)s;
}

static const struct store_ops listening = {.size = sizeof(listening),
                                           .name = "listening",
                                           .close = close_nothing,
                                           .enqueue = hear_enqueue,
                                           .enqueue_ruled = hear_ruled,
                                           .count = hear_count};
static struct store listener = {.ops = &listening};

static plain_jobs *open_listener(void)
{
    plain_jobs *jobs;

    memset(&heard, 0, sizeof(heard));
    assert_int_equal(jobs_open_around(&listener, &jobs, NULL), PLAIN_OK);
    return jobs;
}

/* A class whose functions the test chooses. */
static plain_should_enqueue_fn *chosen_rule;

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static int ask_chosen(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                      const char *key)
{
    return chosen_rule(self, tx, params, key);
}

static plain_job_class ruled(void)
{
    return (plain_job_class){PLAIN_JOB_CLASS_EMPTY, .name = "Ruled", .run = run_nothing,
                             .should_enqueue = ask_chosen};
}

static int admit(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                 const char *key)
{
    (void)self;
    (void)tx;
    (void)params;
    (void)key;
    return 1;
}

static int below_three(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                       const char *key)
{
    (void)self;
    (void)params;
    return plain_count_processing(tx, key, PLAIN_COUNT_RETRIES) < 3;
}

static int say_two(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                   const char *key)
{
    (void)self;
    (void)tx;
    (void)params;
    (void)key;
    return 2;
}

static void the_lock_is_named_by_class_and_key(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();

    (void)state;
    chosen_rule = admit;
    assert_int_equal(
        plain_run_in_worker(jobs, &cls, NULL, PLAIN_OPTIONS(.concurrency_key = "k"), NULL, NULL),
        PLAIN_OK);
    assert_string_equal(heard.lock, "Ruled::k");
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, NULL), PLAIN_OK);
    assert_string_equal(heard.lock, "Ruled::");
    assert_int_equal(heard.ruled, 2);
    assert_int_equal(heard.plain, 0);
    plain_jobs_close(jobs);
}

static int name_lock(const plain_job_class *self, const void *params, char *out, size_t size)
{
    const char *name = self->data;

    (void)params;
    if (!name)
        return -1;
    (void)text_copy(out, size, name);
    return (int)strlen(name);
}

static void enqueue_lock_replaces_the_name(void **state)
{
    static char long_name[300];
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();
    plain_error err;

    (void)state;
    chosen_rule = admit;
    cls.enqueue_lock = name_lock;
    cls.data = (char[]){"everything"};
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, NULL), PLAIN_OK);
    assert_string_equal(heard.lock, "everything");
    memset(long_name, 'x', sizeof(long_name) - 1);
    char *const bad[] = {NULL, long_name, (char[]){""}, (char[]){"a\nb"}};
    for (size_t i = 0; i < 4; i++) {
        cls.data = bad[i];
        assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, &err), PLAIN_E_INVALID);
        assert_string_equal(err.field, "enqueue_lock");
    }
    assert_int_equal(heard.ruled, 1);
    plain_jobs_close(jobs);
}

static void a_count_asks_for_this_class_and_attempt(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();
    const plain_job job = {.token = uuid_new()};

    (void)state;
    chosen_rule = below_three;
    heard.answer = 2;
    assert_int_equal(
        plain_run_in_worker(jobs, &cls, NULL, PLAIN_OPTIONS(.concurrency_key = "k"), NULL, NULL),
        PLAIN_OK);
    assert_string_equal(heard.job_class, "Ruled");
    assert_string_equal(heard.key, "k");
    assert_int_equal(heard.flags, PLAIN_COUNT_RETRIES);
    assert_false(heard.has_self);
    job_set_current(&job);
    heard.answer = 3;
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, NULL), PLAIN_SKIPPED);
    assert_true(heard.has_self && uuid_equal(&heard.self, &job.token));
    job_set_current(NULL);
    assert_null(job_current());
    plain_jobs_close(jobs);
}

static void a_failed_count_is_no_number(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();
    plain_error err;

    (void)state;
    chosen_rule = below_three; /* a negative number is below three */
    heard.count_fails = PLAIN_E_BUSY;
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, &err), PLAIN_E_BUSY);
    assert_string_equal(err.message, "told to");
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, NULL), PLAIN_E_BUSY);
    heard.count_fails = 0;
    chosen_rule = say_two;
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "should_enqueue");
    plain_jobs_close(jobs);
}

static plain_jobs *used_inside;
static int inside;

static int enqueue_inside(const plain_job_class *self, plain_enqueue_tx *tx, const void *params,
                          const char *key)
{
    (void)self;
    (void)tx;
    (void)params;
    (void)key;
    inside = plain_run_in_worker_by_name(used_inside, "Other", NULL, NULL, NULL, NULL);
    return 0;
}

static void enqueueing_from_within_a_rule_is_refused(void **state)
{
    plain_job_class cls = ruled();

    (void)state;
    used_inside = open_listener();
    chosen_rule = enqueue_inside;
    assert_int_equal(plain_run_in_worker(used_inside, &cls, NULL, NULL, NULL, NULL), PLAIN_SKIPPED);
    assert_int_equal(inside, PLAIN_E_REFUSED);
    assert_int_equal(plain_run_in_worker_by_name(used_inside, "Other", NULL, NULL, NULL, NULL),
                     PLAIN_OK);
    plain_jobs_close(used_inside);
}

static void a_lost_link_asks_again_for_the_same_job(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();

    (void)state;
    chosen_rule = admit;
    heard.answer_unreachable = 1;
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, NULL), PLAIN_OK);
    assert_int_equal(heard.ruled, 2);
    assert_true(heard.may_exist);
    plain_jobs_close(jobs);
}

static void what_cannot_ask_the_rule_is_refused(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();
    const plain_item item = {.size = sizeof(item)};
    plain_statement *statement = NULL;
    plain_error err;

    (void)state;
    assert_int_equal(plain_run_many(jobs, &cls, &item, 1, NULL, NULL, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "should_enqueue");
    assert_int_equal(err.pj, 505);
    assert_int_equal(plain_enqueue_statement("sqlite", NULL, &cls, NULL, NULL, &statement, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "should_enqueue");
    plain_jobs_close(jobs);
}

/* It ends before should_enqueue. */
static void a_class_of_an_older_program_has_no_rule(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();

    (void)state;
    cls.size = offsetof(plain_job_class, should_enqueue);
    assert_int_equal(plain_run_in_worker(jobs, &cls, NULL, NULL, NULL, NULL), PLAIN_OK);
    assert_int_equal(heard.plain, 1);
    assert_int_equal(heard.ruled, 0);
    plain_jobs_close(jobs);
}

static void an_alias_is_enqueued_under_the_name_that_is_counted(void **state)
{
    plain_jobs *jobs = open_listener();
    plain_job_class cls = ruled();

    (void)state;
    chosen_rule = admit;
    assert_int_equal(jobs_enqueue_json(jobs, &cls, "OldName", NULL, NULL, NULL, NULL), PLAIN_OK);
    assert_string_equal(heard.job_class, "Ruled");
    plain_jobs_close(jobs);
}

HARNESS_MAIN(the_lock_is_named_by_class_and_key, enqueue_lock_replaces_the_name,
             a_count_asks_for_this_class_and_attempt, a_failed_count_is_no_number,
             enqueueing_from_within_a_rule_is_refused, a_lost_link_asks_again_for_the_same_job,
             what_cannot_ask_the_rule_is_refused, a_class_of_an_older_program_has_no_rule,
             an_alias_is_enqueued_under_the_name_that_is_counted)
