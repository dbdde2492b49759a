/* postgres_told_test.c - a waiting worker that is told which request woke it, and claims that one
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance.h"

enum { SOON_MS = 10000 };

static const char *const queues[] = {"default"};
static const char *const classes[] = {"Job"};

struct pair {
    struct bench waiting, other; /* two connections to one database */
    int told_fd;
};

/* Waits as an idle worker does. Returns what is readable when it is told. */
static int wait_idly(struct bench *b)
{
    struct listening at;

    assert_int_equal(b->store->ops->listen(b->store, &b->worker.id, &at, &b->err), PLAIN_OK);
    (void)bench_cycle(b, &(struct cycle){.worker = &b->worker, .idle = IDLE_MARK});
    return at.told_fd;
}

static void open_pair(struct pair *p)
{
    bench_open(&p->waiting);
    bench_join(&p->other, &p->waiting);
    p->told_fd = wait_idly(&p->waiting);
}

static void close_pair(struct pair *p)
{
    bench_close(&p->other);
    bench_close(&p->waiting);
}

/* Everything that comes up to the first word that wakes. */
static struct heard hear(struct pair *p)
{
    struct bench *b = &p->waiting;
    struct heard heard = {0};

    for (;;) {
        struct pollfd fd = {.fd = p->told_fd, .events = POLLIN};

        assert_int_equal(b->store->ops->hear(b->store, false, &heard, &b->err), PLAIN_OK);
        if (heard.is_woken)
            return heard;
        assert_int_equal(poll(&fd, 1, SOON_MS), 1);
    }
}

static int64_t newest_id(const struct pair *p)
{
    return bench_number(&p->waiting, "SELECT max(id) FROM plainjobs_jobrequest");
}

static void the_only_request_of_a_commit_is_told_by_its_id(void **state)
{
    struct new_request r = request_default();
    struct pair p;
    (void)state;
    open_pair(&p);
    (void)bench_number(&p.other, "SELECT setval('plainjobs_jobrequest_id_seq', 4711)");
    (void)bench_enqueue(&p.other, &r);
    assert_int_equal(hear(&p).request_id, 4712);
    r = request_default();
    r.concurrency_key = "key";
    (void)bench_enqueue(&p.other, &r);
    assert_int_equal(hear(&p).request_id, newest_id(&p));
    close_pair(&p);
}

static void no_id_is_told_of_what_is_not_due(void **state)
{
    struct new_request r = request_default();
    struct pair p;
    (void)state;
    open_pair(&p);
    r.delay_us = US_PER_S;
    (void)bench_enqueue(&p.other, &r);
    assert_int_equal(hear(&p).request_id, 0);
    close_pair(&p);
}

static void no_id_is_told_of_several(void **state)
{
    struct bench_source several;
    struct pair p;
    (void)state;
    open_pair(&p);
    bench_source_open(&several, 2);
    assert_int_equal(bench_source_run(&several, &p.other), PLAIN_OK);
    bench_source_close(&several);
    assert_int_equal(hear(&p).request_id, 0);
    (void)bench_number(&p.other,
                       "BEGIN; INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job');"
                       "INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job'); COMMIT");
    assert_int_equal(hear(&p).request_id, 0);
    close_pair(&p);
}

/* Each commit told one; both words have come when they are heard. */
static void what_two_commits_told_is_several(void **state)
{
    struct new_request r = request_default();
    struct pair p;
    (void)state;
    open_pair(&p);
    (void)bench_enqueue(&p.other, &r);
    r = request_default();
    (void)bench_enqueue(&p.other, &r);
    /* Whatever this connection is asked takes in what was sent before. */
    (void)bench_cycle(&p.waiting, &(struct cycle){.worker = &p.waiting.worker});
    assert_int_equal(hear(&p).request_id, 0);
    close_pair(&p);
}

/* How many words the other sessions have told since. */
static int count_words(PGconn *ear)
{
    int words = 0;
    PGnotify *n;

    cluster_run(ear, "SELECT 1");
    for (; (n = PQnotifies(ear)); words++)
        PQfreemem(n);
    return words;
}

