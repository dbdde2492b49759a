/* slots_test.c - what queue/slots.h promises, by a clock of the test's own: each slot is accounted
 * for once, whatever is missed, paused, changed, killed or put forward and back */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/error.h"
#include "queue/slots.h"
#include "tests/harness/harness.h"

#define MINUTE (INT64_C(60) * US_PER_S)
#define START  (INT64_C(1790000040) * US_PER_S) /* a whole minute */

enum { URL_SIZE = 512 };

/* Shared with the processes of a test. */
static _Atomic int64_t *now_us;

static int64_t fake_wall_us(void)
{
    return atomic_load(now_us);
}

static int64_t true_mono_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static const struct clock_source fake = {fake_wall_us, true_mono_us};

/* A database, a clock at START, and a schedule that is due each minute. */
struct stage {
    char url[URL_SIZE + 16], path[URL_SIZE];
    struct store *store;
    struct registry *registry;
    struct schedules all;
    struct schedule *s;
    struct slots_looker looker;
    struct arena arena;
};

static void put_schedules(struct stage *g, const char *setting)
{
    const struct schedule_sources sources = {
        .sections = "[]", .setting = setting, .timezone = "UTC"};
    plain_error err;

    registry_free(g->registry);
    g->registry = registry_new();
    assert_non_null(g->registry);
    if (schedules_add_commands(g->registry, &sources, &err) < 0 ||
        schedules_collect(g->registry, &sources, &g->arena, &g->all, &err) < 0)
        fail_msg("%s", err.message);
    g->s = g->all.items;
}

static void open_store(struct stage *g)
{
    plain_error err;

    if (store_open(g->url, STORE_CREATE, &g->store, &err) < 0)
        fail_msg("%s", err.message);
    g->looker.store = g->store;
}

