#include "store/postgres/pooler.h"

#include "base/error.h"
#include "store/postgres/fields.h"

enum { COLUMN_IS_DIRECT = 1 };

bool pooler_learn(struct session *s, const PGresult *settings)
{
    bool is_direct = true;

    field_read(settings, 0, COLUMN_IS_DIRECT, field_bool, NULL, &is_direct);
    s->pooled.is = !is_direct;
    return s->pooled.is;
}

void pooler_forget(struct session *s)
{
    s->pooled = (struct session_pooled){0};
}

static bool begins(enum sql_name name)
{
    return name == SQL_BEGIN_COMMITTED || name == SQL_BEGIN_SNAPSHOT || name == SQL_BEGIN_WRITE;
}

/* Not in front of BEGIN: the level of a transaction must be said before its first query. */
bool pooler_wants_settings(struct session *s, enum sql_name name)
{
    struct session_pooled *p = &s->pooled;

    if (!p->is || s->sent_count > 0)
        return false;
    if (begins(name)) {
        p->in_block = p->is_bare = true;
        return false;
    }
    bool wants = !p->in_block || (p->is_bare && name != SQL_ROLLBACK);
    p->is_bare = false;
    if (name == SQL_COMMIT || name == SQL_ROLLBACK)
        p->in_block = false;
    return wants;
}

void pooler_synced(struct session *s, int failed, int link)
{
    if ((failed < 0 || link < 0) && !s->spans)
        s->pooled.in_block = s->pooled.is_bare = false;
}
