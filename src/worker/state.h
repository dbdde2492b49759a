/*
 * state.h - what a worker knows: the struct that its parts share
 *
 * Everything here belongs to the event loop's thread; only the orders of the store threads are lent
 * out (see store_thread.h). The parts:
 *
 *     worker.c   start, signals, stop
 *     pump.c     what can be done now, and until when to sleep
 *     orders.c   what goes to the database and when; what comes back
 *     runners.c  handing jobs to runners, starting and stopping them
 *     launch.c   starting a runner's process
 *     process.c  one runner as a process: its channel, its page, its end
 *     stops.c    ending a job that does not end by itself
 *     output.c   what its jobs write
 *     life.c     what an end means: status, retry, deferral, texts
 *     rescue.c   what was lost with its worker
 *     death.c    what killed a runner
 *     oversight.c  what others do to the jobs that run
 *     wake.c     when to look for jobs, and who is to tell of them
 *     announce.c what the service manager is told
 *     lease.c    whether this worker may work at all
 *
 * No user code runs here and no module is loaded: nothing that a job does can take a worker down.
 */
#ifndef PLAIN_WORKER_STATE_H
#define PLAIN_WORKER_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/child.h"
#include "base/notify.h"
#include "channel/channel.h"
#include "channel/progress.h"
#include "channel/worker_file.h"
#include "worker/bell.h"
#include "worker/groups.h"
#include "worker/lease_thread.h"
#include "worker/rescuer.h"
#include "worker/scheduler.h"
#include "worker/stop_signals.h"
#include "worker/store_thread.h"
#include "worker/work.h"
#include "worker/worker.h"

struct worker;

enum runner_state {
    RUNNER_DOWN,     /* no process; started again at restart_at_us */
    RUNNER_STARTING, /* loading modules, describing classes */
    RUNNER_READY,    /* takes jobs */
    RUNNER_CLOSING   /* takes no more; ends when its channel is closed */
};

/* How far stopping a job has come: see stops.c. */
enum stop_step { STOP_STEP_NONE, STOP_STEP_ASKED, STOP_STEP_TOLD, STOP_STEP_KILLED };

/* The pipe that is a runner's stdout and stderr. */
struct runner_output {
    int fd; /* -1: none */
    uv_poll_t *poll;
    struct buf line;   /* what came since the last newline */
    uint64_t line_seq; /* whose that is: seq of a job, 0 of none */
    uint64_t logged;   /* log records that came through the channel */
    int64_t budget;    /* bytes that the log takes in this second */
    int64_t second_us; /* when that began */
    int64_t left_out;  /* records that it did not take, not told yet */
};

struct runner {
    struct worker *worker;
    enum runner_state state;
    struct child child;
    int pid; /* of the last process, for results */
    struct channel channel;
    struct progress *progress; /* its part of the worker's file */
    uv_poll_t *channel_poll;   /* readable, and writable while frames wait */
    bool watches_room;         /* it is watched for the second, too */
    uv_poll_t *exit_poll;      /* the pidfd */
    struct runner_output output;
    struct work_list given; /* handed out and not ended, in the order of seq */
    uint64_t next_seq;
    int64_t handed;    /* jobs of this process, for recycling */
    bool is_heavy;     /* it has more memory than JOBS_WORKER_MAX_RSS: no more jobs */
    unsigned failures; /* deaths in a row without an end in between */
    int64_t restart_at_us;
    int64_t starting_us; /* when this process was started */
    bool is_slow_told;   /* that it is not ready for long was said */

    enum stop_step stop_step; /* of the job stop_seq, or of the runner itself */
    uint64_t stop_seq;
    int64_t stop_at_us;    /* when the next step is due */
    int64_t told_us;       /* when SIGTERM was sent to this process; 0: it was not */
    unsigned group;        /* its control group; 0: none */
    int64_t killed_before; /* in it, for want of memory, as far as that was told */
    int64_t shortest_ms;   /* of the limits of what was given since it had nothing; 0: none */
};

/* A name that the runners know. */
struct known_class {
    char *name;
    bool has_retry_delay;
    bool has_on_aborted;
    bool is_executable;
    int64_t timeout_ms;                 /* 0: none */
    int64_t memory_limit, cpu_limit_ms; /* likewise; the runner keeps them */
};

/* See lease.c. held and lost are the loop's view: what it has acted on. */
struct lease {
    struct lease_thread thread;
    bool quiet; /* it was asked to take no more jobs */
    bool asked, held;
    bool lost; /* it was over: everything of that id is being given up */
    int64_t deadline_us;
};

