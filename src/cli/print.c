#include "cli/print.h"

#include "admin/row_table.h"
#include "cli/table_print.h"

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

void print_row_json(struct json_writer *j, const struct job_row *row)
{
    json_begin(j, NULL, '{');
    json_put_text(j, "status", row_state(row));
    for (size_t i = 0; i < ARRAY_SIZE(row_fields); i++)
        put_field(j, &row_fields[i], (const char *)row + row_fields[i].offset);
    json_end(j, '}');
}

void print_rows(struct cli *cli, enum job_table table, const struct job_row *rows, size_t count,
                int64_t now)
{
    struct table t;

    row_table(&t, &cli->arena, table, rows, count, now, cli->utc);
    table_print(&t, cli->colour, &cli->out);
}
