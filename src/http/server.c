#include "http/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "http/guard.h"
#include "http/listen.h"
#include "http/microhttpd.h"
#include "http/target.h"

enum { CONNECTION_MEMORY = 32 * 1024 };

struct http_server {
    struct MHD_Daemon *daemon;
    http_answer *answer;
    void *user;
    char address[HTTP_ADDRESS_SIZE];
};

static const struct header {
    const char *name, *value;
} always[] = {
    {"Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "
                                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return microhttpd.MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_cache(struct MHD_Response *response, int cache_s)
{
    char value[48] = "no-store";

    if (cache_s > 0)
        (void)snprintf(value, sizeof(value), "public, max-age=%d", cache_s);
    return add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, value);
}

static bool add_headers(struct MHD_Response *response, int status, const char *type, int cache_s)
{
    for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
        if (!add_header(response, always[i].name, always[i].value))
            return false;
    }
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED &&
        !add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD"))
        return false;
    return add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) && add_cache(response, cache_s);
}

/* Takes response, which may be NULL. MHD_NO closes the connection without a word, which is all that
 * is left when there is no memory. */
static enum MHD_Result queue(struct MHD_Connection *connection, struct MHD_Response *response,
                             int status, const char *type, int cache_s)
{
    enum MHD_Result result = MHD_NO;

    if (!response)
        return MHD_NO;
    if (add_headers(response, status, type, cache_s))
        result = microhttpd.MHD_queue_response(connection, (unsigned)status, response);
    microhttpd.MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_refusal(struct MHD_Connection *connection,
                                    const struct http_refusal *refusal)
{
    /* Its type has no const, but nobody writes to what is persistent. */
    union {
        const char *given;
        void *wanted;
    } u = {.given = refusal->text};

    return queue(connection,
                 microhttpd.MHD_create_response_from_buffer(strlen(refusal->text), u.wanted,
                                                            MHD_RESPMEM_PERSISTENT),
                 refusal->status, "text/plain; charset=utf-8", 0);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct http_reply *reply)
{
    static const struct http_refusal broken = {
        MHD_HTTP_INTERNAL_SERVER_ERROR,
        "This page could not be made: it is too large, or memory is short. Ask for less at a "
        "time.\n"};
    size_t n;
    char *body = buf_take(&reply->body, &n);

    if (!body)
        return send_refusal(connection, &broken);
    struct MHD_Response *response =
        microhttpd.MHD_create_response_from_buffer_with_free_callback(n, body, mem_free);
    if (!response)
        mem_free(body);
    return queue(connection, response, reply->status, reply->type, reply->cache_s);
}

static enum MHD_Result answer(const struct http_server *server, struct MHD_Connection *connection,
                              const char *url)
{
    struct arena arena = ARENA_INIT;
    struct http_request request;
    struct http_reply reply = {
        .status = MHD_HTTP_OK, .type = "text/html; charset=utf-8", .body = BUF_INIT(HTTP_BODY_MAX)};
    enum MHD_Result result;
    const struct http_refusal *refusal = http_target_read(connection, url, &arena, &request);

    if (refusal) {
        result = send_refusal(connection, refusal);
    } else {
        server->answer(server->user, &request, &reply);
        result = send_reply(connection, &reply);
    }
    buf_release(&reply.body);
    arena_release(&arena);
    return result;
}

/* Called twice for each request: with its headers, when a refusal saves reading its body, and when
 * all of it is there. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **state)
{
    static char judged;

    (void)version;
    (void)body; /* there is none: http_guard() */
    (void)body_size;
    if (*state)
        return answer(user, connection, url);
    const struct http_refusal *refusal = http_guard(connection, method);
    if (refusal)
        return send_refusal(connection, refusal);
    *state = &judged;
    return MHD_YES;
}

/* Without an error log: it would go to stderr, and tells of nothing but what clients do wrong. */
static struct MHD_Daemon *start_daemon(struct http_server *server, int fd)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, HTTP_THREADS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)http_target_keep, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    return microhttpd.MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL,
                                       handle, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/* Threads inherit the mask of whoever starts them: so theirs take no signal that is meant for the
 * main thread, and none of a client that is gone (SIGPIPE). */
static int start_threads(struct http_server *server, int fd, plain_error *err)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = 0;
    server->daemon = start_daemon(server, fd);
    int number = errno ? errno : EAGAIN;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (server->daemon)
        return PLAIN_OK;
    /* The socket is not ours any more: libmicrohttpd has closed it. */
    return error_set_errno(err, PLAIN_E_IO, 705, "", number, "starting the threads of HTTP");
}

int http_start(const struct http_options *options, struct http_server **out, plain_error *err)
{
    struct http_address at;
    int fd;
    int r = microhttpd_load(err);

    if (r < 0)
        return r;
    struct http_server *server = mem_zalloc(1, sizeof(*server));
    if (!server)
        return error_nomem(err);
    server->answer = options->answer;
    server->user = options->user;
    r = http_listen(options->listen, &fd, &at, err);
    if (r == PLAIN_OK) {
        (void)http_address_text(&at, server->address);
        r = start_threads(server, fd, err);
    }
    if (r < 0) {
        mem_free(server);
        return r;
    }
    *out = server;
    return PLAIN_OK;
}

const char *http_address(const struct http_server *server)
{
    return server->address;
}

void http_stop(struct http_server *server)
{
    if (!server)
        return;
    microhttpd.MHD_stop_daemon(server->daemon);
    mem_free(server);
}
