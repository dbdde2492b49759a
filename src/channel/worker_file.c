#define _GNU_SOURCE
#include "channel/worker_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

/* The largest page that Linux has: a part is mapped by itself. */
enum { PAGE = 64 * 1024, RUNNERS_MAX = 2048 };

static const char magic[8] = "PLAINWF1";

static const uint64_t check_start = UINT64_C(14695981039346656037);

static uint64_t check_bytes(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t check = check_start;

    for (size_t i = 0; i < n; i++)
        check = (check ^ p[i]) * UINT64_C(1099511628211);
    return check;
}

static size_t part_size(void)
{
    return (sizeof(struct progress) + PAGE - 1) / PAGE * PAGE;
}

static size_t file_size(int runner_count)
{
    return PAGE + (size_t)runner_count * part_size();
}

static uint64_t head_check(const struct worker_file_head *h)
{
    return check_bytes(h, offsetof(struct worker_file_head, check));
}

uint64_t worker_file_database(const char *identity)
{
    return check_bytes(identity, strlen(identity));
}

/* What a worker says of itself. */
struct facts {
    int runner_count;
    uint64_t database;
    int64_t lease_ms;
};

static void fill_head(struct worker_file_head *h, const struct facts *facts)
{
    memcpy(h->magic, magic, sizeof(magic));
    h->size = file_size(facts->runner_count);
    h->runner_count = (uint32_t)facts->runner_count;
    h->part_size = (uint32_t)part_size();
    process_boot_id(h->boot_id);
    h->pid_namespace = process_namespace();
    h->database = facts->database;
    h->lease_ms = facts->lease_ms;
    h->worker = process_mark_of((int)getpid());
    h->check = head_check(h);
}

/* 0 when nobody held the lock of the file at path; else errno: EWOULDBLOCK when somebody does. */
static int try_lock(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno;
    int why = flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : 0;
    (void)close(fd);
    return why;
}

bool worker_file_is_free(const char *path)
{
    return try_lock(path) == 0;
}

static int refuse(const char *path, int why, plain_error *err)
{
    return error_set_errno(err, PLAIN_E_IO, 622, "", why, "making the worker file %s", path);
}

void worker_file_remove_begun(const char *name)
{
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlink(name);
    (void)close(fd);
}

/* A new file, locked; -1 and errno. Between its making and its lock it looks as if its maker had
 * died: when it was removed for that, another is made. */
static int open_locked(const char *name)
{
    for (;;) {
        int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat st;

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
            return fd;
        int why = errno;
        bool removed = fstat(fd, &st) == 0 && st.st_nlink == 0;
        (void)close(fd);
        if (!removed) {
            errno = why;
            return -1;
        }
    }
}

/* The whole file under a name of its own: locked, with all of its blocks, and its head. */
static int make_whole(struct worker_file *f, const char *name, const struct facts *facts,
                      plain_error *err)
{
    worker_file_remove_begun(name); /* of a worker that died right here */
    f->fd = open_locked(name);
    if (f->fd < 0)
        return refuse(f->path, errno, err);
    int failed = posix_fallocate(f->fd, 0, (off_t)f->size);
    if (failed)
        return refuse(f->path, failed, err);
    f->head = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
    if (f->head == MAP_FAILED) {
        f->head = NULL;
        return refuse(f->path, errno, err);
    }
    fill_head(f->head, facts);
    return PLAIN_OK;
}

int worker_file_create(struct worker_file *f, const char *path, int runner_count, uint64_t database,
                       int64_t lease_ms, plain_error *err)
{
    const struct facts facts = {runner_count, database, lease_ms};
    char name[PATH_MAX + 8];

    *f = (struct worker_file){.fd = -1, .size = file_size(runner_count)};
    if (!text_copy(f->path, sizeof(f->path), path))
        return refuse(path, ENAMETOOLONG, err);
    (void)snprintf(name, sizeof(name), "%s" WORKER_FILE_BEGUN, path);
    if (try_lock(path) == EWOULDBLOCK) {
        f->path[0] = '\0';
        return error_set(err, PLAIN_E_REFUSED, 621, "",
                         "another worker, which is alive, uses the worker file %s", path);
    }
    int r = make_whole(f, name, &facts, err);
    if (r == PLAIN_OK && rename(name, path) < 0)
        r = refuse(path, errno, err);
    if (r < 0) {
        (void)unlink(name);
        worker_file_release(f, false);
    }
    return r;
}

