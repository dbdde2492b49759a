#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"

static int refuse(const struct library *library, plain_error *err)
{
    const char *reason = dlerror();
    int r = error_set(err, PLAIN_E_IO, 705, library->field, "%s cannot be loaded: %s",
                      library->title, reason ? reason : library->file);

    error_fix(err, "%s", library->fix);
    return r;
}

static int load(const struct library *library, plain_error *err)
{
    void *handle = dlopen(library->file, RTLD_LAZY | RTLD_LOCAL);

    for (size_t i = 0; handle && i < library->count; i++) {
        void *found = dlsym(handle, library->functions[i].name);

        if (!found)
            return refuse(library, err);
        memcpy((char *)library->table + library->functions[i].offset, &found, sizeof(found));
    }
    return handle ? PLAIN_OK : refuse(library, err);
}

int library_load(struct library *library, plain_error *err)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    (void)pthread_mutex_lock(&mutex);
    int r = library->is_loaded ? PLAIN_OK : load(library, err);
    library->is_loaded = r == PLAIN_OK;
    (void)pthread_mutex_unlock(&mutex);
    return r;
}