static void set_stage(struct stage *g)
{
    static unsigned n;
    int from, to;
    plain_error err;

    *g = (struct stage){.looker = {.started_at = START, .started_by = "here:1"}};
    (void)snprintf(g->path, sizeof(g->path), "%s/slots-%u.db", harness_tmpdir(), n++);
    (void)snprintf(g->url, sizeof(g->url), "sqlite:%s", g->path);
    if (!now_us)
        now_us =
            mmap(NULL, sizeof(*now_us), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(now_us, MAP_FAILED);
    atomic_store(now_us, START);
    clock_set_source(&fake);
    open_store(g);
    if (g->store->ops->migrate(g->store, &from, &to, &err) < 0)
        fail_msg("%s", err.message);
    put_schedules(g, "[[\"cmd:true\", \"* * * * *\"]]");
}

static void strike(struct stage *g)
{
    store_close(g->store);
    registry_free(g->registry);
    arena_release(&g->arena);
    clock_set_source(NULL);
}

static struct slots_seen see(struct stage *g)
{
    struct slots_seen seen;
    plain_error err;

    if (slots_see(&g->looker, g->s, &seen, &err) < 0)
        fail_msg("%s", err.message);
    return seen;
}

static int64_t number(const struct stage *g, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;

    assert_int_equal(sqlite3_open_v2(g->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 10000);
    (void)sqlite3_exec(db, "PRAGMA wal_autocheckpoint = 0", NULL, NULL, NULL);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int64_t n = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return n;
}

static int64_t slots(const struct stage *g, const char *status)
{
    char sql[200];

    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM plainjobs_slot WHERE status LIKE '%s'",
                   status);
    return number(g, sql);
}

static int64_t jobs(const struct stage *g)
{
    return number(g, "SELECT count(*) FROM plainjobs_jobrequest");
}

/* Seen at START, then not for ten minutes. */
static struct slots_seen after_ten_minutes(struct stage *g)
{
    (void)see(g);
    atomic_store(now_us, START + 10 * MINUTE + 5 * US_PER_S);
    return see(g);
}

static void a_new_schedule_fills_nothing_backward(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    struct slots_seen seen = see(&g);
    assert_int_equal(seen.state, SLOTS_FINE);
    assert_int_equal(seen.next_at, START + MINUTE);
    assert_int_equal(slots(&g, "%"), 0);
    atomic_store(now_us, START + MINUTE);
    seen = see(&g);
    assert_int_equal(seen.counts[SLOT_RUN], 1);
    assert_int_equal(seen.next_at, START + 2 * MINUTE);
    assert_int_equal(jobs(&g), 1);
    assert_int_equal(number(&g, "SELECT start_at FROM plainjobs_jobrequest"), START + MINUTE);
    (void)see(&g);
    assert_int_equal(jobs(&g), 1);
    strike(&g);
}

static void of_missed_slots_the_last_one_runs(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    struct slots_seen seen = after_ten_minutes(&g);
    assert_int_equal(seen.counts[SLOT_COALESCED], 9);
    assert_int_equal(seen.counts[SLOT_RUN], 1);
    assert_int_equal(number(&g, "SELECT slot_at FROM plainjobs_slot WHERE status = 'RUN'"),
                     START + 10 * MINUTE);
    strike(&g);
}

static void missed_slots_can_be_skipped(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    g.s->missed = PLAIN_MISSED_NONE;
    struct slots_seen seen = after_ten_minutes(&g);
    assert_int_equal(seen.counts[SLOT_SKIPPED], 9);
    assert_int_equal(seen.counts[SLOT_RUN], 1); /* 5 s late is not missed */
    atomic_store(now_us, START + 11 * MINUTE + 59 * US_PER_S);
    (void)see(&g);
    g.s->when.minutes = 1; /* at the full hour alone */
    atomic_store(now_us, START + 200 * MINUTE);
    assert_int_equal(see(&g).counts[SLOT_RUN], 0);
    strike(&g);
}

static void missed_slots_can_all_run_up_to_a_bound(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    g.s->missed = PLAIN_MISSED_ALL;
    g.s->missed_max = 4;
    struct slots_seen seen = after_ten_minutes(&g);
    assert_int_equal(seen.counts[SLOT_SKIPPED], 6);
    assert_int_equal(seen.counts[SLOT_RUN], 4);
    assert_int_equal(jobs(&g), 4);
    assert_int_equal(number(&g, "SELECT min(slot_at) FROM plainjobs_slot WHERE status = 'RUN'"),
                     START + 7 * MINUTE);
    strike(&g);
}

static void a_slot_beside_a_running_job_can_be_skipped_or_wait(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    g.s->overlap = PLAIN_OVERLAP_SKIP;
    (void)after_ten_minutes(&g);
    atomic_store(now_us, START + 11 * MINUTE);
    assert_int_equal(see(&g).counts[SLOT_SKIPPED], 1);
    assert_int_equal(number(&g, "SELECT count(*) FROM plainjobs_slot WHERE reason LIKE "
                                "'the job before it, %, has not ended'"),
                     1);
    g.s->overlap = PLAIN_OVERLAP_WAIT;
    atomic_store(now_us, START + 12 * MINUTE);
    struct slots_seen seen = see(&g);
    assert_int_equal(seen.state, SLOTS_WAITING);
    assert_int_equal(seen.next_at, START + 12 * MINUTE + US_PER_S);
    (void)number(&g, "DELETE FROM plainjobs_jobrequest");
    atomic_store(now_us, START + 13 * MINUTE);
    seen = see(&g);
    assert_int_equal(seen.counts[SLOT_COALESCED], 1);
    assert_int_equal(seen.counts[SLOT_RUN], 1);
    strike(&g);
}

static void paused_slots_are_skipped_and_not_filled_later(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    (void)see(&g);
    assert_int_equal(g.store->ops->schedule_pause(g.store, g.s->name, "ann", "", START, NULL), 0);
    atomic_store(now_us, START + 3 * MINUTE);
    struct slots_seen seen = see(&g);
    assert_int_equal(seen.state, SLOTS_PAUSED);
    assert_string_equal(seen.by, "ann");
    assert_int_equal(seen.counts[SLOT_SKIPPED], 3);
    atomic_store(now_us, START + 5 * MINUTE + 1);
    assert_int_equal(
        g.store->ops->schedule_resume(g.store, g.s->name, "ann", START + 5 * MINUTE + 1, NULL), 0);
    seen = see(&g);
    assert_int_equal(seen.counts[SLOT_SKIPPED], 2);
    assert_int_equal(number(&g, "SELECT count(*) FROM plainjobs_slot WHERE reason = "
                                "'paused by ann'"),
                     5);
    atomic_store(now_us, START + 6 * MINUTE);
    assert_int_equal(see(&g).counts[SLOT_RUN], 1);
    assert_int_equal(jobs(&g), 1);
    strike(&g);
}

static void a_changed_schedule_leaves_nothing_behind(void **state)
{
    struct stage g, old;

    (void)state;
    set_stage(&g);
    (void)see(&g);
    old = g;
    old.arena = (struct arena)ARENA_INIT;
    old.registry = NULL;
    put_schedules(&old, "[[\"cmd:true\", \"* * * * *\"]]");
    put_schedules(&g, "[[\"cmd:true\", \"*/2 * * * *\"]]");
    g.looker.started_at = START + 1;
    g.looker.started_by = "there:2";
    atomic_store(now_us, START + 3 * MINUTE);
    struct slots_seen seen = see(&g);
    assert_int_equal(seen.counts[SLOT_SKIPPED], 3);
    assert_int_equal(jobs(&g), 0);
    /* The worker of before stops firing it, and is told by whom. */
    atomic_store(now_us, START + 4 * MINUTE);
    seen = see(&old);
    assert_int_equal(seen.state, SLOTS_SUPERSEDED);
    assert_string_equal(seen.by, "there:2");
    assert_int_equal(jobs(&g), 0);
    registry_free(old.registry);
    arena_release(&old.arena);
    strike(&g);
}

static void a_removed_schedule_that_comes_back_begins_anew(void **state)
{
    const struct schedules none = {0};
    struct slots_looker other;
    struct stage g;

    (void)state;
    set_stage(&g);
    (void)see(&g);
    other = g.looker;
    other.started_at = START + MINUTE;
    atomic_store(now_us, START + MINUTE);
    assert_int_equal(slots_forget_others(&other, &none, NULL), PLAIN_OK);
    g.looker.started_at = START + 9 * MINUTE;
    atomic_store(now_us, START + 10 * MINUTE);
    struct slots_seen seen = see(&g);
    assert_int_equal(seen.counts[SLOT_RUN], 0);
    assert_int_equal(seen.counts[SLOT_SKIPPED], 10);
    assert_int_equal(jobs(&g), 0);
    strike(&g);
}

static void a_clock_that_goes_back_makes_nothing_due_twice(void **state)
{
    struct stage g;

    (void)state;
    set_stage(&g);
    (void)after_ten_minutes(&g);
    atomic_store(now_us, START + 2 * MINUTE);
    struct slots_seen seen = see(&g);
    assert_int_equal(seen.counts[SLOT_RUN], 0);
    assert_int_equal(seen.next_at, START + 11 * MINUTE);
    strike(&g);
}

/* ---- many workers ---- */

enum { WORKERS = 8, SLOTS_SMALL = 250, SLOTS_FULL = 10000 };

static _Noreturn void work(struct stage *g)
{
    struct slots_seen seen;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_store(g); /* its own: none crosses a fork */
    for (;;) {
        if (slots_see(&g->looker, g->s, &seen, NULL) < 0 || seen.next_at > atomic_load(now_us))
            (void)usleep(500);
    }
}

static pid_t start_worker(struct stage *g)
{
    pid_t pid = fork();

    if (pid == 0)
        work(g);
    assert_true(pid > 0);
    return pid;
}

static void end_worker(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Until the ledger has this many slots. */
static void await_slots(const struct stage *g, int64_t wanted)
{
    int64_t deadline = true_mono_us() + 120 * US_PER_S;

    while (slots(g, "%") < wanted) {
        if (true_mono_us() > deadline)
            fail_msg("%" PRId64 " slots of %" PRId64, slots(g, "%"), wanted);
        (void)usleep(2000);
    }
}

static void eight_workers_account_for_each_slot_once(void **state)
{
    int64_t wanted = getenv("PLAIN_STRESS") ? SLOTS_FULL : SLOTS_SMALL, due = 0;
    pid_t workers[WORKERS];
    unsigned random = 7, kills = 0;
    struct stage g;

    (void)state;
    set_stage(&g);
    g.s->missed = PLAIN_MISSED_ALL;
    g.s->missed_max = SCHEDULE_MISSED_MOST;
    (void)see(&g);
    store_close(g.store);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start_worker(&g);
    while (due < wanted) {
        random = random * 1103515245u + 12345u;
        due += 1 + (random >> 16) % 9;
        due = due < wanted ? due : wanted;
        atomic_store(now_us, START + due * MINUTE);
        (void)usleep(1000 + (random >> 8) % 20000);
        if (random % 5 == 0) { /* an hour back, and on again */
            atomic_store(now_us, START + (due - 60) * MINUTE);
            (void)usleep(2000);
            atomic_store(now_us, START + due * MINUTE);
        }
        if (random % 3 == 0) {
            unsigned i = (random >> 20) % WORKERS;

            end_worker(workers[i]);
            workers[i] = start_worker(&g);
            kills++;
        }
    }
    await_slots(&g, wanted);
    for (int i = 0; i < WORKERS; i++)
        end_worker(workers[i]);
    open_store(&g);
    printf("# %" PRId64 " slots, %d workers, %u kills: each slot once\n", wanted, WORKERS, kills);
    assert_int_equal(slots(&g, "%"), wanted);
    assert_int_equal(slots(&g, "RUN"), wanted);
    assert_int_equal(jobs(&g), wanted);
    assert_int_equal(number(&g, "SELECT count(*) FROM plainjobs_slot s JOIN plainjobs_jobrequest r"
                                " ON r.uuid = s.request_uuid AND r.start_at = s.slot_at"),
                     wanted);
    strike(&g);
}

/* Each schedule of JOBS_SCHEDULE and of plain.conf, from nothing. */
static int collect_all(void)
{
    const struct schedule_sources sources = {
        .sections = "[{\"name\": \"nightly\", \"place\": \"plain.conf:3\", "
                    "\"command\": [\"plain.conf:4\", \"true\"], "
                    "\"cron\": [\"plain.conf:5\", \"0 3 * * *\"]}]",
        .setting = "[[\"cmd:true\", \"* * * * *\"], [\"cmd:false\", \"@hourly\"]]",
        .timezone = "Europe/Berlin"};
    struct registry *registry = registry_new();
    struct arena a = ARENA_INIT;
    struct schedules all;
    int r = registry ? schedules_add_commands(registry, &sources, NULL) : PLAIN_E_NOMEM;

    if (r == PLAIN_OK)
        r = schedules_collect(registry, &sources, &a, &all, NULL);
    registry_free(registry);
    arena_release(&a);
    return r;
}

static struct stage *short_of_memory;

static int see_once(void)
{
    struct slots_seen seen;

    return slots_see(&short_of_memory->looker, short_of_memory->s, &seen, NULL);
}

static void memory_that_runs_out_makes_no_slot_twice_and_loses_none(void **state)
{
    struct stage g;

    (void)state;
    harness_fail_each_allocation(collect_all, PLAIN_E_NOMEM);
    set_stage(&g);
    short_of_memory = &g;
    (void)see(&g);
    atomic_store(now_us, START + MINUTE);
    harness_fail_each_allocation(see_once, PLAIN_E_NOMEM);
    assert_int_equal(slots(&g, "RUN"), 1);
    assert_int_equal(jobs(&g), 1);
    strike(&g);
}

HARNESS_MAIN(a_new_schedule_fills_nothing_backward, of_missed_slots_the_last_one_runs,
             missed_slots_can_be_skipped, missed_slots_can_all_run_up_to_a_bound,
             a_slot_beside_a_running_job_can_be_skipped_or_wait,
             paused_slots_are_skipped_and_not_filled_later,
             a_changed_schedule_leaves_nothing_behind,
             a_removed_schedule_that_comes_back_begins_anew,
             a_clock_that_goes_back_makes_nothing_due_twice,
             eight_workers_account_for_each_slot_once,
             memory_that_runs_out_makes_no_slot_twice_and_loses_none)
