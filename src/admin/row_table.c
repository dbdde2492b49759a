#include "admin/row_table.h"

#include "admin/moment.h"
#include "admin/page_url.h"
#include "admin/row_words.h"
#include "base/clock.h"
#include "base/text_width.h"
#include "base/uuid.h"

/* More than a row can hold, whoever wrote it with reason. */
enum { CELL_ROOM = 64 * PLAIN_PARAMETERS_MAX };

enum paint row_paint(const struct job_row *row)
{
    static const enum paint paints[JOB_STATUS_COUNT] = {
        [JOB_SUCCESSFUL] = PAINT_GREEN, [JOB_ERRORED] = PAINT_RED, [JOB_CANCELLED] = PAINT_DIM,
        [JOB_DEFERRED] = PAINT_YELLOW,  [JOB_LOST] = PAINT_RED,
    };

    if (row->table == TABLE_RESULT)
        return paints[row->status];
    return row->table == TABLE_REQUEST ? PAINT_NONE : PAINT_BLUE;
}

/* What a column shows of a row. */
struct view {
    const struct job_row *row;
    int64_t now;
    bool utc;
};
typedef void put_cell(struct buf *b, const struct view *v);

static void put_uuid(struct buf *b, const plain_uuid *uuid)
{
    char text[PLAIN_UUID_TEXT];

    buf_puts(b, uuid_is_zero(uuid) ? "-" : plain_uuid_format(uuid, text));
}

static void put_request_uuid(struct buf *b, const struct view *v)
{
    put_uuid(b, &v->row->request_uuid);
}

static void put_token(struct buf *b, const struct view *v)
{
    put_uuid(b, &v->row->token);
}

static void put_state(struct buf *b, const struct view *v)
{
    buf_puts(b, row_state(v->row));
}

static void put_class(struct buf *b, const struct view *v)
{
    buf_puts(b, v->row->job_class);
}

static void put_queue(struct buf *b, const struct view *v)
{
    buf_puts(b, v->row->queue);
}

static void put_key(struct buf *b, const struct view *v)
{
    buf_puts(b,
             v->row->concurrency_key && *v->row->concurrency_key ? v->row->concurrency_key : "-");
}

static void put_priority(struct buf *b, const struct view *v)
{
    buf_putf(b, "%d", v->row->priority);
}

static void put_try(struct buf *b, const struct view *v)
{
    put_attempt(b, v->row, "/");
}

static void put_due(struct buf *b, const struct view *v)
{
    put_time(b, row_due_at(v->row), v->utc, false);
}

static void put_age(struct buf *b, const struct view *v)
{
    put_duration(b, clock_since(v->now, v->row->requested_at));
}

static void put_between(struct buf *b, int64_t from, int64_t to)
{
    if (from == STORE_NO_TIME || to == STORE_NO_TIME)
        buf_putc(b, '-');
    else
        put_duration(b, clock_since(to, from));
}

static void put_wait(struct buf *b, const struct view *v)
{
    put_between(b, row_due_at(v->row), v->row->started_at);
}

static void put_run_time(struct buf *b, const struct view *v)
{
    put_between(b, v->row->started_at, v->row->table == TABLE_RESULT ? v->row->ended_at : v->now);
}

static void put_started(struct buf *b, const struct view *v)
{
    put_time(b, v->row->started_at, v->utc, false);
}

static void put_ended(struct buf *b, const struct view *v)
{
    put_time(b, v->row->ended_at, v->utc, false);
}

/* "3 s by cli(ada@job1)" */
static void put_cancelling(struct buf *b, const struct view *v)
{
    if (v->row->cancel_at == STORE_NO_TIME) {
        buf_putc(b, '-');
        return;
    }
    put_duration(b, clock_since(v->now, v->row->cancel_at));
    if (v->row->cancel_by && *v->row->cancel_by)
        buf_putf(b, " by %s", v->row->cancel_by);
}

static void put_job_page(struct buf *b, const struct view *v)
{
    put_job_url(b, v->row->table == TABLE_REQUEST ? &v->row->request_uuid : &v->row->token);
}

static bool is_cancelling(const struct job_row *row)
{
    return row->cancel_at != STORE_NO_TIME;
}

static void put_arguments(struct buf *b, const struct view *v)
{
    put_parameters(b, v->row->parameters);
}

static void put_error(struct buf *b, const struct view *v)
{
    if (v->row->error_type && *v->row->error_type)
        buf_putf(b, "%s: ", v->row->error_type);
    buf_puts(b, v->row->error_message ? v->row->error_message : "");
}

struct view_column {
    struct table_column head;
    put_cell *put;
    size_t columns;                            /* at most so wide; 0: any */
    bool (*is_wanted)(const struct job_row *); /* shown when it is for some row; NULL: always */
    put_cell *put_page;                        /* its address; NULL: no link */
};

