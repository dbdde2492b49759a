/*
 * cmd_build.c - plain build: app/jobs.c and app/<folder>/jobs.c to modules
 *
 * The compiler is run as it is, never through a shell. It writes beside the module, under a name
 * that begins with a dot. When all have been compiled they replace the modules: a worker never
 * loads half of one, nor some of a state that does not compile.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum { WORDS_MAX = 256, CAPTURE_MAX = 4096, ABANDONED_S = 3600 };

/* The folders of modules: the source of each, and what may lie beside it. */
static const char source_name[] = "jobs.c", module_name[] = "jobs.so";
static const char *const folders[] = {"app/", "app/*/"};
/* Without sibling calls `return plain_job_fail(...)` keeps its frame in the call stack. */
static const char *const fixed[] = {
    "-std=c17", "-shared", "-fPIC", "-O2", "-g", "-Wall", "-fno-optimize-sibling-calls"};

/* A command line; the last word is followed by NULL. */
struct words {
    char *list[WORDS_MAX + 1];
    size_t count;
    bool too_many;
};

/* word may be NULL: then memory ran out. */
static void add_word(struct words *w, char *word)
{
    if (!word || w->count == WORDS_MAX) {
        w->too_many = true;
        return;
    }
    w->list[w->count++] = word;
}

/* Adds the words of a text that are separated by blanks, as make and a shell would see them. */
static void add_split(struct words *w, struct arena *a, const char *text)
{
    static const char blanks[] = " \t\n";

    for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
        size_t n = strcspn(text, blanks);

        add_word(w, arena_strndup(a, text, n));
        text += n;
    }
}

static void add_variable(struct words *w, struct arena *a, const char *name, const char *fallback)
{
    const char *value = getenv(name);

    add_split(w, a, value && *value ? value : fallback);
}

/* Runs a program with its standard output to out, and waits for it. */
static int run_words(const struct words *w, int out, int errors, struct child_end *end,
                     plain_error *err)
{
    const int fds[] = {STDIN_FILENO, out, errors};
    struct child_spec spec = {
        .path = w->list[0],
        .argv = w->list,
        .fds = fds,
        .fd_count = 3,
        .die_with_parent = true, /* a build that is given up leaves no compiler */
    };

    return child_run(&spec, end, err);
}

/* What a short command prints, "" when there is no such command or it fails. Its output fits into a
 * pipe, so it can be waited for first. */
static void capture(const struct words *w, char out[CAPTURE_MAX])
{
    struct child_end end;
    int ends[2];
    ssize_t n = 0;

    out[0] = '\0';
    if (pipe(ends) != 0)
        return;
    int r = run_words(w, ends[1], -1, &end, NULL);
    (void)close(ends[1]);
    if (r == PLAIN_OK && end.exit_code == 0)
        n = read(ends[0], out, CAPTURE_MAX - 1);
    (void)close(ends[0]);
    out[n > 0 ? n : 0] = '\0';
}

/* The headers that lie beside this program: build/../include, /usr/local/bin/../include. */
static char *headers_beside_us(struct arena *a)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    if (n <= 0)
        return NULL;
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    char *folder = arena_printf(a, "%s/../include", exe);
    char *header = arena_printf(a, "%s/../include/plain/jobs.h", exe);
    return header && access(header, R_OK) == 0 ? folder : NULL;
}

/* Ours, else what pkg-config knows, else where the compiler looks by itself. */
static void add_headers(struct words *w, struct arena *a)
{
    char *folder = headers_beside_us(a);

    if (folder) {
        add_word(w, arena_strdup(a, "-I"));
        add_word(w, folder);
        return;
    }
    struct words ask = {.count = 0};
    char flags[CAPTURE_MAX];
    add_split(&ask, a, "pkg-config --cflags plain-jobs");
    capture(&ask, flags);
    add_split(w, a, flags);
}

static void print_words(struct cli *cli, const struct words *w)
{
    for (size_t i = 0; i < w->count; i++) {
        buf_puts(&cli->out, i ? " " : "");
        buf_put_escaped(&cli->out, w->list[i]);
    }
    buf_putc(&cli->out, '\n');
}

static int compiler_failed(const char *source, const struct child_end *end, plain_error *err)
{
    char how[64];

    (void)error_set(err, PLAIN_E_IO, 108, source, "the compiler ended with %s on %s",
                    child_end_text(end, how, sizeof(how)), source);
    error_fix(err, "mend what the compiler says above, then run `plain build` again");
    return PLAIN_E_IO;
}

