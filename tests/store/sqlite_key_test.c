/*
 * sqlite_key_test.c - the triggers keep "at most one job of a class and key", whoever writes
 *
 * An application may INSERT, UPDATE and DELETE requests in SQL of its own. One test goes through
 * the ways that are known to be tricky, one through thousands of random statements; after each the
 * same rules are looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "store/migration.h"
#include "tests/harness/harness.h"

enum { SQL_SIZE = 1024, RANDOM_STATEMENTS = 4000, UNDER_STRESS = 50 * RANDOM_STATEMENTS };

/* Jobs that are alive and hold a key, each with its uuid. */
#define ALIVE                                                                                      \
    "(SELECT uuid AS u, job_class AS c, concurrency_key AS k FROM plainjobs_jobrequest"            \
    "  WHERE concurrency_key <> '' AND key_shared IS NOT 1 UNION ALL"                              \
    " SELECT job_request_uuid, job_class, concurrency_key FROM plainjobs_jobprocess"               \
    "  WHERE concurrency_key <> '' AND key_shared IS NOT 1)"

static const char *const must_be_zero[] = {
    "SELECT count(*) FROM (SELECT 1 FROM " ALIVE " GROUP BY c, k HAVING count(*) > 1)",
    "SELECT count(*) FROM " ALIVE " a WHERE NOT EXISTS (SELECT 1 FROM plainjobs_jobkey"
    " WHERE job_class = a.c AND concurrency_key = a.k AND request_uuid = a.u)",
};

