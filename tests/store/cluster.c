#define _GNU_SOURCE
#include "tests/store/cluster.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "tests/harness/harness.h"
#include "tests/store/conformance.h"

enum { PATH_SIZE = 256, ARGS_MAX = 48, OPEN_FOLDERS = 16, URLS_MAX = 512, START_SECONDS = 60 };

static struct cluster {
    char folder[64]; /* short: the name of a socket has at most 107 bytes */
    char bin[PATH_SIZE];
    int port;
    pid_t pid;           /* of the server; 0: not running        */
    pid_t owner;         /* the process that started it          */
    struct passwd *user; /* whom it runs as; NULL: as ourselves */
    PGconn *maker;       /* of databases */
    char *urls[URLS_MAX];
    int url_count;
} cluster;

/* What initdb and the server said, as comments of TAP; the log vanishes with the folder. */
static void show_log(void)
{
    char path[PATH_SIZE], line[512];

    (void)snprintf(path, sizeof(path), "%s/log", cluster.folder);
    FILE *log = fopen(path, "re");
    while (log && fgets(line, sizeof(line), log))
        printf("# %s", line);
    if (log)
        (void)fclose(log);
}

static void give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void give_up(const char *fmt, ...)
{
    va_list ap;

    show_log();
    fputs("Bail out! PostgreSQL for the tests: ", stdout);
    va_start(ap, fmt);
    (void)vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    exit(EXIT_FAILURE);
}

/* The newest server that Debian's packages have installed. */
static void find_programs(void)
{
    glob_t found;

    if (glob("/usr/lib/postgresql/*/bin/initdb", GLOB_NOSORT, NULL, &found) != 0)
        give_up("no server is installed: apt install postgresql");
    const char *best = found.gl_pathv[0];
    for (size_t i = 1; i < found.gl_pathc; i++) {
        if (strverscmp(found.gl_pathv[i], best) > 0)
            best = found.gl_pathv[i];
    }
    (void)snprintf(cluster.bin, sizeof(cluster.bin), "%.*s", (int)(strrchr(best, '/') - best),
                   best);
    globfree(&found);
}

/* PostgreSQL refuses to run as root. */
static void find_user(void)
{
    if (geteuid() != 0)
        return;
    cluster.user = getpwnam("postgres");
    if (!cluster.user)
        cluster.user = getpwnam("nobody");
    if (!cluster.user)
        give_up("neither user postgres nor nobody");
}

static void make_folder(void)
{
    const char *parent = getenv("PLAIN_CLUSTERS");

    (void)snprintf(cluster.folder, sizeof(cluster.folder), "%s/plain-pg-XXXXXX",
                   parent ? parent : "/tmp");
    if (!mkdtemp(cluster.folder))
        give_up("%s: %s", cluster.folder, strerror(errno));
    if (cluster.user && chown(cluster.folder, cluster.user->pw_uid, cluster.user->pw_gid) != 0)
        give_up("chown: %s", strerror(errno));
}

static int find_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &length) != 0)
        give_up("no free port: %s", strerror(errno));
    (void)close(fd);
    return ntohs(a.sin_port);
}

/* In the child: as the server's user, ended with us, its words in the log. */
static void exec_program(const char *const *args)
{
    char log[PATH_SIZE];
    char uid[32], gid[32];
    const char *all[ARGS_MAX] = {"setpriv", "--pdeathsig", "INT"};
    int n = 3;

    (void)snprintf(log, sizeof(log), "%s/log", cluster.folder);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
        chdir(cluster.folder) != 0)
        _exit(127);
    if (cluster.user) {
        (void)snprintf(uid, sizeof(uid), "--reuid=%u", (unsigned)cluster.user->pw_uid);
        (void)snprintf(gid, sizeof(gid), "--regid=%u", (unsigned)cluster.user->pw_gid);
        all[n++] = uid;
        all[n++] = gid;
        all[n++] = "--clear-groups";
    }
    all[n++] = "--";
    while (*args && n < ARGS_MAX - 1)
        all[n++] = *args++;
    (void)execvp(all[0], (char *const *)(uintptr_t)all);
    _exit(127);
}

static pid_t start_program(const char *const *args)
{
    (void)fflush(NULL);
    pid_t pid = fork();

    if (pid < 0)
        give_up("fork: %s", strerror(errno));
    if (pid == 0)
        exec_program(args);
    return pid;
}

static void init_cluster(void)
{
    char program[PATH_SIZE + 16], data[PATH_SIZE];
    const char *args[] = {program, "-D", data,   "-U",         "plain",     "-A",
                          "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions",
                          NULL};
    int status;

    (void)snprintf(program, sizeof(program), "%s/initdb", cluster.bin);
    (void)snprintf(data, sizeof(data), "%s/data", cluster.folder);
    pid_t pid = start_program(args);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        give_up("initdb failed");
}

static void wait_until_ready(void)
{
    char target[PATH_SIZE];

    (void)snprintf(target, sizeof(target),
                   "host=%s port=%d user=plain dbname=postgres connect_timeout=5", cluster.folder,
                   cluster.port);
    for (int i = 0; i < START_SECONDS * 20; i++) {
        if (PQping(target) == PQPING_OK)
            return;
        if (waitpid(cluster.pid, NULL, WNOHANG) != 0)
            give_up("the server ended while it started");
        (void)usleep(50000);
    }
    give_up("the server did not get ready");
}

