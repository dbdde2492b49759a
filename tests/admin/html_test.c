/* html_test.c - what html.h and page_url.h promise */
#include "admin/html.h"

#include <plain/jobs/uuid.h>

#include "admin/page_url.h"
#include "tests/harness/harness.h"

static struct buf out = BUF_INIT(1 << 20);

static void a_text_is_only_a_text(void **state)
{
    (void)state;
    html_text(&out, "<b>\"Tom\" & 'Ada'</b> &lt; \xC3\xA9");
    harness_assert_written(
        &out, "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Ada&#39;&lt;/b&gt; &amp;lt; \xC3\xA9");
    html_textf(&out, "%s", "<i>");
    harness_assert_written(&out, "&lt;i&gt;");
    html_element(&out, "p", "bad", "a > b");
    harness_assert_written(&out, "<p class=\"bad\">a &gt; b</p>");
}

/* Right-to-left overrides, escapes of a terminal, and bytes that are no UTF-8. */
static void what_is_not_seen_is_made_visible(void **state)
{
    (void)state;
    html_text(&out, "a\x1b[2J\xE2\x80\xAE"
                    "b\xFF");
    harness_assert_written(&out, "a\\u001b[2J\\u202eb\xEF\xBF\xBD");
}

static void an_address_cannot_leave_its_attribute(void **state)
{
    (void)state;
    html_link(&out, "x\"><script>", "x\"><script>");
    harness_assert_written(&out,
                           "<a href=\"/x&quot;&gt;&lt;script&gt;\">x&quot;&gt;&lt;script&gt;</a>");
}

static void an_address_takes_any_text(void **state)
{
    plain_uuid uuid;

    (void)state;
    put_url_text(&out, "mail ~a&b=c/d?#%\"<\xC3\xA9");
    harness_assert_written(&out, "mail%20~a%26b%3Dc%2Fd%3F%23%25%22%3C%C3%A9");
    assert_true(plain_uuid_parse("0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192", &uuid));
    put_job_url(&out, &uuid);
    harness_assert_written(&out, "j/0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192");
}

static void a_table_has_its_titles_and_links(void **state)
{
    static const struct table_column columns[] = {{"NAME", false}, {"N", true}};
    struct arena a = ARENA_INIT;
    struct table t;

    (void)state;
    table_begin(&t, &a, columns, 2, 1);
    table_add(&t, PAINT_RED, "<x>");
    table_link(&t, "requests?queue=%3Cx%3E");
    table_add(&t, PAINT_NONE, "");
    html_table(&out, &t);
    harness_assert_written(
        &out, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">NAME</th>"
              "<th scope=\"col\" class=\"number\">N</th></tr></thead><tbody><tr>"
              "<td><span class=\"red\"><a href=\"/requests?queue=%3Cx%3E\">&lt;x&gt;</a></span>"
              "</td><td class=\"number\">-</td></tr></tbody></table></div>");
    arena_release(&a);
}

/* A page that lacks something must not look whole. */
static void what_does_not_fit_breaks_the_page(void **state)
{
    struct buf small = BUF_INIT(16);

    (void)state;
    html_text(&small, "0123456789012345678901234567890");
    assert_false(buf_ok(&small));
    buf_release(&small);
}

HARNESS_MAIN(a_text_is_only_a_text, what_is_not_seen_is_made_visible,
             an_address_cannot_leave_its_attribute, an_address_takes_any_text,
             a_table_has_its_titles_and_links, what_does_not_fit_breaks_the_page)
