/*
 * guard.h - what is refused by its first lines, before anybody is asked for an answer
 *
 * See server.h for the list and its reasons.
 */
#ifndef PLAIN_HTTP_GUARD_H
#define PLAIN_HTTP_GUARD_H

#include "base/compiler.h"

struct MHD_Connection;

/* A status and one or two sentences for whoever sees it; static. */
struct http_refusal {
    int status;
    const char *text;
};

/* By method and headers; NULL when they are fine. */
const struct http_refusal *http_guard(struct MHD_Connection *connection,
                                      const char *method) PLAIN_MUST_USE;

#endif
