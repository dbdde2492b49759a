#include "worker/worker_rows.h"

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

const char *worker_state(const struct worker_view *w)
{
    static const char *const asked[WISH_COUNT] = {
        [WISH_NONE] = "live", [WISH_QUIET] = "quiet", [WISH_STOP] = "stopping"};

    return w->stale ? "stale" : asked[w->wish];
}
