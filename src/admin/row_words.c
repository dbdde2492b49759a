#include "admin/row_words.h"

#include <string.h>

#include "core/json.h"
#include "core/params.h"

const char *row_state(const struct job_row *row)
{
    if (row->table == TABLE_RESULT)
        return job_status_names[row->status];
    return row->table == TABLE_REQUEST ? "PENDING" : "PROCESSING";
}

int64_t row_due_at(const struct job_row *row)
{
    return row->start_at != STORE_NO_TIME ? row->start_at : row->requested_at;
}

void put_attempt(struct buf *b, const struct job_row *row, const char *of)
{
    buf_putf(b, "%d", row->retry_attempt + 1);
    if (row->retry_attempt <= row->retries)
        buf_putf(b, "%s%d", of, row->retries + 1);
}

/* The items of args, or the members of kwargs. */
static void put_members(struct buf *b, struct jtext container)
{
    struct jtext_walk walk = jtext_walk_start(container);
    struct jtext_member m;

    while (jtext_walk_next(&walk, &m)) {
        if (b->len > 0)
            buf_putc(b, ' ');
        if (m.key.n > 2) {
            buf_put(b, m.key.p + 1, m.key.n - 2);
            buf_putc(b, '=');
        }
        buf_put(b, m.value.p, m.value.n);
    }
}

void put_parameters(struct buf *b, const char *stored)
{
    struct jtext whole;
    struct jtext_member m;

    if (!stored)
        return;
    if (jtext_check(stored, strlen(stored), PARAMS_DEPTH_MAX + 1, "", &whole, NULL) < 0 ||
        jtext_kind(whole) != JTEXT_OBJECT) {
        buf_puts(b, stored);
        return;
    }
    struct jtext_walk walk = jtext_walk_start(whole);
    size_t others = 0;
    while (jtext_walk_next(&walk, &m)) {
        enum jtext_kind kind = jtext_kind(m.value);
        bool is_part = jtext_key_is(m.key, "args") || jtext_key_is(m.key, "kwargs");

        if (is_part && (kind == JTEXT_OBJECT || kind == JTEXT_ARRAY))
            put_members(b, m.value);
        others += !is_part;
    }
    if (b->len == 0 && others > 0) /* not the stored form */
        buf_puts(b, stored);
}
