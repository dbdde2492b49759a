#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* HOST or HOST:PORT, taken apart. */
struct authority {
    char host[HTTP_ADDRESS_SIZE]; /* without brackets */
    bool in_brackets;
    const char *port; /* NULL when there is none */
};

static bool copy_host(struct authority *a, const char *host, size_t n)
{
    if (n == 0 || n >= sizeof(a->host))
        return false;
    memcpy(a->host, host, n);
    a->host[n] = '\0';
    return true;
}

static bool split(const char *text, struct authority *a)
{
    const char *host = *text == '[' ? text + 1 : text;
    size_t n = strcspn(host, *text == '[' ? "]" : ":");
    const char *rest = host + n;

    a->in_brackets = *text == '[';
    if (a->in_brackets) {
        if (*rest != ']')
            return false;
        rest++;
    }
    a->port = *rest == ':' ? rest + 1 : NULL;
    return (a->port || !*rest) && copy_host(a, host, n);
}

static bool parse_port(const char *s, int64_t min, in_port_t *out)
{
    int64_t port;

    /* A sign would be taken: "-0" is 0. */
    if (*s == '-' || !text_parse_int64(s, min, UINT16_MAX, &port))
        return false;
    *out = htons((uint16_t)port);
    return true;
}

/* inet_pton() takes four decimal numbers alone, and no zone behind an IPv6 address. */
static bool parse_v4(const char *host, struct http_address *out)
{
    struct sockaddr_in at = {.sin_family = AF_INET};

    if (text_equal_nocase(host, "localhost"))
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
        return false;
    memcpy(&out->at, &at, sizeof(at));
    out->size = sizeof(at);
    return true;
}

static bool parse_v6(const char *host, struct http_address *out)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET6, host, &at.sin6_addr) != 1)
        return false;
    memcpy(&out->at, &at, sizeof(at));
    out->size = sizeof(at);
    return true;
}

static bool parse_host(const struct authority *a, struct http_address *out)
{
    *out = (struct http_address){0};
    return a->in_brackets ? parse_v6(a->host, out) : parse_v4(a->host, out);
}

static struct sockaddr_in as_v4(const struct http_address *address)
{
    struct sockaddr_in at;

    memcpy(&at, &address->at, sizeof(at));
    return at;
}

static struct sockaddr_in6 as_v6(const struct http_address *address)
{
    struct sockaddr_in6 at;

    memcpy(&at, &address->at, sizeof(at));
    return at;
}

static void set_port(struct http_address *address, in_port_t port)
{
    struct sockaddr_in v4 = as_v4(address);
    struct sockaddr_in6 v6 = as_v6(address);

    v4.sin_port = port;
    v6.sin6_port = port;
    if (address->at.ss_family == AF_INET)
        memcpy(&address->at, &v4, sizeof(v4));
    else
        memcpy(&address->at, &v6, sizeof(v6));
}

static bool is_loopback(const struct http_address *address)
{
    struct sockaddr_in v4 = as_v4(address);
    struct sockaddr_in6 v6 = as_v6(address);

    if (address->at.ss_family == AF_INET)
        return ntohl(v4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static int refuse_syntax(const char *listen, plain_error *err)
{
    int r = error_set(err, PLAIN_E_INVALID, 201, "listen", "\"%s\" is no address and port", listen);

    error_fix(err, "write 127.0.0.1:PORT, localhost:PORT or [::1]:PORT; port 0 takes a free one");
    return r;
}

static int refuse_others(const char *listen, plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 706, "listen",
                     "%s is an address that others reach, and there is no login", listen);
}

int http_address_parse(const char *listen, struct http_address *out, plain_error *err)
{
    struct authority a;
    in_port_t port;

    if (!split(listen, &a) || !a.port || !parse_port(a.port, 0, &port) || !parse_host(&a, out))
        return refuse_syntax(listen, err);
    if (!is_loopback(out))
        return refuse_others(listen, err);
    set_port(out, port);
    return PLAIN_OK;
}

const char *http_address_text(const struct http_address *address, char out[HTTP_ADDRESS_SIZE])
{
    struct sockaddr_in v4 = as_v4(address);
    struct sockaddr_in6 v6 = as_v6(address);
    char host[INET6_ADDRSTRLEN] = "";

    if (address->at.ss_family == AF_INET) {
        (void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
        (void)snprintf(out, HTTP_ADDRESS_SIZE, "%s:%u", host, (unsigned)ntohs(v4.sin_port));
    } else {
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
        (void)snprintf(out, HTTP_ADDRESS_SIZE, "[%s]:%u", host, (unsigned)ntohs(v6.sin6_port));
    }
    return out;
}

bool http_host_is_loopback(const char *host)
{
    struct authority a;
    struct http_address address;
    in_port_t port;

    return split(host, &a) && (!a.port || parse_port(a.port, 1, &port)) &&
           parse_host(&a, &address) && is_loopback(&address);
}
