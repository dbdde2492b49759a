-- Who works, and what a claim, an end and a worker need to know of limits and of each other.

-- One row for each worker that lives. A row without lease_ms has a lease of 300 s.
CREATE TABLE plainjobs_workerheartbeat (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    worker_id BLOB NOT NULL UNIQUE,
    hostname TEXT NOT NULL DEFAULT '',
    pid INTEGER NOT NULL DEFAULT 0,
    queues TEXT NOT NULL DEFAULT '[]',
    started_at INTEGER NOT NULL
        DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000),
    last_heartbeat_at INTEGER NOT NULL
        DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000),
    lease_ms INTEGER,            -- dead when it was not heard of for so long
    version TEXT,
    capacity INTEGER,            -- jobs that it runs at a time
    classes TEXT,                -- names of job classes that it can run, as a JSON array
    wish TEXT,                   -- what an operator asks of it: quiet or stop
    quiet INTEGER,               -- 1: it takes no more jobs
    idle_at INTEGER              -- since when it waits to be woken; NULL: it does not
);

ALTER TABLE plainjobs_jobprocess ADD COLUMN cancel_at INTEGER; -- when somebody asked for its end
ALTER TABLE plainjobs_jobprocess ADD COLUMN cancel_by TEXT;    -- who
ALTER TABLE plainjobs_jobresult ADD COLUMN output TEXT;        -- the end of what the attempt wrote

-- What is not to be started for now.
CREATE TABLE plainjobs_pause (
    kind TEXT NOT NULL CHECK (kind IN ('queue', 'class')),
    name TEXT NOT NULL,
    paused_at INTEGER NOT NULL
        DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000),
    reason TEXT NOT NULL DEFAULT '',
    paused_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (5, 'workers', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
