#include "admin/admin.h"

#include <string.h>

#include "admin/assets.h"
#include "admin/page.h"
#include "base/error.h"
#include "base/text.h"

enum { CONTENT_MAX = HTTP_BODY_MAX - 64 * 1024, ASSET_CACHE_S = 300 };

static const struct route {
    const char *path; /* one that ends with '/' has something behind it, but the first */
    const char *title;
    page_content *content;
} routes[] = {
    {"/", "Overview", page_overview},
    {"/requests", "Requests", page_requests},
    {"/processes", "Processes", page_processes},
    {"/results", "Results", page_results},
    {"/queues", "Queues", page_queues},
    {"/workers", "Workers", page_workers},
    {"/j/", "Job", page_job},
};

static bool is_below(const struct route *route, const char *path)
{
    size_t n = strlen(route->path);

    return n > 1 && route->path[n - 1] == '/' && text_starts_with(path, route->path) &&
           !strchr(path + n, '/');
}

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        if (strcmp(routes[i].path, path) == 0 || is_below(&routes[i], path))
            return &routes[i];
    }
    return NULL;
}

/* Without a number: those are of commands. */
static int no_such(const char *what, plain_error *err)
{
    (void)error_set(err, PLAIN_E_NOT_FOUND, 0, "", "%s", what);
    return PLAIN_NONE;
}

static int open_store(const struct admin *admin, struct page *p, plain_error *err)
{
    int r = store_open(admin->url, STORE_READ_ONLY | STORE_HASTY, &p->store, err);

    return r == PLAIN_OK ? store_check_schema(p->store, err) : r;
}

/* What could not be told is not left out without a word. */
static int check_whole(const struct page *p, plain_error *err)
{
    if (!arena_ok(p->arena))
        return error_nomem(err);
    if (buf_ok(p->out))
        return PLAIN_OK;
    int r = error_set(err, PLAIN_E_REFUSED, 703, "", "this page would be larger than %d MiB",
                      CONTENT_MAX / (1024 * 1024));
    error_fix(err, "ask for less, or use the commands of `plain jobs`");
    return r;
}

static int status_of(int code)
{
    static const struct {
        int code, status;
    } statuses[] = {{PLAIN_OK, 200},
                    {PLAIN_NONE, 404},
                    {PLAIN_E_INVALID, 400},
                    {PLAIN_E_REFUSED, 500},
                    {PLAIN_E_NOMEM, 500}};

    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        if (statuses[i].code == code)
            return statuses[i].status;
    }
    return 503;
}

static int fill(const struct admin *admin, const struct route *route, struct page *p, int *status,
                plain_error *err)
{
    int r = open_store(admin, p, err);

    *status = 503; /* whatever is wrong with it, no visitor made it so */
    if (r == PLAIN_OK) {
        r = route->content(p, err);
        if (r == PLAIN_OK)
            r = check_whole(p, err);
        if (r == PLAIN_NONE)
            r = no_such("There is no such job: it was never here, or its results are cleared.",
                        err);
        *status = status_of(r);
    }
    store_close(p->store);
    return r;
}

static void answer_page(const struct admin *admin, const struct http_request *request,
                        struct http_reply *reply)
{
    const struct route *route = find_route(request->path);
    struct arena arena = ARENA_INIT;
    struct buf content = BUF_INIT(CONTENT_MAX);
    struct page p = {.request = request,
                     .title = route ? route->title : "Not found",
                     .arena = &arena,
                     .out = &content,
                     .utc = admin->utc};
    plain_error err = {0};
    int r = route ? fill(admin, route, &p, &reply->status, &err)
                  : no_such("There is no such page.", &err);

    if (r != PLAIN_OK) {
        buf_reset(&content);
        page_put_error(&content, &err);
    }
    if (!route)
        reply->status = status_of(r);
    page_document(&reply->body, request->path, p.title, content.data);
    buf_release(&content);
    arena_release(&arena);
}

void admin_answer(void *user, const struct http_request *request, struct http_reply *reply)
{
    static const struct {
        const char *path, *type, *text;
    } assets[] = {
        {"/assets/admin.css", "text/css; charset=utf-8", asset_admin_css},
        {"/assets/admin.svg", "image/svg+xml; charset=utf-8", asset_admin_svg},
    };

    for (size_t i = 0; i < ARRAY_SIZE(assets); i++) {
        if (strcmp(request->path, assets[i].path) == 0) {
            reply->type = assets[i].type;
            reply->cache_s = ASSET_CACHE_S;
            buf_puts(&reply->body, assets[i].text);
            return;
        }
    }
    answer_page(user, request, reply);
}
