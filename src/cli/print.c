#include "cli/print.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "cli/table.h"
#include "queue/moment.h"

/* How a column of store.h's struct job_row becomes a member; *_OR_NULL: negative (an id: 0) is
 * "not known". */
enum field_kind {
    FIELD_TEXT,
    FIELD_RAW,
    FIELD_UUID,
    FIELD_TIME,
    FIELD_INT,
    FIELD_INT_OR_NULL,
    FIELD_PID,
    FIELD_BIG_OR_NULL
};

static const struct row_field {
    const char *name;
    enum field_kind kind;
    size_t offset;
} row_fields[] = {
#define FIELD(name, kind, member)                                                                  \
    {                                                                                              \
        name, FIELD_##kind, offsetof(struct job_row, member)                                       \
    }
    FIELD("request_uuid", UUID, request_uuid),
    FIELD("process_uuid", UUID, token),
    FIELD("root_uuid", UUID, root_uuid),
    FIELD("retry_of", UUID, retry_of),
    FIELD("retry_request_uuid", UUID, retry_request_uuid),
    FIELD("job_class", TEXT, job_class),
    FIELD("parameters", RAW, parameters),
    FIELD("queue", TEXT, queue),
    FIELD("priority", INT, priority),
    FIELD("retries", INT, retries),
    FIELD("retry_attempt", INT, retry_attempt),
    FIELD("run", INT, run_no),
    FIELD("crash_count", INT, crash_count),
    FIELD("concurrency_key", TEXT, concurrency_key),
    FIELD("source", TEXT, source),
    FIELD("requested_at", TIME, requested_at),
    FIELD("start_at", TIME, start_at),
    FIELD("claimed_at", TIME, claimed_at),
    FIELD("started_at", TIME, started_at),
    FIELD("cancel_at", TIME, cancel_at),
    FIELD("cancel_by", TEXT, cancel_by),
    FIELD("ended_at", TIME, ended_at),
    FIELD("error", TEXT, error),
    FIELD("error_type", TEXT, error_type),
    FIELD("error_message", TEXT, error_message),
    FIELD("error_fingerprint", TEXT, fingerprint),
    FIELD("exit_code", INT_OR_NULL, exit_code),
    FIELD("exit_signal", INT_OR_NULL, exit_signal),
    FIELD("worker_id", UUID, worker_id),
    FIELD("worker_host", TEXT, worker_host),
    FIELD("worker_pid", PID, worker_pid),
    FIELD("runner_pid", PID, runner_pid),
    FIELD("cpu_us", BIG_OR_NULL, cpu_us),
    FIELD("max_rss_kb", BIG_OR_NULL, max_rss_kb),
    FIELD("output", TEXT, output),
#undef FIELD
};

static void put_int_above(struct json_writer *j, const char *name, int64_t value, int64_t least)
{
    if (value < least)
        json_put_null(j, name);
    else
        json_put_int(j, name, value);
}

static void put_field(struct json_writer *j, const struct row_field *f, const void *at)
{
    switch (f->kind) {
    case FIELD_TEXT:
        json_put_text(j, f->name, *(const char *const *)at);
        break;
    case FIELD_RAW:
        json_put_raw(j, f->name, *(const char *const *)at);
        break;
    case FIELD_UUID:
        json_put_uuid(j, f->name, at);
        break;
    case FIELD_TIME:
        json_put_time(j, f->name, *(const int64_t *)at);
        break;
    case FIELD_INT:
        json_put_int(j, f->name, *(const int *)at);
        break;
    case FIELD_INT_OR_NULL:
        put_int_above(j, f->name, *(const int *)at, 0);
        break;
    case FIELD_PID:
        put_int_above(j, f->name, *(const int *)at, 1);
        break;
    case FIELD_BIG_OR_NULL:
        put_int_above(j, f->name, *(const int64_t *)at, 0);
        break;
    }
}

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

