#include "http/guard.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "http/address.h"
#include "http/microhttpd.h"

static const struct http_refusal wrong_method = {
    MHD_HTTP_METHOD_NOT_ALLOWED,
    "Only GET and HEAD are answered: this server shows and changes nothing. To change something, "
    "use the commands of `plain jobs`.\n"};
static const struct http_refusal malformed = {
    MHD_HTTP_BAD_REQUEST,
    "The name of a header holds a blank or another character that none may hold, so it is not sure "
    "what is meant. Send the request without it.\n"};
static const struct http_refusal with_body = {
    MHD_HTTP_BAD_REQUEST,
    "The request has a body, or headers that announce one (Transfer-Encoding, Content-Length). "
    "Nothing here reads one: send it without.\n"};
static const struct http_refusal not_one_host = {
    MHD_HTTP_BAD_REQUEST, "The request must have one Host header, no more and no less: it tells "
                          "that the request was meant for this server.\n"};
static const struct http_refusal foreign_host = {
    MHD_HTTP_FORBIDDEN,
    "The request was meant for another host: its Host header is no name of this machine's "
    "loopback. Use localhost, 127.0.0.1 or [::1] in the address, from afar through `ssh -L`.\n"};
static const struct http_refusal through_proxy = {
    MHD_HTTP_FORBIDDEN,
    "The request came through a proxy (Forwarded, X-Forwarded-..., Via or X-Real-IP), behind which "
    "everybody looks local, and there is no login. Use `ssh -L` instead.\n"};

/* What its headers say of a request. */
struct heads {
    const char *host; /* the last one */
    int host_count, length_count;
    bool is_malformed, has_body, is_forwarded;
};

static bool tells_of_proxy(const char *name)
{
    static const char *const names[] = {"Forwarded", "Via", "X-Real-IP"};
    static const char prefix[] = "X-Forwarded";
    char start[sizeof(prefix)];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (text_equal_nocase(name, names[i]))
            return true;
    }
    (void)text_copy(start, sizeof(start), name);
    return text_equal_nocase(start, prefix);
}

/* "Content-Length " is another name for libmicrohttpd, and none for others: what stands behind it
 * must not be read as the next request. */
static bool is_token(const char *name, size_t n)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return n > 0 && strspn(name, allowed) == n;
}

static enum MHD_Result look_at(void *user, enum MHD_ValueKind kind, const char *name,
                               size_t name_size, const char *value, size_t value_size)
{
    struct heads *heads = user;

    (void)kind;
    (void)value_size; /* libmicrohttpd cuts off what stands behind a NUL */
    if (!value)
        value = "";
    if (!is_token(name, name_size))
        heads->is_malformed = true;
    if (text_equal_nocase(name, MHD_HTTP_HEADER_HOST)) {
        heads->host = value;
        heads->host_count++;
    } else if (text_equal_nocase(name, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
        heads->length_count++;
        heads->has_body = heads->has_body || strcmp(value, "0") != 0;
    } else if (text_equal_nocase(name, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        heads->has_body = true;
    } else if (tells_of_proxy(name)) {
        heads->is_forwarded = true;
    }
    return MHD_YES;
}

static bool is_allowed(const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

const struct http_refusal *http_guard(struct MHD_Connection *connection, const char *method)
{
    struct heads heads = {0};

    if (!is_allowed(method))
        return &wrong_method;
    (void)microhttpd.MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look_at, &heads);
    if (heads.is_malformed)
        return &malformed;
    if (heads.has_body || heads.length_count > 1)
        return &with_body;
    if (heads.host_count != 1)
        return &not_one_host;
    if (!http_host_is_loopback(heads.host))
        return &foreign_host;
    return heads.is_forwarded ? &through_proxy : NULL;
}
