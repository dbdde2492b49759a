/*
 * page_job.c - the life of a job, run by run, the last one first
 */
#include <string.h>

#include "admin/html.h"
#include "admin/page.h"
#include "admin/row_facts.h"
#include "admin/row_words.h"
#include "base/text.h"
#include "base/uuid.h"

/* A run may have 64 KiB of output, and parameters a megabyte: what is shown has bounds. */
enum { RUNS_MAX = 50, PAGE_ENOUGH = 1024 * 1024, TEXT_MAX = 64 * 1024 };

static const char path[] = "/j/";

/* A list of labels and texts that is being written. */
struct list {
    struct buf *out;
    bool is_open; /* a text is: more lines of it may come */
};

static void close_text(struct list *l)
{
    if (l->is_open)
        html_end(l->out, "dd");
    l->is_open = false;
}

/* At most TEXT_MAX bytes, cut between two characters. */
static void put_text(struct buf *b, const char *text)
{
    char start[TEXT_MAX];

    if (text_copy(start, sizeof(start), text)) {
        html_text(b, start);
        return;
    }
    html_text(b, start);
    html_textf(b, "\xE2\x80\xA6 (of %zu bytes)", strlen(text));
}

static void put_fact(void *user, const char *label, const char *text)
{
    struct list *l = user;

    if (*label || !l->is_open) {
        close_text(l);
        html_element(l->out, "dt", NULL, label);
        html_begin(l->out, "dd", NULL);
        l->is_open = true;
    } else {
        buf_putc(l->out, '\n');
    }
    put_text(l->out, text);
}

static void begin_list(struct list *l)
{
    html_begin(l->out, "dl", NULL);
}

static void end_list(struct list *l)
{
    close_text(l);
    html_end(l->out, "dl");
}

static void put_run(struct page *p, const struct job_row *row, int64_t now)
{
    struct list list = {.out = p->out};
    struct facts f = {.put = put_fact, .user = &list, .utc = p->utc};

    html_begin(p->out, "h2", NULL);
    html_textf(p->out, "Run %d, attempt ", row->run_no);
    put_attempt(p->out, row, " of ");
    html_text(p->out, ": ");
    html_text(p->out, row_state(row));
    html_end(p->out, "h2");
    begin_list(&list);
    row_facts(&f, row, now);
    end_list(&list);
}

/* What can be done about it, on a terminal. */
static void put_commands(struct page *p, const struct job_row *last)
{
    static const struct {
        enum job_table table;
        const char *command;
    } commands[] = {
        {TABLE_REQUEST, "why"},    {TABLE_REQUEST, "cancel"}, {TABLE_PROCESS, "why"},
        {TABLE_PROCESS, "cancel"}, {TABLE_RESULT, "retry"},   {TABLE_RESULT, "delete"},
    };
    const plain_uuid *id = last->table == TABLE_RESULT ? &last->token : &last->request_uuid;
    char uuid[PLAIN_UUID_TEXT];

    html_begin(p->out, "p", "commands");
    html_text(p->out, "On a terminal: ");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].table == last->table)
            html_elementf(p->out, "code", NULL, "plain jobs %s %s", commands[i].command,
                          plain_uuid_format(id, uuid));
    }
    html_end(p->out, "p");
}

static void put_job(struct page *p, const struct job_row *rows, size_t count, int64_t now)
{
    const struct job_row *last = &rows[count - 1];
    struct list list = {.out = p->out};
    struct facts f = {.put = put_fact, .user = &list, .utc = p->utc};
    size_t left = count;

    p->title = last->job_class;
    html_elementf(p->out, "p", NULL, "It is %s.", row_state(last));
    begin_list(&list);
    job_facts(&f, last);
    end_list(&list);
    put_commands(p, last);
    while (left > 0 && count - left < RUNS_MAX && p->out->len < PAGE_ENOUGH)
        put_run(p, &rows[--left], now);
    if (left > 0)
        html_element(p->out, "p", "dim", "Earlier runs are left out; `plain jobs show` tells all.");
}

int page_job(struct page *p, plain_error *err)
{
    const struct store_ops *ops = p->store->ops;
    struct job_row *rows = NULL;
    plain_uuid uuid;
    size_t count = 0;
    int64_t now = 0;
    int r = page_parameters(p, NULL, 0, err);

    if (r != PLAIN_OK)
        return r;
    if (!plain_uuid_parse(p->request->path + strlen(path), &uuid))
        return PLAIN_NONE;
    r = ops->find(p->store, &uuid, RUNS_MAX + 1, p->arena, &rows, &count, err);
    if (r == PLAIN_OK)
        r = ops->now(p->store, &now, err);
    if (r == PLAIN_OK && count == 0)
        r = PLAIN_NONE;
    if (r == PLAIN_OK)
        put_job(p, rows, count, now);
    return r;
}
