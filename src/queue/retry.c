/* retry.c - enqueueing an ended job again, by hand */
#include <plain/jobs/operators.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/uuid.h"
#include "core/class.h"
#include "queue/jobs.h"

/* The attempt that uuid means: itself, or the last of the job when uuid is a request's. rows are
 * the job's, in the order of its runs. */
static const struct job_row *attempt_meant(const struct job_row *rows, size_t count,
                                           const plain_uuid *uuid)
{
    for (size_t i = 0; i < count; i++) {
        if (uuid_equal(&rows[i].token, uuid))
            return &rows[i];
    }
    return &rows[count - 1];
}

static int still_alive(const struct job_row *row, plain_error *err)
{
    char uuid[PLAIN_UUID_TEXT];

    return error_set(err, PLAIN_E_REFUSED, 503, "uuid", "the job is %s (request %s)",
                     row->table == TABLE_REQUEST ? "pending" : "being processed",
                     plain_uuid_format(&row->request_uuid, uuid));
}

static int retry(struct store *store, const plain_uuid *uuid, const char *by, struct arena *a,
                 plain_request *request, plain_error *err)
{
    const plain_uuid fresh = uuid_new();
    struct job_row *rows = NULL;
    size_t count = 0;
    int r = store->ops->find(store, uuid, 0, a, &rows, &count, err);

    if (r != PLAIN_OK || count == 0)
        return r < 0 ? r : PLAIN_NONE;
    const struct job_row *row = attempt_meant(rows, count, uuid);
    if (row->table != TABLE_RESULT)
        return still_alive(row, err);
    return store->ops->retry(store, &row->token, &fresh, by, request, err);
}

int plain_jobs_retry(plain_jobs *jobs, const plain_uuid *uuid, const char *by,
                     plain_request *request, plain_error *err)
{
    struct arena a = ARENA_INIT;
    struct store *store = NULL;
    plain_request own;
    int r = class_check_text("by", by ? by : "", true, err);

    if (!request)
        request = &own;
    *request = (plain_request){0};

    if (r == PLAIN_OK && !uuid)
        r = error_set(err, PLAIN_E_INVALID, 105, "uuid", "uuid is NULL");
    if (r == PLAIN_OK)
        r = jobs_take_store(jobs, &store, err);
    if (r != PLAIN_OK)
        return r;
    r = retry(store, uuid, by ? by : "", &a, request, err);
    jobs_give_store(jobs, store);
    arena_release(&a);
    if (r < 0)
        *request = (plain_request){0};
    if (r == PLAIN_NONE) {
        char text[PLAIN_UUID_TEXT];

        return error_set(err, PLAIN_E_NOT_FOUND, 502, "uuid", "there is no job %s",
                         plain_uuid_format(uuid, text));
    }
    return r;
}
