/* sqlite_wake_test.c - waking workers without a server */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <poll.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "tests/store/sqlite_database.h"

enum { PATH_SIZE = 512, SOON_MS = 10000 };

static int hear(struct bench *b, struct heard *out)
{
    return b->store->ops->hear(b->store, true, out, &b->err);
}

static struct listening listen_for_jobs(struct bench *b)
{
    struct listening at;

    assert_int_equal(b->store->ops->listen(b->store, &b->worker.id, &at, &b->err), PLAIN_OK);
    return at;
}

static void folder_of(const struct bench *b, char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s-workers", b->store->ops->file(b->store));
}

static int sockets_in(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int n = 0;

    while (dir && (entry = readdir(dir)))
        n += strstr(entry->d_name, ".sock") != NULL;
    if (dir)
        (void)closedir(dir);
    return n;
}

/* Writes of an open transaction, which go to the file when its cache is full, are no news yet. */
static void a_foreign_commit_is_heard_when_it_can_be_seen(void **state)
{
    struct bench b;
    struct heard heard;
    (void)state;
    bench_open(&b);
    struct listening at = listen_for_jobs(&b);
    sqlite3 *foreign = sqlite_database_connect(b.url);
    struct pollfd p = {.fd = at.changed_fd, .events = POLLIN};

    while (hear(&b, &heard) == PLAIN_OK && (heard.is_woken || heard.again_ms >= 0))
        continue;
    (void)sqlite_database_run(foreign,
                              "PRAGMA cache_size = 1; BEGIN;"
                              "CREATE TABLE big (x); INSERT INTO big"
                              " SELECT zeroblob(4000) FROM plainjobs_migration;"
                              "INSERT INTO plainjobs_jobrequest (job_class) VALUES ('Job')");
    assert_int_equal(poll(&p, 1, SOON_MS), 1);
    int steps = 0;
    do {
        assert_int_equal(hear(&b, &heard), PLAIN_OK);
        assert_false(heard.is_woken);
        steps++;
    } while (heard.again_ms >= 0);
    assert_in_range(steps, 8, 9); /* 0, 1, 2, 4 ... 64 ms */
    (void)sqlite_database_run(foreign, "COMMIT");
    assert_int_equal(poll(&p, 1, SOON_MS), 1);
    assert_int_equal(hear(&b, &heard), PLAIN_OK);
    assert_true(heard.is_woken);
    (void)sqlite3_close(foreign);
    bench_close(&b);
}

static int look(struct bench *b)
{
    static const char *const names[] = {"default"};
    const struct claim_wish wish = {
        .queues = names, .queue_count = 1, .classes = names, .class_count = 1};
    struct look seen;

    return b->store->ops->look(b->store, &wish, &seen, &b->err);
}

/* Who looks says what is the matter, and waits before the next try; a listener that failed would
 * begin again at once, and again. */
static void a_file_that_is_away_is_news_once(void **state)
{
    char away[PATH_SIZE];
    struct heard heard;
    struct bench b;

    (void)state;
    bench_open(&b);
    struct listening at = listen_for_jobs(&b);
    struct pollfd p = {.fd = at.changed_fd, .events = POLLIN};
    const char *file = b.store->ops->file(b.store);
    (void)snprintf(away, sizeof(away), "%s.away", file);
    while (hear(&b, &heard) == PLAIN_OK && (heard.is_woken || heard.again_ms >= 0))
        continue;
    assert_int_equal(rename(file, away), 0);
    assert_int_equal(look(&b), PLAIN_E_UNREACHABLE);
    assert_int_equal(poll(&p, 1, SOON_MS), 1); /* of the name that came */
    assert_int_equal(hear(&b, &heard), PLAIN_OK);
    assert_true(heard.is_woken);
    assert_int_equal(heard.again_ms, -1);
    assert_int_equal(hear(&b, &heard), PLAIN_OK);
    assert_false(heard.is_woken);
    assert_int_equal(rename(away, file), 0);
    assert_int_equal(look(&b), PLAIN_OK);
    bench_close(&b);
}

/* SQLite's own files lie beside the file that a link leads to: so do the sockets and the files of
 * workers, whatever the name by which it was opened. */
static void a_link_to_the_file_is_the_file(void **state)
{
    char link[PATH_SIZE], url[PATH_SIZE + 8];
    struct store *store;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)snprintf(link, sizeof(link), "%s/link.db", harness_tmpdir());
    (void)snprintf(url, sizeof(url), "sqlite:%s", link);
    assert_int_equal(symlink(b.store->ops->file(b.store), link), 0);
    assert_int_equal(store_open(url, 0, &store, &b.err), PLAIN_OK);
    assert_string_equal(store->ops->file(store), b.store->ops->file(b.store));
    store_close(store);
    bench_close(&b);
}

static void its_socket_comes_and_goes_with_the_listener(void **state)
{
    struct bench b;
    char folder[PATH_SIZE];
    struct stat st;
    (void)state;
    bench_open(&b);
    folder_of(&b, folder);
    assert_int_equal(sockets_in(folder), 0);
    (void)listen_for_jobs(&b);
    assert_int_equal(sockets_in(folder), 1);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    bench_close(&b);
    assert_int_equal(sockets_in(folder), 0);
}

static void a_socket_that_nobody_reads_is_removed(void **state)
{
    struct bench b, other;
    struct new_request r = request_default();
    char folder[PATH_SIZE], path[2 * PATH_SIZE], name[PATH_SIZE];
    (void)state;
    bench_open(&b);
    bench_join(&other, &b);
    folder_of(&b, folder);
    (void)listen_for_jobs(&b);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int dead = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char id[PLAIN_UUID_TEXT];
    plain_uuid uuid = uuid_new();
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/%s.sock", plain_uuid_format(&uuid, id));
    assert_int_equal(bind(dead, (struct sockaddr *)&at, sizeof(at)), 0);
    (void)snprintf(name, sizeof(name), "%s", at.sun_path);
    (void)snprintf(path, sizeof(path), "%s/dead.sock", folder);
    assert_int_equal(rename(name, path), 0);
    (void)close(dead);
    assert_int_equal(sockets_in(folder), 2);
    (void)bench_enqueue(&other, &r);
    assert_int_equal(sockets_in(folder), 1);
    bench_close(&other);
    bench_close(&b);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct bench b;
    struct new_request r = request_default();
    char folder[PATH_SIZE], path[2 * PATH_SIZE];
    (void)state;
    bench_open(&b);
    folder_of(&b, folder);
    (void)listen_for_jobs(&b);
    (void)snprintf(path, sizeof(path), "%s/worker.state", folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    (void)fclose(f);
    (void)bench_enqueue(&b, &r);
    assert_int_equal(access(path, F_OK), 0);
    (void)unlink(path);
    bench_close(&b);
}

DATABASE_MAIN(&sqlite_database, a_foreign_commit_is_heard_when_it_can_be_seen,
              a_file_that_is_away_is_news_once, a_link_to_the_file_is_the_file,
              its_socket_comes_and_goes_with_the_listener, a_socket_that_nobody_reads_is_removed,
              a_file_that_is_no_socket_is_left_alone)
