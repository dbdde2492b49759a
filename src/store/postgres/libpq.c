#include "store/postgres/libpq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"

struct libpq libpq;

static const char file[] = "libpq.so.5";

static const struct function {
    const char *name;
    size_t offset; /* in struct libpq */
} functions[] = {
#define LIBPQ_ENTRY(name) {#name, offsetof(struct libpq, name)},
    LIBPQ_FUNCTIONS(LIBPQ_ENTRY)
#undef LIBPQ_ENTRY
};

static int refuse(plain_error *err)
{
    const char *reason = dlerror();
    int r = error_set(err, PLAIN_E_IO, 705, "database", "PostgreSQL's library cannot be loaded: %s",
                      reason ? reason : file);

    error_fix(err, "install libpq 14 or later (`apt install libpq5`)");
    return r;
}

/* What is found stays loaded to the end of the process. */
static int load(plain_error *err)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

    for (size_t i = 0; library && i < ARRAY_SIZE(functions); i++) {
        void *found = dlsym(library, functions[i].name);

        if (!found)
            return refuse(err);
        memcpy((char *)&libpq + functions[i].offset, &found, sizeof(found));
    }
    return library ? PLAIN_OK : refuse(err);
}

int libpq_load(plain_error *err)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static bool is_loaded;

    (void)pthread_mutex_lock(&mutex);
    int r = is_loaded ? PLAIN_OK : load(err);
    is_loaded = r == PLAIN_OK;
    (void)pthread_mutex_unlock(&mutex);
    return r;
}