static sqlite3 *open_memory(void)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (size_t i = 0; i < migrations_sqlite_count; i++)
        assert_int_equal(sqlite3_exec(db, migrations_sqlite[i].sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static int number_of(void *user, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    *(int *)user = (int)strtol(values[0], NULL, 10);
    return 0;
}

static int number(sqlite3 *db, const char *sql)
{
    int n = -1;

    assert_int_equal(sqlite3_exec(db, sql, number_of, &n, NULL), SQLITE_OK);
    return n;
}

static void assert_rules_hold(sqlite3 *db, const char *after)
{
    for (size_t i = 0; i < sizeof(must_be_zero) / sizeof(must_be_zero[0]); i++) {
        if (number(db, must_be_zero[i]) != 0)
            fail_msg("after %s: rule %d is broken", after, (int)i);
    }
}

/* One character stands for each uuid. */
#define U(c) "CAST('" c c c c c c c c c c c c c c c c "' AS BLOB)"

#define REQUEST(how, uuid, key)                                                                    \
    how " INTO plainjobs_jobrequest (uuid, job_class, concurrency_key) VALUES (" U(                \
        uuid) ", 'Job', '" key "')"
#define CLAIM(uuid)                                                                                \
    "INSERT INTO plainjobs_jobprocess (uuid, created_at, job_request_uuid, worker_id, job_class,"  \
    " concurrency_key, key_shared) SELECT randomblob(16), 0, uuid, x'00', job_class,"              \
    " concurrency_key, key_shared FROM plainjobs_jobrequest WHERE uuid = " U(                      \
        uuid) ";"                                                                                  \
              "DELETE FROM plainjobs_jobrequest WHERE uuid = " U(uuid)
#define END(uuid) "DELETE FROM plainjobs_jobprocess WHERE job_request_uuid = " U(uuid)
#define HELD      "PJ501: the concurrency key is held"

struct step {
    const char *sql;
    const char *refused; /* NULL: it works */
};

/* Each begins with an empty database and ends with {NULL}. */
static const struct step scripts[][8] = {
    {{REQUEST("INSERT", "a", "k"), NULL},
     {REQUEST("INSERT", "b", "k"), HELD},
     {REQUEST("INSERT OR IGNORE", "b", "k"), HELD},
     {REQUEST("INSERT OR REPLACE", "b", "k"), HELD},
     {REQUEST("INSERT OR FAIL", "b", "k"), HELD},
     {REQUEST("INSERT", "b", ""), NULL},
     {"UPDATE OR REPLACE plainjobs_jobrequest SET concurrency_key = 'k'", HELD}},
    {{REQUEST("INSERT", "a", "k"), NULL}, /* replaced by itself under another key */
     {REQUEST("INSERT OR REPLACE", "a", "l"), NULL},
     {REQUEST("INSERT", "b", "l"), HELD},
     {REQUEST("INSERT", "b", "k"), NULL},
     {REQUEST("INSERT OR REPLACE", "a", "k"), HELD},
     {REQUEST("INSERT OR REPLACE", "a", ""), NULL},
     {REQUEST("INSERT", "c", "l"), NULL}},
    {{REQUEST("INSERT", "a", "k"), NULL}, /* a uuid that is being processed */
     {CLAIM("a"), NULL},
     {REQUEST("INSERT", "a", "k"), HELD},
     {REQUEST("INSERT OR REPLACE", "a", "l"), NULL},
     {REQUEST("INSERT", "b", "k"), HELD},
     {REQUEST("INSERT OR REPLACE", "a", ""), NULL},
     {REQUEST("INSERT", "b", "k"), HELD},
     {END("a"), NULL}},
    {{REQUEST("INSERT", "a", "k"), NULL}, /* UPDATEs */
     {REQUEST("INSERT", "b", ""), NULL},
     {"UPDATE plainjobs_jobrequest SET concurrency_key = 'k' WHERE uuid = " U("b"), HELD},
     {"UPDATE plainjobs_jobrequest SET concurrency_key = 'l' WHERE uuid = " U("a"), NULL},
     {"UPDATE plainjobs_jobrequest SET concurrency_key = 'k' WHERE uuid = " U("b"), NULL},
     {"UPDATE plainjobs_jobrequest SET uuid = " U("c") " WHERE uuid = " U("b"), NULL},
     {REQUEST("INSERT", "b", "k"), HELD},
     {"UPDATE plainjobs_jobrequest SET job_class = 'Other' WHERE uuid = " U("c"), NULL}},
    {{REQUEST("INSERT", "a", "k"), NULL}, /* an UPDATE into the uuid that holds the key */
     {CLAIM("a"), NULL},
     {REQUEST("INSERT", "b", ""), NULL},
     {"UPDATE plainjobs_jobrequest SET uuid = " U("a") ", concurrency_key = 'k'", HELD},
     {"UPDATE plainjobs_jobrequest SET uuid = " U("a"), NULL},
     {"UPDATE plainjobs_jobrequest SET concurrency_key = 'k'", HELD},
     {END("a"), NULL},
     {"UPDATE plainjobs_jobrequest SET concurrency_key = 'k'", NULL}},
    {{REQUEST("INSERT", "a", "k"), NULL}, /* another request's id */
     {"INSERT OR REPLACE INTO plainjobs_jobrequest (id, job_class) VALUES (1, 'Job')",
      "PJ501: the id belongs to another request; leave id out"},
     {"INSERT INTO plainjobs_jobrequest (id, job_class) VALUES (-1, 'Job')", "CHECK"},
     {"UPDATE OR REPLACE plainjobs_jobrequest SET id = 7", NULL},
     {REQUEST("INSERT", "b", "k"), HELD},
     {"DELETE FROM plainjobs_jobrequest", NULL},
     {REQUEST("INSERT", "b", "k"), NULL}},
    {{"INSERT INTO plainjobs_jobrequest (job_class, concurrency_key) VALUES ('Job', 'k')", NULL},
     {"INSERT OR REPLACE INTO plainjobs_jobrequest (job_class, concurrency_key)"
      " VALUES ('Job', 'k')",
      HELD},
     {"INSERT INTO plainjobs_jobrequest (job_class, concurrency_key) VALUES ('Job', x'6b')",
      "CHECK"},
     {"INSERT INTO plainjobs_jobrequest (job_class, created_at) VALUES ('Job', '2026-01-01')",
      "CHECK"},
     {"INSERT INTO plainjobs_jobrequest (job_class, start_at) VALUES ('Job', 'tomorrow')", "CHECK"},
     {"INSERT INTO plainjobs_jobrequest (job_class, priority) VALUES ('Job', 99999)", "CHECK"},
     {"INSERT INTO plainjobs_jobrequest (job_class, uuid) VALUES ('Job', 'a uuid as text')",
      "CHECK"}},
    {{"INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job' || char(0) || 'x')", "CHECK"},
     {"INSERT INTO plainjobs_jobrequest (job_class, queue) VALUES ('Job', 'q' || char(0))",
      "CHECK"},
     {"INSERT INTO plainjobs_jobrequest (job_class, concurrency_key)" /* C would see "" */
      " VALUES ('Job', char(0) || 'k')",
      "CHECK"}},
    {{"INSERT INTO plainjobs_jobrequest (job_class, concurrency_key, key_shared)" /* shared */
      " VALUES ('Job', 'k', 1), ('Job', 'k', 1)",
      NULL},
     {REQUEST("INSERT", "a", "k"), NULL},
     {"UPDATE plainjobs_jobrequest SET key_shared = NULL WHERE uuid <> " U("a"), HELD},
     {"UPDATE plainjobs_jobrequest SET key_shared = 1 WHERE uuid = " U("a"), NULL},
     {REQUEST("INSERT", "b", "k"), NULL},
     {"INSERT INTO plainjobs_jobrequest (uuid, job_class, concurrency_key) VALUES (" U(
          "b") ", 'Job', 'l') ON CONFLICT (uuid) DO UPDATE SET concurrency_key = 'l'",
      NULL},
     {REQUEST("INSERT", "c", "k"), NULL},
     {REQUEST("INSERT", "d", "l"), HELD}},
};

static void run_step(sqlite3 *db, const struct step *step)
{
    int rc = sqlite3_exec(db, step->sql, NULL, NULL, NULL);

    if (!step->refused && rc != SQLITE_OK)
        fail_msg("%s: %s", step->sql, sqlite3_errmsg(db));
    if (step->refused && (rc == SQLITE_OK || !strstr(sqlite3_errmsg(db), step->refused)))
        fail_msg("%s: should be refused with '%s'", step->sql, step->refused);
    assert_rules_hold(db, step->sql);
}

static void the_known_ways_around_a_key_are_closed(void **state)
{
    enum { STEPS = sizeof(scripts[0]) / sizeof(scripts[0][0]) };

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        for (int recursive = 0; recursive < 2; recursive++) {
            sqlite3 *db = open_memory();

            if (recursive)
                (void)sqlite3_exec(db, "PRAGMA recursive_triggers = on", NULL, NULL, NULL);
            for (size_t k = 0; k < STEPS && scripts[i][k].sql; k++)
                run_step(db, &scripts[i][k]);
            (void)sqlite3_close(db);
        }
    }
}

static unsigned long long seed = 20260101;

static unsigned roll(unsigned sides)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % sides;
}

