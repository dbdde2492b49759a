/*
 * complete.c - a job's end in a transaction of its own
 *
 * The worker is told before any SQL that the job may end so, in the page that both share: from then
 * on it takes an end that is recorded already for what it is, and does not wait for a transaction
 * that is still open.
 */
#include <plain/jobs/postgres.h>
#include <plain/jobs/queue.h>
#include <plain/jobs/sqlite.h>

#include "base/error.h"
#include "core/job.h"
#include "queue/jobs.h"

static int check_job(const plain_job *job, plain_error *err)
{
    return job ? PLAIN_OK : error_set(err, PLAIN_E_INVALID, 105, "job", "job is NULL");
}

/* Under `plain jobs run` there is none in the database. */
static bool has_attempt(const plain_job *job)
{
    return job->page.completing != NULL;
}

static int refuse_own(plain_error *err)
{
    (void)error_set(
        err, PLAIN_E_INVALID, 105, "jobs",
        "plain_job_complete_in() takes an adopted handle: on a connection of its own the "
        "end would commit by itself, whatever becomes of the job's transaction");
    error_fix(err, "adopt the connection whose transaction it is");
    return PLAIN_E_INVALID;
}

int plain_job_complete_in(plain_job *job, plain_jobs *jobs, plain_error *err)
{
    struct store *store;
    int r = check_job(job, err);

    if (r < 0 || !has_attempt(job))
        return r;
    r = jobs_take_store(jobs, &store, err);
    if (r < 0)
        return r;
    r = store->is_adopted ? PLAIN_OK : refuse_own(err);
    if (r == PLAIN_OK) {
        *job->page.completing = 1;
        r = store->ops->complete(store, &job->token, err);
    }
    jobs_give_store(jobs, store);
    if (r == PLAIN_E_REFUSED && err)
        err->transaction_aborted = true; /* what it wrote must not stay */
    return r;
}

static int complete_and_close(plain_job *job, plain_jobs *jobs, plain_error *err)
{
    int r = plain_job_complete_in(job, jobs, err);
    plain_jobs_close(jobs);
    return r;
}

int plain_job_complete_in_postgres(plain_job *job, struct pg_conn *connection, const char *schema,
                                   plain_error *err)
{
    plain_jobs *jobs = NULL;
    int r = check_job(job, err);

    if (r < 0 || !has_attempt(job))
        return r;
    r = plain_jobs_adopt_postgres(connection, schema, &jobs, err);
    return r < 0 ? r : complete_and_close(job, jobs, err);
}

int plain_job_complete_in_sqlite(plain_job *job, struct sqlite3 *connection, plain_error *err)
{
    plain_jobs *jobs = NULL;
    int r = check_job(job, err);

    if (r < 0 || !has_attempt(job))
        return r;
    r = plain_jobs_adopt_sqlite(connection, &jobs, err);
    return r < 0 ? r : complete_and_close(job, jobs, err);
}
