/*
 * jobs.c - a charge that is made once, however often its job runs
 *
 * A job can run again after it has done its work: its process may die before the end is recorded.
 * So the work is stored under a key that is the same in every attempt, the root uuid of the job,
 * and a second row with that key is ignored by the database.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include <plain/jobs.h>
#include <sqlite3.h>

struct charge {
    const char *customer;
    int64_t cents;
    bool crash; /* die after the work, at the first attempt */
};

static int failed(plain_job *job, sqlite3 *db)
{
    return plain_job_fail(job, "ShopError", "shop.db: %s", sqlite3_errmsg(db));
}

/* One row for this job: made now or by an attempt before. */
static int insert_charge(plain_job *job, sqlite3 *db, const struct charge *charge)
{
    sqlite3_stmt *insert = NULL;
    char key[PLAIN_UUID_TEXT];

    (void)plain_uuid_format(plain_job_root_uuid(job), key);
    int rc = sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO charges VALUES (?1, ?2, ?3)", -1,
                                &insert, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(insert, 1, key, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(insert, 2, charge->customer, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(insert, 3, charge->cents);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(insert);
    (void)sqlite3_finalize(insert);
    if (rc != SQLITE_DONE)
        return failed(job, db);
    printf("%s: %s\n", charge->customer, sqlite3_changes(db) ? "charged" : "was charged before");
    fflush(stdout);
    return PLAIN_OK;
}

static int charge_in(plain_job *job, sqlite3 *db, const struct charge *charge)
{
    static const char table[] = "CREATE TABLE IF NOT EXISTS charges"
                                " (key TEXT PRIMARY KEY, customer TEXT, cents INTEGER)";

    if (sqlite3_busy_timeout(db, 5000) != SQLITE_OK ||
        sqlite3_exec(db, table, NULL, NULL, NULL) != SQLITE_OK)
        return failed(job, db);
    return insert_charge(job, db, charge);
}

static int charge_run(plain_job *job, const void *params)
{
    const struct charge *charge = params;
    sqlite3 *db = NULL;

    int r =
        sqlite3_open("shop.db", &db) == SQLITE_OK ? charge_in(job, db, charge) : failed(job, db);
    (void)sqlite3_close(db);
    if (r == PLAIN_OK && charge->crash && plain_job_attempt(job) == 1)
        (void)raise(SIGKILL);
    return r;
}

static const plain_param charge_params[] = {
    PLAIN_PARAM(struct charge, customer, 0),
    PLAIN_PARAM(struct charge, cents, 0),
    PLAIN_PARAM(struct charge, crash, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

const plain_job_class ChargeJob = {
    PLAIN_JOB_CLASS(struct charge), .name = "ChargeJob", .doc = "Charge a customer, once.",
    .params = charge_params,        .run = charge_run,   .default_retries = 2,
};

PLAIN_REGISTER_JOBS(&ChargeJob);