/* Enqueued by a session of ours, and by SQL. */
static int words_of_queue(struct pair *p, PGconn *ear, const char *queue)
{
    struct new_request r = request_default();
    char sql[256];

    r.queue = queue;
    (void)bench_enqueue(&p->other, &r);
    (void)snprintf(sql, sizeof(sql), "SELECT count(plain_jobs_enqueue('Job', queue => '%s'))",
                   queue);
    (void)bench_number(&p->other, sql);
    return count_words(ear);
}

static void names_of_queues_mean_themselves_and_what_begins_so(void **state)
{
    static const char *const served[] = {"a_b", "50%", "back\\slash", "x*y", "mail", "mailing"};
    static const char *const others[] = {"aXb", "500", "back", "xzy", "mai", "default"};
    static const char *const asked[] = {"a_b", "50%", "back\\slash", "x*y", "mail*"};
    struct pair p;
    (void)state;
    open_pair(&p);
    const struct worker_row row = {.identity = &p.waiting.worker,
                                   .queues = asked,
                                   .queue_count = ARRAY_SIZE(asked),
                                   .classes = classes,
                                   .class_count = 1,
                                   .lease_ms = BENCH_LEASE_MS};
    assert_int_equal(p.other.store->ops->register_worker(p.other.store, &row, &p.other.err),
                     PLAIN_OK);
    PGconn *ear = PQconnectdb(p.waiting.url);
    cluster_run(ear, "LISTEN plainjobs_wake");
    for (size_t i = 0; i < ARRAY_SIZE(served); i++) {
        assert_int_equal(words_of_queue(&p, ear, served[i]), 2);
        assert_int_equal(words_of_queue(&p, ear, others[i]), 0);
    }
    PQfinish(ear);
    close_pair(&p);
}

/* A session of somebody else's may have much in its transaction: equal words are told once. */
static void a_transaction_of_others_tells_one_word(void **state)
{
    struct pair p;
    (void)state;
    open_pair(&p);
    PGconn *ear = PQconnectdb(p.waiting.url), *conn = PQconnectdb(p.waiting.url);
    cluster_run(ear, "LISTEN plainjobs_wake");
    cluster_run(conn, "SELECT plain_jobs_enqueue('Job') FROM generate_series(1, 100)");
    assert_int_equal(count_words(ear), 1);
    assert_int_equal(hear(&p).request_id, 0);
    PQfinish(ear);
    PQfinish(conn);
    close_pair(&p);
}

/*
 * The claim.
 */

static struct cycle_result claim_told(struct bench *b, int64_t id)
{
    struct claim_wish wish = {.queues = queues,
                              .queue_count = 1,
                              .classes = classes,
                              .class_count = 1,
                              .tokens = bench_tokens(b, 10),
                              .limit = 10};

    return bench_cycle(
        b, &(struct cycle){.worker = &b->worker, .wish = &wish, .woken = true, .told = id});
}

static void assert_same_job(const struct claim *a, const struct claim *b)
{
    assert_uuid_equal(a->request_uuid, b->request_uuid);
    assert_uuid_equal(a->root_uuid, b->root_uuid);
    assert_string_equal(a->job_class, b->job_class);
    assert_string_equal(a->parameters, b->parameters);
    assert_string_equal(a->queue, b->queue);
    assert_string_equal(a->concurrency_key, b->concurrency_key);
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->retries, b->retries);
    assert_int_equal(a->retry_attempt, b->retry_attempt);
    assert_int_equal(a->run_no, b->run_no);
    assert_int_equal(a->crash_count, b->crash_count);
    assert_int_equal(a->lost_count, b->lost_count);
    assert_int_equal(a->requested_at, b->requested_at);
    assert_int_equal(a->due_at, b->due_at);
    assert_int_equal(a->timeout_ms, b->timeout_ms);
}

