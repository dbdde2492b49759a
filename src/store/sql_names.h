/*
 * sql_names.h - one name for every statement, shared by all databases
 *
 * tools/sql2c.awk turns the blocks `-- :name claim_jobs` of src/store/<database>/sql into a table
 * indexed by this enum: sql_sqlite[SQL_CLAIM_JOBS]. A database that does a thing in another way has
 * no block of that name, and NULL in its table.
 */
#ifndef PLAIN_STORE_SQL_NAMES_H
#define PLAIN_STORE_SQL_NAMES_H

#define SQL_NAME_MAP(X)                                                                            \
    X(ENQUEUE)                                                                                     \
    X(END_LOST)                                                                                    \
    X(ENQUEUE_NEW)                                                                                 \
    X(KEY_HOLDER)                                                                                  \
    X(FIND_REPEATED)                                                                               \
    X(NEXT_PRIORITY)                                                                               \
    X(PICK_JOBS)                                                                                   \
    X(CLAIM_JOBS)                                                                                  \
    X(CLAIM_TOLD)                                                                                  \
    X(SETTLE_CLAIMS)                                                                               \
    X(LISTEN_SETTINGS)                                                                             \
    X(DELETE_CLAIMED)                                                                              \
    X(NEXT_DUE)                                                                                    \
    X(FINISH_JOBS)                                                                                 \
    X(FINISH_PLAIN)                                                                                \
    X(INSERT_RESULT)                                                                               \
    X(INSERT_SUCCESSOR)                                                                            \
    X(DELETE_PROCESS)                                                                              \
    X(COUNT_RESULT)                                                                                \
    X(TAKE_PROCESS)                                                                                \
    X(RELEASE_JOBS)                                                                                \
    X(LIST_REQUESTS)                                                                               \
    X(LIST_PROCESSES)                                                                              \
    X(LIST_RESULTS)                                                                                \
    X(LIST_FAILED)                                                                                 \
    X(FIND_ROOT)                                                                                   \
    X(FIND_JOB)                                                                                    \
    X(COUNT_LIVE)                                                                                  \
    X(COUNT_RESULTS)                                                                               \
    X(WANT_HOOKS)                                                                                  \
    X(HOOKS_DONE)                                                                                  \
    X(TAKE_HOOKS)                                                                                  \
    X(REGISTER_WORKER)                                                                             \
    X(BEAT)                                                                                        \
    X(LEAVE)                                                                                       \
    X(GIVE_UP_RESCUES)                                                                             \
    X(LOOK)                                                                                        \
    X(MARK_IDLE)                                                                                   \
    X(LISTEN)                                                                                      \
    X(DATA_VERSION)                                                                                \
    X(IS_REGISTERED)                                                                               \
    X(NEED_RESCUE)                                                                                 \
    X(ADOPT_ORPHANS)                                                                               \
    X(SEIZE_WORKERS)                                                                               \
    X(HOLD_WORKERS)                                                                                \
    X(FORGET_WORKERS)                                                                              \
    X(FIND_ORPHANS)                                                                                \
    X(NEXT_LAPSE)                                                                                  \
    X(FIND_RESULT)                                                                                 \
    X(RETRY_RESULT)                                                                                \
    X(LINK_RETRY)                                                                                  \
    X(BEGIN_READ)                                                                                  \
    X(BEGIN_WRITE)                                                                                 \
    X(COMMIT)                                                                                      \
    X(ROLLBACK)                                                                                    \
    X(JOURNAL_MODE)                                                                                \
    X(JOURNAL_WAL)                                                                                 \
    X(JOURNAL_DELETE)                                                                              \
    X(SYNCHRONOUS)                                                                                 \
    X(TEMP_MEMORY)                                                                                 \
    X(TOUCH)                                                                                       \
    X(HAS_SCHEMA)                                                                                  \
    X(SCHEMA_VERSION)                                                                              \
    X(SESSION_SETTINGS)                                                                            \
    X(POOLED_SETTINGS)                                                                             \
    X(PLAN_SWITCHES)                                                                               \
    X(LOCK_MIGRATIONS)                                                                             \
    X(CLEAR_RESULTS)                                                                               \
    X(LAST_REQUEST)                                                                                \
    X(PURGE_REQUESTS)                                                                              \
    X(NOW)                                                                                         \
    X(IDENTIFY)                                                                                    \
    X(COUNT_SINCE)                                                                                 \
    X(COUNT_QUEUES)                                                                                \
    X(QUEUE_NAMES)                                                                                 \
    X(COUNT_PAUSES)                                                                                \
    X(LIST_PAUSES)                                                                                 \
    X(CLAIM_GATE)                                                                                  \
    X(PAUSE)                                                                                       \
    X(RESUME)                                                                                      \
    X(LIST_WORKERS)                                                                                \
    X(ASK_WORKER)                                                                                  \
    X(WISH_OF_WORKER)                                                                              \
    X(WAITING_CLASSES)                                                                             \
    X(COUNT_AHEAD)                                                                                 \
    X(BEGIN_SNAPSHOT)                                                                              \
    X(VERIFY_ENDED_TWICE)                                                                          \
    X(VERIFY_ENDED_PENDING)                                                                        \
    X(VERIFY_PROCESSING_TWICE)                                                                     \
    X(VERIFY_SUCCESSOR_GONE)                                                                       \
    X(VERIFY_NO_SUCCESSOR)                                                                         \
    X(VERIFY_REQUEST_LINK)                                                                         \
    X(VERIFY_PROCESS_LINK)                                                                         \
    X(VERIFY_RESULT_LINK)                                                                          \
    X(VERIFY_KEY_LEAKED)                                                                           \
    X(VERIFY_REQUEST_KEY)                                                                          \
    X(VERIFY_PROCESS_KEY)                                                                          \
    X(VERIFY_ORPHAN)                                                                               \
    X(VERIFY_TIMES)                                                                                \
    X(VERIFY_RESULTS)                                                                              \
    X(VERIFY_COUNTERS)                                                                             \
    X(VERIFY_NEXT)                                                                                 \
    X(TAKE_DUTY)                                                                                   \
    X(FACTS)                                                                                       \
    X(DROP_SCRATCH)                                                                                \
    X(DUTY_DONE)                                                                                   \
    X(BEGIN_COMMITTED)                                                                             \
    X(SAVEPOINT)                                                                                   \
    X(RELEASE)                                                                                     \
    X(ROLLBACK_TO)                                                                                 \
    X(ADOPT)                                                                                       \
    X(RULE_LOCK)                                                                                   \
    X(RULE_COUNTS)                                                                                 \
    X(IS_REPEATED)                                                                                 \
    X(TAKE_BACK)                                                                                   \
    X(SEE_COMMITS)                                                                                 \
    X(ENQUEUE_SHARED)                                                                              \
    X(MANY_REPEATED)                                                                               \
    X(MANY_KEYS)                                                                                   \
    X(MANY_HOLDERS)                                                                                \
    X(MANY_REQUESTS)                                                                               \
    X(MANY_REPEATABLE)                                                                             \
    X(MANY_TAKEN_BACK)                                                                             \
    X(LOCK_WRITE)                                                                                  \
    X(ENCODING)                                                                                    \
    X(QUERY_ONLY)                                                                                  \
    X(AUTOCHECKPOINT)                                                                              \
    X(SCHEDULE_FIND)                                                                               \
    X(SCHEDULE_SKIP)                                                                               \
    X(SCHEDULE_DECLARE)                                                                            \
    X(SCHEDULE_REMOVE)                                                                             \
    X(SCHEDULE_LOCK)                                                                               \
    X(SCHEDULE_MOVE)                                                                               \
    X(SCHEDULE_SLOT)                                                                               \
    X(SCHEDULE_FORGET)                                                                             \
    X(SCHEDULE_LAST)                                                                               \
    X(SCHEDULE_PAUSE)                                                                              \
    X(SCHEDULE_RESUME)                                                                             \
    X(CANCEL_JOB)                                                                                  \
    X(CANCEL_PENDING)                                                                              \
    X(CANCEL_REQUEST)                                                                              \
    X(CANCEL_RUNNING)                                                                              \
    X(CANCEL_CLAIMED)                                                                              \
    X(DELETE_JOB)                                                                                  \
    X(DELETE_RESULT)                                                                               \
    X(CLOSE_GAP)                                                                                   \
    X(DELETE_REQUEST)                                                                              \
    X(DELETE_RESULTS)                                                                              \
    X(NOTE)                                                                                        \
    X(LIST_AUDIT)                                                                                  \
    X(CANCEL_RELEASED)                                                                             \
    X(STILL_PROCESSING)                                                                            \
    X(WATCH_JOBS)                                                                                  \
    X(FOLD_COUNTERS)                                                                               \
    X(FORGET_FOLDED)                                                                               \
    X(COMPLETE_JOB)                                                                                \
    X(NOTE_FIGURES)                                                                                \
    X(ENQUEUE_STATEMENT)                                                                           \
    X(TIDY_REQUESTS)                                                                               \
    X(TIDY_PROCESSES)

enum sql_name {
#define SQL_NAME_ENUM(name) SQL_##name,
    SQL_NAME_MAP(SQL_NAME_ENUM)
#undef SQL_NAME_ENUM
        SQL_COUNT
};

#endif