static const char *pick(const char *const *list, unsigned count)
{
    return list[roll(count)];
}

static const char *const uuids[] = {U("a"), U("b"), U("c"), U("d")};
static const char *const keys[] = {"''", "'k'", "'l'", "'m'"};
static const char *const classes[] = {"'Job'", "'Other'"};
static const char *const shared[] = {"NULL", "NULL", "NULL", "1"};
static const char *const conflicts[] = {"", "", "OR IGNORE", "OR REPLACE", "OR FAIL"};

static void random_insert(char *sql)
{
    (void)snprintf(sql, SQL_SIZE,
                   "INSERT %s INTO plainjobs_jobrequest (id, uuid, job_class, concurrency_key,"
                   " key_shared) VALUES (%s, %s, %s, %s, %s)",
                   pick(conflicts, 5), roll(4) ? "NULL" : "2", pick(uuids, 4), pick(classes, 2),
                   pick(keys, 4), pick(shared, 4));
}

static void random_update(char *sql)
{
    (void)snprintf(sql, SQL_SIZE,
                   "UPDATE %s plainjobs_jobrequest SET uuid = %s, job_class = %s,"
                   " concurrency_key = %s, key_shared = %s WHERE uuid = %s",
                   pick(conflicts, 5), roll(2) ? "uuid" : pick(uuids, 4),
                   roll(2) ? "job_class" : pick(classes, 2), pick(keys, 4), pick(shared, 4),
                   pick(uuids, 4));
}

static void random_id(char *sql)
{
    (void)snprintf(sql, SQL_SIZE, "UPDATE %s plainjobs_jobrequest SET id = %u WHERE uuid = %s",
                   pick(conflicts, 5), roll(4) + 1, pick(uuids, 4));
}

static void random_claim(char *sql)
{
    static const char *const claims[] = {CLAIM("a"), CLAIM("b"), CLAIM("c"), CLAIM("d")};

    (void)snprintf(sql, SQL_SIZE, "BEGIN; %s; COMMIT", pick(claims, 4));
}

static void random_end(char *sql)
{
    (void)snprintf(sql, SQL_SIZE, "DELETE FROM plainjobs_jobprocess WHERE job_request_uuid = %s",
                   pick(uuids, 4));
}

static void random_delete(char *sql)
{
    (void)snprintf(sql, SQL_SIZE, "DELETE FROM plainjobs_jobrequest WHERE uuid = %s",
                   pick(uuids, 4));
}

static void random_statements_never_break_the_rules(void **state)
{
    static void (*const makers[])(char *) = {random_insert, random_insert, random_update, random_id,
                                             random_claim,  random_end,    random_delete};
    sqlite3 *db = open_memory();
    char sql[SQL_SIZE];
    int count = getenv("PLAIN_STRESS") ? UNDER_STRESS : RANDOM_STATEMENTS;
    int done = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        makers[roll(sizeof(makers) / sizeof(makers[0]))](sql);
        done += sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
        assert_rules_hold(db, sql);
    }
    assert_in_range(done, count / 2, count);
    (void)sqlite3_close(db);
}

HARNESS_MAIN(the_known_ways_around_a_key_are_closed, random_statements_never_break_the_rules)
