/* listen.h - the socket on which a server waits for connections */
#ifndef PLAIN_HTTP_LISTEN_H
#define PLAIN_HTTP_LISTEN_H

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "http/address.h"

/* listen as in struct http_options. *fd is the caller's, *at is where it listens. Errors are those
 * of http_start(). */
int http_listen(const char *listen, int *fd, struct http_address *at,
                plain_error *err) PLAIN_MUST_USE;

#endif
