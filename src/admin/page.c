#include "admin/page.h"

#include <string.h>

#include "admin/html.h"
#include "base/error.h"

static const struct {
    const char *path, *title;
} menu[] = {
    {"/", "Overview"},       {"/requests", "Requests"}, {"/processes", "Processes"},
    {"/results", "Results"}, {"/queues", "Queues"},     {"/workers", "Workers"},
};

int page_parameters(const struct page *p, const char *const *names, size_t count, plain_error *err)
{
    for (size_t i = 0; i < p->request->param_count; i++) {
        const char *given = p->request->params[i].name;
        size_t n = 0;

        while (n < count && strcmp(names[n], given) != 0)
            n++;
        if (n == count) {
            int r = error_set(err, PLAIN_E_INVALID, 201, given, "this page has no parameter \"%s\"",
                              given);

            error_fix(err, "leave it out of the address");
            return r;
        }
    }
    return PLAIN_OK;
}

static void put_head(struct buf *out, const char *title)
{
    buf_puts(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html_elementf(out, "title", NULL, "%s - plain jobs", title);
    buf_puts(out, "<link rel=\"stylesheet\" href=\"/assets/admin.css\">"
                  "<link rel=\"icon\" href=\"/assets/admin.svg\"></head>");
}

static void put_menu(struct buf *out, const char *current)
{
    buf_puts(out, "<header><b>plain jobs</b><nav>");
    for (size_t i = 0; i < ARRAY_SIZE(menu); i++) {
        bool is_current = strcmp(menu[i].path, current) == 0;

        buf_putf(out, "<a href=\"%s\"%s>%s</a>", menu[i].path,
                 is_current ? " aria-current=\"page\"" : "", menu[i].title);
    }
    buf_puts(out, "</nav></header>");
}

void page_document(struct buf *out, const char *current, const char *title, const char *content)
{
    put_head(out, title);
    html_begin(out, "body", NULL);
    put_menu(out, current);
    html_begin(out, "main", NULL);
    html_element(out, "h1", NULL, title);
    buf_puts(out, content);
    buf_puts(out, "</main></body></html>\n");
}

void page_put_error(struct buf *out, const plain_error *err)
{
    html_begin(out, "p", "bad");
    if (err->pj > 0)
        html_textf(out, "PJ%03d: ", err->pj);
    html_text(out, err->message);
    html_end(out, "p");
    if (err->fix[0])
        html_element(out, "p", NULL, err->fix);
}
