/*
 * store.h - the one seam to a database
 *
 * A store is one connection. It speaks in domain verbs, each of which is one transaction of its own
 * and leaves none open. Every call blocks, but never without end: a statement that waits for a lock
 * or a server that is silent gives PLAIN_E_BUSY, PLAIN_E_TIMEOUT or PLAIN_E_UNREACHABLE within 30
 * s. After PLAIN_E_UNREACHABLE the next call connects again by itself. Errors never hold a
 * password.
 *
 * Threads: a store belongs to one thread at a time. Ownership: what a call returns lives in the
 * arena that was given to it; what is given is borrowed for the call. Times are microseconds since
 * 1970 UTC by the DATABASE's clock. Texts are UTF-8 without NUL: callers have checked it.
 *
 * struct store_ops is a table of these verbs for one kind of database. It is only appended to. The
 * contract of each verb stands at its member; tests/store runs ONE suite of it on every database.
 */
#ifndef PLAIN_STORE_STORE_H
#define PLAIN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>
#include <plain/jobs/uuid.h>

#include "base/arena.h"
#include "store/slots.h"

struct store; /* each database's own struct begins with a struct store */

/* The transaction of an enqueue by a class's own rule; each database's own struct begins with it.
 */
struct store_tx {
    struct store *store;
};

#define STORE_NO_TIME INT64_MIN /* a time that is NULL */

enum job_status {
    JOB_SUCCESSFUL,
    JOB_ERRORED,
    JOB_CANCELLED,
    JOB_DEFERRED,
    JOB_LOST,
    JOB_STATUS_COUNT
};
extern const char *const job_status_names[JOB_STATUS_COUNT];   /* "SUCCESSFUL" ... */
bool job_status_parse(const char *name, enum job_status *out); /* any case */

/* A request to be made. uuid is never zero; parameters is the whole stored JSON. */
struct new_request {
    plain_uuid uuid;
    bool may_exist; /* the caller chose the uuid: look whether that job is there already */
    const char *job_class;
    const char *parameters;
    const char *queue;
    const char *concurrency_key; /* "" for none */
    const char *source;
    int priority;
    int retries;
    int64_t delay_us;   /* from the database's now; 0 for none */
    int64_t timeout_ms; /* of an attempt's run; 0 for none of its own */
    int64_t start_at;   /* STORE_NO_TIME for none */
    bool key_shared; /* admitted by its class's own rule: takes no key row; enqueue_ruled sets it */
};

/* Requests that are made when a store gets to them: while its server works, say. */
struct request_source {
    const struct new_request *requests;
    size_t count;
    /* Makes those of the first n that are not made yet. Runs no code of the application, so it may
     * be called in a transaction. */
    int (*prepare)(void *user, size_t n, plain_error *err);
    void *user;
};

/* A job that was claimed: a process row, started. */
struct claim {
    plain_uuid token; /* plainjobs_jobprocess.uuid */
    plain_uuid request_uuid;
    plain_uuid root_uuid;
    const char *job_class;
    const char *parameters; /* as stored; NULL when the column is */
    const char *queue;
    const char *concurrency_key;
    const char *source;
    int priority;
    int retries;
    int retry_attempt; /* attempt = retry_attempt + 1 */
    int run_no;        /* from 1 */
    int crash_count;
    int64_t requested_at;
    int64_t due_at;
    int64_t id;         /* of the request row */
    int64_t timeout_ms; /* of the request's own; 0: none */
    int lost_count;     /* attempts of this job that were lost with their worker */
};

/* The end of one attempt. Zero uuids and negative numbers stand for NULL where said. */
struct job_end {
    plain_uuid token;
    enum job_status status;
    int64_t started_at;
    int64_t ended_at;
    const char *error;         /* the whole text; "" for none */
    const char *error_type;    /* NULL: none */
    const char *error_message; /* NULL: none */
    const char *fingerprint;   /* NULL: none */
    int exit_code;             /* -1: none */
    int exit_signal;           /* -1: none */
    int crash_count;           /* of this attempt's job, this end included */
    int runner_pid;
    int64_t cpu_us;       /* -1: unknown */
    int64_t max_rss_kb;   /* -1: unknown */
    plain_uuid successor; /* the request that continues the job; zero: none */
    int64_t successor_start_at;
    int successor_retry_attempt;
    bool wants_hook; /* its class has an on_aborted, for when it is recorded as LOST or CANCELLED:
                        somebody may have cancelled what failed */
    int lost_count;  /* like crash_count: attempts that were lost with their worker */
    const char *output; /* the end of what it wrote; NULL: nothing */
    bool completing;    /* its job may be completing it in a transaction of its own */
    bool is_locked;     /* somebody had locked its row when it was told before: not waited for */
};

/* An ended attempt whose on_aborted is to be called. */
struct hook {
    struct claim claim; /* token, uuids, class, parameters ... of the attempt */
    enum job_status status;
    const char *error_type, *error_message; /* "" for none */
    bool will_retry;
};