/* What was left behind in the database since it was last tidied: see orders.c. */
struct untidy {
    size_t claimed, ended; /* jobs */
    int64_t ended_at_us;   /* TIDY_PROCESSES: not before this */
};

/* See wake.c. */
struct wakeup {
    bool is_marked;           /* our row says that we wait to be told */
    bool is_busy;             /* so much comes that telling would cost more than looking */
    bool is_open;             /* as in struct look */
    int64_t step_ms;          /* behind the mark: the next look */
    int64_t poll_ms;          /* back-off where nobody tells us */
    int64_t empty_since_us;   /* 0: something was found */
    int64_t window_us, found; /* jobs found since, for is_busy */
};

enum { LANES_MAX = 2 };

/* A connection to the database, and what its order that is out is about: see orders.c. */
struct lane {
    struct store_thread store;
    bool is_started;
    struct work_list recording;           /* the ends of the order */
    plain_uuid doubtful[STORE_CLAIM_MAX]; /* tokens of a claim whose outcome is unknown */
    size_t doubtful_count;
    plain_uuid doubtful_of;     /* the worker's id then; zero: they are known to be claimed */
    int64_t retry_at_us;        /* the database failed: not before this */
    unsigned failures;          /* in a row */
    bool is_away;               /* the last of them: it could not be reached */
    unsigned kept;              /* orders in a row of which something did not go back, for a lock */
    unsigned claims;            /* orders with one that were sent */
    unsigned passed[LANES_MAX]; /* of each lane: the last of these that ours went past */
};

enum stop_stage { STOP_NO, STOP_GRACEFUL, STOP_NOW };

struct worker {
    const struct worker_options *options;
    struct worker_identity identity;
    char id_text[PLAIN_UUID_TEXT];
    char host[256];

    uv_loop_t loop;
    uv_timer_t timer;
    struct bell store_bell, lease_bell;
    struct stop_signals signals;
    struct lane *lanes;       /* the first does everything, the second helps in a rush */
    struct listener listener; /* the first one's */
    int lane_count;
    struct lease lease;
    struct worker_file file;
    struct groups groups;
    struct rescuer rescuer;
    struct scheduler_child scheduler;
    size_t rescue_left; /* jobs of a batch that are not settled */

    struct runner *runners;
    int runner_count; /* places for them: more than max_processes, see runners.c */
    int *module_fds;
    int *module_copies; /* descriptors of one runner, in the order of channel.h */

    struct known_class *classes;
    const char **class_names;
    size_t class_count;
    bool classes_known; /* the first runner has described them */
    bool is_ready;      /* whoever waits for that was told */

    struct work_list ready;     /* claimed, not handed out: runners.c takes from it    */
    struct work_list asking;    /* wait for a runner that tells the retry's delay      */
    struct work_list hooks;     /* on_aborted to be called by a runner               */
    struct work_list hooked;    /* called: orders.c clears them in the database         */
    struct work_list clearing;  /* ... in the order that is out                       */
    struct work_list ended;     /* to be recorded: orders.c takes from it                 */
    struct work_list returning; /* to go back to the queue: orders.c takes from it        */
    struct work_list releasing; /* ... in the order that is out                         */
    struct work_list undecided; /* ends of which a transaction of the job's own decides */
    bool one_by_one;            /* something was refused: send all singly until it is found */
    struct work_list refused;   /* ends that were, even without their words, and releases */

    const char **hook_names; /* classes with an on_aborted */
    size_t hook_name_count;
    int64_t hooks_at_us;    /* next look for hooks; 0: at once, there is one of ours */
    unsigned hooks_refused; /* orders in a row that failed for them */

    int64_t watch_at_us;     /* next look at the rows of what runs */
    int watch_next;          /* the runner whose jobs it looks at first */
    int64_t undecided_at_us; /* when those ends are told again */
    int64_t refused_at_us;   /* likewise, one of the refused */
    int64_t fold_at_us;      /* next time that counts of other transactions are taken over */

    struct db_clock clock; /* slack_us 0: not known yet */

    int64_t average_us; /* moving average of a job's duration; 0: none has ended yet */
    int64_t poll_at_us; /* next claim without cause */
    struct wakeup wakeup;
    bool likely; /* the last claim was full: there is more */
    bool empty;  /* the last claim found nothing that is due, and nothing has ended since */
    struct untidy untidy;

