#include "store/postgres/transaction.h"

#include "store/postgres/adopt.h"

static int say(struct session *s, enum sql_name word, plain_error *err)
{
    session_send(s, word);
    return session_sync(s, NULL, 0, err);
}

static int begin(struct session *s, enum sql_name how, plain_error *err)
{
    int r = s->adopted.is ? PLAIN_OK : say(s, how, err);

    s->spans = r == PLAIN_OK;
    return r;
}

int transaction_begin(struct session *s, plain_error *err)
{
    return begin(s, SQL_BEGIN_COMMITTED, err);
}

int transaction_begin_snapshot(struct session *s, plain_error *err)
{
    return begin(s, SQL_BEGIN_SNAPSHOT, err);
}

static int end_own(struct session *s, int result, plain_error *err)
{
    if (result == PLAIN_OK)
        return say(s, SQL_COMMIT, err);
    /* A connection that was lost has undone it; one that cannot is closed, which does. */
    if (s->conn && say(s, SQL_ROLLBACK, NULL) != PLAIN_OK)
        session_drop(s);
    return result;
}

int transaction_end(struct session *s, int result, plain_error *err)
{
    s->spans = false;
    return s->adopted.is ? adopted_session_end(s, result, err) : end_own(s, result, err);
}