/* Which worker claims and ends. */
struct worker_identity {
    plain_uuid id;
    const char *host;
    int pid;
};

/* What a worker says of itself. */
struct worker_row {
    const struct worker_identity *identity;
    plain_uuid before; /* the id that it had before; zero: none. What is asked of it still holds */
    const char *const *queues;
    size_t queue_count;
    const char *const *classes; /* job classes that it can run */
    size_t class_count;
    int64_t lease_ms; /* it is dead when it was not heard of for so long */
    int capacity;     /* jobs that it runs at a time */
};

/* Whose jobs are to be rescued. */
struct rescue_wish {
    const struct worker_identity *worker; /* the rescuer */
    int64_t lease_ms;                     /* of the rescuer */
    const plain_uuid *dead; /* workers whose processes are known to have ended: at once */
    size_t dead_count;
    const plain_uuid *living; /* workers that are known to live: a clock that jumped is no death */
    size_t living_count;
    size_t limit; /* orphans wanted, 0 to STORE_RESCUE_MAX */
};
enum {
    STORE_RESCUE_MAX = 500,
    STORE_DEAD_MAX = 100,
    RESCUE_LEASE_MS = 10000,
    STORE_UNDECIDED_MS = 20000 /* how long a server may go on with a statement of a dead worker */
};

/* A claimed job whose worker is dead. */
struct orphan {
    struct claim claim;
    int64_t started_at;      /* STORE_NO_TIME: its worker had not even said that it starts */
    plain_uuid worker_id;    /* the dead one */
    const char *worker_host; /* "" when it is not known */
    int worker_pid;
};

struct rescue_result {
    struct orphan *orphans; /* oldest first */
    size_t orphan_count;
    size_t seized;          /* workers that this rescuer took over now */
    plain_uuid *unfinished; /* those of wish.dead of which something is left in the database */
    size_t unfinished_count;
    plain_uuid *forgotten; /* workers whose rows were deleted now; a file need not tell */
    size_t forgotten_count;
    int64_t now;        /* by the database's clock */
    int64_t next_lapse; /* when the next lease of another worker is over; STORE_NO_TIME: there is
                           none */
};

struct claim_wish {
    const char *const *queues; /* at least one */
    size_t queue_count;
    const char *const *classes; /* names that the runners know, aliases included; at least one */
    size_t class_count;
    const plain_uuid *tokens; /* limit of them, fresh */
    size_t limit;             /* at most STORE_CLAIM_MAX */
};
enum { STORE_CLAIM_MAX = 1000, STORE_END_MAX = 1000 };

/* One round of a worker: ends, then unstarted claims back to the queue, then new claims. */
struct cycle {
    const struct worker_identity *worker;
    int shard; /* of the counters, 0 to 63: cycles with different ones do not wait for each other */
    const struct job_end *ends;
    size_t end_count;           /* at most STORE_END_MAX */
    const plain_uuid *releases; /* tokens */
    size_t release_count;
    /* Some are of a claim whose outcome is unknown, by a worker of this id: it is waited for first,
     * and is not made any more. NULL: none. */
    const plain_uuid *in_doubt_of;
    const struct claim_wish *wish; /* NULL: claim nothing */
    const plain_uuid *hooks_done;  /* tokens whose on_aborted was called */
    size_t hooks_done_count;
    const char *const *hook_classes; /* classes whose hooks this worker can call */
    size_t hook_class_count;
    size_t hook_limit;         /* hooks to be taken: nobody else is given them for HOOK_LEASE_S */
    const plain_uuid *watched; /* tokens of attempts that are running: what others did to them */
    size_t watched_count;      /* at most STORE_END_MAX */
    bool fold; /* counts that transactions of the application's own, and removals, left become the
                  worker's, and those of minutes that nobody asks for any more (STORE_COUNTER_DAYS)
                  one for all time */
    enum idle_change {
        IDLE_KEEP,
        IDLE_MARK, /* the worker waits to be woken: enqueues that begin after the commit wake it */
        IDLE_CLEAR /* it does not, and nobody is to spend time on it */
    } idle;        /* where STORE_IDLE_MARKS */
    bool woken;    /* something came, perhaps in front of what was claimed last */
    int64_t told;  /* 0, or as heard.request_id: only that request is claimed, if it is to be had,
                      and nothing else is in the cycle; whatever there is on a connection that has
                      not listened since it was made */
    size_t ahead;  /* jobs that another claim of this worker may be taking right behind the last one
                      of this connection: this one may begin behind so many, and proves nothing by
                      what it does not find */
};

enum tidy_what {
    TIDY_NOTHING,
    TIDY_REQUESTS, /* what claims left in the index that they go by: one that begins at its front
                      walks over all of it */
    TIDY_PROCESSES /* what ends left in the table of claimed jobs, of which few are there at any
                      time: else it grows with every claim, and each connection touches all of it */
};