static void start_server(void)
{
    char program[PATH_SIZE + 16], data[PATH_SIZE], port[16];
    const char *args[] = {program, "-D", data, "-k", cluster.folder, "-p", port,
                          /* On loopback and the socket; a test needs no durability. */
                          "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c",
                          "max_connections=60", "-c", "shared_buffers=64MB", "-c",
                          "log_line_prefix=%m [%p] ", NULL};

    (void)snprintf(program, sizeof(program), "%s/postgres", cluster.bin);
    (void)snprintf(data, sizeof(data), "%s/data", cluster.folder);
    (void)snprintf(port, sizeof(port), "%d", cluster.port);
    cluster.pid = start_program(args);
    wait_until_ready();
}

static void stop_server(int signal_number)
{
    if (cluster.pid == 0)
        return;
    PQfinish(cluster.maker);
    cluster.maker = NULL;
    (void)kill(cluster.pid, signal_number);
    (void)waitpid(cluster.pid, NULL, 0);
    cluster.pid = 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_cluster(void)
{
    if (cluster.owner != getpid())
        return;
    stop_server(SIGQUIT); /* nothing in it is worth a checkpoint */
    (void)nftw(cluster.folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    for (int i = 0; i < cluster.url_count; i++)
        free(cluster.urls[i]);
}

static void ensure_cluster(void)
{
    if (cluster.owner)
        return;
    find_programs();
    find_user();
    make_folder();
    cluster.owner = getpid();
    if (atexit(remove_cluster) != 0)
        give_up("atexit");
    init_cluster();
    cluster.port = find_port();
    start_server();
}

const char *cluster_socket_folder(void)
{
    ensure_cluster();
    return cluster.folder;
}

int cluster_port(void)
{
    ensure_cluster();
    return cluster.port;
}

void cluster_crash(void)
{
    ensure_cluster();
    stop_server(SIGQUIT);
}

void cluster_restart(void)
{
    ensure_cluster();
    stop_server(SIGQUIT);
    start_server();
}

static char *make_url(const char *database)
{
    char *url = NULL;

    if (asprintf(&url, "postgresql://plain@/%s?host=%s&port=%d", database, cluster.folder,
                 cluster.port) < 0)
        give_up("out of memory");
    return url;
}

/* The connection of cluster_number(): a new one costs a hundred times a short look. Whoever uses it
 * takes it away, since another thread may wait in it for a lock. */
static struct kept {
    PGconn *conn;
    char url[512]; /* a copy: a test may write another URL where this one stood */
} kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static struct kept exchange_kept(struct kept by)
{
    (void)pthread_mutex_lock(&kept_lock);
    struct kept before = kept;
    kept = by;
    (void)pthread_mutex_unlock(&kept_lock);
    return before;
}

static PGconn *take_connection(const char *url)
{
    struct kept k = exchange_kept((struct kept){0});

    /* Reading what has come tells that the server has ended it. */
    if (k.conn && strcmp(k.url, url) == 0 && PQconsumeInput(k.conn))
        return k.conn;
    PQfinish(k.conn);
    return PQconnectdb(url);
}

static void give_connection(const char *url, PGconn *conn)
{
    struct kept k = {.conn = conn};

    (void)snprintf(k.url, sizeof(k.url), "%s", url);
    PQfinish(exchange_kept(k).conn);
}

static int64_t run_for_number(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    long long n = 0;

    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
        n = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        print_error("%s\n%s", sql, PQerrorMessage(conn));
    PQclear(result);
    assert_true(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    return n;
}

int64_t cluster_number(const char *url, const char *sql)
{
    PGconn *conn = take_connection(url);
    int64_t n = run_for_number(conn, sql);

    give_connection(url, conn);
    return n;
}

static const char *create_database(const char *options)
{
    char name[32], sql[128];

    ensure_cluster();
    if (cluster.url_count == URLS_MAX)
        give_up("more than %d databases", (int)URLS_MAX);
    (void)snprintf(name, sizeof(name), "test%d", cluster.url_count);
    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE %s %s STRATEGY file_copy", name, options);
    if (!cluster.maker) {
        char *postgres = make_url("postgres");
        cluster.maker = PQconnectdb(postgres);
        free(postgres);
    }
    cluster_run(cluster.maker, sql);
    char *url = make_url(name);
    cluster.urls[cluster.url_count++] = url;
    return url;
}

const char *cluster_fresh(void)
{
    return create_database("");
}

static const char *cluster_copy(const char *url)
{
    PGconn *conn = take_connection(url);
    char options[64];

    (void)snprintf(options, sizeof(options), "TEMPLATE %s", PQdb(conn));
    PQfinish(conn); /* nobody may be in what is copied */
    return create_database(options);
}

const struct conformance_database cluster_database = {
    .fresh = cluster_fresh, .number = cluster_number, .copy = cluster_copy};

void cluster_run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", sql, PQerrorMessage(conn));
    PQclear(result);
}

void cluster_await_lock(const char *url)
{
    const struct timespec moment = {.tv_nsec = 2000000};

    while (cluster_number(url, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0)
        (void)nanosleep(&moment, NULL);
}
