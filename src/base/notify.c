#define _GNU_SOURCE
#include "base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

/* False for what is no address of a socket. */
static bool read_address(struct notify *n, const char *name)
{
    size_t length = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || name[1] == '\0' || length >= sizeof(n->to.sun_path))
        return false;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, name, length);
    if (name[0] == '@')
        n->to.sun_path[0] = '\0';
    else
        length++; /* a path has its NUL */
    n->to_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

static int64_t read_watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t us, whose;

    if (!usec || !text_parse_int64(usec, 1, INT64_MAX, &us))
        return 0;
    if (pid && (!text_parse_int64(pid, 1, INT32_MAX, &whose) || whose != getpid()))
        return 0;
    return us;
}

void notify_open(struct notify *n)
{
    const char *name = getenv("NOTIFY_SOCKET");

    *n = (struct notify){.fd = -1};
    if (name && read_address(n, name)) {
        n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        n->watchdog_us = n->fd >= 0 ? read_watchdog() : 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        (void)unsetenv(names[i]);
}

void notify_send(const struct notify *n, const char *lines)
{
    if (n->fd >= 0)
        (void)sendto(n->fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&n->to,
                     n->to_length);
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        (void)close(n->fd);
    n->fd = -1;
}
