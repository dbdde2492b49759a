#include "tests/http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/harness.h"

/* Far longer than anything takes: a test that waits for it has failed. */
enum { PATIENCE_MS = 30000 };

int client_connect(const char *address)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
                             .sin_port =
                                 htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

/* What the server does not want to read any more is no failure of the test. */
void client_send_bytes(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

void client_send(int fd, const char *text)
{
    client_send_bytes(fd, text, strlen(text));
}

static ssize_t receive(int fd, char *out, size_t n)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    return recv(fd, out, n, 0);
}

/* Byte by byte, so that a second reply behind this one stays where it is. */
static bool receive_line_end(int fd, char *head, size_t size)
{
    for (size_t n = 0; n + 1 < size;) {
        if (receive(fd, head + n, 1) != 1)
            return false;
        head[++n] = '\0';
        if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static bool receive_body(int fd, struct client_reply *reply)
{
    size_t left = strtoul(client_header(reply, "Content-Length"), NULL, 10);
    size_t n = 0;

    assert_true(left < sizeof(reply->body));
    while (n < left) {
        ssize_t got = receive(fd, reply->body + n, left - n);

        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    reply->body[n] = '\0';
    return true;
}

static const struct client_reply *receive_reply(int fd, bool with_body)
{
    static struct client_reply reply;

    reply.status = 0;
    reply.head[0] = reply.body[0] = '\0';
    if (receive_line_end(fd, reply.head, sizeof(reply.head)) &&
        (!with_body || receive_body(fd, &reply)))
        reply.status = (int)strtol(reply.head + strlen("HTTP/1.1 "), NULL, 10);
    return &reply;
}

const struct client_reply *client_receive(int fd)
{
    return receive_reply(fd, true);
}

const struct client_reply *client_receive_head(int fd)
{
    return receive_reply(fd, false);
}

int client_is_closed(int fd)
{
    char c;

    return receive(fd, &c, 1) <= 0;
}

const struct client_reply *client_ask_bytes(const char *address, const void *bytes, size_t n)
{
    int fd = client_connect(address);

    client_send_bytes(fd, bytes, n);
    const struct client_reply *reply = client_receive(fd);
    (void)close(fd);
    return reply;
}

const struct client_reply *client_ask(const char *address, const char *text)
{
    return client_ask_bytes(address, text, strlen(text));
}

const char *client_header(const struct client_reply *reply, const char *name)
{
    static char value[1024];
    size_t n = strlen(name);

    value[0] = '\0';
    for (const char *line = strstr(reply->head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            line += n + 1 + strspn(line + n + 1, " ");
            size_t length = strcspn(line, "\r");
            assert_true(length < sizeof(value));
            memcpy(value, line, length);
            value[length] = '\0';
            return value;
        }
    }
    return value;
}
