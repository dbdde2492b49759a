#include "cli/report.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/json_writer.h"
#include "cli/terminal.h"

/* More than any plain_error takes when each of its bytes is escaped. */
enum { REPORT_MAX = 16 * 1024 };

static void put_block(struct buf *b, const plain_error *err, bool colours)
{
    char label[32];

    if (err->pj)
        (void)snprintf(label, sizeof(label), "error[PJ%d]:", err->pj);
    else
        (void)snprintf(label, sizeof(label), "error:");
    paint_text(b, colours, PAINT_RED, label);
    buf_putc(b, ' ');
    buf_put_escaped(b, err->message);
    buf_putc(b, '\n');
    if (!err->fix[0])
        return;
    paint_text(b, colours, PAINT_DIM, "  \xE2\x86\x92 ");
    buf_put_escaped(b, err->fix);
    buf_putc(b, '\n');
}

static void put_object(struct buf *b, const plain_error *err)
{
    struct json_writer j;
    char number[16];

    (void)snprintf(number, sizeof(number), "PJ%d", err->pj);
    json_begin_document(&j, b);
    json_begin(&j, "error", '{');
    json_put_text(&j, "code", plain_error_name(err->code));
    json_put_text(&j, "pj", err->pj ? number : NULL);
    json_put_text(&j, "field", err->field);
    json_put_text(&j, "message", err->message);
    json_put_text(&j, "fix", err->fix);
    json_put_int(&j, "native", err->native);
    json_put_text(&j, "sqlstate", err->sqlstate);
    json_put_bool(&j, "retryable", err->retryable);
    json_end(&j, '}');
    json_end_document(&j);
}

void report_error(const plain_error *err, bool json, bool colours)
{
    struct buf b = BUF_INIT(REPORT_MAX);

    if (json)
        put_object(&b, err);
    else
        put_block(&b, err, colours);
    if (buf_ok(&b))
        (void)fputs(b.data, stderr);
    else /* no memory: the message alone needs none, and holds no control characters */
        (void)fprintf(stderr, "error[PJ%d]: %s\n", err->pj, err->message);
    buf_release(&b);
}
