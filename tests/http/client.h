/*
 * client.h - a client that sends what it is told, byte by byte, right or wrong
 */
#ifndef PLAIN_TESTS_HTTP_CLIENT_H
#define PLAIN_TESTS_HTTP_CLIENT_H

#include <stddef.h>

/* "127.0.0.1:8642" */
int client_connect(const char *address);
void client_send(int fd, const char *text);
void client_send_bytes(int fd, const void *bytes, size_t n);

/* One reply to a GET, by its Content-Length; client_receive_head() one to a HEAD. Text that is
 * valid to the next call. */
enum { CLIENT_REPLY_SIZE = 64 * 1024 };
struct client_reply {
    int status; /* 0: the connection was closed before a whole reply came */
    char head[CLIENT_REPLY_SIZE], body[CLIENT_REPLY_SIZE];
};
const struct client_reply *client_receive(int fd);
const struct client_reply *client_receive_head(int fd);

/* Whether the server has closed the connection, with nothing more said. Waits for it. */
int client_is_closed(int fd);

/* A connection for one request, which is closed again. */
const struct client_reply *client_ask(const char *address, const char *text);
const struct client_reply *client_ask_bytes(const char *address, const void *bytes, size_t n);

/* The value of a header, "" when there is none; valid to the next call. */
const char *client_header(const struct client_reply *reply, const char *name);

#endif