/* What became of an attempt that is being run, when it is not all as it was. */
enum watch_state {
    WATCH_GONE,      /* its row is not there: deleted, or ended by somebody else */
    WATCH_CANCELLED, /* somebody wants it to end */
    WATCH_COMPLETED  /* it ended SUCCESSFUL in a transaction of its own */
};
struct watched_job {
    plain_uuid token;
    int state;      /* enum watch_state */
    const char *by; /* who cancelled; NULL: nobody said */
};
enum { HOOK_LEASE_S = 60, STORE_HOOK_MAX = 100 };

struct cycle_result {
    size_t folded;         /* rows of counters; STORE_FOLD_MAX or more: there may be others */
    size_t ended;          /* fewer than end_count: the others changed nothing. Of them... */
    size_t recorded;       /* ...so many are recorded as SUCCESSFUL before (what their ends know
                              of runner, CPU time, memory and output is added to what the job's
                              own transaction wrote), ... */
    plain_uuid *undecided; /* ...these `completing` or locked ones are a transaction's that is still
                              open: they are to be told again, ... */
    size_t undecided_count; /* ...and the rest were superseded. */
    size_t released;        /* likewise */
    plain_uuid *kept;       /* releases that an open transaction has: to be told again */
    size_t kept_count;
    bool is_sent;         /* of a cycle that failed: it may have been done nevertheless */
    struct claim *claims; /* in the order in which they are to run */
    size_t claim_count;
    int64_t now;      /* by the database's clock; STORE_NO_TIME: what was told was not to be had,
                         and nothing else was asked */
    int64_t next_due; /* when nothing was claimed: the next due time in these queues; STORE_NO_TIME
                         when nothing is waiting for a time. Jobs are not kept waiting for it. */
    struct hook *hooks;
    size_t hook_count;
    struct watched_job *watched; /* those of the cycle's of which there is something to say */
    size_t watched_count;
};

enum cancel_outcome {
    CANCEL_DONE,  /* it was pending: its result is CANCELLED */
    CANCEL_ASKED, /* it is running: its worker stops it, and its end is CANCELLED */
    CANCEL_ENDED  /* there is nothing left to cancel */
};

enum delete_outcome {
    DELETE_DONE, /* it is gone */
    DELETE_ASKED /* it is running: its worker stops it, and its CANCELLED result stays */
};

/* What somebody did. Texts are never NULL. */
struct audit_row {
    int64_t id;
    int64_t at;
    const char *actor;  /* "" when nobody said */
    const char *action; /* "queue.pause" */
    const char *target; /* a queue, the class of a job, host:pid of a worker, "*" for all */
    plain_uuid uuid;    /* of a job or worker; zero: none */
    const char *detail;
    int64_t n; /* -1: one, or it does not say */
};
enum { STORE_AUDIT_MAX = 1000 };

/* What a worker that waits can see without claiming. */
struct look {
    bool is_due;      /* something could be claimed */
    int64_t now;      /* by the database's clock */
    int64_t next_due; /* STORE_NO_TIME when nothing is waiting for a time */
    bool is_open; /* a transaction that began before the first look behind IDLE_MARK still is: what
                     it enqueued before the mark was there wakes nobody */
};

/* What listen() gives: either may be -1. */
struct listening {
    int told_fd;    /* readable when an enqueue told of itself, or the link is gone */
    int changed_fd; /* readable when the database changed, whoever did it; often */
    bool is_new;    /* what came before was not heard: look once */
};

struct heard {
    bool is_woken;      /* look whether there is something to claim */
    int64_t request_id; /* of the only request that this is about; 0: it may be about several */
    bool is_asked;      /* look what an operator wants of this worker: wish_of_worker */
    int64_t again_ms;   /* -1: when a descriptor is readable; else ask again in so many ms */
};

enum job_table { TABLE_REQUEST, TABLE_PROCESS, TABLE_RESULT };

/* A row of any of the three tables; what a table lacks is NULL, -1 or STORE_NO_TIME. */
struct job_row {
    enum job_table table;
    int64_t id;
    plain_uuid request_uuid; /* a request's own uuid */
    plain_uuid token;        /* the attempt: zero for a request */
    plain_uuid root_uuid;
    plain_uuid retry_of;           /* the attempt that this one continues: zero for the first */
    plain_uuid retry_request_uuid; /* result: the request that continues it */
    plain_uuid worker_id;
    const char *job_class;
    const char *parameters;
    const char *queue;
    const char *concurrency_key;
    bool key_shared; /* its class's own rule let it in: it takes no key row */
    const char *source;
    int priority, retries, retry_attempt, run_no, crash_count;
    int64_t requested_at; /* request: created_at */
    int64_t start_at;
    int64_t claimed_at; /* process: created_at */
    int64_t started_at;
    int64_t cancel_at;     /* process: when somebody asked for its end */
    const char *cancel_by; /* who */
    int64_t ended_at;
    enum job_status status; /* result only */
    const char *error, *error_type, *error_message, *fingerprint;
    const char *worker_host;
    int worker_pid, runner_pid, exit_code, exit_signal;
    int64_t cpu_us, max_rss_kb;
    const char *output; /* result: what the attempt wrote, its end; NULL: nothing */
};

