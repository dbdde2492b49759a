#include "admin/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void html_begin(struct buf *b, const char *tag, const char *css)
{
    if (css)
        buf_putf(b, "<%s class=\"%s\">", tag, css);
    else
        buf_putf(b, "<%s>", tag);
}

void html_end(struct buf *b, const char *tag)
{
    buf_putf(b, "</%s>", tag);
}

static void put_character(struct buf *b, char c)
{
    switch (c) {
    case '&':
        buf_puts(b, "&amp;");
        break;
    case '<':
        buf_puts(b, "&lt;");
        break;
    case '>':
        buf_puts(b, "&gt;");
        break;
    case '"':
        buf_puts(b, "&quot;");
        break;
    case '\'':
        buf_puts(b, "&#39;");
        break;
    default:
        buf_putc(b, c);
        break;
    }
}

void html_value(struct buf *b, const char *text)
{
    for (; *text; text++)
        put_character(b, *text);
}

void html_text(struct buf *b, const char *text)
{
    struct buf escaped = BUF_INIT(b->max);

    buf_put_escaped(&escaped, text);
    html_value(b, escaped.data);
    if (!buf_ok(&escaped))
        b->broken = true;
    buf_release(&escaped);
}

static void put_format(struct buf *b, const char *fmt, va_list ap) PLAIN_PRINTF(2, 0);
static void put_format(struct buf *b, const char *fmt, va_list ap)
{
    enum { TEXT_MAX = 4096 };
    char text[TEXT_MAX];

    (void)vsnprintf(text, sizeof(text), fmt, ap);
    html_text(b, text);
}

void html_textf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_format(b, fmt, ap);
    va_end(ap);
}

void html_element(struct buf *b, const char *tag, const char *css, const char *text)
{
    html_begin(b, tag, css);
    html_text(b, text);
    html_end(b, tag);
}

void html_elementf(struct buf *b, const char *tag, const char *css, const char *fmt, ...)
{
    va_list ap;

    html_begin(b, tag, css);
    va_start(ap, fmt);
    put_format(b, fmt, ap);
    va_end(ap);
    html_end(b, tag);
}

void html_link(struct buf *b, const char *page, const char *text)
{
    buf_puts(b, "<a href=\"/");
    html_text(b, page);
    buf_puts(b, "\">");
    html_text(b, text);
    html_end(b, "a");
}

static const char *const paint_classes[] = {
    [PAINT_NONE] = NULL,     [PAINT_BOLD] = "bold",     [PAINT_DIM] = "dim",  [PAINT_RED] = "red",
    [PAINT_GREEN] = "green", [PAINT_YELLOW] = "yellow", [PAINT_BLUE] = "blue"};

static void put_titles(struct buf *b, const struct table *t)
{
    html_begin(b, "thead", NULL);
    html_begin(b, "tr", NULL);
    for (size_t c = 0; c < t->column_count; c++) {
        buf_putf(b, "<th scope=\"col\"%s>", t->columns[c].right ? " class=\"number\"" : "");
        html_text(b, t->columns[c].title);
        html_end(b, "th");
    }
    html_end(b, "tr");
    html_end(b, "thead");
}

static void put_cell(struct buf *b, const struct table_cell *cell, bool right)
{
    const char *css = paint_classes[cell->paint];

    html_begin(b, "td", right ? "number" : NULL);
    if (css)
        html_begin(b, "span", css);
    if (cell->page)
        html_link(b, cell->page, cell->text);
    else
        html_text(b, cell->text);
    if (css)
        html_end(b, "span");
    html_end(b, "td");
}

void html_table(struct buf *b, const struct table *t)
{
    html_begin(b, "div", "scroll");
    html_begin(b, "table", NULL);
    put_titles(b, t);
    html_begin(b, "tbody", NULL);
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t c = i % t->column_count;

        if (c == 0)
            html_begin(b, "tr", NULL);
        put_cell(b, &t->cells[i], t->columns[c].right);
        if (c + 1 == t->column_count)
            html_end(b, "tr");
    }
    html_end(b, "tbody");
    html_end(b, "table");
    html_end(b, "div");
}
