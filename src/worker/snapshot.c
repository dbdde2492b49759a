#include "worker/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "runner/module.h"

#define NS_PER_S   INT64_C(1000000000)
#define MODULE_END ".so"

/* A folder that is still to be read. */
struct place {
    const char *path;
    int depth;
};

struct walk {
    struct snapshot *snapshot;
    snapshot_folder_fn *fn;
    void *user;
    struct place *places; /* those that were found, in that order */
    size_t place_count;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

/* jobs.c~, .jobs.c.swp, .env.swp, #jobs.c# */
static bool is_copy(const char *name)
{
    size_t n = strlen(name);

    return name[n - 1] == '~' || (name[0] == '#' && name[n - 1] == '#') ||
           (n > 4 && memcmp(name + n - 4, ".sw", 3) == 0);
}

static bool is_source(const char *path)
{
    return ends_with(path, ".c") || ends_with(path, ".h");
}

bool snapshot_wants(const char *folder, const char *name)
{
    if (!*name || is_copy(name))
        return false;
    if (name[0] == '.')
        return strcmp(folder, ".") == 0 && text_starts_with(name, ".env");
    if (strcmp(folder, EXECUTABLES_FOLDER) == 0)
        return true;
    return is_source(name) || ends_with(name, MODULE_END) || ends_with(name, ".conf");
}

static bool is_entered(const char *name)
{
    return name[0] != '.' && strcmp(name, "node_modules") != 0;
}

static int add_file(struct walk *w, const char *path, const struct stat *st)
{
    struct snapshot *s = w->snapshot;
    struct snapshot_file *files = mem_grow(s->files, s->count + 1, sizeof(*files));
    const char *kept = arena_strdup(&s->arena, path);

    if (files)
        s->files = files;
    if (!files || !kept)
        return PLAIN_E_NOMEM;
    files[s->count++] = (struct snapshot_file){
        .path = kept,
        .size = st->st_size,
        .changed_ns = (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec,
        .inode = st->st_ino,
        .mode = st->st_mode,
    };
    return PLAIN_OK;
}

static int add_place(struct walk *w, const char *path, int depth)
{
    if (depth > SNAPSHOT_DEPTH_MAX || w->place_count == SNAPSHOT_FOLDERS_MAX) {
        w->snapshot->incomplete = true;
        return PLAIN_OK;
    }
    struct place *places = mem_grow(w->places, w->place_count + 1, sizeof(*places));
    const char *kept = arena_strdup(&w->snapshot->arena, path);

    if (places)
        w->places = places;
    if (!places || !kept)
        return PLAIN_E_NOMEM;
    places[w->place_count++] = (struct place){kept, depth};
    return PLAIN_OK;
}

/* jobs.d, app, app/<folder>: where jobs are loaded from, also through a link. */
static bool is_place_of_jobs(const char *path)
{
    static const char below[] = "app/";

    if (strcmp(path, EXECUTABLES_FOLDER) == 0 || strcmp(path, "app") == 0)
        return true;
    return text_starts_with(path, below) && !strchr(path + strlen(below), '/');
}

/* Most entries are told apart without asking the kernel once more. Links are followed in few
 * places, so that a loop ends. */
static bool is_folder(int dir, const struct dirent *entry, const char *path)
{
    int flags = is_place_of_jobs(path) ? 0 : AT_SYMLINK_NOFOLLOW;
    struct stat st;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return fstatat(dir, entry->d_name, &st, flags) == 0 && S_ISDIR(st.st_mode);
}

static int look_at(struct walk *w, const struct place *in, int dir, const struct dirent *entry)
{
    char path[PATH_MAX];
    const char *name = entry->d_name;
    bool at_top = strcmp(in->path, ".") == 0;
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s%s%s", at_top ? "" : in->path, at_top ? "" : "/", name);

    if (n >= PATH_MAX)
        return PLAIN_OK;
    if (is_folder(dir, entry, path))
        return is_entered(name) ? add_place(w, path, in->depth + 1) : PLAIN_OK;
    if (!snapshot_wants(in->path, name) || fstatat(dir, name, &st, 0) != 0)
        return PLAIN_OK;
    return add_file(w, path, &st);
}

static int read_folder(struct walk *w, const struct place in)
{
    const struct dirent *entry;
    int r = PLAIN_OK;

    if (w->fn)
        w->fn(in.path, w->user);
    DIR *dir = opendir(in.path);
    if (!dir)
        return PLAIN_OK;
    while (r == PLAIN_OK && (entry = readdir(dir)))
        r = look_at(w, &in, dirfd(dir), entry);
    (void)closedir(dir);
    return r;
}

static int read_tree(struct walk *w)
{
    int r = add_place(w, ".", 0);

    for (size_t i = 0; r == PLAIN_OK && i < w->place_count; i++)
        r = read_folder(w, w->places[i]);
    return r;
}

static bool is_known_place(const struct walk *w, const char *path)
{
    for (size_t i = 0; i < w->place_count; i++) {
        if (strcmp(w->places[i].path, path) == 0)
            return true;
    }
    return false;
}

/* The folder of a path, "." for a name alone. */
static void folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;

    (void)snprintf(out, PATH_MAX, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : slash ? "/" : ".");
}

static bool is_known_file(const struct snapshot *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->files[i].path, path) == 0)
            return true;
    }
    return false;
}