/* A claim that goes back is the same request again, and is claimed in the ordinary way. */
static void what_was_told_is_claimed_as_by_any_claim(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    (void)state;
    r.parameters = "{\"args\": [], \"kwargs\": {\"a\": 1}}";
    r.concurrency_key = "key";
    r.priority = -7;
    r.retries = 12;
    r.timeout_ms = 5000;
    r.start_at = 1234567 * (int64_t)US_PER_MS;
    bench_open(&b);
    (void)wait_idly(&b);
    (void)bench_enqueue(&b, &r);
    int64_t id = bench_number(&b, "SELECT id FROM plainjobs_jobrequest");
    struct cycle_result told = claim_told(&b, id);
    assert_int_equal(told.claim_count, 1);
    assert_int_equal(told.claims[0].id, id);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_jobprocess"
                                      " WHERE started_at = created_at AND start_at IS NOT NULL"),
                     1);
    assert_int_equal(bench_release(&b, &told.claims[0].token), 1);
    struct claim again = bench_claim_one(&b);
    assert_same_job(&told.claims[0], &again);
    bench_close(&b);
}

static void nothing_but_what_was_told_is_claimed(void **state)
{
    struct new_request r[] = {request_default(), request_default(), request_default()};
    struct bench b;
    (void)state;
    r[2].priority = 10;
    bench_open(&b);
    (void)wait_idly(&b);
    for (int i = 0; i < 3; i++)
        (void)bench_enqueue(&b, &r[i]);
    struct cycle_result told =
        claim_told(&b, bench_number(&b, "SELECT min(id) + 1 FROM plainjobs_jobrequest"));
    assert_int_equal(told.claim_count, 1);
    assert_uuid_equal(told.claims[0].request_uuid, r[1].uuid);
    assert_int_equal(bench_rows(&b, "plainjobs_jobrequest"), 2);
    bench_close(&b);
}

/* One that waits idly while there is one request. Returns its id. */
static int64_t open_with_one(struct bench *b)
{
    struct new_request r = request_default();

    bench_open(b);
    (void)wait_idly(b);
    (void)bench_enqueue(b, &r);
    return bench_number(b, "SELECT id FROM plainjobs_jobrequest");
}

/* Any pause is one: what is not held back is found by the look that follows. */
static void what_was_told_is_left_when_it_is_not_to_be_had(void **state)
{
    static const char *const obstacles[] = {
        "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'default')",
        "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'another')",
        "INSERT INTO plainjobs_pause (kind, name) VALUES ('class', 'Job')",
        "UPDATE plainjobs_jobrequest SET queue = 'other'",
        "UPDATE plainjobs_jobrequest SET job_class = 'Other'",
        "UPDATE plainjobs_jobrequest SET start_at = now() + interval '1 hour'",
        "UPDATE plainjobs_workerheartbeat SET wish = 'quiet'",
        "UPDATE plainjobs_workerheartbeat SET rescuer_id = gen_random_uuid()",
        "UPDATE plainjobs_workerheartbeat SET last_heartbeat_at = now() - interval '2 hours'",
        "DELETE FROM plainjobs_workerheartbeat",
        "DELETE FROM plainjobs_jobrequest"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(obstacles); i++) {
        struct bench b;

        int64_t id = open_with_one(&b);
        (void)bench_number(&b, obstacles[i]);
        struct cycle_result none = claim_told(&b, id);
        if (none.claim_count > 0 || none.now != STORE_NO_TIME)
            fail_msg("obstacle %zu", i);
        assert_int_equal(bench_rows(&b, "plainjobs_jobprocess"), 0);
        bench_close(&b);
    }
}

static void a_pause_that_is_over_is_in_no_ones_way(void **state)
{
    static const char *const ends[] = {"DELETE FROM plainjobs_pause", "TRUNCATE plainjobs_pause"};
    struct new_request r = request_default();
    struct pair p;
    (void)state;
    open_pair(&p);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        (void)bench_number(&p.other, "INSERT INTO plainjobs_pause (kind, name)"
                                     " VALUES ('queue', 'a'), ('queue', 'b')");
        (void)bench_number(&p.other, "DELETE FROM plainjobs_pause WHERE name = 'a'");
        (void)bench_enqueue(&p.other, &r);
        assert_int_equal(hear(&p).request_id, 0);
        (void)bench_number(&p.other, ends[i]);
        r = request_default();
        (void)bench_enqueue(&p.other, &r);
        assert_int_equal(hear(&p).request_id, newest_id(&p));
        assert_int_equal(claim_told(&p.waiting, newest_id(&p)).claim_count, 1);
    }
    close_pair(&p);
}

