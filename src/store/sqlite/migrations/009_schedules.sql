-- Schedules, and the ledger of their slots.

-- What the workers that started last say of a schedule. slot_at: every slot up to there stands in
-- the ledger. A pause may come before any worker has told the definition: then cron is ''.
CREATE TABLE plainjobs_schedule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    hash TEXT NOT NULL DEFAULT '',       -- of the whole definition
    cron TEXT NOT NULL DEFAULT '',
    timezone TEXT NOT NULL DEFAULT '',
    dst INTEGER NOT NULL DEFAULT 0,
    job_class TEXT NOT NULL DEFAULT '',  -- a command's is the schedule's name
    started_at INTEGER NOT NULL DEFAULT 0, -- of the latest worker with this definition
    started_by TEXT NOT NULL DEFAULT '',
    slot_at INTEGER NOT NULL,
    skip_until INTEGER,                  -- slots up to there are skipped, for skip_reason
    skip_reason TEXT NOT NULL DEFAULT '',
    paused_at INTEGER,
    paused_by TEXT NOT NULL DEFAULT '',
    pause_reason TEXT NOT NULL DEFAULT '',
    removed_at INTEGER,                  -- a worker that started later does not have it
    last_request BLOB                    -- the job that was enqueued last
);

-- One row for each slot, whatever became of it. status: RUN, COALESCED, SKIPPED.
CREATE TABLE plainjobs_slot (
    schedule TEXT NOT NULL,
    slot_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    request_uuid BLOB,
    PRIMARY KEY (schedule, slot_at)
) WITHOUT ROWID;

CREATE VIEW plainjobs_slot_view AS
SELECT schedule, strftime('%Y-%m-%d %H:%M:%f', slot_at / 1000000.0, 'unixepoch') AS slot_at,
       strftime('%Y-%m-%d %H:%M:%f', created_at / 1000000.0, 'unixepoch') AS created_at,
       status, reason, lower(hex(request_uuid)) AS request_uuid
  FROM plainjobs_slot;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (9, 'schedules', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