/* A folder of which one file counts, or one name. */
static int see_place(struct walk *w, const char *folder)
{
    if (is_known_place(w, folder))
        return PLAIN_OK;
    if (w->fn)
        w->fn(folder, w->user);
    return add_place(w, folder, SNAPSHOT_DEPTH_MAX);
}

/* Should its folder go and come back, that is seen from the one above; of folders that are not
 * there, from above the first that is. */
static int see_way_to(struct walk *w, const char *path)
{
    char folder[PATH_MAX], above[PATH_MAX];
    int r = PLAIN_OK;
    bool is_there = false;

    folder_of(path, folder);
    for (; r == PLAIN_OK && !is_there; memcpy(folder, above, sizeof(folder))) {
        folder_of(folder, above);
        r = see_place(w, above);
        if (r == PLAIN_OK)
            r = see_place(w, folder);
        is_there = access(folder, F_OK) == 0 || strcmp(folder, above) == 0;
    }
    return r;
}

static int read_named(struct walk *w, const char *path)
{
    struct stat st;
    int r = see_way_to(w, path);

    if (r < 0 || is_known_file(w->snapshot, path) || stat(path, &st) != 0)
        return r;
    return add_file(w, path, &st);
}

static int by_path(const void *a, const void *b)
{
    const struct snapshot_file *const x = a, *const y = b;

    return strcmp(x->path, y->path);
}

int snapshot_take(const char *const *named, size_t count, snapshot_folder_fn *fn, void *user,
                  struct snapshot *out, plain_error *err)
{
    struct walk w = {.snapshot = out, .fn = fn, .user = user};

    snapshot_release(out);
    int r = read_tree(&w);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++)
        r = read_named(&w, named[i]);
    mem_free(w.places);
    if (r < 0) {
        snapshot_release(out);
        return error_nomem(err);
    }
    if (out->count > 0)
        qsort(out->files, out->count, sizeof(*out->files), by_path);
    return PLAIN_OK;
}

void snapshot_release(struct snapshot *s)
{
    mem_free(s->files);
    arena_release(&s->arena);
    *s = (struct snapshot)SNAPSHOT_INIT;
}

static bool is_same(const struct snapshot_file *a, const struct snapshot_file *b)
{
    return a->size == b->size && a->changed_ns == b->changed_ns && a->inode == b->inode &&
           a->mode == b->mode;
}

/* The file at *i or behind it that counts; NULL: there is none. */
static const struct snapshot_file *file_from(const struct snapshot *s, size_t *i, bool with_modules)
{
    while (!with_modules && *i < s->count && ends_with(s->files[*i].path, MODULE_END))
        ++*i;
    return *i < s->count ? &s->files[*i] : NULL;
}

