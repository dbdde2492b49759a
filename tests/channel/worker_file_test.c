/* worker_file_test.c - one worker has it, it says who lives, and what is damaged is not believed */
#include "channel/worker_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/harness/harness.h"

enum { RUNNERS = 2, LEASE_MS = 60000 };

/* A name in a folder of its own. */
static const char *new_path(void)
{
    static char path[64];

    (void)snprintf(path, sizeof(path), "/tmp/worker-file-XXXXXX");
    assert_non_null(mkdtemp(path));
    (void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "/w01234567");
    return path;
}

static void remove_folder(const char *path)
{
    char folder[64];

    (void)unlink(path);
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(rmdir(folder), 0);
}

static void create(struct worker_file *f, const char *path)
{
    plain_error err;

    if (worker_file_create(f, path, RUNNERS, 42, LEASE_MS, &err) != PLAIN_OK)
        fail_msg("%s", err.message);
}

/* The number of descriptors that are free. */
static void leave_descriptors(int n, struct rlimit *before)
{
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC); /* the lowest that is free */
    struct rlimit limit;

    (void)close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    limit = (struct rlimit){(rlim_t)(next + n), before->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Whoever has no descriptors left must not take it for damaged or dead. */
static void a_file_that_cannot_be_looked_at_is_left_alone(void **state)
{
    const char *path = new_path();
    struct worker_file own, seen;
    struct rlimit before;
    plain_error err;

    (void)state;
    create(&own, path);
    leave_descriptors(0, &before);
    int r = worker_file_read(&seen, path, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(r, PLAIN_NONE);
    leave_descriptors(1, &before); /* the file stays open, and there is more to read */
    r = worker_file_read(&seen, path, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(r, PLAIN_OK);
    leave_descriptors(0, &before);
    bool has_life = worker_file_has_life(&seen), is_free = worker_file_is_free(path);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(has_life);
    assert_false(is_free);
    worker_file_release(&seen, false);
    worker_file_release(&own, false);
    assert_true(worker_file_is_free(path));
    remove_folder(path);
}

static void a_second_worker_is_refused(void **state)
{
    struct worker_file first, second;
    const char *path = new_path();
    plain_error err;

    (void)state;
    create(&first, path);
    assert_false(worker_file_is_free(path));
    assert_int_equal(worker_file_create(&second, path, RUNNERS, 42, LEASE_MS, &err),
                     PLAIN_E_REFUSED);
    assert_int_equal(err.pj, 621);
    worker_file_release(&first, false);
    assert_true(worker_file_is_free(path));
    create(&second, path); /* of a dead one */
    worker_file_release(&second, true);
    remove_folder(path);
}

static void a_missing_or_full_folder_is_refused(void **state)
{
    struct worker_file f;
    plain_error err;

    (void)state;
    assert_int_equal(worker_file_create(&f, "/tmp/no-such-folder/w", 1, 42, LEASE_MS, &err),
                     PLAIN_E_IO);
    assert_int_equal(err.pj, 622);
    /* No file system has room for it. */
    const char *path = new_path();
    assert_int_equal(worker_file_create(&f, path, INT32_MAX, 42, LEASE_MS, &err), PLAIN_E_IO);
    assert_int_equal(err.pj, 622);
    remove_folder(path); /* nothing was left in it */
}

static void what_was_only_begun_goes_with_its_maker(void **state)
{
    char name[80];
    struct worker_file f;
    const char *path = new_path();

    (void)state;
    (void)snprintf(name, sizeof(name), "%s" WORKER_FILE_BEGUN, path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    worker_file_remove_begun(name); /* its maker lives */
    assert_int_equal(access(name, F_OK), 0);
    (void)close(fd);
    worker_file_remove_begun(name);
    assert_int_equal(access(name, F_OK), -1);
    worker_file_remove_begun(name); /* there is none */
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    (void)close(fd);
    create(&f, path); /* one that is in the way */
    worker_file_release(&f, true);
    remove_folder(path);
}

static void both_sides_see_the_same_page(void **state)
{
    const struct worker_file_head *head;
    struct worker_file f;
    struct progress *theirs;
    const char *path = new_path();

    (void)state;
    create(&f, path);
    assert_int_equal(worker_file_join(f.fd, 1, &theirs, &head, NULL), PLAIN_OK);
    (void)progress_give(worker_file_part(&f, 1), 1, &(plain_uuid){{7}});
    assert_true(progress_enter(theirs, 1, 42));
    assert_int_equal(atomic_load(&worker_file_part(&f, 1)->entered), 1);
    assert_int_equal(atomic_load(&worker_file_part(&f, 0)->entered), 0);
    atomic_store(&f.head->deadline_us, 4711);
    assert_int_equal(atomic_load(&head->deadline_us), 4711);
    assert_int_equal(head->lease_ms, LEASE_MS);
    worker_file_release(&f, true);
    remove_folder(path);
}

static void another_reads_who_it_is_of_and_who_lives(void **state)
{
    struct worker_file f, read;
    const plain_uuid old = uuid_new(), now = uuid_new();
    const char *path = new_path();

    (void)state;
    create(&f, path);
    worker_file_set_id(&f, &old);
    worker_file_set_id(&f, &now);
    assert_int_equal(worker_file_read(&read, path, NULL), PLAIN_OK);
    assert_memory_equal(read.head->ids[0].id.bytes, now.bytes, 16);
    assert_memory_equal(read.head->ids[1].id.bytes, old.bytes, 16);
    assert_int_equal(read.head->database, 42);
    assert_true(worker_file_has_life(&read));
    assert_true(worker_file_is_sound(&read));
    f.head->worker.start--; /* another process of that number */
    assert_false(worker_file_has_life(&read));
    worker_file_part(&f, 1)->runner = process_mark_of((int)getpid());
    assert_true(worker_file_has_life(&read)); /* a runner */
    worker_file_release(&read, false);
    worker_file_release(&f, true);
    assert_int_equal(worker_file_read(&read, path, NULL), PLAIN_NONE);
    remove_folder(path);
}

static void a_lock_that_a_child_kept_is_no_life(void **state)
{
    struct worker_file f, found;
    const char *path = new_path();
    pid_t child = 0;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t worker = fork();
    if (worker == 0) {
        create(&f, path);
        child = fork();
        if (child == 0) {
            (void)alarm(60); /* where nobody ends it */
            (void)pause();
            _exit(0);
        }
        _exit(write(ends[1], &child, sizeof(child)) != (ssize_t)sizeof(child));
    }
    assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
    assert_int_equal(waitpid(worker, NULL, 0), worker);
    assert_false(worker_file_is_free(path));
    assert_int_equal(worker_file_read(&found, path, NULL), PLAIN_OK);
    assert_false(worker_file_has_life(&found));
    worker_file_release(&found, false);
    (void)kill(child, SIGKILL);
    (void)close(ends[0]);
    (void)close(ends[1]);
    remove_folder(path);
}

static void refuse_file(const char *path, const char *words)
{
    struct worker_file read;
    plain_error err;

    assert_int_equal(worker_file_read(&read, path, &err), PLAIN_E_INVALID);
    if (!strstr(err.message, words))
        fail_msg("%s", err.message);
}

static void what_is_damaged_is_not_believed(void **state)
{
    struct worker_file f, read;
    const char *path = new_path();

    (void)state;
    create(&f, path);
    f.head->worker.pid++;
    refuse_file(path, "damaged");
    f.head->worker.pid--;
    assert_int_equal(worker_file_read(&read, path, NULL), PLAIN_OK);
    worker_file_release(&read, false);
    (void)progress_give(worker_file_part(&f, 1), 3, &(plain_uuid){{7}});
    assert_true(worker_file_is_sound(&f));
    progress_entry(worker_file_part(&f, 1), 3)->token.bytes[0] = 8;
    assert_false(worker_file_is_sound(&f));
    size_t size = f.size;
    worker_file_release(&f, false);
    assert_int_equal(truncate(path, (off_t)size - 4096), 0);
    refuse_file(path, "cut off");
    assert_int_equal(truncate(path, 100), 0);
    refuse_file(path, "too short");
    remove_folder(path);
}

HARNESS_MAIN(a_file_that_cannot_be_looked_at_is_left_alone, a_second_worker_is_refused,
             a_missing_or_full_folder_is_refused, what_was_only_begun_goes_with_its_maker,
             both_sides_see_the_same_page, another_reads_who_it_is_of_and_who_lives,
             a_lock_that_a_child_kept_is_no_life, what_is_damaged_is_not_believed)