struct row_filter {
    const char *job_class; /* NULL: any */
    const char *queue;     /* NULL: any */
    const char *status;    /* NULL: any; a name of job_status_names; results only */
    int64_t before_id;     /* newest first below this id; 0: from the newest */
    int limit;             /* 1 to 1000 */
};

struct store_stats {
    int64_t pending;    /* exact up to STORE_COUNT_MAX, which then means "at least" */
    int64_t processing; /* likewise */
    int64_t by_status[JOB_STATUS_COUNT]; /* results, from the counters */
};
enum { STORE_COUNT_MAX = 1000000 };

/* What is pending and processing in one queue. */
struct queue_stats {
    const char *queue;
    int64_t pending;    /* exact up to STORE_QUEUE_COUNT_MAX, which then means "at least" */
    int64_t processing; /* likewise, for all queues together */
    int64_t due_at;     /* the earliest time at which a pending one was due, or will be;
                           STORE_NO_TIME when none is pending */
};
enum { STORE_QUEUE_COUNT_MAX = 10000, STORE_QUEUES_MAX = 100 };

/* What is held back: claims leave it where it is. */
enum pause_kind { PAUSE_QUEUE, PAUSE_CLASS, PAUSE_KIND_COUNT };
extern const char *const pause_kind_names[PAUSE_KIND_COUNT]; /* "queue", "class" */

struct pause {
    enum pause_kind kind;
    const char *name; /* of queues also a pattern: `mail*`, `*` */
    int64_t at;
    const char *reason; /* "" for none */
    const char *by;     /* who */
};

/* What an operator asks of a worker. A text that we do not know is none. */
enum worker_wish { WISH_NONE, WISH_QUIET, WISH_STOP, WISH_COUNT };
extern const char *const worker_wish_names[WISH_COUNT]; /* "", "quiet", "stop" */
enum worker_wish worker_wish_of(const char *text);      /* NULL is none */

/* A worker as others see it. */
struct worker_view {
    plain_uuid id;
    const char *host;
    int pid;
    const char *const *queues; /* as it was told: patterns too */
    size_t queue_count;
    const char *const *classes; /* that it can run */
    size_t class_count;
    bool tells_classes; /* false: a worker of another program, of which that is not known */
    int capacity;       /* -1: not known */
    int64_t lease_ms;
    const char *version; /* NULL: not known */
    enum worker_wish wish;
    int64_t started_at, last_heartbeat_at;
    bool stale;      /* its lease is over: it is dead, or soon known to be */
    int64_t running; /* jobs that it has claimed, started or not */
};
enum { STORE_WORKERS_MAX = 1000 };

/* Jobs of one class that are due in one queue. */
struct waiting {
    const char *queue;
    const char *job_class;
    int64_t count;      /* of the first WAITING_ROWS_MAX of each level of priority */
    int64_t due_at;     /* the earliest of them */
    const char *source; /* of one of them */
};
enum {
    WAITING_LEVELS_MAX = 20,
    WAITING_ROWS_MAX = 200,
    STORE_WAITING_MAX = 2000,
    STORE_AHEAD_MAX = 10000
};

/* Something in the tables that cannot be. */
struct finding {
    const char *check;       /* "ended_twice": see cmd_verify.c for what each means */
    plain_uuid uuid;         /* of a request or an attempt; zero for a counter */
    const char *job_class;   /* of a counter the status */
    int64_t counted, stored; /* of a counter: what it says, and what there is */
};
enum { VERIFY_FINDINGS_MAX = 100 };

/* What figures depend on: {"synchronous_commit", "on"}. */
struct store_fact {
    const char *name, *value;
};

/* How the name of every scratch place begins: nothing else is ever discarded. */
#define STORE_SCRATCH "plainjobs_bench_"

enum store_caps {
    STORE_FILE = 1 << 0,       /* a file on this host: made when missing if asked for */
    STORE_ONE_WRITER = 1 << 1, /* more connections of a process do not help */
    STORE_IDLE_MARKS = 1 << 2  /* enqueues wake only workers that said that they wait */
};

enum store_open_flags {
    STORE_CREATE = 1 << 0, /* make the database when it is a missing file */
    STORE_READ_ONLY = 1 << 1,
    STORE_HASTY = 1 << 2 /* somebody looks at a page: locks are waited for 2 s at most */
};

enum { STORE_IDENTITY_SIZE = 4096 };