void print_row_json(struct json_writer *j, const struct job_row *row)
{
    json_begin(j, NULL, '{');
    json_put_text(j, "status", row_state(row));
    for (size_t i = 0; i < ARRAY_SIZE(row_fields); i++)
        put_field(j, &row_fields[i], (const char *)row + row_fields[i].offset);
    json_end(j, '}');
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
        put_duration(b, to - from);
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
};

enum { COLUMNS_MAX = 10, NARROW = 36, WIDE = 60 };

static const struct view_column request_columns[] = {
    {{"UUID", false}, put_request_uuid, 0, NULL},
    {{"CLASS", false}, put_class, 0, NULL},
    {{"QUEUE", false}, put_queue, 0, NULL},
    {{"PRIO", true}, put_priority, 0, NULL},
    {{"TRY", true}, put_try, 0, NULL},
    {{"DUE", false}, put_due, 0, NULL},
    {{"AGE", true}, put_age, 0, NULL},
    {{"KEY", false}, put_key, 0, NULL},
    {{"PARAMETERS", false}, put_arguments, WIDE, NULL},
};
static const struct view_column process_columns[] = {
    {{"UUID", false}, put_token, 0, NULL},
    {{"CLASS", false}, put_class, 0, NULL},
    {{"QUEUE", false}, put_queue, 0, NULL},
    {{"TRY", true}, put_try, 0, NULL},
    {{"WAIT", true}, put_wait, 0, NULL},
    {{"FOR", true}, put_run_time, 0, NULL},
    {{"STARTED", false}, put_started, 0, NULL},
    {{"CANCELLING", false}, put_cancelling, WIDE, is_cancelling},
    {{"PARAMETERS", false}, put_arguments, WIDE, NULL},
};
static const struct view_column result_columns[] = {
    {{"UUID", false}, put_token, 0, NULL},
    {{"STATUS", false}, put_state, 0, NULL},
    {{"CLASS", false}, put_class, 0, NULL},
    {{"QUEUE", false}, put_queue, 0, NULL},
    {{"WAIT", true}, put_wait, 0, NULL},
    {{"RUN", true}, put_run_time, 0, NULL},
    {{"TRY", true}, put_try, 0, NULL},
    {{"ENDED", false}, put_ended, 0, NULL},
    {{"PARAMETERS", false}, put_arguments, NARROW, NULL},
    {{"ERROR", false}, put_error, WIDE, NULL},
};

static const struct {
    const struct view_column *columns;
    size_t count;
} views[] = {
    [TABLE_REQUEST] = {request_columns, ARRAY_SIZE(request_columns)},
    [TABLE_PROCESS] = {process_columns, ARRAY_SIZE(process_columns)},
    [TABLE_RESULT] = {result_columns, ARRAY_SIZE(result_columns)},
};

/* Parameters and errors can be long: only their beginning is wanted here. */
static void add_cell(struct table *t, const struct view_column *column, const struct view *v)
{
    struct buf whole = BUF_INIT(PARAMETERS_ROOM);
    struct buf shown = BUF_INIT(PARAMETERS_ROOM);
    enum paint paint = column->put == put_state ? row_paint(v->row) : PAINT_NONE;

    column->put(&whole, v);
    if (column->columns)
        put_shortened(&shown, whole.data, column->columns);
    table_add(t, paint, column->columns ? shown.data : whole.data);
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

void print_rows(struct cli *cli, enum job_table table, const struct job_row *rows, size_t count,
                int64_t now)
{
    const struct view_column *columns[COLUMNS_MAX];
    struct table_column heads[COLUMNS_MAX];
    struct table t;
    size_t shown = 0;

    for (size_t c = 0; c < views[table].count; c++) {
        if (is_wanted(&views[table].columns[c], rows, count)) {
            columns[shown] = &views[table].columns[c];
            heads[shown] = columns[shown]->head;
            shown++;
        }
    }
    table_begin(&t, &cli->arena, heads, shown, count);
    for (size_t i = 0; i < count; i++) {
        struct view v = {.row = &rows[i], .now = now, .utc = cli->utc};

        for (size_t c = 0; c < shown; c++)
            add_cell(&t, columns[c], &v);
    }
    table_print(&t, cli->colour, &cli->out);
}
