/*
 * address.h - where a server listens, and whom a request thinks that it talks to
 *
 * Both must be the loopback: localhost, an address of 127.0.0.0/8 in four decimal numbers, or ::1
 * in brackets. Nothing is looked up, and other spellings of an address (127.1, 0x7f000001) are
 * none: what they mean differs from program to program.
 */
#ifndef PLAIN_HTTP_ADDRESS_H
#define PLAIN_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

struct http_address {
    struct sockaddr_storage at;
    socklen_t size; /* of what is used of it */
};

/* "127.0.0.1:8642", "[::1]:8642", "localhost:8642" (which is 127.0.0.1). PLAIN_E_INVALID: PJ201 for
 * what is no address and port, PJ706 for an address that others reach. */
int http_address_parse(const char *listen, struct http_address *out,
                       plain_error *err) PLAIN_MUST_USE;

/* "127.0.0.1:8642"; returns out. */
enum { HTTP_ADDRESS_SIZE = 64 };
const char *http_address_text(const struct http_address *address, char out[HTTP_ADDRESS_SIZE]);

/* Whether the value of a Host header names the loopback; any port or none. */
bool http_host_is_loopback(const char *host);

#endif