struct store_ops {
    size_t size;                /* sizeof(struct store_ops) */
    const char *name;           /* "postgres" */
    const char *const *schemes; /* {"postgresql", "postgres", NULL} */
    unsigned caps;              /* enum store_caps */

    /* Connects. On success *out is the caller's, closed with close. PLAIN_E_INVALID (PJ307) for a
     * bad URL, PLAIN_E_UNREACHABLE (PJ301) with the reason and a command that tests it. Does not
     * look at the schema's version. */
    int (*open)(const char *url, unsigned flags, struct store **out, plain_error *err);
    void (*close)(struct store *s);

    /* The version of the schema, 0 when there is none. Changes nothing. */
    int (*schema_version)(struct store *s, int *version, plain_error *err);
    /* The newest version that this program has. */
    int (*newest_version)(void);
    /* Brings the schema to the newest version, each step one transaction under a lock, so that two
     * processes at once are fine. *from is the version that was found, *to what it is now: another
     * process may have done some of the steps between. PLAIN_E_SCHEMA
     * (PJ302) when the schema is newer than the program. */
    int (*migrate)(struct store *s, int *from, int *to, plain_error *err);
    /* Step number i (from 0) of the migrations as SQL text, placeholders filled in, for
     * `plain migrate --sql`; PLAIN_NONE behind the last. */
    int (*migration_sql)(struct store *s, size_t i, struct arena *a, int *version,
                         const char **name, const char **sql, plain_error *err);

    /* Inserts one request. PLAIN_SKIPPED when its key is held: out says by whom. A request whose
     * uuid may_exist and does, in any state, is PLAIN_OK and changes nothing. */
    int (*enqueue)(struct store *s, const struct new_request *r, plain_request *out,
                   plain_error *err);

    /* One transaction: all of it or, on an error, nothing. Claims are given only to a worker that
     * is registered, whose lease is not over and whose jobs nobody rescues: whoever takes its row
     * away either comes after the claim, and sees it, or makes it empty. After PLAIN_E_UNREACHABLE
     * it is unknown which: repeating the ends is safe (written ones are then superseded), and the
     * tokens of the wish are to be given as releases, since claims that nobody was told of may
     * stand under them, in_doubt_of the worker: while such a claim is under way that is a retryable
     * error, after a wait as for any lock; afterwards no claim is made with tokens as old as them
     * (each is younger than the one before, by its time). Never waits for rows that another worker
     * has locked. */
    int (*cycle)(struct store *s, const struct cycle *c, struct arena *a, struct cycle_result *out,
                 plain_error *err);

    /* Newest first, at most filter->limit rows. */
    int (*list)(struct store *s, enum job_table table, const struct row_filter *filter,
                struct arena *a, struct job_row **rows, size_t *count, plain_error *err);
    /* The rows of the job that uuid belongs to (a request's, an attempt's or the root), in the
     * order of its runs: the last `most` of them, or with 0 all. PLAIN_NONE when there is none. */
    int (*find)(struct store *s, const plain_uuid *uuid, size_t most, struct arena *a,
                struct job_row **rows, size_t *count, plain_error *err);
    int (*stats)(struct store *s, struct store_stats *out, plain_error *err);

    /* Enqueues the job of a result again, now: same class, parameters, queue, priority, retries and
     * key, attempt + 1, same root; links both ways. token is the result's. PLAIN_SKIPPED when the
     * key is held; PLAIN_NONE when there is no such result; PLAIN_E_REFUSED (PJ503) when it has
     * been continued already (out->uuid says by which request), and that request or what became of
     * it is still there. */
    int (*retry)(struct store *s, const plain_uuid *token, const plain_uuid *new_uuid,
                 const char *by, plain_request *out, plain_error *err);

    /* A store on a connection of the application: struct pg_conn or struct sqlite3 (see
     * plain/jobs/postgres.h and sqlite.h for what is refused and what is left alone). Every verb
     * then happens in the connection's transaction, or in one of its own when there is none; close
     * leaves the connection open. schema: PostgreSQL's, or NULL. */
    int (*adopt)(void *connection, const char *schema, struct store **out, plain_error *err);

    /* Inserts all requests of a source in one transaction: all or, on an error, also one of
     * prepare(), none. prepare() is called for growing n, at last for all. out[i] as of enqueue:
     * uuid zero and the holder when the key is held, by a row or by an earlier one of these. Keys
     * are taken in their order, whatever the order of requests, so that two callers cannot
     * deadlock. */
    int (*enqueue_many)(struct store *s, const struct request_source *from, plain_request *out,
                        plain_error *err);