    struct notify notify; /* see announce.c */
    bool said_ready, said_stopping;
    int64_t status_at_us, watchdog_at_us;

    enum stop_stage stop;
    bool is_drained;        /* ...since nothing was left, with --drain */
    bool gives_up;          /* what cannot be recorded is left: grace over, or a third signal */
    int64_t stop_now_at_us; /* while stopping gracefully: when running jobs are stopped, too */
    int64_t stats_at_us;
    int64_t completed,
        completed_before; /* jobs ended since the start, at the last line of figures */
    int64_t oom_kills; /* of the control group, as far as they were told; -1: nobody counts them */
    int64_t started_us;
    int status; /* what worker_run returns */
    plain_error *err;
};

/* ---- pump.c ---- */
void pump(struct worker *w); /* does whatever can be done now; call after every event */

/* ---- orders.c ---- */
void orders_submit(struct worker *w);           /* what there is, to the lanes that are free */
void orders_take_back(struct worker *w);        /* the claim that was left, if it was not begun */
void orders_reply(struct worker *w);            /* a store thread has answered */
int64_t orders_next_us(const struct worker *w); /* when there is something to submit */
bool orders_are_out(const struct worker *w);    /* one is with the database */
bool orders_fail(const struct worker *w);       /* the database is away, or takes nothing */
bool orders_are_done(const struct worker *w);   /* and nothing is left to record or to return */

/* ---- runners.c ---- */
/* What was not entered: back to where it waited; a job that is to be stopped ends. */
void runners_put_home(struct worker *w, struct work_list *all);
void runners_start(struct worker *w);                  /* those that are down and due */
void runners_hand_out(struct worker *w);               /* what waits, to runners with room */
void runners_weigh(struct runner *r, int64_t peak_kb); /* a job of it had this peak of memory */
size_t runners_room(const struct worker *w);           /* jobs that could be claimed now */
void runners_unstick(struct worker *w);        /* jobs behind a long one become ready again */
bool runners_are_long(const struct worker *w); /* none will soon have room */
void runners_take_back(struct worker *w);      /* every job that was not entered */
void runners_take_back_from(struct runner *r);
void runners_close_idle(struct worker *w); /* those that are to take no more and have none */
bool runners_all_down(const struct worker *w);
/* Whether a question for a retry's delay will be answered; while stopping not behind a long job. */
bool runners_can_be_asked(const struct worker *w);
size_t runners_given(const struct worker *w);    /* jobs with runners */
int64_t runners_next_us(const struct worker *w); /* when something here is due; INT64_MAX: never */

/* ---- stops.c ---- */
void stops_check(struct worker *w);            /* whose time is up, which step is due */
void stops_close(struct runner *r);            /* it has no job, and ends by itself */
int64_t stops_next_us(const struct worker *w); /* when there is something to check again */
void stops_begin_all(struct worker *w);        /* the worker stops now: all that runs, too */
void stops_kill_all(struct worker *w);         /* without waiting for any step */
/* The longest run of a job: the shortest of what request, class and setting say; 0: none. */
int64_t stops_limit_ms(const struct worker *w, const struct work *k);

void stops_take_back_stopped(struct runner *r); /* jobs that are to stop before they are entered */
void stops_replace(struct runner *r);           /* it takes no more, and ends soon */

/* ---- oversight.c ---- */
bool oversight_folds(const struct worker *w);           /* whether counters are to be folded now */
void oversight_take(struct worker *w, struct order *o); /* what the order is to look at */
void oversight_reply(struct worker *w, const struct order *o); /* what it found */
/* Of the ends of the order that is back those that are not decided yet leave `recording`. */
void oversight_keep_undecided(struct worker *w, struct lane *l);
void oversight_decide(struct worker *w); /* undecided ends are told again when it is time */
int64_t oversight_next_us(const struct worker *w); /* when something here is due */

/* ---- announce.c ---- */
void announce(struct worker *w);                  /* tells the service manager what is new */
int64_t announce_next_us(const struct worker *w); /* when it is told again */

/* ---- launch.c ---- */
int process_start(struct runner *r, plain_error *err);

/* ---- process.c ---- */
void process_readable(uv_poll_t *poll, int status, int events); /* its channel */
void process_exited(uv_poll_t *poll, int status, int events);   /* its pidfd */
void process_kill(struct runner *r);                 /* at once, with all that it has started */
void process_give(struct runner *r, struct work *w); /* then process_flush */
void process_flush(struct runner *r);
/* The jobs of a dead runner: what is left in its channel, then what only the page knows. Those that
 * ended have their ends, the one that was entered is judged, the others are free again. */
