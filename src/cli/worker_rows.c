#include "cli/worker_rows.h"

#include "worker/folder.h"
#include "worker/neighbours.h"

int worker_rows(struct store *store, struct arena *a, struct worker_view **workers, size_t *count,
                plain_error *err)
{
    char folder[PATH_MAX];
    int r = store->ops->workers(store, a, workers, count, err);

    if (r == PLAIN_OK && folder_path(store->ops->file(store), folder))
        neighbours_mark_dead(folder, *workers, *count);
    return r;
}
