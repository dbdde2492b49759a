/*
 * pj_codes.h - the table of the failures that a user can see
 *
 * The only place where a PJ number gets its words: `plain help PJnnn` and docs/errors.md are made
 * from it. Included by error.c alone; everybody else asks pj_find() and pj_all().
 *
 * To add one: take the next free number of its hundred (1xx job classes and their parameters, 2xx
 * commands and settings, 3xx databases, 4xx schedules, 5xx requests, 6xx running jobs, 7xx the
 * library and the system, 8xx ids) and keep the order. A number is never used again for another
 * thing. title is a phrase without a full stop; why says in whole sentences what it means; fix fits
 * into plain_error.fix, its commands in backquotes; example is a shell command that raises it, ""
 * if no single command does.
 */
#ifndef PLAIN_BASE_PJ_CODES_H
#define PLAIN_BASE_PJ_CODES_H

#include "base/error.h"

static const struct pj_code pj_codes[] = {
    {
        .number = 101,
        .title = "unknown job class",
        .why =
            "No job module and no executable in jobs.d registers a class of this name, so nothing "
            "could run the job. Names are case-sensitive.",
        .fix = "see the names with `plain jobs list`; after a change build with `plain build`",
        .example = "plain jobs run NoSuchJob",
    },
    {
        .number = 102,
        .title = "parameter missing",
        .why =
            "The job class declares this parameter without PLAIN_OPTIONAL, and the call gives no "
            "value for it.",
        .fix = "give it as name=value; see what a class takes with `plain jobs list`",
        .example = "plain jobs enqueue WelcomeUserJob",
    },
    {
        .number = 103,
        .title = "parameter of the wrong type or out of range",
        .why =
            "The value does not fit the type that the job class declares: a word for a number, a "
            "number too large for 32 or 64 bits, a number for a text.",
        .fix = "give a value of the declared type; see the types with `plain jobs list`",
        .example = "plain jobs enqueue WelcomeUserJob user_id=abc",
    },
    {
        .number = 104,
        .title = "unknown parameter",
        .why =
            "The job class declares no parameter of this name. It is refused rather than ignored, "
            "because it is most often a slip of the pen.",
        .fix = "see the names of the parameters with `plain jobs list`",
        .example = "plain jobs enqueue WelcomeUserJob user_id=42 color=red",
    },
    {
        .number = 105,
        .title = "bad option of a job",
        .why =
            "The queue, delay, start time, priority, number of retries or concurrency key is out "
            "of range, or both a delay and a start time are given, which contradict each other.",
        .fix = "correct the option that is named; see the ranges with `plain jobs enqueue --help`",
        .example = "plain jobs enqueue WelcomeUserJob user_id=42 --priority 99999999999",
    },
    {
        .number = 106,
        .title = "executable cannot be used as a job class",
        .why = "A file in jobs.d is not executable, has a name that cannot be a class's, or may be "
               "changed by others than its owner, who could then run commands as the worker.",
        .fix = "set its mode with `chmod 755 jobs.d/NAME`, or move the file out of jobs.d",
        .example = "chmod o+w jobs.d/hello && plain jobs list",
    },
    {
        .number = 107,
        .title = "name registered twice",
        .why = "Two job classes, or a job class and an executable in jobs.d, have the same name or "
               "alias, and it would be chance which of them runs.",
        .fix = "rename one of them, then look with `plain jobs list`",
        .example = "cp jobs.d/hello jobs.d/WelcomeUserJob && plain jobs list",
    },
    {
        .number = 108,
        .title = "job module cannot be loaded",
        .why =
            "The shared object that JOBS_MODULES or the app folder names is missing, unreadable or "
            "built for another machine, or needs a symbol that nothing defines.",
        .fix = "build it again with `plain build`; see what is loaded with `plain config "
               "JOBS_MODULES`",
        .example = "PLAIN_JOBS_MODULES='[\"./missing.so\"]' plain jobs list",
    },
    {
        .number = 109,
        .title = "module of another version, or no job module",
        .why =
            "The shared object does not define plain_module_v1, which PLAIN_REGISTER_JOBS makes, "
            "or was built with headers whose binary interface this program does not know.",
        .fix = "add PLAIN_REGISTER_JOBS(...) to its source and build it again with `plain build`",
        .example = "cc -shared -o empty.so -xc /dev/null && "
                   "PLAIN_JOBS_MODULES='[\"./empty.so\"]' plain jobs list",
    },
    {
        .number = 110,
        .title = "bad definition of a job class or a middleware",
        .why =
            "A class is registered without a name or run function, with a default out of range, or "
            "with parameters that lie outside of its structure or bear the same name; or a "
            "middleware without a name or run function.",
        .fix = "correct the class in its source and build it again with `plain build`",
        .example = "",
    },
    {
        .number = 111,
        .title = "unknown middleware",
        .why = "JOBS_MIDDLEWARE names what stands around every job. No job module of this worker "
               "offers a middleware of that name, and jobs must not run without it.",
        .fix = "mend the name, or register it with PLAIN_REGISTER and run `plain build`; see the "
               "setting with `plain config`",
        .example = "PLAIN_JOBS_MIDDLEWARE='[\"NoSuchMiddleware\"]' plain jobs run WelcomeUserJob",
    },
    {
        .number = 201,
        .title = "unknown command or option",
        .why =
            "The command line holds a word that is no command, option or argument here, or lacks "
            "one that is needed.",
        .fix = "see what there is with `plain help`, or --help after a command",
        .example = "plain jobs wroker",
    },
    {
        .number = 202,
        .title = "unknown setting or bad value of a setting",
        .why =
            "The environment or .env (a variable that begins with PLAIN_JOBS_), plain.conf or an "
            "option gives a setting that does not exist, or a value that it cannot have.",
        .fix = "see each setting, its value and where it came from with `plain config`",
        .example = "PLAIN_JOBS_WORKER_MAX_PROCESSES=many plain config",
    },
    {
        .number = 203,
        .title = "configuration file cannot be read",
        .why = "plain.conf or .env exists, but may not be read, may be changed by others than its "
               "owner, or breaks the rules of its format; a program that went on would run with "
               "settings that nobody chose.",
        .fix = "correct the line that is named, then look with `plain config`",
        .example = "echo 'jobs {' > plain.conf && plain config",
    },
    {
        .number = 204,
        .title = "jobs wait that no worker takes",
        .why =
            "Jobs are due in a queue that no living worker works for, or of a class that none of "
            "those that do has: a worker was not started, or started without that --queue or "
            "without that module. Nothing is lost: they stay queued until one comes.",
        .fix =
            "see who works with `plain jobs workers`, start a worker for the queue with `plain "
            "jobs worker --queue QUEUE`, and see what one job waits for with `plain jobs why UUID`",
        .example = "plain jobs enqueue WelcomeUserJob user_id=42 && plain --json jobs stats",
    },
    {
        .number = 205,
        .title = "no such queue, class or worker",
        .why =
            "Nothing of that name is there: no request and no worker names such a queue, nothing "
            "registers or names such a class, no worker has that id.",
        .fix = "see the names with `plain jobs queues`, `plain jobs list` and `plain jobs workers`",
        .example = "plain jobs pause nowhere",
    },
    {
        .number = 206,
        .title = "paused by a pattern",
        .why =
            "The queue is held back by a pause of several queues, and resuming one of them would "
            "not be what the pattern says.",
        .fix = "resume the pattern, as `plain jobs queues` shows it",
        .example = "plain jobs pause --queue 'mail*' && plain jobs resume --queue mail",
    },
    {
        .number = 207,
        .title = "measurement failed",
        .why =
            "The worker that `plain jobs bench` had started ended by itself, took no job within 30 "
            "seconds, or did not record the jobs that it ran; so there is no figure to tell. What "
            "was made for the measurement is deleted all the same.",
        .fix = "see what its worker says with `plain -v jobs bench --jobs 100`",
        .example = "",
    },
    {
        .number = 301,
        .title = "cannot open or reach the database",
        .why =
            "The file cannot be opened (a missing folder, no permission), or the server does not "
            "answer, refuses the login, or cannot be found under this name.",
        .fix =
            "check the URL with `plain config DATABASE_URL`, that the folder exists or the server "
            "runs, then try `plain jobs stats`",
        .example = "plain jobs stats --db sqlite:/no/such/folder/plain.db",
    },
    {
        .number = 302,
        .title = "schema older or newer than the program",
        .why =
            "The tables in the database are missing or of another version than this program needs. "
            "An older schema can be migrated; a newer one needs a newer program.",
        .fix =
            "run `plain migrate` (`plain migrate --sql` shows what it would do); if the schema is "
            "newer, install the newer program",
        .example = "touch empty.db && plain jobs stats --db sqlite:empty.db",
    },
    {
        .number = 303,
        .title = "SQLite file on a network file system",
        .why = "SQLite shares memory between the processes that use a file, and locks it; neither "
               "works over NFS, SMB or FUSE, and the file would be damaged.",
        .fix =
            "use a local path (`plain migrate --db sqlite:/var/lib/NAME/plain.db`), or PostgreSQL "
            "when several machines work; `sqlite:PATH?journal=delete` takes the risk",
        .example = "",
    },
    {
        .number = 304,
        .title = "database refused the statement",
        .why = "The database answered with an error of its own: a full disk, a read-only server, a "
               "missing permission, a broken constraint. Its text and number stand in the message.",
        .fix = "remove the cause that the database names; see that it works again with "
               "`plain jobs stats`",
        .example = "",
    },
    {
        .number = 305,
        .title = "database busy",
        .why =
            "Another transaction holds what this one needs, or the two waited for each other and "
            "the database ended one. Nothing was written; the same call may succeed now.",
        .fix = "try again; if it stays so, look for a transaction that was left open",
        .example = "",
    },
    {
        .number = 306,
        .title = "unsupported database or version of a server",
        .why = "The URL names a kind of database that this program was built without or does not "
               "know, or the server is older than the oldest version that it works with, or the "
               "database's encoding is not UTF8.",
        .fix = "use sqlite: or postgresql: (server 13 or later, encoding UTF8); see what is built "
               "in with `plain help databases`",
        .example = "plain jobs stats --db mongodb://localhost/jobs",
    },
    {
        .number = 307,
        .title = "bad database URL",
        .why = "A database is named as sqlite:PATH or postgresql://USER@HOST/NAME; this text is "
               "neither, or has a part that the database's kind does not know.",
        .fix = "write it as in `plain jobs stats --db sqlite:plain.db`",
        .example = "plain jobs stats --db plain.db",
    },
    {
        .number = 308,
        .title = "connection of the application cannot be used",
        .why =
            "A handle on a connection of the application enqueues in its transaction, so the "
            "connection must be one that can: connected, idle, blocking, able to write, in UTF-8, "
            "with its triggers on, in no transaction that failed. The message names what is not.",
        .fix = "bring the connection into the state that the message asks for, then adopt it",
        .example = "",
    },
    {
        .number = 309,
        .title = "tables of a measurement not deleted",
        .why =
            "`plain jobs bench` works in a schema plainjobs_bench_..., or a file of that name "
            "beside the SQLite database, and could not delete it at its end: the database was out "
            "of reach, or somebody has one of its tables open. Nothing else is ever deleted so.",
        .fix = "delete it by hand; nothing of the application is in it",
        .example = "",
    },
    {
        .number = 401,
        .title = "cron text invalid",
        .why =
            "A schedule has five fields (minute, hour, day of the month, month, day of the week) "
            "or a short name such as @daily, and one of them is not so here.",
        .fix = "correct the field that is named; `0 9 * * mon-fri` is nine o'clock on working days",
        .example = "",
    },
    {
        .number = 402,
        .title = "schedule that never matches",
        .why = "The fields are valid one by one, but no date fits all of them, as with the 31st of "
               "February: the job would never run, and nobody would be told.",
        .fix = "change the day or the month; `0 3 28-31 * *` covers the last days of each month",
        .example = "",
    },
    {
        .number = 403,
        .title = "unknown time zone",
        .why =
            "A schedule names a time zone for which the system has no file, so nobody can say when "
            "the schedule is due.",
        .fix = "use a name such as Europe/Berlin; see them with `ls /usr/share/zoneinfo`, install "
               "them with `apt install tzdata`",
        .example = "",
    },
    {
        .number = 404,
        .title = "two schedules of one name",
        .why = "A schedule is known by its name: a section's title, or the class's name for one "
               "that a "
               "class or JOBS_SCHEDULE gives. Two of them have the same, so one is left out.",
        .fix = "rename one of them, or take it out; see all with `plain jobs schedule`",
        .example = "",
    },
    {
        .number = 405,
        .title = "unknown schedule",
        .why = "There is no schedule of this name, neither in the settings and classes here nor in "
               "the database.",
        .fix = "see the names with `plain jobs schedule`",
        .example = "plain jobs schedule pause nosuchschedule",
    },
    {
        .number = 501,
        .title = "skipped by its concurrency key",
        .why = "A job of this class with the same concurrency key is pending or running, and there "
               "may be only one; or the class has a rule of its own, which counted its jobs and "
               "said no. This is no failure: nothing was enqueued, as you asked.",
        .fix =
            "see the job that holds the key with `plain jobs show UUID`, or enqueue again when it "
            "has ended",
        .example = "plain jobs enqueue WelcomeUserJob user_id=42 --key a && "
                   "plain jobs enqueue WelcomeUserJob user_id=42 --key a",
    },
    {
        .number = 502,
        .title = "no such job",
        .why =
            "The text is no uuid, or no request, process or result has it: a typing error, another "
            "database, or a result that was cleared away.",
        .fix = "list what there is with `plain jobs results`, and the database in use with "
               "`plain config DATABASE_URL`",
        .example = "plain jobs show 00000000-0000-7000-8000-000000000000",
    },
    {
        .number = 503,
        .title = "retry refused",
        .why =
            "The job is still pending or running, or was retried before. A second copy beside it "
            "would do the work twice.",
        .fix = "see where it stands with `plain jobs show UUID`, and retry it when it has ended",
        .example = "plain jobs retry \"$(plain jobs enqueue WelcomeUserJob user_id=42)\"",
    },
    {
        .number = 504,
        .title = "confirmation needed",
        .why =
            "What was asked for cannot be undone, and there is no terminal on which the question "
            "could be asked. Nothing was changed.",
        .fix = "run it on a terminal, or say --yes",
        .example = "plain jobs purge </dev/null",
    },
    {
        .number = 505,
        .title = "the jobs of others cannot be looked at here",
        .why =
            "A job class with a should_enqueue counts its jobs before each enqueue, under a lock "
            "and in one transaction. In REPEATABLE READ and SERIALIZABLE no count is true; for "
            "many jobs at once, in a statement for another driver and from within should_enqueue "
            "itself it cannot be asked. A uuid that is given is one job however often the call is "
            "repeated: that the job was enqueued and claimed since its snapshot, such a "
            "transaction does not see either, nor which keys a TRUNCATE would free, nor which "
            "workers a pause has to tell.",
        .fix = "enqueue and pause in READ COMMITTED or outside of a transaction, and jobs of such "
               "a class one by one",
        .example = "",
    },
    {
        .number = 506,
        .title = "nothing left to cancel",
        .why =
            "The job had ended before. A job that ends by itself while it is being cancelled has "
            "its own end, too.",
        .fix = "see how it ended with `plain jobs show UUID`",
        .example = "u=$(plain jobs enqueue WelcomeUserJob user_id=42) && plain jobs cancel $u && "
                   "plain jobs cancel $u",
    },
    {
        .number = 507,
        .title = "attempt is not running any more",
        .why =
            "The job wanted to complete in a transaction of its own, and somebody else has ended "
            "the attempt: its worker lost its lease, its row was deleted, or it completed before. "
            "What the transaction wrote must not stay.",
        .fix = "roll the transaction back, and return from run",
        .example = "",
    },
    {
        .number = 508,
        .title = "a file is there already",
        .why = "A new project would be written over a file that exists. None of its files was "
               "written.",
        .fix = "choose another folder, as in `plain init jobs`, or move the file away",
        .example = "plain init",
    },
    {
        .number = 601,
        .title = "job killed",
        .why = "The process that ran the job died under it: a signal such as SIGSEGV, a call of "
               "exit(), or the system's out-of-memory killer. Other jobs are not affected.",
        .fix = "see signal, memory and backtrace with `plain jobs show UUID`; run it in a debugger "
               "with `gdb --args plain jobs run CLASS name=value`",
        .example = "",
    },
    {
        .number = 602,
        .title = "parameters that cannot be stored",
        .why = "The parameters are no JSON object, larger than 1 MiB, deeper than 128 levels, no "
               "valid "
               "UTF-8, hold a NUL character, or give a name twice.",
        .fix =
            "correct them at the place that is named; keep what is large in a file or table, and "
            "enqueue its name",
        .example = "plain jobs enqueue WelcomeUserJob --params '{\"user_id\":1,\"user_id\":2}'",
    },
    {
        .number = 603,
        .title = "job failed",
        .why = "The job said so itself, by plain_job_fail() or by the exit code of its executable. "
               "Type and message are the job's.",
        .fix = "see message and backtrace with `plain jobs show UUID`; when the cause is gone, "
               "`plain jobs retry UUID`",
        .example = "",
    },
    {
        .number = 604,
        .title = "run returned an error without plain_job_fail",
        .why =
            "The run function returned a value other than PLAIN_OK and told no reason. The attempt "
            "counts as errored.",
        .fix =
            "in the job's source `return plain_job_fail(job, \"Type\", \"reason\");` or PLAIN_OK, "
            "then `plain build`",
        .example = "",
    },
    {
        .number = 621,
        .title = "worker file in use",
        .why = "Another worker, which is alive, has the file in which this one wanted to note what "
               "it hands out.",
        .fix = "start this worker again: it takes another name; see who has this one with "
               "`fuser -v FILE`",
        .example = "",
    },
    {
        .number = 622,
        .title = "worker file cannot be made or mapped",
        .why = "A worker notes what it hands out in a small file, so that no job is lost or run "
               "twice when it is killed. The file lies beside a SQLite database, in a folder "
               "of its name and -workers, else in $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/plain-jobs, "
               "/run/user/UID/plain-jobs or /tmp/plain-jobs-UID. There it could not be made, or a "
               "runner could not map it.",
        .fix = "look at the folder's owner and mode and the free space with `ls -ld FOLDER` and "
               "`df -h FOLDER`; of a runner, at its limits of memory (`ulimit -v`)",
        .example = "",
    },
    {
        .number = 701,
        .title = "handle used after fork()",
        .why = "The handle was opened before the process forked. Parent and child share its "
               "connection, and would read each other's answers. Of an SQLite database a child "
               "would not even have its locks, so while it has inherited one it opens none.",
        .fix =
            "in the child call plain_jobs_close() on it and plain_jobs_open() for one of its own; "
            "with SQLite close every handle before fork(), or let the child exec a program",
        .example = "",
    },
    {
        .number = 702,
        .title = "structure of another version",
        .why = "The size that a structure gives for itself is not one that this library knows, or "
               "fields that it does not know are set: it was built with newer headers.",
        .fix = "build with the headers of the installed library; see its version with "
               "`pkg-config --modversion plain-jobs`",
        .example = "",
    },
    {
        .number = 703,
        .title = "internal limit reached",
        .why = "Something is larger or more than this program is made for. The message names the "
               "limit; nothing was cut off without a word.",
        .fix = "make it smaller or split it",
        .example = "",
    },
    {
        .number = 704,
        .title = "out of memory",
        .why = "The system gave no more memory to this process: the machine is short of it, or a "
               "limit of the service or container is reached.",
        .fix =
            "see what is left with `free -h` and the limits with `ulimit -a`; start fewer runners "
            "with `plain jobs worker --max-processes N`",
        .example = "",
    },
    {
        .number = 705,
        .title = "operating system refused",
        .why =
            "A file, folder, pipe or process could not be made, opened or read. The message names "
            "it and gives the system's reason.",
        .fix = "check permissions and free space (`df -h .`) and the limits of the process "
               "(`ulimit -a`)",
        .example = "",
    },
    {
        .number = 706,
        .title = "admin on an address that others reach",
        .why = "The pages show every job with its parameters, and there is no login: whoever "
               "reaches the address reads them. So it is an address of this machine's loopback, "
               "127.0.0.1 or [::1], and nothing else.",
        .fix = "listen on 127.0.0.1, and reach it from afar with "
               "`ssh -L 8642:127.0.0.1:8642 HOST`",
        .example = "plain admin --listen 0.0.0.0:8642",
    },
};

#endif