void process_judge(struct runner *r, const struct child_end *end);
size_t process_frame_size(const struct work *k); /* of the texts that have no limit of their own */
size_t process_unsent(const struct runner *r);   /* bytes; SIZE_MAX: memory for them ran out */
/* Successes at the head that the page has and no frame told yet: a long job came behind them. */
void process_settle_succeeded(struct runner *r);
void process_close(struct runner *r); /* no more frames: the runner ends by itself */
/* Handles frames until so many log records of the runner have come. process_go_on() must follow:
 * it handles those that came along with them, which no event tells of again. */
void process_catch_up(struct runner *r, uint64_t logged);
void process_go_on(struct runner *r);
void process_release(struct runner *r); /* at the very end: memory */

/* ---- output.c ---- */
int output_open(struct runner *r, int *theirs, plain_error *err); /* theirs is the runner's end */
void output_close(struct runner *r);
void output_readable(uv_poll_t *poll, int status, int events);
void output_read_rest(struct runner *r); /* what a dead runner left in the pipe */
void output_passed_on(struct runner *r, const struct frame_output *f);
void output_logged(struct runner *r, const struct frame_log *f);
void output_settle(struct runner *r, struct work *k); /* it has ended: makes its text */

/* ---- life.c ---- */
void life_succeeded(struct runner *r, struct work *k, const struct progress_times *times);
void life_ended(struct runner *r, struct work *k, const struct frame_end *f);
void life_lost(struct runner *r, struct work *k, const struct child_end *how);
void life_stopped_unstarted(struct worker *w, struct work *k); /* cancelled, or gone */
/* More than `most` bytes of text cannot be handed out. */
void life_too_large(struct worker *w, struct work *k, size_t size, size_t most);
void life_delay(struct worker *w, struct work *k,
                int64_t delay_ms); /* of the retry of a lost job */
/* For rescue.c: the parts of which an end is made. */
void life_begin_end(const struct worker *w, struct work *k, enum job_status status, int runner_pid,
                    int64_t started_us, int64_t ended_us);
/* CPU time of an attempt whose runner died, without what that had used before, and its memory. */
void life_usage_of_dead(const struct runner *r, struct work *k, const struct child_end *how);
void life_texts(struct work *k, const char *type, const char *message, const char *error);
void life_go_on(struct worker *w, struct work *k, bool may_retry); /* after LOST: its retry */
void life_end_as(struct worker *w, struct work *k, int runner_pid, const struct frame_end *f);
void life_finish(struct worker *w, struct work *k);
bool life_class(struct worker *w, const struct frame_class *f); /* false: out of memory */
const struct known_class *life_find_class(const struct worker *w, const char *name);

/* ---- rescue.c ---- */
/* k was entered, and this worker lost its lease. */
void rescue_own(struct runner *r, struct work *k, const struct child_end *how);
void rescue_check(struct worker *w); /* jobs of dead workers, when some were found */
void rescue_settled(struct worker *w, const struct work *k); /* k was recorded or given back */
/* ---- wake.c ---- */
bool wake_cause(const struct worker *w);                  /* somebody told us of jobs */
enum idle_change wake_change(const struct worker *w);     /* for the next claim */
void wake_fill(struct worker *w, struct order *o);        /* how to claim; the limit is set */
bool wake_waits(const struct worker *w);                  /* a claim may be left: it will be told */
void wake_fill_left(struct worker *w, struct order *o);   /* how that is to claim */
void wake_reply(struct worker *w, const struct order *o); /* a claim came back: when to look next */
/* The second lane's claim came back: that it found nothing proves nothing. */
void wake_found(struct worker *w, const struct order *o);
void wake_fail(struct worker *w); /* it is not known what was written */

/* ---- lease.c ---- */
void lease_check(struct worker *w);            /* what became of it; call before anything else */
int64_t lease_next_us(const struct worker *w); /* when it is over, if nothing comes */

/* ---- worker.c ---- */
void worker_stop(struct worker *w);                         /* gracefully, as by the first signal */
void worker_fail(struct worker *w, const plain_error *err); /* cannot go on: stop with this error */
void worker_described(struct worker *w);                    /* a runner has told the classes */
/* It has a row, so jobs can be taken: whoever waits for that is told, the first time. */
void worker_registered(struct worker *w);

#endif
