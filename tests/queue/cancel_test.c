/* cancel_test.c - what plain_jobs_cancel() promises */
#include <stdio.h>
#include <string.h>

#include <plain/jobs/queue.h>

#include "base/error.h"
#include "base/uuid.h"
#include "queue/jobs.h"
#include "store/store.h"
#include "tests/harness/harness.h"

static plain_jobs *jobs;
static plain_error err;

static void open_jobs(void)
{
    static unsigned n;
    char url[512];
    struct store *s;
    int from, to;

    (void)snprintf(url, sizeof(url), "sqlite:%s/cancel-%u.db", harness_tmpdir(), n++);
    assert_int_equal(store_open(url, STORE_CREATE, &s, &err), PLAIN_OK);
    assert_int_equal(s->ops->migrate(s, &from, &to, &err), PLAIN_OK);
    store_close(s);
    assert_int_equal(plain_jobs_open(url, &jobs, &err), PLAIN_OK);
}

static plain_uuid enqueue(void)
{
    plain_request request;

    assert_int_equal(plain_run_in_worker_by_name(jobs, "Job", "{}", NULL, &request, &err), 0);
    return request.uuid;
}

static void a_pending_job_is_cancelled_once(void **state)
{
    bool running = true;

    (void)state;
    open_jobs();
    plain_uuid uuid = enqueue();
    assert_int_equal(plain_jobs_cancel(jobs, &uuid, NULL, &running, &err), PLAIN_OK);
    assert_false(running);
    assert_int_equal(plain_jobs_cancel(jobs, &uuid, "ada", NULL, &err), PLAIN_NONE);
    plain_jobs_close(jobs);
}

static void what_cannot_be_is_refused(void **state)
{
    plain_uuid unknown = uuid_new();

    (void)state;
    open_jobs();
    assert_int_equal(plain_jobs_cancel(jobs, &unknown, NULL, NULL, &err), PLAIN_E_NOT_FOUND);
    assert_int_equal(err.pj, 502);
    assert_int_equal(plain_jobs_cancel(jobs, NULL, NULL, NULL, &err), PLAIN_E_INVALID);
    assert_int_equal(plain_jobs_cancel(jobs, &unknown, "a\nb", NULL, &err), PLAIN_E_INVALID);
    assert_string_equal(err.field, "by");
    plain_jobs_close(jobs);
}

HARNESS_MAIN(a_pending_job_is_cancelled_once, what_cannot_be_is_refused)
