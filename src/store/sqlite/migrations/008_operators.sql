-- What one does for all, as deleting old results: who does it, and until when nobody else may.
-- done_at: when it was last done; of 'purge' it tells which jobs may be gone.
CREATE TABLE plainjobs_duty (
    name TEXT PRIMARY KEY,
    holder BLOB,
    until_at INTEGER,
    done_at INTEGER
) WITHOUT ROWID;

-- What people did to jobs, queues and workers: who, when and what. Written in the transaction of the
-- change; of a purge, which is many, when it ends.
CREATE TABLE plainjobs_audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL
        DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000),
    actor TEXT NOT NULL DEFAULT '',  -- cli(root@job1), or what a program said
    action TEXT NOT NULL,            -- queue.pause, job.cancel ...
    target TEXT NOT NULL DEFAULT '', -- name of the queue, class of the job, host:pid of the worker
    uuid BLOB,                       -- of the job (its first request) or worker
    detail TEXT NOT NULL DEFAULT '', -- the reason; in which state the job was
    n INTEGER                        -- how many, where it is more than one
);
CREATE INDEX plainjobs_audit_uuid ON plainjobs_audit (uuid) WHERE uuid IS NOT NULL;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (8, 'operators', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