/* Runs the compiler; on success `made` is there. */
static int compile(struct cli *cli, const struct words *w, const char *source, plain_error *err)
{
    struct child_end end = {.exit_code = -1};

    if (w->too_many)
        return error_set(err, PLAIN_E_INVALID, 703, "CFLAGS",
                         "the compiler's command line has more than %d words", WORDS_MAX);
    if (!cli->quiet)
        print_words(cli, w);
    int r = cli_flush(cli, err);
    if (r < 0)
        return r;
    r = run_words(w, STDOUT_FILENO, STDERR_FILENO, &end, err);
    if (r < 0) {
        error_fix(err, "install a compiler (`apt install gcc`), or name one: CC=clang plain build");
        return r;
    }
    return end.exit_code == 0 ? PLAIN_OK : compiler_failed(source, &end, err);
}

/* A module that is being built. */
struct module {
    char *source, *made, *path; /* app/jobs.c, app/.jobs.so.41233, app/jobs.so */
};

static int name_module(struct arena *a, char *source, struct module *out, plain_error *err)
{
    int folder = (int)(strlen(source) - strlen(source_name));

    *out = (struct module){
        .source = source,
        .made = arena_printf(a, "%.*s.%s.%d", folder, source, module_name, (int)getpid()),
        .path = arena_printf(a, "%.*s%s", folder, source, module_name),
    };
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

static int build_one(struct cli *cli, const struct module *m, plain_error *err)
{
    struct arena *a = &cli->arena;
    struct words w = {.count = 0};

    add_variable(&w, a, "CC", "cc");
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        add_word(&w, arena_strdup(a, fixed[i]));
    add_headers(&w, a);
    add_variable(&w, a, "CPPFLAGS", "");
    add_variable(&w, a, "CFLAGS", "");
    add_word(&w, arena_strdup(a, "-o"));
    add_word(&w, m->made);
    add_word(&w, m->source);
    add_variable(&w, a, "LDFLAGS", "");
    return arena_ok(a) ? compile(cli, &w, m->source, err) : error_nomem(err);
}

static int put_in_place(const struct module *m, plain_error *err)
{
    if (rename(m->made, m->path) == 0)
        return PLAIN_OK;
    return error_set_errno(err, PLAIN_E_IO, 705, m->path, errno, "renaming %s to %s", m->made,
                           m->path);
}

static int build_all(struct cli *cli, const glob_t *found, plain_error *err)
{
    struct module *modules = arena_alloc(&cli->arena, found->gl_pathc * sizeof(*modules));
    size_t named = 0;
    int r = PLAIN_OK;

    if (!modules)
        return error_nomem(err);
    for (; r == PLAIN_OK && named < found->gl_pathc; named++) {
        r = name_module(&cli->arena, found->gl_pathv[named], &modules[named], err);
        if (r == PLAIN_OK)
            r = build_one(cli, &modules[named], err);
    }
    for (size_t i = 0; r == PLAIN_OK && i < named; i++)
        r = put_in_place(&modules[i], err);
    for (size_t i = 0; r < 0 && i < named; i++) {
        if (modules[i].made)
            (void)unlink(modules[i].made);
    }
    return r;
}

/* All files of a name in the folders of modules; what is not there adds nothing. */
static void find(const char *name, glob_t *found)
{
    char pattern[64];

    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        (void)snprintf(pattern, sizeof(pattern), "%s%s", folders[i], name);
        (void)glob(pattern, i > 0 ? GLOB_APPEND : 0, NULL, found);
    }
}

/* A build that was killed left its file. Whose is younger may be at work, on another host too. */
static void remove_abandoned(void)
{
    int64_t now = clock_wall_us() / US_PER_S;
    glob_t found = {0};
    struct stat st;

    find(".jobs.so.*", &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (stat(found.gl_pathv[i], &st) == 0 && st.st_mtime < now - ABANDONED_S)
            (void)unlink(found.gl_pathv[i]);
    }
    globfree(&found);
}

/* A module outlives its source, and its jobs are run. It may be meant: it is only told. */
static void tell_leftovers(const struct cli *cli)
{
    char source[PATH_MAX];
    glob_t found = {0};

    find(module_name, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];

        (void)snprintf(source, sizeof(source), "%.*s%s", (int)(strlen(path) - strlen(module_name)),
                       path, source_name);
        if (access(source, F_OK) != 0)
            cli_say(cli, "%s is loaded, and has no %s beside it. If its source was deleted: rm %s",
                    path, source_name, path);
    }
    globfree(&found);
}

int cmd_build(struct cli *cli, plain_error *err)
{
    glob_t found = {0};
    int r = PLAIN_OK;

    find(source_name, &found);
    remove_abandoned();
    if (found.gl_pathc > 0)
        r = build_all(cli, &found, err);
    else
        cli_say(cli, "There is nothing to build: no app/jobs.c, no app/*/jobs.c.");
    tell_leftovers(cli);
    globfree(&found);
    return r;
}