    /* An enqueue by a class's own rule: takes the lock (to the end of the transaction), asks
     * rule(tx, user), and inserts with key_shared when it says 1; PLAIN_SKIPPED when 0, its value
     * when negative, and then nothing is written. tx lives for the call of rule. lock is a text;
     * PostgreSQL locks pg_advisory_xact_lock of the first 8 bytes, big endian, of its md5, SQLite
     * the database. PLAIN_E_ISOLATION in REPEATABLE READ and SERIALIZABLE. */
    int (*enqueue_ruled)(struct store *s, const struct new_request *r, const char *lock,
                         int (*rule)(struct store_tx *tx, void *user), void *user,
                         plain_request *out, plain_error *err);
    /* For rule: rows of class and key in requests or processes, in the transaction. flags are
     * plain_count_flags; self: the attempt in which the enqueue is made, or NULL. */
    int (*count)(struct store_tx *tx, enum job_table table, const char *job_class, const char *key,
                 unsigned flags, const plain_uuid *self, int64_t *out, plain_error *err);

    /* Deletes results that were created before `before`, at most `most` of them (1 to STORE_SLICE),
     * oldest first, in one transaction; *deleted below that: there are no more. */
    int (*clear)(struct store *s, int64_t before, int most, int64_t *deleted, plain_error *err);
    /* Deletes all requests in slices of STORE_SLICE; their keys are freed. Claimed jobs are left
     * alone: see cancel_claimed. On an error *requests tells how many are gone all the same. by:
     * for the audit. */
    int (*purge)(struct store *s, const char *by, int64_t *requests, plain_error *err);
    /* The database's clock. */
    int (*now)(struct store *s, int64_t *us, plain_error *err);
    /* Which queue it is, the same however its URL is spelled, and on a server that took over.
     * PLAIN_NONE when this connection may not know. */
    int (*identify)(struct store *s, char out[STORE_IDENTITY_SIZE], plain_error *err);

    /* How many attempts ended by status, whether their results are still stored or not, in the
     * minutes that began at `since` or later. */
    int (*ended_since)(struct store *s, int64_t since, int64_t by_status[JOB_STATUS_COUNT],
                       plain_error *err);
    /* The queues in which something is pending or processing, by name, at most STORE_QUEUES_MAX. */
    int (*queue_stats)(struct store *s, struct arena *a, struct queue_stats **queues, size_t *count,
                       plain_error *err);

    /* ---- schedules: see slots.h ---- */

    /* The row of a schedule and, always, the database's clock. PLAIN_NONE when there is no row. */
    int (*schedule_find)(struct store *s, const char *name, struct arena *a,
                         struct schedule_row *out, int64_t *now, plain_error *err);
    /* All rows by name, at most SCHEDULES_MAX. */
    int (*schedule_list)(struct store *s, struct arena *a, struct schedule_row **rows,
                         size_t *count, plain_error *err);
    /* Writes a definition. A new schedule, one whose cron, zone or dst change, and one that was
     * removed before this worker started have their mark set to slot_at, never backward; of a
     * removed one the slots up to there are to be skipped. PLAIN_SKIPPED, and nothing is written,
     * when a worker that started later (or at the same time) has said something else. */
    int (*schedule_declare)(struct store *s, const struct schedule_definition *d, int64_t slot_at,
                            plain_error *err);
    /* Marks as removed what a worker that started at started_at does not have. PLAIN_NONE when it
     * is gone, marked already, or declared by one that started later. */
    int (*schedule_remove)(struct store *s, const char *name, int64_t started_at, int64_t now,
                           plain_error *err);
    /* Accounts for slots. PLAIN_SKIPPED, and nothing is written, when the mark is no longer
     * batch->from, the hash another, or a pause came or went since (paused: what was found). A key
     * that is held or a rule that says no turns the run into a skipped slot with that reason:
     * *became says what is in the ledger, request->uuid is the job's or zero. */
    int (*schedule_account)(struct store *s, const struct slot_batch *batch, bool paused,
                            enum slot_status *became, plain_request *request, plain_error *err);
    /* Enqueues the schedule's job now, by hand, whatever the ledger says: no slot is written. As
     * enqueue and enqueue_ruled; when the schedule has a row, the job is its last one. */
    int (*schedule_run)(struct store *s, const char *name, const struct slot_job *job,
                        const char *by, plain_request *request, plain_error *err);
    /* Pauses; the row is made when there is none. PLAIN_SKIPPED: it was paused already, and stays
     * as it was. now is the database's clock. */
    int (*schedule_pause)(struct store *s, const char *name, const char *by, const char *reason,
                          int64_t now, plain_error *err);
    /* Slots up to now are to be skipped. PLAIN_NONE when it is not paused. */
    int (*schedule_resume)(struct store *s, const char *name, const char *by, int64_t now,
                           plain_error *err);
    /* ---- workers ---- */

