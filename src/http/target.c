#include "http/target.h"

#include <string.h>

#include "base/text.h"
#include "http/microhttpd.h"

static const struct http_refusal not_a_path = {
    MHD_HTTP_BAD_REQUEST, "The address of the request is no path that begins with a slash and "
                          "holds no blank. Ask the server itself, not "
                          "through a proxy.\n"};
static const struct http_refusal not_text = {
    MHD_HTTP_BAD_REQUEST,
    "The address of the request holds a NUL, bytes that are no UTF-8, or a % that is followed by "
    "no two hexadecimal digits. Check how it was put together.\n"};
static const struct http_refusal given_twice = {
    MHD_HTTP_BAD_REQUEST,
    "A parameter stands in the address twice, and only one can be meant. Leave one of them out.\n"};
static const struct http_refusal too_many = {
    MHD_HTTP_BAD_REQUEST,
    "The address has more parameters than any page here knows. Leave out what is not needed.\n"};
static const struct http_refusal no_memory = {
    MHD_HTTP_INTERNAL_SERVER_ERROR, "There is not enough memory to answer. Try again later.\n"};

size_t http_target_keep(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, text_lower(c)) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* Writes what raw means to out, which has room for as many bytes. */
static bool unescape(const char *raw, char *out, size_t *n)
{
    *n = 0;
    for (; *raw; raw++) {
        if (*raw != '%') {
            out[(*n)++] = *raw;
            continue;
        }
        int high = hex_digit(raw[1]);
        int low = high < 0 ? -1 : hex_digit(raw[2]);
        if (low < 0)
            return false;
        out[(*n)++] = (char)(high * 16 + low);
        raw += 2;
    }
    return true;
}

static const struct http_refusal *decode(const char *raw, struct arena *arena, const char **out)
{
    char *text = arena_alloc(arena, strlen(raw) + 1);
    size_t n;

    if (!text)
        return &no_memory;
    if (!unescape(raw, text, &n) || !utf8_valid(text, n))
        return &not_text;
    text[n] = '\0';
    *out = text;
    return NULL;
}

struct reading {
    struct arena *arena;
    struct http_request *request;
    const struct http_refusal *refusal;
};

static const struct http_refusal *add(struct reading *reading, const char *name, const char *value)
{
    struct http_request *request = reading->request;
    struct http_param param;

    if (request->param_count == HTTP_PARAMS_MAX)
        return &too_many;
    const struct http_refusal *refusal = decode(name, reading->arena, &param.name);
    if (!refusal)
        refusal = decode(value, reading->arena, &param.value);
    if (refusal)
        return refusal;
    if (http_param(request, param.name))
        return &given_twice;
    request->params[request->param_count++] = param;
    return NULL;
}

static enum MHD_Result read_param(void *user, enum MHD_ValueKind kind, const char *name,
                                  size_t name_size, const char *value, size_t value_size)
{
    struct reading *reading = user;

    (void)kind;
    (void)name_size; /* behind http_target_keep() none holds a NUL */
    (void)value_size;
    reading->refusal = add(reading, name, value ? value : "");
    return reading->refusal ? MHD_NO : MHD_YES;
}

const struct http_refusal *http_target_read(struct MHD_Connection *connection, const char *url,
                                            struct arena *arena, struct http_request *out)
{
    struct reading reading = {.arena = arena, .request = out};

    out->param_count = 0;
    if (*url != '/' || strchr(url, ' '))
        return &not_a_path;
    reading.refusal = decode(url, arena, &out->path);
    if (!reading.refusal)
        (void)microhttpd.MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, read_param,
                                                     &reading);
    return reading.refusal;
}

const char *http_param(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0)
            return request->params[i].value;
    }
    return NULL;
}
