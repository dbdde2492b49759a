/* server_test.c - a server in this process, and clients that behave well, badly or not at all */
#include "http/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/harness/harness.h"
#include "tests/http/client.h"

#define HOST                 "Host: localhost\r\n"
#define GET_HEAD(path, more) "GET " path " HTTP/1.1\r\n" HOST more "\r\n"
#define GET(path)            GET_HEAD(path, "")

static struct http_server *server;
static atomic_int answers;

/* A gate at which answers to /slow wait. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting;
static bool is_open;

static void wait_at_gate(void)
{
    (void)pthread_mutex_lock(&mutex);
    waiting++;
    (void)pthread_cond_broadcast(&changed);
    while (!is_open)
        (void)pthread_cond_wait(&changed, &mutex);
    waiting--;
    (void)pthread_mutex_unlock(&mutex);
}

static void await_waiting(int n)
{
    (void)pthread_mutex_lock(&mutex);
    while (waiting < n)
        (void)pthread_cond_wait(&changed, &mutex);
    (void)pthread_mutex_unlock(&mutex);
}

static void set_gate(bool open)
{
    (void)pthread_mutex_lock(&mutex);
    is_open = open;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&mutex);
}

/* Tells what it was asked for. */
static void echo(const struct http_request *request, struct http_reply *reply)
{
    buf_putf(&reply->body, "[%s]", request->path);
    for (size_t i = 0; i < request->param_count; i++)
        buf_putf(&reply->body, " %s=[%s]", request->params[i].name, request->params[i].value);
}

static void answer(void *user, const struct http_request *request, struct http_reply *reply)
{
    assert_ptr_equal(user, &answers);
    answers++;
    if (strcmp(request->path, "/slow") == 0)
        wait_at_gate();
    if (strcmp(request->path, "/style.css") == 0) {
        reply->type = "text/css";
        reply->cache_s = 3600;
    }
    if (strcmp(request->path, "/nothing") == 0)
        reply->status = 404;
    if (strcmp(request->path, "/empty") == 0)
        return;
    if (strcmp(request->path, "/broken") == 0)
        reply->body.broken = true;
    echo(request, reply);
}

