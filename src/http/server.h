/*
 * server.h - HTTP/1.1 for pages that only show, on an address that nobody else reaches
 *
 * libmicrohttpd behind an interface of ours. Requests are answered by two threads of it, so two
 * answers may be made at the same time. A connection belongs to one of them: what comes over it, or
 * over another of the same thread, waits while that makes an answer.
 *
 * What is refused before an answer is asked for, whatever the path:
 *
 * - any method but GET and HEAD (405), a body, Transfer-Encoding or a repeated Content-Length, a
 *   header whose name is none, since it could have been meant as one of these (400),
 * - not exactly one Host (400), and a Host that is no name of the loopback (403): a page of another
 *   site whose name was made to mean 127.0.0.1 cannot read ours (DNS rebinding),
 * - any sign of a proxy, Forwarded, X-Forwarded-..., Via or X-Real-IP (403): behind one everybody
 *   looks local, and there is no login that could tell them apart,
 * - what is no path but a whole address (400),
 * - a path or parameter that is no UTF-8, holds an escaped NUL or a % that escapes nothing, a
 *   parameter that is given twice, more than HTTP_PARAMS_MAX of them (400).
 *
 * A refusal says in plain text what helps. Every reply of ours forbids scripts, frames, foreign
 * content, sniffing and referrers, and caches only what says how long. What cannot be read as a
 * request, or is longer than 32 KiB, libmicrohttpd refuses itself, with a page of its own or by
 * closing the connection; what stands behind a NUL in a line it does not see, and so nobody does.
 * Sources: RFC 9110 and 9112; the OWASP notes on DNS rebinding.
 */
#ifndef PLAIN_HTTP_SERVER_H
#define PLAIN_HTTP_SERVER_H

#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/buf.h"
#include "base/compiler.h"

enum { HTTP_PARAMS_MAX = 16, HTTP_CONNECTIONS_MAX = 64, HTTP_IDLE_S = 30, HTTP_THREADS = 2 };
enum { HTTP_BODY_MAX = 8 * 1024 * 1024 }; /* a larger one is broken, and so a 500 */

struct http_param {
    const char *name, *value; /* decoded; "" for a name without "=" */
};

/* Everything lives as long as the call of the answer. */
struct http_request {
    const char *path; /* decoded; begins with '/', and is otherwise as it was sent ("//", "..") */
    struct http_param params[HTTP_PARAMS_MAX];
    size_t param_count;
};

/* NULL when there is none of that name. */
const char *http_param(const struct http_request *request, const char *name);

/* To be filled; begins as 200, text/html, not to be cached. */
struct http_reply {
    int status;
    const char *type; /* of the body; a constant */
    int cache_s;      /* 0: not to be cached */
    struct buf body;  /* empty at first; the server releases it. A broken one becomes a 500 */
};

/* Threads: called by two at the same time. Must not take for ever: nobody stops it. */
typedef void http_answer(void *user, const struct http_request *request, struct http_reply *reply);

struct http_options {
    const char *listen; /* "127.0.0.1:8642", "[::1]:8642", "localhost:8642"; port 0: a free one.
                           NULL: HTTP_PORT of 127.0.0.1 or, when that is taken, a free one */
    http_answer *answer;
    void *user;
};
enum { HTTP_PORT = 8642 };

struct http_server;

/* Listens and answers from now on. PLAIN_E_INVALID: PJ201 (field "listen") for what is no address
 * and port, PJ706 for an address that others reach; PLAIN_E_IO (PJ705) when the port is taken or
 * libmicrohttpd is not installed. Does not block. Its threads block every signal, so none that is
 * meant for another thread ends there. *out is the caller's: http_stop(). */
int http_start(const struct http_options *options, struct http_server **out,
               plain_error *err) PLAIN_MUST_USE;

/* "127.0.0.1:8642": where it listens; lives as long as the server. */
const char *http_address(const struct http_server *server);

/* Takes no more requests, waits for answers that are being made (which may not be sent any more),
 * closes all connections, and frees it. NULL is fine. */
void http_stop(struct http_server *server);

#endif
