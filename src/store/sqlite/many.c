/* many.c - enqueueing many requests in one transaction: there is one writer, so one after another
 */
#include <string.h>

#include "store/sqlite/sqlite.h"

int sqlite_enqueue_many(struct store *store, const struct new_request *r, size_t count,
                        plain_request *out, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int result = connection_begin(conn, SQL_BEGIN_WRITE, "enqueueing into", err);

    memset(out, 0, count * sizeof(*out));
    if (result != PLAIN_OK)
        return result;
    for (size_t i = 0; result >= 0 && i < count; i++)
        result = sqlite_insert(conn, &r[i], &out[i], err);
    result = connection_end(conn, result < 0 ? result : PLAIN_OK, err);
    if (result < 0)
        memset(out, 0, count * sizeof(*out));
    return result;
}
