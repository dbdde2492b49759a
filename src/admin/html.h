/*
 * html.h - writing HTML to a buf
 *
 * Every text is escaped, for the terminal's sake too (see buf_put_escaped): there is no way to put
 * one in as it is, so nothing that was enqueued can become markup. Tags, classes and the names of
 * attributes are constants of ours.
 *
 *     html_begin(b, "p", "note");
 *     html_text(b, message);
 *     html_end(b, "p");
 */
#ifndef PLAIN_ADMIN_HTML_H
#define PLAIN_ADMIN_HTML_H

#include "admin/table.h"
#include "base/buf.h"
#include "base/compiler.h"

void html_begin(struct buf *b, const char *tag, const char *css); /* css NULL: no class */
void html_end(struct buf *b, const char *tag);

/* As content and between double quotes alike. */
void html_text(struct buf *b, const char *text);
/* The same for what is sent back as it is, as a field of a form: nothing is made visible. */
void html_value(struct buf *b, const char *text);
void html_textf(struct buf *b, const char *fmt, ...) PLAIN_PRINTF(2, 3); /* at most 4 KiB */

/* <tag>text</tag> */
void html_element(struct buf *b, const char *tag, const char *css, const char *text);
void html_elementf(struct buf *b, const char *tag, const char *css, const char *fmt, ...)
    PLAIN_PRINTF(4, 5);

/* A link to a page of ours: "requests?queue=mail". */
void html_link(struct buf *b, const char *page, const char *text);

/* A table that has titles; colours become classes. Wide ones scroll by themselves. */
void html_table(struct buf *b, const struct table *t);

#endif