/* One that was there before the worker. */
static void a_worker_that_registers_sees_the_pauses(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    (void)state;
    bench_open(&b);
    (void)bench_number(&b, "DELETE FROM plainjobs_workerheartbeat");
    (void)bench_number(&b, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'a')");
    bench_register(&b);
    (void)wait_idly(&b);
    (void)bench_enqueue(&b, &r);
    int64_t id = bench_number(&b, "SELECT id FROM plainjobs_jobrequest");
    assert_int_equal(claim_told(&b, id).claim_count, 0);
    (void)bench_number(&b, "DELETE FROM plainjobs_pause");
    assert_int_equal(claim_told(&b, id).claim_count, 1);
    bench_close(&b);
}

static void *claim_the_first(void *bench)
{
    static struct cycle_result out;

    out = claim_told(bench, 1);
    return &out;
}

/* The end of the pause's transaction is made to last. */
static void a_claim_of_one_waits_for_a_pause_that_is_being_made(void **state)
{
    struct bench b;
    pthread_t thread;
    void *result;
    (void)state;
    (void)open_with_one(&b);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN");
    cluster_run(conn, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'default')");
    cluster_run(conn, "SET CONSTRAINTS ALL IMMEDIATE");
    assert_int_equal(pthread_create(&thread, NULL, claim_the_first, &b), 0);
    cluster_await_lock(b.url);
    cluster_run(conn, "COMMIT");
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_int_equal(((struct cycle_result *)result)->claim_count, 0);
    PQfinish(conn);
    bench_close(&b);
}

static void *pause_default(void *bench)
{
    static const struct pause pause = {
        .kind = PAUSE_QUEUE, .name = "default", .reason = "", .by = ""};
    struct bench *b = bench;
    bool is_new;

    assert_int_equal(b->store->ops->pause(b->store, &pause, &is_new, &b->err), PLAIN_OK);
    return NULL;
}

/* The claim that is under way is another session here: what it holds is what counts. */
static void a_pause_waits_for_a_claim_of_one(void **state)
{
    struct bench b;
    pthread_t thread;
    (void)state;
    bench_open(&b);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN");
    cluster_run(conn, "SELECT 1 FROM plainjobs_workerheartbeat FOR KEY SHARE");
    assert_int_equal(pthread_create(&thread, NULL, pause_default, &b), 0);
    cluster_await_lock(b.url);
    assert_int_equal(bench_rows(&b, "plainjobs_pause"), 0);
    cluster_run(conn, "COMMIT");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(bench_rows(&b, "plainjobs_pause"), 1);
    PQfinish(conn);
    bench_close(&b);
}

/* An application may pause in its own transaction, and leave that open. */
static void heartbeats_do_not_wait_for_a_pause_that_is_not_committed(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN");
    cluster_run(conn, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'default')");
    cluster_run(conn, "DELETE FROM plainjobs_pause");
    assert_int_equal(b.store->ops->beat(b.store, &b.worker.id, false, &b.err), PLAIN_OK);
    cluster_run(conn, "COMMIT");
    PQfinish(conn);
    bench_close(&b);
}

/* It does not see the pause that was made since. */
static void the_end_of_a_pause_in_an_older_snapshot_ends_no_other(void **state)
{
    struct bench b;
    (void)state;
    int64_t id = open_with_one(&b);
    (void)bench_number(&b, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'a')");
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    cluster_run(conn, "SELECT 1 FROM plainjobs_pause");
    (void)bench_number(&b, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'default')");
    cluster_run(conn, "DELETE FROM plainjobs_pause WHERE name = 'a'");
    cluster_run(conn, "COMMIT");
    assert_int_equal(claim_told(&b, id).claim_count, 0);
    PQfinish(conn);
    bench_close(&b);
}

/* It would not see a worker that registered since, which goes by its own row. */
static void a_pause_in_an_older_snapshot_is_refused(void **state)
{
    static const char *const levels[] = {"REPEATABLE READ", "SERIALIZABLE"};
    char sql[64];
    struct bench b;
    (void)state;
    bench_open(&b);
    PGconn *conn = PQconnectdb(b.url);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL %s", levels[i]);
        cluster_run(conn, sql);
        PGresult *result =
            PQexec(conn, "INSERT INTO plainjobs_pause (kind, name) VALUES ('queue', 'default')");
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "PJ505");
        PQclear(result);
        cluster_run(conn, "ROLLBACK");
    }
    assert_int_equal(bench_rows(&b, "plainjobs_pause"), 0);
    PQfinish(conn);
    bench_close(&b);
}

