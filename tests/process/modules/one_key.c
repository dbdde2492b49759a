/*
 * one_key.c - one key from many threads: one_key URL THREADS ROUNDS
 *
 * All threads share one handle and enqueue the same class and key, all of a round at once. Prints a
 * line for each round: how many were enqueued, skipped and failed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <plain/jobs.h>

struct contest {
    plain_jobs *jobs;
    pthread_barrier_t start, end;
    int rounds;
    char (*keys)[32];
    int (*results)[3]; /* of a round: enqueued, skipped, failed */
    pthread_mutex_t mutex;
};

static void count(struct contest *c, int round, int r, const plain_error *err)
{
    (void)pthread_mutex_lock(&c->mutex);
    c->results[round][r == PLAIN_OK ? 0 : r == PLAIN_SKIPPED ? 1 : 2]++;
    if (r < 0)
        (void)fprintf(stderr, "PJ%d: %s\n", err->pj, err->message);
    (void)pthread_mutex_unlock(&c->mutex);
}

static void *contend(void *argument)
{
    struct contest *c = argument;
    plain_error err;

    for (int i = 0; i < c->rounds; i++) {
        (void)pthread_barrier_wait(&c->start);
        int r = plain_run_in_worker_by_name(
            c->jobs, "NoopJob", NULL, PLAIN_OPTIONS(.concurrency_key = c->keys[i]), NULL, &err);
        count(c, i, r, &err);
        (void)pthread_barrier_wait(&c->end);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct contest c = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    plain_error err;

    if (argc != 4)
        return 2;
    unsigned threads = (unsigned)strtoul(argv[2], NULL, 10);
    c.rounds = (int)strtol(argv[3], NULL, 10);
    c.keys = calloc((size_t)c.rounds, sizeof(*c.keys));
    c.results = calloc((size_t)c.rounds, sizeof(*c.results));
    pthread_t *ids = calloc(threads, sizeof(*ids));
    if (!c.keys || !c.results || !ids || plain_jobs_open(argv[1], &c.jobs, &err) < 0)
        return 1;
    for (int i = 0; i < c.rounds; i++)
        (void)snprintf(c.keys[i], sizeof(c.keys[i]), "key-%d", i);
    (void)pthread_barrier_init(&c.start, NULL, threads);
    (void)pthread_barrier_init(&c.end, NULL, threads);
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_create(&ids[i], NULL, contend, &c);
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(ids[i], NULL);
    for (int i = 0; i < c.rounds; i++)
        (void)printf("%d %d %d\n", c.results[i][0], c.results[i][1], c.results[i][2]);
    plain_jobs_close(c.jobs);
    free(ids);
    free(c.keys);
    free(c.results);
    return 0;
}