    /* Makes the worker's row, or brings it up to date; a heartbeat too. PLAIN_NONE when somebody
     * rescues the jobs of that id: it is dead, and never comes back. */
    int (*register_worker)(struct store *s, const struct worker_row *row, plain_error *err);
    /* Starts the worker's lease again. stops: it claims no more, whoever asked it to stop, and its
     * row says so from now on. PLAIN_NONE when there is no such row, or when somebody rescues its
     * jobs. */
    int (*beat)(struct store *s, const plain_uuid *worker, bool stops, plain_error *err);
    /* Deletes the worker's row: it has given back or ended all that it had claimed. What it rescued
     * and did not finish is anybody's at once. */
    int (*leave)(struct store *s, const plain_uuid *worker, plain_error *err);
    /* Takes over workers that are dead, so that nobody else rescues their jobs for RESCUE_LEASE_MS
     * (each call starts that time again), and tells which jobs they had; they are ended or released
     * by cycle(). A worker of which nothing is left is forgotten. Processes whose worker has no row
     * wait for one lease of the rescuer, since their worker may live. Never waits for a worker that
     * claims right now: it is looked at the next time. Repeating all of it is harmless, and so is
     * never finishing: another rescuer goes on. */
    int (*rescue)(struct store *s, const struct rescue_wish *wish, struct arena *a,
                  struct rescue_result *out, plain_error *err);
    /* ---- wake-up ---- */

    /* Whether there is something for wish, of which limit and tokens do not matter. One query,
     * which locks and writes nothing. What is paused may be told as due. */
    int (*look)(struct store *s, const struct claim_wish *wish, struct look *out, plain_error *err);
    /* Makes what others commit wake this connection, and keeps it so; call again after every error.
     * The descriptors are for poll() and stay the store's. PLAIN_NONE when enqueues cannot be heard
     * here, as behind a pooler that shares connections: then only looking helps. */
    int (*listen)(struct store *s, const plain_uuid *worker, struct listening *out,
                  plain_error *err);
    /* What came since. Call when told_fd or changed_fd is readable and after every other verb on
     * this connection; changed: whether changed_fd is to be read at all. */
    int (*hear)(struct store *s, bool changed, struct heard *out, plain_error *err);

    /* The database's file, absolute, when it is one on this host (STORE_FILE); else NULL. */
    const char *(*file)(struct store *s);

    /* ---- stopping: what was cancelled is never continued, whatever its worker makes of it ---- */

    /* Cancels the job that uuid (a request's, an attempt's or the root) belongs to, in whatever
     * state it is. by: who does, for the result. PLAIN_NONE when there is no such job. */
    int (*cancel)(struct store *s, const plain_uuid *uuid, const char *by,
                  enum cancel_outcome *outcome, plain_error *err);
    /* Cancels every job that is claimed; *count: that were not before. PLAIN_E_BUSY after some
     * seconds when others have locked some of them; all that can be are cancelled then. */
    int (*cancel_claimed)(struct store *s, const char *by, int64_t *count, plain_error *err);
    /* Ends the attempt SUCCESSFUL. On an adopted store in the application's transaction: it commits
     * with it. PLAIN_E_REFUSED (PJ507) when the attempt is not running any more. */
    int (*complete)(struct store *s, const plain_uuid *token, plain_error *err);

    /* The statement of plain_enqueue_statement(), with {schema}. in front of names. */
    const char *(*enqueue_sql)(void);
    bool sql_takes_uuid; /* whether its last value is the uuid */

    /* Names of queues that have requests, in the order of the database, behind `after` ("": from
     * the first), at most limit of them. */
    int (*queue_names)(struct store *s, const char *after, size_t limit, struct arena *a,
                       const char *const **names, size_t *count, plain_error *err);

    /* Holds a queue, the queues of a pattern or a class back: no claim that is committed later has
     * a job of it. Retries and new requests wait too; what was claimed before is not touched. One
     * that is paused stays so since when and by whom it was, with the new reason if there is one;
     * *is_new tells. p->at is not looked at. */
    int (*pause)(struct store *s, const struct pause *p, bool *is_new, plain_error *err);
    /* PLAIN_NONE when it was not paused under this name. */
    int (*resume)(struct store *s, enum pause_kind kind, const char *name, const char *by,
                  plain_error *err);
    /* All, queues first, by name. */
    int (*pauses)(struct store *s, struct arena *a, struct pause **pauses, size_t *count,
                  plain_error *err);

    /* The workers that have a row, oldest first, at most STORE_WORKERS_MAX. */
    int (*workers)(struct store *s, struct arena *a, struct worker_view **workers, size_t *count,
                   plain_error *err);
    /* Leaves a wish in a worker's row: from then on its claims are empty, and where it listens it
     * is told (see heard). Who was asked to stop is not made to stay by WISH_QUIET. PLAIN_NONE when
     * no such worker lives. */
    int (*ask_worker)(struct store *s, const plain_uuid *worker, enum worker_wish wish,
                      const char *by, plain_error *err);
    /* For the worker itself: what was asked of it; WISH_NONE also when it has no row. */
    int (*wish_of_worker)(struct store *s, const plain_uuid *worker, enum worker_wish *wish,
                          plain_error *err);