static void start(void)
{
    const struct http_options options = {
        .listen = "127.0.0.1:0", .answer = answer, .user = &answers};
    plain_error err = {0};

    answers = 0;
    is_open = false;
    int r = http_start(&options, &server, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(r, PLAIN_OK);
}

static const struct client_reply *ask(const char *text)
{
    return client_ask(http_address(server), text);
}

static void a_page_is_answered(void **state)
{
    (void)state;
    start();
    const struct client_reply *reply = ask(GET("/a?b=c"));
    assert_int_equal(reply->status, 200);
    assert_string_equal(reply->body, "[/a] b=[c]");
    http_stop(server);
}

static const char *const security[][2] = {
    {"Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "
                                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

static void check_security(const struct client_reply *reply)
{
    for (size_t i = 0; i < sizeof(security) / sizeof(security[0]); i++)
        assert_string_equal(client_header(reply, security[i][0]), security[i][1]);
}

/* A refusal of ours: in words, and without having asked for an answer. */
static void check_refused(const struct client_reply *reply, int status)
{
    assert_int_equal(reply->status, status);
    assert_string_equal(client_header(reply, "Content-Type"), "text/plain; charset=utf-8");
    assert_true(strlen(reply->body) > 40);
    assert_int_equal(reply->body[strlen(reply->body) - 1], '\n');
    check_security(reply);
    assert_int_equal(answers, 0);
}

static void refuses(const char *request, int status)
{
    check_refused(ask(request), status);
}

/* One that libmicrohttpd refuses by itself: with a status or by closing the connection. */
static void is_not_answered(const struct client_reply *reply)
{
    assert_true(reply->status == 0 || reply->status >= 400);
    assert_int_equal(answers, 0);
}

/* The server works as before. */
static void is_well(void)
{
    assert_int_equal(ask(GET("/well"))->status, 200);
}

static void every_reply_forbids_what_pages_do_not_need(void **state)
{
    (void)state;
    start();
    const struct client_reply *reply = ask(GET("/"));
    check_security(reply);
    assert_string_equal(client_header(reply, "Content-Type"), "text/html; charset=utf-8");
    check_security(ask(GET("/nothing")));
    check_security(ask(GET("/broken")));
    http_stop(server);
}

static void what_says_how_long_is_cached(void **state)
{
    (void)state;
    start();
    const struct client_reply *reply = ask(GET("/style.css"));
    assert_string_equal(client_header(reply, "Content-Type"), "text/css");
    assert_string_equal(client_header(reply, "Cache-Control"), "public, max-age=3600");
    http_stop(server);
}

static void the_answer_sets_the_status(void **state)
{
    (void)state;
    start();
    const struct client_reply *reply = ask(GET("/nothing"));
    assert_int_equal(reply->status, 404);
    assert_string_equal(reply->body, "[/nothing]");
    reply = ask(GET("/empty"));
    assert_int_equal(reply->status, 200);
    assert_string_equal(client_header(reply, "Content-Length"), "0");
    http_stop(server);
}

static void a_broken_body_is_an_error(void **state)
{
    (void)state;
    start();
    const struct client_reply *reply = ask(GET("/broken"));
    assert_int_equal(reply->status, 500);
    assert_string_equal(client_header(reply, "Content-Type"), "text/plain; charset=utf-8");
    assert_non_null(strstr(reply->body, "too large"));
    is_well();
    http_stop(server);
}

static void head_is_a_get_without_its_body(void **state)
{
    (void)state;
    start();
    int fd = client_connect(http_address(server));
    client_send(fd, "HEAD /a?b=c HTTP/1.1\r\n" HOST "\r\n" GET("/next"));
    const struct client_reply *reply = client_receive_head(fd);
    assert_int_equal(reply->status, 200);
    assert_string_equal(client_header(reply, "Content-Length"), "10");
    check_security(reply);
    assert_string_equal(client_receive(fd)->body, "[/next]"); /* no body before it */
    (void)close(fd);
    http_stop(server);
}

static void a_connection_serves_many_requests(void **state)
{
    (void)state;
    start();
    int fd = client_connect(http_address(server));
    for (int i = 0; i < 20; i++) {
        client_send(fd, GET("/again"));
        assert_string_equal(client_receive(fd)->body, "[/again]");
    }
    client_send(fd, GET_HEAD("/last", "Connection: close\r\n"));
    assert_string_equal(client_receive(fd)->body, "[/last]");
    assert_true(client_is_closed(fd));
    (void)close(fd);
    http_stop(server);
}

static void pipelined_requests_are_answered_in_turn(void **state)
{
    (void)state;
    start();
    int fd = client_connect(http_address(server));
    client_send(fd, GET("/1?a=b") GET("/2") GET("/3?a=c"));
    assert_string_equal(client_receive(fd)->body, "[/1] a=[b]");
    assert_string_equal(client_receive(fd)->body, "[/2]");
    assert_string_equal(client_receive(fd)->body, "[/3] a=[c]");
    (void)close(fd);
    http_stop(server);
}

static void a_request_may_come_in_pieces(void **state)
{
    static const char request[] = GET_HEAD("/slowly?a=1", "User-Agent: x\r\n");

    (void)state;
    start();
    int fd = client_connect(http_address(server));
    for (size_t i = 0; request[i]; i++)
        client_send_bytes(fd, request + i, 1);
    assert_string_equal(client_receive(fd)->body, "[/slowly] a=[1]");
    (void)close(fd);
    http_stop(server);
}

static void only_get_and_head_are_allowed(void **state)
{
    static const char *const methods[] = {"POST",    "PUT",   "DELETE", "OPTIONS", "PATCH",
                                          "CONNECT", "TRACE", "get",    "GETS",    "Head"};
    char request[128];

    (void)state;
    start();
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        (void)snprintf(request, sizeof(request), "%s / HTTP/1.1\r\n" HOST "\r\n", methods[i]);
        const struct client_reply *reply = ask(request);
        check_refused(reply, 405);
        assert_string_equal(client_header(reply, "Allow"), "GET, HEAD");
    }
    refuses("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na=b", 405);
    refuses("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 405);
    is_well();
    http_stop(server);
}

static void there_must_be_one_host(void **state)
{
    (void)state;
    start();
    refuses("GET / HTTP/1.1\r\n\r\n", 400);
    refuses("GET / HTTP/1.0\r\n\r\n", 400);
    refuses("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
    refuses("GET / HTTP/1.1\r\n" HOST "hOsT: evil.example\r\n\r\n", 400);
    is_well();
    http_stop(server);
}

static void it_must_be_the_loopback(void **state)
{
    (void)state;
    start();
    refuses("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403);
    refuses("GET / HTTP/1.1\r\nHost: localhost.evil.example:8642\r\n\r\n", 403);
    refuses("GET / HTTP/1.1\r\nHost: 0.0.0.0\r\n\r\n", 403);
    refuses("GET / HTTP/1.1\r\nHost:\r\n\r\n", 403);
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n")->status, 200);
    assert_int_equal(ask("GET / HTTP/1.1\r\nhost:[::1]:8642\r\n\r\n")->status, 200);
    assert_int_equal(ask("GET / HTTP/1.0\r\n" HOST "\r\n")->status, 200);
    http_stop(server);
}

static void a_body_is_refused(void **state)
{
    (void)state;
    start();
    refuses(GET_HEAD("/", "Content-Length: 3\r\n") "abc", 400);
    refuses(GET_HEAD("/", "Content-Length: 0\r\nContent-Length: 0\r\n"), 400);
    refuses(GET_HEAD("/", "Content-Length: 3\r\ncontent-length: 0\r\n") "abc", 400);
    refuses(GET_HEAD("/", "Transfer-Encoding: chunked\r\n") "0\r\n\r\n", 400);
    refuses(GET_HEAD("/", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n", 400);
    refuses(GET_HEAD("/", "Transfer-Encoding: gzip\r\n"), 400);
    refuses(GET_HEAD("/", "Content-Length: 3\r\nExpect: 100-continue\r\n"), 400);
    is_not_answered(ask(GET_HEAD("/", "Content-Length: -1\r\n")));
    is_not_answered(ask(GET_HEAD("/", "Content-Length: 99999999999999999999\r\n")));
    assert_int_equal(ask(GET_HEAD("/", "Content-Length: 0\r\n"))->status, 200);
    http_stop(server);
}

/* Its bytes could be meant as another request. */
static void a_refused_body_is_never_read_as_a_request(void **state)
{
    (void)state;
    start();
    int fd = client_connect(http_address(server));
    client_send(fd, GET_HEAD("/", "Content-Length: 37\r\n") GET("/smuggled"));
    check_refused(client_receive(fd), 400);
    assert_true(client_is_closed(fd));
    assert_int_equal(answers, 0);
    (void)close(fd);
    http_stop(server);
}

static void a_proxy_is_refused(void **state)
{
    (void)state;
    start();
    refuses(GET_HEAD("/", "X-Forwarded-For: 127.0.0.1\r\n"), 403);
    refuses(GET_HEAD("/", "x-forwarded-proto: https\r\n"), 403);
    refuses(GET_HEAD("/", "Forwarded: for=127.0.0.1\r\n"), 403);
    refuses(GET_HEAD("/", "FORWARDED:\r\n"), 403);
    refuses(GET_HEAD("/", "Via: 1.1 proxy\r\n"), 403);
    refuses(GET_HEAD("/", "X-Real-IP: 10.0.0.1\r\n"), 403);
    assert_int_equal(ask(GET_HEAD("/", "X-Forward: 1\r\nX-Real: 1\r\nVia-: 1\r\n"))->status, 200);
    http_stop(server);
}

static void path_and_parameters_are_decoded(void **state)
{
    (void)state;
    start();
    assert_string_equal(ask(GET("/a%2Fb/%c3%A4+%25"))->body, "[/a/b/\xC3\xA4+%]");
    assert_string_equal(ask(GET("/?a=b%26c+d%2Be&x%3dy=%C3%A4"))->body,
                        "[/] a=[b&c d+e] x=y=[\xC3\xA4]");
    assert_string_equal(ask(GET("/?a&b=&=c&d=e=f"))->body, "[/] a=[] b=[] =[c] d=[e=f]");
    assert_string_equal(ask(GET("/?"))->body, "[/]");
    assert_string_equal(ask(GET("//x/../y"))->body, "[//x/../y]");
    http_stop(server);
}

static void what_is_no_text_is_refused(void **state)
{
    static const char *const targets[] = {
        "/a%00b",     "/%00",    "/?a=%00",          "/?a=b%00", "/?%00=a",
        "/%ff",       "/\xff",   "/?a=%c3",          "/?%80",    "/?a=\xc3",
        "/%ed%a0%80", "/%c0%af", "/?a=%f5%80%80%80", "/%",       "/%4",
        "/%zz",       "/?a=%",   "/?a=%4",           "/?%g0=1",  "/%-1",
        "/?a=%+1",
    };
    char request[128];

    (void)state;
    start();
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
        refuses(request, 400);
    }
    is_well();
    http_stop(server);
}

static void a_target_must_be_a_path(void **state)
{
    (void)state;
    start();
    refuses(GET("http://127.0.0.1/"), 400);
    refuses(GET("index.html"), 400);
    refuses(GET("*"), 400);
    refuses(GET("/a b"), 400);
    refuses(GET("/ HTTP/1.1"), 400);
    is_not_answered(ask("GET /\r\n" HOST "\r\n"));
    http_stop(server);
}

static void a_parameter_is_given_once(void **state)
{
    (void)state;
    start();
    refuses(GET("/?a=1&a=2"), 400);
    refuses(GET("/?a=1&b=2&%61=1"), 400);
    refuses(GET("/?a&a"), 400);
    assert_int_equal(ask(GET("/?a=1&A=1"))->status, 200);
    http_stop(server);
}

static void there_are_sixteen_parameters_at_most(void **state)
{
    (void)state;
    start();
    refuses(GET("/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q"), 400);
    assert_int_equal(ask(GET("/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p"))->status, 200);
    http_stop(server);
}

/* One header line, or the request line, of n bytes. */
static void is_not_answered_with(const char *start_of, const char *end_of, size_t n)
{
    struct buf request = BUF_INIT(1024 * 1024);

    buf_puts(&request, start_of);
    for (size_t i = 0; i < n; i++)
        buf_putc(&request, 'x');
    buf_puts(&request, end_of);
    assert_true(buf_ok(&request));
    is_not_answered(client_ask_bytes(http_address(server), request.data, request.len));
    buf_release(&request);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    start();
    is_not_answered_with("GET /", " HTTP/1.1\r\n" HOST "\r\n", 100000);
    is_not_answered_with("GET / HTTP/1.1\r\n" HOST "X: ", "\r\n\r\n", 100000);
    is_not_answered_with("", " / HTTP/1.1\r\n" HOST "\r\n", 100000);
    is_well();
    http_stop(server);
}

static void many_headers_are_refused(void **state)
{
    struct buf request = BUF_INIT(1024 * 1024);

    (void)state;
    start();
    buf_puts(&request, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 5000; i++)
        buf_puts(&request, "X: y\r\n");
    buf_puts(&request, "\r\n");
    is_not_answered(client_ask_bytes(http_address(server), request.data, request.len));
    buf_release(&request);
    is_well();
    http_stop(server);
}

/* Says it and goes away: libmicrohttpd waits for more behind the half of a request. */
static void say(const void *bytes, size_t n)
{
    int fd = client_connect(http_address(server));

    client_send_bytes(fd, bytes, n);
    (void)close(fd);
    is_well();
    assert_int_equal(answers, 1);
    answers = 0;
}

static void garbage_is_not_answered(void **state)
{
    static const char tls[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n";
    static const char nuls[64] = {0};
    static const char nul_in_name[] = "GET / HTTP/1.1\r\n" HOST "X\0Y: 1\r\n\r\n";

    (void)state;
    start();
    say(tls, sizeof(tls) - 1);
    say(nuls, sizeof(nuls));
    say("", 0);
    say("\r\n\r\n\r\n", 6);
    say("GET", 3);
    is_not_answered(client_ask_bytes(http_address(server), nul_in_name, sizeof(nul_in_name) - 1));
    is_not_answered(ask("GET / HTTP/9.9\r\n" HOST "\r\n"));
    is_not_answered(ask("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"));
    http_stop(server);
}

/* What stands behind it could be meant as another request. */
static void the_name_of_a_header_must_be_one(void **state)
{
    (void)state;
    start();
    refuses(GET_HEAD("/", "Content-Length : 20\r\n") GET("/smuggled"), 400);
    refuses(GET_HEAD("/", "Transfer-Encoding\t: chunked\r\n") GET("/smuggled"), 400);
    refuses(GET_HEAD("/", "X(Y): 1\r\n"), 400);
    is_well();
    http_stop(server);
}

/* Every byte that a request may hold, one after the other, at three places of it. */
static void any_byte_does_no_harm(void **state)
{
    static const size_t places[] = {5, 21, 60};

    (void)state;
    start();
    for (int c = 0; c < 256; c++) {
        char request[] =
            "GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: y\r\n\r\n"
            "\r\n\r\n"; /* where the byte has made one end of line less */
        request[places[c % 3]] = (char)c;
        (void)client_ask_bytes(http_address(server), request, sizeof(request) - 1);
    }
    is_well();
    http_stop(server);
}

static void who_says_nothing_holds_up_nobody(void **state)
{
    enum { SILENT = 20 };
    int fds[SILENT];

    (void)state;
    start();
    for (int i = 0; i < SILENT; i++) {
        fds[i] = client_connect(http_address(server));
        client_send(fds[i], i % 2 ? "GET /" : "");
    }
    for (int i = 0; i < 10; i++)
        is_well();
    for (int i = 0; i < SILENT; i++)
        (void)close(fds[i]);
    http_stop(server);
}

static void who_goes_away_harms_nobody(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 20; i++) {
        int fd = client_connect(http_address(server));
        client_send(fd, GET("/a") GET("/b") GET("/c"));
        (void)close(fd);
    }
    is_well();
    http_stop(server);
}

static void a_slow_answer_does_not_stop_another(void **state)
{
    (void)state;
    start();
    int fd = client_connect(http_address(server));
    client_send(fd, GET("/slow"));
    await_waiting(1);
    is_well();
    set_gate(true);
    assert_string_equal(client_receive(fd)->body, "[/slow]");
    (void)close(fd);
    http_stop(server);
}

static void *stop(void *ended)
{
    http_stop(server);
    *(atomic_bool *)ended = true;
    return NULL;
}

static void stopping_waits_for_answers(void **state)
{
    pthread_t thread;
    atomic_bool ended = false;

    (void)state;
    start();
    int fd = client_connect(http_address(server));
    client_send(fd, GET("/slow"));
    await_waiting(1);
    assert_int_equal(pthread_create(&thread, NULL, stop, &ended), 0);
    (void)usleep(50 * 1000); /* it would be over by now, and may be as slow as it likes */
    assert_false(ended);
    set_gate(true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(ended);
    (void)close(fd);
}

/* Threads that are at their limit of connections do not look at the socket that listens. */
static void stopping_ends_all_connections(void **state)
{
    int fds[HTTP_CONNECTIONS_MAX + 4];

    (void)state;
    start();
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        fds[i] = client_connect(http_address(server));
    for (int i = 0; i < 4; i++)
        client_send(fds[i], GET("/a"));
    assert_int_equal(client_receive(fds[0])->status, 200);
    http_stop(server);
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (i >= 4)
            assert_true(client_is_closed(fds[i]));
        (void)close(fds[i]);
    }
}

static void a_port_that_is_taken_is_refused(void **state)
{
    (void)state;
    start();
    const struct http_options options = {
        .listen = http_address(server), .answer = answer, .user = &answers};
    struct http_server *second = NULL;
    plain_error err = {0};
    assert_int_equal(http_start(&options, &second, &err), PLAIN_E_IO);
    assert_int_equal(err.pj, 705);
    assert_string_equal(err.field, "listen");
    assert_int_equal(err.native, EADDRINUSE);
    assert_non_null(strstr(err.message, options.listen));
    assert_non_null(strstr(err.fix, "another port"));
    assert_null(second);
    http_stop(server);
}

/* Connections that the one before has closed linger in the kernel for a minute. */
static void a_server_that_was_stopped_can_be_started_again(void **state)
{
    char address[64];

    (void)state;
    start();
    (void)snprintf(address, sizeof(address), "%s", http_address(server));
    int fd = client_connect(address);
    client_send(fd, GET("/"));
    assert_int_equal(client_receive(fd)->status, 200);
    http_stop(server);
    (void)close(fd);
    const struct http_options options = {.listen = address, .answer = answer, .user = &answers};
    assert_int_equal(http_start(&options, &server, NULL), PLAIN_OK);
    assert_string_equal(http_address(server), address);
    is_well();
    http_stop(server);
}

static void the_usual_port_or_a_free_one_is_taken(void **state)
{
    const struct http_options options = {.answer = answer, .user = &answers};
    struct http_server *second;

    (void)state;
    assert_int_equal(http_start(&options, &server, NULL), PLAIN_OK);
    assert_int_equal(http_start(&options, &second, NULL), PLAIN_OK);
    assert_string_not_equal(http_address(server), http_address(second));
    assert_memory_equal(http_address(second), "127.0.0.1:", 10);
    assert_string_not_equal(http_address(second), "127.0.0.1:0");
    is_well();
    http_stop(second);
    http_stop(server);
}

static void an_address_that_others_reach_is_refused(void **state)
{
    const struct http_options options = {.listen = "0.0.0.0:0", .answer = answer};
    plain_error err = {0};

    (void)state;
    assert_int_equal(http_start(&options, &server, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 706);
}

static void stopping_nothing_is_fine(void **state)
{
    (void)state;
    http_stop(NULL);
}

static void note_signal(int number)
{
    (void)number;
}

/* Of all threads only this one does not block it, so it takes it here, in pause(). */
static void its_threads_take_no_signal(void **state)
{
    sigset_t usr1, before, pending;

    (void)state;
    (void)sigemptyset(&usr1);
    (void)sigaddset(&usr1, SIGUSR1);
    void (*old)(int) = signal(SIGUSR1, note_signal);
    start();
    is_well();
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &usr1, &before), 0);
    assert_false(sigismember(&before, SIGUSR1)); /* http_start() has put it back */
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    is_well();
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, SIGUSR1));
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGUSR1, old);
    http_stop(server);
}

static int start_and_stop(void)
{
    const struct http_options options = {
        .listen = "127.0.0.1:0", .answer = answer, .user = &answers};
    int r = http_start(&options, &server, NULL);

    if (r == PLAIN_OK)
        http_stop(server);
    return r;
}

static void starting_without_memory_fails(void **state)
{
    (void)state;
    harness_fail_each_allocation(start_and_stop, PLAIN_E_NOMEM);
}

/* Whatever allocation fails: an error, or no reply, and the next request is answered. */
static void an_answer_without_memory_is_an_error(void **state)
{
    unsigned n = 0;

    (void)state;
    start();
    for (bool failed = true; failed; n++) {
        harness_fail_allocation(n);
        const struct client_reply *reply = ask(GET("/a?b=c&d=e"));
        failed = harness_allocation_failed();
        assert_int_equal(reply->status, failed ? 500 : 200);
    }
    assert_true(n > 1);
    http_stop(server);
}

HARNESS_MAIN(a_page_is_answered, every_reply_forbids_what_pages_do_not_need,
             what_says_how_long_is_cached, the_answer_sets_the_status, a_broken_body_is_an_error,
             head_is_a_get_without_its_body, a_connection_serves_many_requests,
             pipelined_requests_are_answered_in_turn, a_request_may_come_in_pieces,
             only_get_and_head_are_allowed, there_must_be_one_host, it_must_be_the_loopback,
             a_body_is_refused, a_refused_body_is_never_read_as_a_request, a_proxy_is_refused,
             path_and_parameters_are_decoded, what_is_no_text_is_refused, a_target_must_be_a_path,
             a_parameter_is_given_once, there_are_sixteen_parameters_at_most, too_much_is_refused,
             many_headers_are_refused, garbage_is_not_answered, the_name_of_a_header_must_be_one,
             any_byte_does_no_harm, who_says_nothing_holds_up_nobody, who_goes_away_harms_nobody,
             a_slow_answer_does_not_stop_another, stopping_waits_for_answers,
             stopping_ends_all_connections, a_port_that_is_taken_is_refused,
             a_server_that_was_stopped_can_be_started_again, the_usual_port_or_a_free_one_is_taken,
             an_address_that_others_reach_is_refused, stopping_nothing_is_fine,
             its_threads_take_no_signal, starting_without_memory_fails,
             an_answer_without_memory_is_an_error)
