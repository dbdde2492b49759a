/* cancel.c - cancelling and deleting a job */
#include <plain/jobs/operators.h>
#include <plain/jobs/queue.h>

#include "base/error.h"
#include "core/class.h"
#include "queue/jobs.h"

static int no_such_job(const plain_uuid *uuid, plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    return error_set(err, PLAIN_E_NOT_FOUND, 502, "uuid", "there is no job %s",
                     plain_uuid_format(uuid, text));
}

/* Checks what is given and borrows a store. */
static int begin(plain_jobs *jobs, const plain_uuid *uuid, const char *by, struct store **store,
                 plain_error *err)
{
    int r = class_check_text("by", by ? by : "", true, err);

    if (r == PLAIN_OK && !uuid)
        r = error_set(err, PLAIN_E_INVALID, 105, "uuid", "uuid is NULL");
    return r == PLAIN_OK ? jobs_take_store(jobs, store, err) : r;
}

int plain_jobs_cancel(plain_jobs *jobs, const plain_uuid *uuid, const char *by, bool *running,
                      plain_error *err)
{
    enum cancel_outcome outcome = CANCEL_ENDED;
    struct store *store = NULL;
    int r = begin(jobs, uuid, by, &store, err);

    if (r != PLAIN_OK)
        return r;
    r = store->ops->cancel(store, uuid, by ? by : "", &outcome, err);
    jobs_give_store(jobs, store);
    if (r == PLAIN_NONE)
        return no_such_job(uuid, err);
    if (r == PLAIN_OK && running)
        *running = outcome == CANCEL_ASKED;
    return r == PLAIN_OK && outcome == CANCEL_ENDED ? PLAIN_NONE : r;
}

int plain_jobs_delete(plain_jobs *jobs, const plain_uuid *uuid, const char *by, bool *running,
                      plain_error *err)
{
    enum delete_outcome outcome = DELETE_DONE;
    struct store *store = NULL;
    int r = begin(jobs, uuid, by, &store, err);

    if (r != PLAIN_OK)
        return r;
    r = store->ops->delete_job(store, uuid, by ? by : "", &outcome, err);
    jobs_give_store(jobs, store);
    if (r == PLAIN_OK && running)
        *running = outcome == DELETE_ASKED;
    return r == PLAIN_NONE ? no_such_job(uuid, err) : r;
}
