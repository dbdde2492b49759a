/*
 * page_rows.c - requests, processes and results: the newest rows of the three tables
 */
#include <string.h>

#include "admin/html.h"
#include "admin/page.h"
#include "admin/page_url.h"
#include "admin/row_table.h"
#include "base/error.h"
#include "base/text.h"

enum { ROWS = 50 };

static const struct list {
    const char *page, *what, *none;
} lists[] = {
    [TABLE_REQUEST] = {"requests", "Jobs that wait", "Nothing waits."},
    [TABLE_PROCESS] = {"processes", "Jobs that a worker has claimed",
                       "Nothing is being worked at."},
    [TABLE_RESULT] = {"results", "Attempts that have ended", "Nothing has ended yet."},
};

/* An empty field of the form is none. */
static const char *given(const struct page *p, const char *name)
{
    const char *value = http_param(p->request, name);

    return value && *value ? value : NULL;
}

static int bad_value(const char *field, const char *value, const char *range, plain_error *err)
{
    int r = error_set(err, PLAIN_E_INVALID, 201, field, "%s is %s, and not \"%s\"", field, range,
                      value);

    error_fix(err, "correct it in the address, or leave it out");
    return r;
}

static int read_filter(const struct page *p, enum job_table table, struct row_filter *out,
                       plain_error *err)
{
    static const char *const names[] = {"class", "queue", "before", "status"};
    const char *before = given(p, "before"), *status = given(p, "status");
    enum job_status number = JOB_SUCCESSFUL;
    int r = page_parameters(p, names, ARRAY_SIZE(names) - (table != TABLE_RESULT), err);

    *out = (struct row_filter){
        .job_class = given(p, "class"), .queue = given(p, "queue"), .limit = ROWS};
    if (r == PLAIN_OK && before && !text_parse_int64(before, 1, INT64_MAX, &out->before_id))
        r = bad_value("before", before, "the number of a row", err);
    if (r == PLAIN_OK && status && !job_status_parse(status, &number))
        r = bad_value("status", status, "successful, errored, cancelled, deferred or lost", err);
    if (r == PLAIN_OK && status)
        out->status = job_status_names[number];
    return r;
}

static void put_field(struct page *p, const char *name, const char *label, const char *value)
{
    html_begin(p->out, "label", NULL);
    html_text(p->out, label);
    buf_putf(p->out, " <input name=\"%s\" value=\"", name);
    html_value(p->out, value ? value : "");
    buf_puts(p->out, "\">");
    html_end(p->out, "label");
}

static void put_statuses(struct page *p, const char *chosen)
{
    buf_puts(p->out, "<label>Status <select name=\"status\"><option value=\"\">any</option>");
    for (size_t i = 0; i < JOB_STATUS_COUNT; i++) {
        bool is_chosen = chosen && strcmp(chosen, job_status_names[i]) == 0;

        buf_putf(p->out, "<option%s>%s</option>", is_chosen ? " selected" : "",
                 job_status_names[i]);
    }
    buf_puts(p->out, "</select></label>");
}

static void put_form(struct page *p, enum job_table table, const struct row_filter *filter)
{
    buf_putf(p->out, "<form action=\"/%s\">", lists[table].page);
    if (table == TABLE_RESULT)
        put_statuses(p, filter->status);
    put_field(p, "class", "Class", filter->job_class);
    put_field(p, "queue", "Queue", filter->queue);
    buf_puts(p->out, "<button>Show</button></form>");
}

static void put_param(struct buf *url, const char *name, const char *value)
{
    if (value) {
        buf_putf(url, "&%s=", name);
        put_url_text(url, value);
    }
}

/* To what is older, by the row's number: no row is skipped or shown twice when others come. */
static void put_older(struct page *p, enum job_table table, const struct row_filter *filter,
                      int64_t last_id)
{
    struct buf url = BUF_INIT((size_t)64 * 1024);

    buf_putf(&url, "%s?before=%lld", lists[table].page, (long long)last_id);
    put_param(&url, "status", filter->status);
    put_param(&url, "class", filter->job_class);
    put_param(&url, "queue", filter->queue);
    html_begin(p->out, "p", NULL);
    html_link(p->out, url.data, "Older");
    html_end(p->out, "p");
    buf_release(&url);
}

static int page_rows(struct page *p, enum job_table table, plain_error *err)
{
    struct row_filter filter;
    struct job_row *rows = NULL;
    struct table t;
    size_t count = 0;
    int64_t now = 0;
    int r = read_filter(p, table, &filter, err);

    if (r == PLAIN_OK)
        r = p->store->ops->list(p->store, table, &filter, p->arena, &rows, &count, err);
    if (r == PLAIN_OK)
        r = p->store->ops->now(p->store, &now, err);
    if (r != PLAIN_OK)
        return r;
    html_elementf(p->out, "p", NULL, "%s, newest first.", lists[table].what);
    put_form(p, table, &filter);
    if (count == 0) {
        bool all = !filter.job_class && !filter.queue && !filter.status && !filter.before_id;

        html_element(p->out, "p", "dim", all ? lists[table].none : "There are no such rows.");
        return PLAIN_OK;
    }
    row_table(&t, p->arena, table, rows, count, now, p->utc);
    html_table(p->out, &t);
    if (count == ROWS)
        put_older(p, table, &filter, rows[count - 1].id);
    return PLAIN_OK;
}

int page_requests(struct page *p, plain_error *err)
{
    return page_rows(p, TABLE_REQUEST, err);
}

int page_processes(struct page *p, plain_error *err)
{
    return page_rows(p, TABLE_PROCESS, err);
}

int page_results(struct page *p, plain_error *err)
{
    return page_rows(p, TABLE_RESULT, err);
}
