/*
 * cmd_build.c - plain build: app/jobs.c and app/<folder>/jobs.c to modules
 *
 * The compiler is run as it is, never through a shell. It writes beside the module, which is
 * replaced at once or not at all: a worker never loads half of one.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum { WORDS_MAX = 256, CAPTURE_MAX = 4096 };

static const char *const sources[] = {"app/jobs.c", "app/*/jobs.c"};
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

static int build_one(struct cli *cli, char *source, plain_error *err)
{
    struct arena *a = &cli->arena;
    size_t stem = strlen(source) - strlen("c");
    char *module = arena_printf(a, "%.*sso", (int)stem, source);
    char *made = arena_printf(a, "%.*sso.%d", (int)stem, source, (int)getpid());
    struct words w = {.count = 0};

    if (!module || !made)
        return error_nomem(err);
    add_variable(&w, a, "CC", "cc");
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        add_word(&w, arena_strdup(a, fixed[i]));
    add_headers(&w, a);
    add_variable(&w, a, "CPPFLAGS", "");
    add_variable(&w, a, "CFLAGS", "");
    add_word(&w, arena_strdup(a, "-o"));
    add_word(&w, made);
    add_word(&w, source);
    add_variable(&w, a, "LDFLAGS", "");
    if (!arena_ok(a))
        return error_nomem(err);
    int r = compile(cli, &w, source, err);
    if (r == PLAIN_OK && rename(made, module) != 0)
        r = error_set_errno(err, PLAIN_E_IO, 705, module, errno, "renaming %s to %s", made, module);
    if (r < 0)
        (void)unlink(made); /* the compiler may have left it */
    return r;
}

int cmd_build(struct cli *cli, plain_error *err)
{
    glob_t found = {0};
    int flags = 0, r = PLAIN_OK;

    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        (void)glob(sources[i], flags, NULL, &found); /* what is not there adds nothing */
        flags = GLOB_APPEND;
    }
    if (found.gl_pathc == 0)
        cli_say(cli, "There is nothing to build: no app/jobs.c, no app/*/jobs.c.");
    for (size_t i = 0; r == PLAIN_OK && i < found.gl_pathc; i++)
        r = build_one(cli, found.gl_pathv[i], err);
    globfree(&found);
    return r;
}
