/* many.c - enqueueing many requests in one transaction: there is one writer, so one after another,
 * and all are made before it: others wait for its end
 */
#include <string.h>

#include "store/sqlite/sqlite.h"

static int enqueue(struct connection *conn, const struct request_source *from, plain_request *out,
                   plain_error *err)
{
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "enqueueing into", err);

    if (r != PLAIN_OK)
        return r;
    for (size_t i = 0; r >= 0 && i < from->count; i++)
        r = sqlite_insert(conn, &from->requests[i], &out[i], err);
    return connection_end(conn, r < 0 ? r : PLAIN_OK, err);
}

int sqlite_enqueue_many(struct store *store, const struct request_source *from, plain_request *out,
                        plain_error *err)
{
    memset(out, 0, from->count * sizeof(*out));
    int r = from->prepare(from->user, from->count, err);
    if (r == PLAIN_OK)
        r = enqueue(connection_of(store), from, out, err);
    if (r < 0)
        memset(out, 0, from->count * sizeof(*out));
    return r;
}
