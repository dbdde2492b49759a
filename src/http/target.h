/*
 * target.h - the path and the parameters that a request asks for
 *
 * Decoded by ourselves and strictly, since libmicrohttpd hands on what is no escape as it is, and a
 * path that is cut off at its first NUL.
 */
#ifndef PLAIN_HTTP_TARGET_H
#define PLAIN_HTTP_TARGET_H

#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "http/guard.h"
#include "http/server.h"

/* libmicrohttpd's callback for escapes: leaves them, for us to see. */
size_t http_target_keep(void *user, struct MHD_Connection *connection, char *text);

/* url as libmicrohttpd gives it behind http_target_keep(). Texts lie in arena. NULL when it is
 * fine. */
const struct http_refusal *http_target_read(struct MHD_Connection *connection, const char *url,
                                            struct arena *arena,
                                            struct http_request *out) PLAIN_MUST_USE;

#endif
