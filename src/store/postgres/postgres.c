#include "store/postgres/postgres.h"

#include "base/alloc.h"
#include "base/error.h"
#include "store/postgres/schedules.h"

static int postgres_open(const char *url, unsigned flags, struct store **out, plain_error *err)
{
    struct postgres *p = mem_zalloc(1, sizeof(*p));

    if (!p)
        return error_nomem(err);
    int r = session_open(&p->session, url, flags, err);
    if (r < 0) {
        mem_free(p);
        return r;
    }
    p->base.ops = &store_postgres;
    *out = &p->base;
    return PLAIN_OK;
}

static void postgres_close(struct store *s)
{
    struct postgres *p = postgres_of(s);

    if (!p)
        return;
    session_release(&p->session);
    bounds_release(&p->bounds);
    mem_free(p);
}

const char *postgres_enqueue_sql(void)
{
    return sql_postgres[SQL_ENQUEUE_STATEMENT];
}

static const char *const schemes[] = {"postgresql", "postgres", NULL};

static const char *postgres_file(struct store *s)
{
    (void)s;
    return NULL;
}

const struct store_ops store_postgres = {
    .size = sizeof(struct store_ops),
    .name = "postgres",
    .schemes = schemes,
    .caps = STORE_IDLE_MARKS,
    .open = postgres_open,
    .close = postgres_close,
    .schema_version = postgres_schema_version,
    .newest_version = postgres_newest_version,
    .migrate = postgres_migrate,
    .migration_sql = postgres_migration_sql,
    .enqueue = postgres_enqueue,
    .cycle = postgres_cycle,
    .list = postgres_list,
    .find = postgres_find,
    .stats = postgres_stats,
    .retry = postgres_retry,
    .adopt = postgres_adopt,
    .enqueue_many = postgres_enqueue_many,
    .enqueue_ruled = postgres_enqueue_ruled,
    .count = postgres_count,
    .enqueue_sql = postgres_enqueue_sql,
    .sql_takes_uuid = true,
    .clear = postgres_clear,
    .purge = postgres_purge,
    .cancel = postgres_cancel,
    .cancel_claimed = postgres_cancel_claimed,
    .complete = postgres_complete,
    .now = postgres_now,
    .identify = postgres_identify,
    .ended_since = postgres_ended_since,
    .queue_stats = postgres_queue_stats,
    .schedule_find = postgres_schedule_find,
    .schedule_list = postgres_schedule_list,
    .schedule_declare = postgres_schedule_declare,
    .schedule_remove = postgres_schedule_remove,
    .schedule_account = postgres_schedule_account,
    .schedule_run = postgres_schedule_run,
    .schedule_pause = postgres_schedule_pause,
    .schedule_resume = postgres_schedule_resume,
    .register_worker = postgres_register_worker,
    .beat = postgres_beat,
    .leave = postgres_leave,
    .rescue = postgres_rescue,
    .look = postgres_look,
    .listen = postgres_listen,
    .hear = postgres_hear,
    .file = postgres_file,
    .queue_names = postgres_queue_names,
    .pause = postgres_pause,
    .resume = postgres_resume,
    .pauses = postgres_pauses,
    .workers = postgres_workers,
    .ask_worker = postgres_ask_worker,
    .wish_of_worker = postgres_wish_of_worker,
    .waiting = postgres_waiting,
    .count_ahead = postgres_count_ahead,
    .verify = postgres_verify,
    .take_duty = postgres_take_duty,
    .scratch_url = postgres_scratch_url,
    .scratch_discard = postgres_scratch_discard,
    .facts = postgres_facts,
    .delete_job = postgres_delete_job,
    .note = postgres_note,
    .audit = postgres_audit,
    .tidy = postgres_tidy,
};