/* Nothing says there which plans are off, so it is a search. */
static void a_connection_that_does_not_listen_claims_what_there_is(void **state)
{
    struct new_request r[2] = {request_default(), request_default()};
    struct bench b;
    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r[0]);
    (void)bench_enqueue(&b, &r[1]);
    int64_t id = bench_number(&b, "SELECT max(id) FROM plainjobs_jobrequest");
    assert_int_equal(claim_told(&b, id).claim_count, 2);
    bench_close(&b);
}

/* Whoever has it decides; the next look sees what became of it. */
static void what_was_told_and_is_locked_is_not_waited_for(void **state)
{
    struct bench b;
    (void)state;
    int64_t id = open_with_one(&b);
    PGconn *conn = PQconnectdb(b.url);
    cluster_run(conn, "BEGIN; DELETE FROM plainjobs_jobrequest");
    assert_int_equal(claim_told(&b, id).claim_count, 0);
    cluster_run(conn, "ROLLBACK");
    assert_int_equal(claim_told(&b, id).claim_count, 1);
    PQfinish(conn);
    bench_close(&b);
}

/* How long a call of the waiting one takes, with a word that nobody has heard yet before it. */
static int64_t call_takes(struct pair *p, bool with_word)
{
    struct bench *b = &p->waiting;
    struct pollfd fd = {.fd = p->told_fd, .events = POLLIN};
    struct heard heard;
    int64_t now;

    if (with_word) {
        (void)bench_number(&p->other, "BEGIN; NOTIFY plainjobs_wake, 'of another'; COMMIT");
        assert_int_equal(poll(&fd, 1, SOON_MS), 1);
    }
    int64_t begun = clock_mono_us();
    assert_int_equal(b->store->ops->now(b->store, &now, &b->err), PLAIN_OK);
    int64_t took = clock_mono_us() - begun;
    assert_int_equal(b->store->ops->hear(b->store, false, &heard, &b->err), PLAIN_OK);
    return took;
}

static int64_t shortest_of(struct pair *p, bool with_word)
{
    int64_t shortest = INT64_MAX;

    for (int i = 0; i < 20; i++) {
        int64_t took = call_takes(p, with_word);

        shortest = took < shortest ? took : shortest;
    }
    return shortest;
}

/* The shortest of many, since a machine may be busy with something else in any of them. */
static void a_word_that_is_not_heard_yet_holds_up_nothing(void **state)
{
    struct pair p;
    (void)state;
    open_pair(&p);
    int64_t without = shortest_of(&p, false), with = shortest_of(&p, true);
    if (with > 10 * without)
        fail_msg("%lld us, without a word %lld us", (long long)with, (long long)without);
    close_pair(&p);
}

DATABASE_MAIN(&cluster_database, the_only_request_of_a_commit_is_told_by_its_id,
              no_id_is_told_of_what_is_not_due, no_id_is_told_of_several,
              what_two_commits_told_is_several, names_of_queues_mean_themselves_and_what_begins_so,
              a_transaction_of_others_tells_one_word, what_was_told_is_claimed_as_by_any_claim,
              nothing_but_what_was_told_is_claimed, what_was_told_is_left_when_it_is_not_to_be_had,
              a_pause_that_is_over_is_in_no_ones_way, a_worker_that_registers_sees_the_pauses,
              a_claim_of_one_waits_for_a_pause_that_is_being_made, a_pause_waits_for_a_claim_of_one,
              heartbeats_do_not_wait_for_a_pause_that_is_not_committed,
              the_end_of_a_pause_in_an_older_snapshot_ends_no_other,
              a_connection_that_does_not_listen_claims_what_there_is,
              a_pause_in_an_older_snapshot_is_refused,
              what_was_told_and_is_locked_is_not_waited_for,
              a_word_that_is_not_heard_yet_holds_up_nothing)
