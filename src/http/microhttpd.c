#include "http/microhttpd.h"

#include "base/library.h"

struct microhttpd microhttpd;

static const struct library_function functions[] = {
#define MICROHTTPD_ENTRY(name) LIBRARY_FUNCTION(struct microhttpd, name),
    MICROHTTPD_FUNCTIONS(MICROHTTPD_ENTRY)
#undef MICROHTTPD_ENTRY
};

int microhttpd_load(plain_error *err)
{
    static struct library library = {
        .file = "libmicrohttpd.so.12",
        .title = "the library for HTTP",
        .field = "",
        .fix = "install libmicrohttpd 0.9.75 or later (`apt install libmicrohttpd12`)",
        .functions = functions,
        .count = ARRAY_SIZE(functions),
        .table = &microhttpd,
    };

    return library_load(&library, err);
}
