#include "store/postgres/libpq.h"

#include "base/library.h"

struct libpq libpq;

static const struct library_function functions[] = {
#define LIBPQ_ENTRY(name) LIBRARY_FUNCTION(struct libpq, name),
    LIBPQ_FUNCTIONS(LIBPQ_ENTRY)
#undef LIBPQ_ENTRY
};

int libpq_load(plain_error *err)
{
    static struct library library = {
        .file = "libpq.so.5",
        .title = "PostgreSQL's library",
        .field = "database",
        .fix = "install libpq 14 or later (`apt install libpq5`)",
        .functions = functions,
        .count = ARRAY_SIZE(functions),
        .table = &libpq,
    };

    return library_load(&library, err);
}
