/*
 * conformance_contest.c - a key is one, and none is leaked, whatever transactions do
 *
 * Sixteen applications enqueue one key by adopted connections, in transactions of every kind, while
 * they and others insert, change and delete requests by hand, roll back, and work jobs off.
 */
#include <pthread.h>

#include "base/uuid.h"
#include "tests/store/conformance_transactions.h"

enum { THREADS = 16, ROUNDS = 10, STEPS = 3 };

struct contender {
    struct scene scene;
    pthread_t thread;
    int committed, undone;
};

static size_t below(size_t n)
{
    return (size_t)(random_u64() % n);
}

static const char *any(const char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return list[below(n)];
}

/* Whether the transaction can go on. */
static bool take_step(struct scene *s)
{
    const struct application *app = transactions_application();

    if (below(2) == 0)
        return app->try_run(s->connection, any(app->changes));
    int r = plain_run_in_worker(s->jobs, &Job, NULL, PLAIN_OPTIONS(.concurrency_key = "k"), NULL,
                                &s->err);
    if (r < 0 && r != PLAIN_E_BUSY)
        fail_msg("%s: %s", plain_error_name(r), s->err.message);
    return r >= 0;
}

static void run_transaction(struct contender *c)
{
    const struct application *app = transactions_application();
    void *connection = c->scene.connection;
    bool good = app->try_run(connection, any(app->begins));

    for (size_t i = below(STEPS) + 1; good && i > 0; i--)
        good = take_step(&c->scene);
    good = good && below(4) > 0 && app->try_run(connection, "COMMIT");
    if (!good)
        (void)app->try_run(connection, "ROLLBACK");
    c->committed += good;
    c->undone += !good;
}

static void work_one_off(struct bench *b)
{
    struct cycle_result got = bench_claim(b, 1);

    if (got.claim_count == 0)
        return;
    struct job_end end = end_of(&got.claims[0], JOB_ERRORED);
    if (got.claims[0].retry_attempt == 0) {
        end.successor = uuid_new();
        end.successor_retry_attempt = 1;
    }
    (void)bench_end(b, &end);
}

#define LIVE                                                                                       \
    "(SELECT job_class, concurrency_key FROM plainjobs_jobrequest WHERE concurrency_key <> ''"     \
    " UNION ALL"                                                                                   \
    " SELECT job_class, concurrency_key FROM plainjobs_jobprocess WHERE concurrency_key <> '')"

static void assert_one_of_each(struct bench *b)
{
    assert_int_equal(bench_number(b, "SELECT count(*) FROM (SELECT 1 FROM " LIVE " AS live GROUP BY"
                                     " job_class, concurrency_key HAVING count(*) > 1) AS twice"),
                     0);
}

static void *contend(void *user)
{
    struct contender *c = user;

    for (int i = 0; i < ROUNDS; i++) {
        run_transaction(c);
        assert_one_of_each(&c->scene.bench);
        if (below(3) == 0)
            work_one_off(&c->scene.bench);
    }
    return NULL;
}

void a_key_is_one_whatever_transactions_do(void **state)
{
    static struct contender contenders[THREADS];
    struct scene s;
    int committed = 0;
    int undone = 0;

    (void)state;
    scene_open(&s);
    for (int i = 0; i < THREADS; i++) {
        contenders[i] = (struct contender){0};
        scene_join(&contenders[i].scene, &s);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&contenders[i].thread, NULL, contend, &contenders[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(contenders[i].thread, NULL);
        committed += contenders[i].committed;
        undone += contenders[i].undone;
        scene_close(&contenders[i].scene);
    }
    assert_true(committed > 0 && undone > 0);
    /* Every key row belongs to a live job, and every keyed job has its row. */
    assert_int_equal(bench_number(&s.bench, "SELECT count(*) FROM " LIVE " AS live"),
                     bench_rows(&s.bench, "plainjobs_jobkey"));
    assert_int_equal(bench_number(&s.bench, "SELECT count(*) FROM " LIVE
                                            " AS live JOIN plainjobs_jobkey k ON k.job_class ="
                                            " live.job_class AND k.concurrency_key ="
                                            " live.concurrency_key"),
                     bench_rows(&s.bench, "plainjobs_jobkey"));
    scene_close(&s);
}
