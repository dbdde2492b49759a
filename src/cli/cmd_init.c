/*
 * cmd_init.c - plain init: a starting project, beside what is there and never over it
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/init_files.h"
#include "cli/json_writer.h"

/* What was made so far, to be taken back when the rest fails: nothing is left half done. */
struct project {
    struct arena *arena;
    const char *folder;
    const char *made[32];
    size_t made_count;
};

static const char *path_in(const struct project *p, const char *path)
{
    return strcmp(p->folder, ".") == 0 ? arena_strdup(p->arena, path)
                                       : arena_printf(p->arena, "%s/%s", p->folder, path);
}

static int refuse(const char *path, plain_error *err)
{
    return error_set(err, PLAIN_E_REFUSED, 508, "", "%s is there already, nothing was written",
                     path);
}

static int check_free(const struct project *p, plain_error *err)
{
    struct stat st;

    for (size_t i = 0; i < init_file_count; i++) {
        const char *path = path_in(p, init_files[i].path);

        if (!path)
            return error_nomem(err);
        if (lstat(path, &st) == 0)
            return refuse(path, err);
    }
    return PLAIN_OK;
}

static void note(struct project *p, const char *path)
{
    if (p->made_count < ARRAY_SIZE(p->made))
        p->made[p->made_count++] = path;
}

static void take_back(struct project *p)
{
    while (p->made_count > 0)
        (void)remove(p->made[--p->made_count]); /* a folder only when it is empty */
}

static int make_folder(struct project *p, const char *path, plain_error *err)
{
    struct stat st;

    if (mkdir(path, 0755) == 0) {
        note(p, path);
        return PLAIN_OK;
    }
    int why = errno;
    if (why == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return PLAIN_OK;
    return error_set_errno(err, PLAIN_E_IO, 705, "", why, "making the folder %s", path);
}

static int write_text(int fd, const char *path, const char *text, plain_error *err)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "writing %s", path);
        text += n;
        left -= (size_t)n;
    }
    return PLAIN_OK;
}

static int make_file(struct project *p, const struct init_file *file, plain_error *err)
{
    const char *path = path_in(p, file->path), *slash = strchr(file->path, '/');
    int r = PLAIN_OK;

    if (slash) {
        const char *name = arena_strndup(p->arena, file->path, (size_t)(slash - file->path));
        const char *folder = name ? path_in(p, name) : NULL;

        r = folder ? make_folder(p, folder, err) : error_nomem(err);
    }
    if (r < 0)
        return r;
    if (!path)
        return error_nomem(err);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
    if (fd < 0 && errno == EEXIST)
        return refuse(path, err);
    if (fd < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "making %s", path);
    note(p, path);
    r = write_text(fd, path, file->text, err);
    if (close(fd) != 0 && r == PLAIN_OK)
        r = error_set_errno(err, PLAIN_E_IO, 705, "", errno, "writing %s", path);
    return r;
}

static int make_project(struct project *p, plain_error *err)
{
    int r = check_free(p, err);

    if (r == PLAIN_OK && strcmp(p->folder, ".") != 0)
        r = make_folder(p, p->folder, err);
    for (size_t i = 0; r == PLAIN_OK && i < init_file_count; i++)
        r = make_file(p, &init_files[i], err);
    if (r < 0)
        take_back(p);
    return r;
}

/* As a shell would take it. */
static void put_quoted(struct buf *b, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-";

    if (text[strspn(text, plain)] == '\0') {
        buf_puts(b, text);
        return;
    }
    buf_putc(b, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buf_puts(b, "'\\''");
        else
            buf_putc(b, *text);
    }
    buf_putc(b, '\'');
}

static void put_words(struct cli *cli, const struct project *p)
{
    struct buf *out = &cli->out;

    buf_puts(out, "Made ");
    for (size_t i = 0; i < init_file_count; i++)
        buf_putf(out, "%s%s", i > 0 ? ", " : "", init_files[i].path);
    buf_puts(out, ".\n\nNext:\n");
    if (strcmp(p->folder, ".") != 0) {
        buf_puts(out, "  cd ");
        put_quoted(out, p->folder);
        buf_putc(out, '\n');
    }
    for (size_t i = 0; init_commands[i]; i++)
        buf_putf(out, "  %s\n", init_commands[i]);
    buf_puts(out, "\nThen `plain dev` runs a worker that follows your changes, and pages that show "
                  "your jobs.\n");
}

static void put_document(struct cli *cli, const struct project *p)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_put_text(&j, "folder", p->folder);
    json_begin(&j, "files", '[');
    for (size_t i = 0; i < init_file_count; i++)
        json_put_text(&j, NULL, init_files[i].path);
    json_end(&j, ']');
    json_end_document(&j);
}

int cmd_init(struct cli *cli, plain_error *err)
{
    struct project p = {.arena = &cli->arena, .folder = "."};

    if (cli->args.operand_count > 0)
        p.folder = cli->args.operands[0];
    if (!*p.folder)
        return error_set(err, PLAIN_E_INVALID, 201, "FOLDER", "the folder's name is empty");
    int r = make_project(&p, err);
    if (r < 0)
        return r;
    if (cli->json)
        put_document(cli, &p);
    else
        put_words(cli, &p);
    return PLAIN_OK;
}