    /* What is due, by queue and class, in the first STORE_QUEUES_MAX queues by name, at most
     * STORE_WAITING_MAX; a class may come more than once in a queue. Only the first rows of each
     * level of priority are looked at: what nobody takes stays in front. */
    int (*waiting)(struct store *s, struct arena *a, struct waiting **rows, size_t *count,
                   plain_error *err);
    /* How many due requests of its queue are claimed before this one, exact up to STORE_AHEAD_MAX;
     * 0 when there is no such request. */
    int (*count_ahead)(struct store *s, const plain_uuid *request, int64_t *count,
                       plain_error *err);

    /* Looks whether the tables keep what the queue guarantees: in one snapshot, so while workers
     * work too, and without writing. At most VERIFY_FINDINGS_MAX of each check; memory is needed
     * for what is found alone. Takes its time: each statement of it is a call with a deadline. */
    int (*verify)(struct store *s, struct arena *a, struct finding **findings, size_t *count,
                  plain_error *err);

    /* Work that one does for all: takes or keeps it for ms. PLAIN_NONE while another has it. A
     * lease in a row, so that it survives no longer than it says. */
    int (*take_duty)(struct store *s, const char *name, const plain_uuid *holder, int64_t ms,
                     plain_error *err);

    /* ---- a scratch place, where something can be tried beside what the database holds ---- */

    /* The URL of a place of its own with that name, STORE_SCRATCH and letters or digits: a schema
     * of the same database, or a file in the same folder (name.db), which keeps its journal as the
     * file of the URL does. Nothing is made: that is migrate's to do. */
    int (*scratch_url)(const char *url, const char *name, struct arena *a, const char **out,
                       plain_error *err);
    /* Deletes the scratch place of such a URL with everything in it, also what workers left beside
     * it; none being there is fine. PLAIN_E_REFUSED (PJ309) for any other URL. Nobody may have it
     * open. */
    int (*scratch_discard)(const char *url, plain_error *err);
    /* What this is and what a commit waits for here; the first is {"server", "PostgreSQL 15.18"}.
     */
    int (*facts)(struct store *s, struct arena *a, struct store_fact **facts, size_t *count,
                 plain_error *err);

    /* Deletes what uuid stands for. Of an attempt that has ended: its result alone. Else the job (a
     * request's, an attempt's or the root's): a pending one with the results of its attempts, its
     * key is freed; a running one is asked to end, as by cancel, and nothing is deleted; of one
     * that has ended all results. PLAIN_NONE when there is nothing of it. Counters follow. */
    int (*delete_job)(struct store *s, const plain_uuid *uuid, const char *by,
                      enum delete_outcome *outcome, plain_error *err);

    /* ---- audit: pause, resume, ask_worker, cancel, cancel_claimed, delete_job, retry,
     * schedule_pause, schedule_resume and schedule_run write a row in their transaction when they
     * change something; purge, which is many transactions, at its end ---- */

    /* Writes a row, for what is no verb; id and at are not looked at, texts may be NULL. */
    int (*note)(struct store *s, const struct audit_row *row, plain_error *err);
    /* Newest first, below before_id (0: from the newest), at most limit, 1 to STORE_AUDIT_MAX.
     * uuid: only those of this job or worker; NULL for all. */
    int (*audit)(struct store *s, const plain_uuid *uuid, int64_t before_id, int limit,
                 struct arena *a, struct audit_row **rows, size_t *count, plain_error *err);

    /* Removes what is deleted and still stands in the files. Waits for no lock; takes a part of a
     * second where 100,000 jobs were claimed or ended. NULL where nothing is left behind. */
    int (*tidy)(struct store *s, enum tidy_what what, plain_error *err);
};
enum { STORE_SLICE = 500, STORE_COUNTER_DAYS = 2, STORE_FOLD_MAX = 500 };

struct store {
    const struct store_ops *ops;
    bool is_adopted; /* the connection is the application's: what a broken link left undone is not
                        tried again, since its transaction went with the link */
};

/* The table for a URL's scheme, or NULL and PJ307 with the schemes that this program has. */
const struct store_ops *store_for_url(const char *url, plain_error *err);

/* Opens by URL with the right table. */
int store_open(const char *url, unsigned flags, struct store **out,
               plain_error *err) PLAIN_MUST_USE;
void store_close(struct store *s); /* NULL is fine */

/* PLAIN_OK when the schema is what this program needs; PLAIN_E_SCHEMA (PJ302) with both versions
 * and the command that mends it. */
int store_check_schema(struct store *s, plain_error *err) PLAIN_MUST_USE;

/* The URL with a password in it replaced by "***", in a. */
const char *store_url_shown(struct arena *a, const char *url);

extern const struct store_ops store_sqlite;
extern const struct store_ops store_postgres; /* only when built with libpq: PLAIN_HAVE_POSTGRES */

#endif