void worker_file_set_id(struct worker_file *f, const plain_uuid *id)
{
    struct worker_file_id *ids = f->head->ids;

    ids[1] = ids[0];
    ids[0] = (struct worker_file_id){.id = *id, .check = check_bytes(id, sizeof(*id))};
}

struct progress *worker_file_part(const struct worker_file *f, int runner)
{
    char *start = (char *)f->head + PAGE + (size_t)runner * part_size();

    return (struct progress *)(void *)start;
}

void worker_file_release(struct worker_file *f, bool remove)
{
    if (remove && f->path[0])
        (void)unlink(f->path);
    if (f->head)
        (void)munmap(f->head, f->size);
    if (f->fd >= 0)
        (void)close(f->fd);
    f->head = NULL;
    f->fd = -1;
}

int worker_file_join(int fd, int runner, struct progress **part,
                     const struct worker_file_head **head, plain_error *err)
{
    off_t at = (off_t)(PAGE + (size_t)runner * part_size());
    void *mine = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
    void *common = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

    if (mine == MAP_FAILED || common == MAP_FAILED)
        return error_set_errno(err, PLAIN_E_IO, 622, "", errno, "mapping the worker file");
    *part = mine;
    *head = common;
    return PLAIN_OK;
}

/* Where this process is. False when it cannot be told, for lack of descriptors. */
static bool find_place(char boot[BOOT_ID_SIZE], uint64_t *pid_namespace)
{
    process_boot_id(boot);
    *pid_namespace = process_namespace();
    return boot[0] && *pid_namespace != 0;
}

static const char *head_fault(const struct worker_file_head *h, size_t size, const char *boot,
                              uint64_t pid_namespace)
{
    if (memcmp(h->magic, magic, sizeof(magic)) != 0 || h->check != head_check(h))
        return "is damaged";
    if (h->size != size || h->runner_count < 1 || h->runner_count > RUNNERS_MAX ||
        h->part_size != part_size() || h->size != file_size((int)h->runner_count))
        return "was cut off, or is of another version";
    if (strcmp(h->boot_id, boot) != 0)
        return "is from before this machine was started";
    if (h->pid_namespace != pid_namespace)
        return "is of another container";
    return NULL;
}

bool worker_file_is_sound(const struct worker_file *f)
{
    for (uint32_t i = 0; i < f->head->runner_count; i++) {
        const struct progress *p = worker_file_part(f, (int)i);

        for (size_t k = 0; k < PROGRESS_RING; k++) {
            if (!progress_entry_is_sound(p, k))
                return false;
        }
    }
    return true;
}

int worker_file_read(struct worker_file *f, const char *path, plain_error *err)
{
    char boot[BOOT_ID_SIZE];
    uint64_t pid_namespace;
    struct stat st;

    *f = (struct worker_file){.fd = -1};
    (void)text_copy(f->path, sizeof(f->path), path);
    if (!find_place(boot, &pid_namespace))
        return PLAIN_NONE;
    f->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (f->fd < 0)
        return PLAIN_NONE;
    const char *fault = "is too short";
    if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= PAGE &&
        st.st_uid == geteuid()) {
        f->size = (size_t)st.st_size;
        f->head = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);
        if (f->head == MAP_FAILED)
            f->head = NULL;
        fault = f->head ? head_fault(f->head, f->size, boot, pid_namespace) : NULL;
    }
    if (f->head && !fault)
        return PLAIN_OK;
    worker_file_release(f, false);
    if (!fault)
        return PLAIN_NONE;
    return error_set(err, PLAIN_E_INVALID, 622, "", "the worker file %s %s", path, fault);
}

bool worker_file_has_life(const struct worker_file *f)
{
    if (process_mark_lives(&f->head->worker))
        return true;
    for (uint32_t i = 0; i < f->head->runner_count; i++) {
        if (process_mark_lives(&worker_file_part(f, (int)i)->runner))
            return true;
    }
    return false;
}
