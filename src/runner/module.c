#define _GNU_SOURCE
#include "runner/module.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "core/backtrace.h"
#include "runner/scheduler.h"

/* Where `plain build` puts modules. */
static const char *const usual_places[] = {"app/jobs.so", "app/*/jobs.so"};

static int add_path(struct arena *a, const char **list, size_t *count, const char *path)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i], path) == 0)
            return PLAIN_OK;
    }
    list[*count] = arena_strdup(a, path);
    if (!list[*count])
        return PLAIN_E_NOMEM;
    (*count)++;
    return PLAIN_OK;
}

int module_paths(const struct settings *settings, struct arena *a, const char *const **paths,
                 size_t *count, plain_error *err)
{
    size_t listed = 0, used = 0;
    const char *const *configured = settings_list(settings, SETTING_JOBS_MODULES, &listed);
    glob_t found = {0};
    int flags = 0, r = PLAIN_OK;

    for (size_t i = 0; i < sizeof(usual_places) / sizeof(usual_places[0]); i++) {
        (void)glob(usual_places[i], flags, NULL, &found); /* what is not there adds nothing */
        flags = GLOB_APPEND;
    }
    const char **list = arena_array(a, found.gl_pathc + listed + 1, sizeof(*list));
    if (!list)
        r = PLAIN_E_NOMEM;
    for (size_t i = 0; r == PLAIN_OK && i < found.gl_pathc; i++)
        r = add_path(a, list, &used, found.gl_pathv[i]);
    for (size_t i = 0; r == PLAIN_OK && i < listed; i++)
        r = add_path(a, list, &used, configured[i]);
    globfree(&found);
    if (r < 0)
        return error_nomem(err);
    *paths = list;
    *count = used;
    return PLAIN_OK;
}

int module_open(const char *path, int *fd, plain_error *err)
{
    int opened = open(path, O_RDONLY | O_CLOEXEC);

    if (opened < 0)
        return error_set_errno(err, PLAIN_E_MODULE, 108, "JOBS_MODULES", errno, "job module %s",
                               path);
    *fd = opened;
    return PLAIN_OK;
}

/* A failing dlopen of /proc/self/fd/5 should speak of the file that the user knows. */
static int load_failed(const char *path, plain_error *err)
{
    const char *why = dlerror();
    const char *text = why ? strchr(why, ':') : NULL;

    int r = error_set(err, PLAIN_E_MODULE, 108, "JOBS_MODULES", "job module %s cannot be loaded%s",
                      path, text ? text : "");
    if (text && strstr(text, "undefined symbol: plain_"))
        error_fix(err, "build it again with `plain build`; a program that links the static library "
                       "itself needs -rdynamic");
    else if (text && strstr(text, "undefined symbol"))
        error_fix(err, "define it, or link the library that has it: `LDFLAGS=-lNAME plain build`");
    return r;
}

/* What lies behind the end of a file that was cut is mapped all the same, and a signal when it is
 * read: in dlopen() already. What is no ELF file is left to that. */
static int check_whole(int fd, const char *path, plain_error *err)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) part;
    struct stat file;
    off_t end = 0;

    if (fstat(fd, &file) < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(part))
        return PLAIN_OK;
    for (int i = 0; i < head.e_phnum; i++) {
        off_t at = (off_t)head.e_phoff + i * (off_t)sizeof(part);

        if (pread(fd, &part, sizeof(part), at) != sizeof(part))
            end = at + (off_t)sizeof(part);
        else if (part.p_type == PT_LOAD && (off_t)(part.p_offset + part.p_filesz) > end)
            end = (off_t)(part.p_offset + part.p_filesz);
    }
    if (end <= file.st_size)
        return PLAIN_OK;
    (void)error_set(err, PLAIN_E_MODULE, 108, "JOBS_MODULES",
                    "job module %s is cut: it has %lld of at least %lld bytes", path,
                    (long long)file.st_size, (long long)end);
    error_fix(err, "copy it under another name and rename it, or run `plain build`");
    return PLAIN_E_MODULE;
}

static void name_in_backtraces(const plain_module *module, const char *path)
{
    Dl_info where;

    if (dladdr(module, &where))
        backtrace_name_object(where.dli_fbase, path);
}

int module_load(struct registry *r, int fd, const char *path, plain_error *err)
{
    char through[64];
    int whole = check_whole(fd, path, err);

    if (whole < 0)
        return whole;
    (void)snprintf(through, sizeof(through), "/proc/self/fd/%d", fd);
    void *handle = dlopen(through, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return load_failed(path, err);
    const plain_module *module = dlsym(handle, "plain_module_v1");
    if (!module)
        return error_set(err, PLAIN_E_MODULE, 109, "plain_module_v1",
                         "job module %s has no symbol plain_module_v1: it lacks "
                         "PLAIN_REGISTER_JOBS(...)",
                         path);
    name_in_backtraces(module, path);
    return registry_add_module(r, module, path, err);
}

/* All descriptors stay open until the last module is loaded: dlopen knows a module by the name that
 * it was given, and a number that is used again would be the first module again. */
static int load_paths(struct registry *r, struct arena *a, const char *const *paths, size_t count,
                      plain_error *err)
{
    int *fds = arena_array(a, count + 1, sizeof(*fds));
    size_t opened = 0;
    int result = PLAIN_OK;

    if (!fds)
        return error_nomem(err);
    for (size_t i = 0; result == PLAIN_OK && i < count; i++) {
        result = module_open(paths[i], &fds[i], err);
        opened += result == PLAIN_OK;
    }
    for (size_t i = 0; result == PLAIN_OK && i < count; i++)
        result = module_load(r, fds[i], paths[i], err);
    for (size_t i = 0; i < opened; i++)
        (void)close(fds[i]);
    return result;
}

/* The executables, and a class for each that has a section. */
static int add_executables(struct registry *r, const struct settings *settings, plain_error *err)
{
    int result = registry_take_sections(r, settings_sections(settings, SECTION_JOB), err);

    if (result == PLAIN_OK)
        result = registry_add_folder(r, EXECUTABLES_FOLDER, err);
    return result == PLAIN_OK ? registry_check_sections(r, err) : result;
}

int module_check_executables(const struct settings *settings, plain_error *err)
{
    struct registry *r = registry_new();
    int result = r ? add_executables(r, settings, err) : error_nomem(err);

    registry_free(r);
    return result;
}

int module_load_all(const struct settings *settings, const plain_module *own, struct registry **out,
                    plain_error *err)
{
    struct arena a = ARENA_INIT;
    const char *const *paths = NULL;
    size_t count = 0;
    struct registry *reg = registry_new();
    int r = reg ? PLAIN_OK : error_nomem(err);

    if (r == PLAIN_OK && own)
        r = registry_add_module(reg, own, "this program", err);
    if (r == PLAIN_OK)
        r = module_paths(settings, &a, &paths, &count, err);
    if (r == PLAIN_OK)
        r = load_paths(reg, &a, paths, count, err);
    if (r == PLAIN_OK)
        r = add_executables(reg, settings, err);
    if (r == PLAIN_OK) {
        const struct schedule_sources schedules = scheduler_sources(settings);
        r = schedules_add_commands(reg, &schedules, err);
    }
    arena_release(&a);
    if (r < 0) {
        registry_free(reg);
        return r;
    }
    *out = reg;
    return PLAIN_OK;
}
