#define _GNU_SOURCE
#include "worker/build_once.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { RECORD_SIZE = 80 };

static const char folder_name[] = ".plain", file_name[] = "build";

/* What the file says. number 0: nothing yet, or nothing that can be read. */
struct record {
    uint64_t number, sources;
    bool good;
};

/* So that nobody commits what is kept here. */
static void ignore_folder(int folder)
{
    int fd = openat(folder, ".gitignore", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    (void)!write(fd, "*\n", 2);
    (void)close(fd);
}

/* Its own folder keeps strangers out, even where the project's may be written by a group. */
static int open_file(void)
{
    struct stat st;

    if (mkdir(folder_name, 0700) != 0 && errno != EEXIST)
        return -1;
    int folder = open(folder_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -1;
    bool is_private =
        fstat(folder, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
    int fd = -1;
    if (is_private) {
        ignore_folder(folder);
        fd = openat(folder, file_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    } else {
        errno = EPERM;
    }
    int why = errno;
    (void)close(folder);
    errno = why;
    return fd;
}

/* "3 00c0ffee00c0ffee good\n", and nothing else. */
static struct record read_record(int fd)
{
    char text[RECORD_SIZE] = "", *end = text;
    struct record found = {0};
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    errno = 0;
    found.number = strtoull(end, &end, 10);
    found.sources = strtoull(end, &end, 16);
    found.good = strcmp(end, " good\n") == 0;
    bool whole = errno == 0 && (found.good || strcmp(end, " broken\n") == 0);
    return whole ? found : (struct record){0};
}

static void write_record(int fd, const struct record *r)
{
    char text[RECORD_SIZE];
    int n = snprintf(text, sizeof(text), "%" PRIu64 " %016" PRIx64 " %s\n", r->number, r->sources,
                     r->good ? "good" : "broken");

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        log_event(LOG_WARNING, "Build not noted", LOG_TEXT("error", strerrordesc_np(errno)));
}

void build_once_look(struct build_once *b)
{
    int fd = open_file();

    b->fd = -1;
    if (fd < 0)
        return;
    b->seen = read_record(fd).number;
    (void)close(fd);
}

enum build_turn build_once_ask(struct build_once *b, uint64_t sources)
{
    int fd = open_file();

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool is_busy = fd >= 0 && (errno == EWOULDBLOCK || errno == EINTR);

        if (!is_busy)
            log_event(LOG_WARNING, "No lock for the build", LOG_TEXT("file", ".plain/build"),
                      LOG_TEXT("error", strerrordesc_np(errno)));
        if (fd >= 0)
            (void)close(fd);
        return is_busy ? BUILD_WAIT : BUILD_OURS;
    }
    const struct record last = read_record(fd);
    bool others = last.number != b->seen && last.sources == sources;

    b->seen = last.number;
    if (!others) {
        b->fd = fd;
        return BUILD_OURS;
    }
    (void)close(fd);
    return last.good ? BUILD_MADE : BUILD_BROKEN;
}

void build_once_done(struct build_once *b, uint64_t sources, bool good)
{
    if (b->fd >= 0) {
        const struct record made = {b->seen + 1, sources, good};

        write_record(b->fd, &made);
        b->seen = made.number;
    }
    build_once_drop(b);
}

void build_once_drop(struct build_once *b)
{
    if (b->fd >= 0)
        (void)close(b->fd);
    b->fd = -1;
}