static const char *difference(const struct snapshot *a, const struct snapshot *b, bool with_modules)
{
    for (size_t i = 0, j = 0;; i++, j++) {
        const struct snapshot_file *x = file_from(a, &i, with_modules);
        const struct snapshot_file *y = file_from(b, &j, with_modules);

        if (!x || !y)
            return x ? x->path : y ? y->path : NULL;
        int order = strcmp(x->path, y->path);
        if (order != 0)
            return order < 0 ? x->path : y->path;
        if (!is_same(x, y))
            return y->path;
    }
}

const char *snapshot_difference(const struct snapshot *a, const struct snapshot *b)
{
    return difference(a, b, true);
}

bool snapshot_is_same_but_modules(const struct snapshot *a, const struct snapshot *b)
{
    return difference(a, b, false) == NULL;
}

/* FNV-1a (Fowler, Noll, Vo) of 64 bits. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * UINT64_C(1099511628211);
    return hash;
}

uint64_t snapshot_sources(const struct snapshot *s)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < s->count; i++) {
        const struct snapshot_file *f = &s->files[i];

        if (!is_source(f->path))
            continue;
        hash = mix(hash, f->path, strlen(f->path) + 1);
        hash = mix(hash, &f->size, sizeof(f->size));
        hash = mix(hash, &f->changed_ns, sizeof(f->changed_ns));
        hash = mix(hash, &f->inode, sizeof(f->inode));
    }
    return hash;
}

static const struct snapshot_file *find(const struct snapshot *s, const char *path)
{
    const struct snapshot_file key = {.path = path};

    return s->count == 0 ? NULL : bsearch(&key, s->files, s->count, sizeof(key), by_path);
}

/* The file of the same name that ends in `to` instead of `from`. */
static const struct snapshot_file *beside(const struct snapshot *s, const char *path,
                                          const char *from, const char *to)
{
    char other[PATH_MAX];
    size_t stem = strlen(path) - strlen(from);

    (void)snprintf(other, sizeof(other), "%.*s%s", (int)stem, path, to);
    return find(s, other);
}

/* app/jobs.c, app/<folder>/jobs.c: what `plain build` makes modules of. */
static bool is_module_source(const char *path)
{
    static const char top[] = "app/", end[] = "jobs.c";

    if (!text_starts_with(path, top))
        return false;
    const char *rest = path + strlen(top), *slash = strchr(rest, '/');
    return strcmp(slash ? slash + 1 : rest, end) == 0;
}

bool snapshot_lacks_module(const struct snapshot *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *path = s->files[i].path;

        if (is_module_source(path) && !beside(s, path, ".c", MODULE_END))
            return true;
    }
    return false;
}

/* The oldest of the modules that stand beside a source of their name; where none does, the newest
 * module. INT64_MIN when there is no module. */
static int64_t built_ns(const struct snapshot *s)
{
    int64_t oldest = INT64_MAX, newest = INT64_MIN;

    for (size_t i = 0; i < s->count; i++) {
        const struct snapshot_file *f = &s->files[i];

        if (!ends_with(f->path, MODULE_END))
            continue;
        if (beside(s, f->path, MODULE_END, ".c") && f->changed_ns < oldest)
            oldest = f->changed_ns;
        if (f->changed_ns > newest)
            newest = f->changed_ns;
    }
    return oldest != INT64_MAX ? oldest : newest;
}

bool snapshot_is_stale(const struct snapshot *s)
{
    int64_t newest = INT64_MIN;

    for (size_t i = 0; i < s->count; i++) {
        if (is_source(s->files[i].path) && s->files[i].changed_ns > newest)
            newest = s->files[i].changed_ns;
    }
    if (newest == INT64_MIN)
        return false;
    return snapshot_lacks_module(s) || built_ns(s) <= newest;
}
