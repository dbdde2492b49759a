/*
 * notify.h - telling a service manager how a service is: systemd's sd_notify(3), by hand
 *
 * A datagram of lines to the socket that NOTIFY_SOCKET names: a path, or an abstract name that
 * begins with '@'. Without one nothing is sent. What cannot be sent is not an error: the manager is
 * not what the service is there for.
 */
#ifndef PLAIN_BASE_NOTIFY_H
#define PLAIN_BASE_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/compiler.h"

struct notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un to;
    socklen_t to_length;
    int64_t watchdog_us; /* "WATCHDOG=1" is wanted at least so often; 0: it is not */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the environment, so
 * that no child speaks in our name. */
void notify_open(struct notify *n);
void notify_send(const struct notify *n, const char *lines); /* "READY=1\nSTATUS=..." */
void notify_close(struct notify *n);

#endif
