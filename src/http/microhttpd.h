/*
 * microhttpd.h - libmicrohttpd, loaded when a server is started
 *
 * It comes with GnuTLS and a dozen more: linked, each program, runner and command would load them.
 * Whatever serves calls microhttpd.MHD_...(), behind a microhttpd_load() that was good.
 */
#ifndef PLAIN_HTTP_MICROHTTPD_H
#define PLAIN_HTTP_MICROHTTPD_H

#include <microhttpd.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* All that we call. */
#define MICROHTTPD_FUNCTIONS(X)                                                                    \
    X(MHD_add_response_header)                                                                     \
    X(MHD_create_response_from_buffer)                                                             \
    X(MHD_create_response_from_buffer_with_free_callback)                                          \
    X(MHD_destroy_response)                                                                        \
    X(MHD_get_connection_values_n)                                                                 \
    X(MHD_queue_response)                                                                          \
    X(MHD_start_daemon)                                                                            \
    X(MHD_stop_daemon)

#define MICROHTTPD_MEMBER(name) __typeof__(name) *name;
struct microhttpd {
    MICROHTTPD_FUNCTIONS(MICROHTTPD_MEMBER)
};
#undef MICROHTTPD_MEMBER

/* Read only behind microhttpd_load(). */
extern struct microhttpd microhttpd;

/* PLAIN_E_IO (PJ705) when it is not installed, or too old. Threads: any. */
int microhttpd_load(plain_error *err) PLAIN_MUST_USE;

#endif
