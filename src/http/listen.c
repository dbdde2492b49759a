#include "http/listen.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "http/server.h"

/* What helps, where it is another thing than with files. */
static const struct {
    int number;
    const char *fix;
} fixes[] = {
    {EADDRINUSE, "another program, or another of these, listens there: choose another port, or 0 "
                 "for a free one"},
    {EACCES, "choose a port above 1023: those below are root's"},
    {EADDRNOTAVAIL, "this machine does not have that address: listen on 127.0.0.1"},
    {EAFNOSUPPORT, "this machine has no IPv6: listen on 127.0.0.1"},
};

static int refuse(int number, const struct http_address *at, plain_error *err)
{
    char text[HTTP_ADDRESS_SIZE];
    int r = error_set_errno(err, PLAIN_E_IO, 705, "listen", number, "listening on %s",
                            http_address_text(at, text));

    for (size_t i = 0; i < ARRAY_SIZE(fixes); i++) {
        if (fixes[i].number == number)
            error_fix(err, "%s", fixes[i].fix);
    }
    return r;
}

/* 0, or errno. Connections of a server before that are not quite gone do not count (SO_REUSEADDR);
 * one that listens does. */
static int open_socket(const struct http_address *at, int *out)
{
    const struct sockaddr *address = (const struct sockaddr *)&at->at;
    int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, address, at->size) != 0 || listen(fd, SOMAXCONN) != 0) {
        int number = errno;

        (void)close(fd);
        return number;
    }
    *out = fd;
    return 0;
}

static int finish(int number, int *fd, struct http_address *at, plain_error *err)
{
    if (number == 0 && getsockname(*fd, (struct sockaddr *)&at->at, &at->size) != 0) {
        number = errno;
        (void)close(*fd);
    }
    return number == 0 ? PLAIN_OK : refuse(number, at, err);
}

static int listen_anywhere(int *fd, struct http_address *at, plain_error *err)
{
    char usual[HTTP_ADDRESS_SIZE];

    (void)snprintf(usual, sizeof(usual), "127.0.0.1:%d", HTTP_PORT);
    int r = http_address_parse(usual, at, err);
    if (r < 0)
        return r;
    int number = open_socket(at, fd);
    if (number == EADDRINUSE) {
        r = http_address_parse("127.0.0.1:0", at, err);
        if (r < 0)
            return r;
        number = open_socket(at, fd);
    }
    return finish(number, fd, at, err);
}

int http_listen(const char *listen, int *fd, struct http_address *at, plain_error *err)
{
    if (!listen)
        return listen_anywhere(fd, at, err);
    int r = http_address_parse(listen, at, err);
    return r < 0 ? r : finish(open_socket(at, fd), fd, at, err);
}
