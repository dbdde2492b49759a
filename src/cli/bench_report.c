#include "cli/bench_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"

enum { CELL_SIZE = 32 };

static int64_t per_second(const struct bench_rate *rate)
{
    double seconds = (double)(rate->us > 0 ? rate->us : 1) / US_PER_S;

    return (int64_t)((double)rate->count / seconds + 0.5);
}

/* "1.88 ms", "120 ms" */
static const char *put_ms(char out[CELL_SIZE], int64_t us)
{
    double ms = (double)us / US_PER_MS;

    (void)snprintf(out, CELL_SIZE, ms < 100 ? "%.2f ms" : "%.0f ms", ms);
    return out;
}

static const char *put_seconds(char out[CELL_SIZE], int64_t us)
{
    (void)snprintf(out, CELL_SIZE, "%.2f s", (double)us / US_PER_S);
    return out;
}

/* plain-jobs 0.1.0, PostgreSQL 15.18, fsync=on synchronous_commit=on ..., 2 CPUs, 2 runners */
static void put_conditions(struct cli *cli, const struct bench_plan *plan,
                           const struct bench_place *place)
{
    buf_putf(&cli->out, "plain-jobs %s, ", PLAIN_VERSION);
    for (size_t i = 0; i < place->fact_count; i++) {
        if (i > 0)
            buf_putf(&cli->out, " %s=", place->facts[i].name);
        buf_put_escaped(&cli->out, place->facts[i].value);
        if (i == 0)
            buf_putc(&cli->out, ',');
    }
    buf_putf(&cli->out, ", CPUs %d, runners %d\n", cpus_allowed(), plan->processes);
}

static void add_number(struct table *t, int64_t n)
{
    char cell[CELL_SIZE];

    (void)snprintf(cell, sizeof(cell), "%" PRId64, n);
    table_add(t, PAINT_NONE, cell);
}

static void add_blanks(struct table *t, int count)
{
    while (count-- > 0)
        table_add(t, PAINT_NONE, "");
}

static void add_rate(struct table *t, const char *what, const struct bench_rate *rate)
{
    char cell[CELL_SIZE];

    table_add(t, PAINT_NONE, what);
    add_number(t, rate->count);
    table_add(t, PAINT_NONE, put_seconds(cell, rate->us));
    add_number(t, per_second(rate));
    add_blanks(t, 4);
}

static void add_times(struct table *t, const char *what, const struct bench_times *times)
{
    const int64_t cells[] = {times->p50_us, times->p90_us, times->p99_us, times->max_us};
    char cell[CELL_SIZE];

    table_add(t, PAINT_NONE, what);
    add_number(t, times->count);
    add_blanks(t, 2);
    for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
        table_add(t, PAINT_NONE, put_ms(cell, cells[i]));
}

static void print_table(struct cli *cli, const struct bench_figures *f)
{
    static const struct table_column columns[] = {
        {"MEASURED", false}, {"JOBS", true}, {"TIME", true}, {"PER SECOND", true},
        {"P50", true},       {"P90", true},  {"P99", true},  {"MAX", true}};
    struct table t;

    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), 4);
    add_rate(&t, "Enqueue", &f->enqueue);
    add_rate(&t, "Drain", &f->drain);
    add_times(&t, "Pick-up", &f->pickup);
    add_times(&t, "Killed runner to LOST", &f->lost);
    buf_putc(&cli->out, '\n');
    table_print(&t, cli->colour, &cli->out);
}

static void print_rate(struct cli *cli, const char *what, const struct bench_rate *rate)
{
    char time[CELL_SIZE];

    buf_putf(&cli->out, "%s: %" PRId64 " jobs in %s, %" PRId64 " a second\n", what, rate->count,
             put_seconds(time, rate->us), per_second(rate));
}

static void print_times(struct cli *cli, const char *what, const struct bench_times *t)
{
    char p50[CELL_SIZE], p90[CELL_SIZE], p99[CELL_SIZE], most[CELL_SIZE];

    buf_putf(&cli->out, "%s: %" PRId64 " jobs, p50 %s, p90 %s, p99 %s, max %s\n", what, t->count,
             put_ms(p50, t->p50_us), put_ms(p90, t->p90_us), put_ms(p99, t->p99_us),
             put_ms(most, t->max_us));
}

static void print_lines(struct cli *cli, const struct bench_figures *f)
{
    print_rate(cli, "Enqueue", &f->enqueue);
    print_rate(cli, "Drain", &f->drain);
    print_times(cli, "Pick-up", &f->pickup);
    print_times(cli, "Killed runner to LOST", &f->lost);
}

static void put_rate(struct json_writer *j, const char *key, const struct bench_rate *rate,
                     int64_t start_us)
{
    json_begin(j, key, '{');
    json_put_int(j, "count", rate->count);
    json_put_int(j, "us", rate->us);
    json_put_int(j, "per_second", per_second(rate));
    if (start_us >= 0)
        json_put_int(j, "start_us", start_us);
    json_end(j, '}');
}

static void put_times(struct json_writer *j, const char *key, const struct bench_times *t)
{
    json_begin(j, key, '{');
    json_put_int(j, "count", t->count);
    json_put_int(j, "p50_us", t->p50_us);
    json_put_int(j, "p90_us", t->p90_us);
    json_put_int(j, "p99_us", t->p99_us);
    json_put_int(j, "max_us", t->max_us);
    json_end(j, '}');
}

static void print_json(struct cli *cli, const struct bench_plan *plan,
                       const struct bench_place *place, const struct bench_figures *f)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_put_text(&j, "version", PLAIN_VERSION);
    json_begin(&j, "database", '{');
    for (size_t i = 0; i < place->fact_count; i++)
        json_put_text(&j, place->facts[i].name, place->facts[i].value);
    json_end(&j, '}');
    json_put_int(&j, "cpus", cpus_allowed());
    json_put_int(&j, "runners", plan->processes);
    json_put_int(&j, "jobs", plan->jobs);
    put_rate(&j, "enqueue", &f->enqueue, -1);
    put_rate(&j, "drain", &f->drain, f->start_us);
    put_times(&j, "pickup", &f->pickup);
    put_times(&j, "lost", &f->lost);
    json_end_document(&j);
}

void bench_report(struct cli *cli, const struct bench_plan *plan, const struct bench_place *place,
                  const struct bench_figures *figures)
{
    if (cli->json) {
        print_json(cli, plan, place, figures);
        return;
    }
    put_conditions(cli, plan, place);
    if (cli->terminal)
        print_table(cli, figures);
    else
        print_lines(cli, figures);
}