enum { COLUMNS_MAX = 10, NARROW = 36, WIDE = 60 };

static const struct view_column request_columns[] = {
    {{"UUID", false}, put_request_uuid, 0, NULL, put_job_page},
    {{"CLASS", false}, put_class, 0, NULL, NULL},
    {{"QUEUE", false}, put_queue, 0, NULL, NULL},
    {{"PRIO", true}, put_priority, 0, NULL, NULL},
    {{"TRY", true}, put_try, 0, NULL, NULL},
    {{"DUE", false}, put_due, 0, NULL, NULL},
    {{"AGE", true}, put_age, 0, NULL, NULL},
    {{"KEY", false}, put_key, 0, NULL, NULL},
    {{"PARAMETERS", false}, put_arguments, WIDE, NULL, NULL},
};
static const struct view_column process_columns[] = {
    {{"UUID", false}, put_token, 0, NULL, put_job_page},
    {{"CLASS", false}, put_class, 0, NULL, NULL},
    {{"QUEUE", false}, put_queue, 0, NULL, NULL},
    {{"TRY", true}, put_try, 0, NULL, NULL},
    {{"WAIT", true}, put_wait, 0, NULL, NULL},
    {{"FOR", true}, put_run_time, 0, NULL, NULL},
    {{"STARTED", false}, put_started, 0, NULL, NULL},
    {{"CANCELLING", false}, put_cancelling, WIDE, is_cancelling, NULL},
    {{"PARAMETERS", false}, put_arguments, WIDE, NULL, NULL},
};
static const struct view_column result_columns[] = {
    {{"UUID", false}, put_token, 0, NULL, put_job_page},
    {{"STATUS", false}, put_state, 0, NULL, NULL},
    {{"CLASS", false}, put_class, 0, NULL, NULL},
    {{"QUEUE", false}, put_queue, 0, NULL, NULL},
    {{"WAIT", true}, put_wait, 0, NULL, NULL},
    {{"RUN", true}, put_run_time, 0, NULL, NULL},
    {{"TRY", true}, put_try, 0, NULL, NULL},
    {{"ENDED", false}, put_ended, 0, NULL, NULL},
    {{"PARAMETERS", false}, put_arguments, NARROW, NULL, NULL},
    {{"ERROR", false}, put_error, WIDE, NULL, NULL},
};

static const struct {
    const struct view_column *columns;
    size_t count;
} views[] = {
    [TABLE_REQUEST] = {request_columns, ARRAY_SIZE(request_columns)},
    [TABLE_PROCESS] = {process_columns, ARRAY_SIZE(process_columns)},
    [TABLE_RESULT] = {result_columns, ARRAY_SIZE(result_columns)},
};

static void link_cell(struct table *t, put_cell *put_page, const struct view *v)
{
    struct buf page = BUF_INIT(256);

    put_page(&page, v);
    table_link(t, page.data);
    buf_release(&page);
}

/* Parameters and errors can be long: only their beginning is wanted here. */
static void add_cell(struct table *t, const struct view_column *column, const struct view *v)
{
    struct buf whole = BUF_INIT(CELL_ROOM);
    struct buf shown = BUF_INIT(CELL_ROOM);
    enum paint paint = column->put == put_state ? row_paint(v->row) : PAINT_NONE;

    column->put(&whole, v);
    if (column->columns)
        put_shortened(&shown, whole.data, column->columns);
    table_add(t, paint, column->columns ? shown.data : whole.data);
    if (column->put_page)
        link_cell(t, column->put_page, v);
    buf_release(&whole);
    buf_release(&shown);
}

static bool is_wanted(const struct view_column *column, const struct job_row *rows, size_t count)
{
    for (size_t i = 0; column->is_wanted && i < count; i++) {
        if (column->is_wanted(&rows[i]))
            return true;
    }
    return !column->is_wanted;
}

void row_table(struct table *t, struct arena *a, enum job_table table, const struct job_row *rows,
               size_t count, int64_t now, bool utc)
{
    const struct view_column *columns[COLUMNS_MAX];
    struct table_column *heads = arena_array(a, COLUMNS_MAX, sizeof(*heads));
    size_t shown = 0;

    for (size_t c = 0; heads && c < views[table].count; c++) {
        if (is_wanted(&views[table].columns[c], rows, count)) {
            columns[shown] = &views[table].columns[c];
            heads[shown] = columns[shown]->head;
            shown++;
        }
    }
    table_begin(t, a, heads, shown, count);
    for (size_t i = 0; i < count; i++) {
        struct view v = {.row = &rows[i], .now = now, .utc = utc};

        for (size_t c = 0; c < shown; c++)
            add_cell(t, columns[c], &v);
    }
}
