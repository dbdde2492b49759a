-- The queue: request -> process -> result, the keys that are held, and counters.
-- uuids are BLOB(16), times INTEGER microseconds since 1970 UTC, parameters JSON text as it was
-- given, byte for byte. The views at the end show both readably.

CREATE TABLE plainjobs_migration (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
);

-- A pending job. due_at is what claims go by: no start_at means due since created. The defaults
-- are for INSERTs by hand: uuid 16 random bytes, created_at the database's clock. The CHECKs are for
-- them too: a key given as a blob would be another key than the same text, a time given as text
-- would never be due, and a name with a character 0 in it would be that in front of it to a worker.
-- In the whole schema only functions that SQLite calls innocuous: json_valid() is not, and one such
-- CHECK would keep a connection with trusted_schema = OFF from all of the application's own tables.
CREATE TABLE plainjobs_jobrequest (
    id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    uuid BLOB NOT NULL DEFAULT (randomblob(16)) UNIQUE
        CHECK (typeof(uuid) = 'blob' AND length(uuid) = 16 AND uuid <> zeroblob(16)),
    created_at INTEGER NOT NULL
        DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
        CHECK (typeof(created_at) = 'integer'),
    job_class TEXT NOT NULL CHECK (typeof(job_class) = 'text' AND instr(job_class, char(0)) = 0
                                   AND length(CAST(job_class AS BLOB)) BETWEEN 1 AND 255),
    parameters TEXT CHECK (parameters IS NULL OR typeof(parameters) = 'text'),
    priority INTEGER NOT NULL DEFAULT 0
        CHECK (typeof(priority) = 'integer' AND priority BETWEEN -32768 AND 32767),
    source TEXT NOT NULL DEFAULT '',
    queue TEXT NOT NULL DEFAULT 'default' CHECK (typeof(queue) = 'text' AND instr(queue, char(0)) = 0
                                                 AND length(CAST(queue AS BLOB)) BETWEEN 1 AND 255),
    retries INTEGER NOT NULL DEFAULT 0
        CHECK (typeof(retries) = 'integer' AND retries BETWEEN 0 AND 32767),
    retry_attempt INTEGER NOT NULL DEFAULT 0
        CHECK (typeof(retry_attempt) = 'integer' AND retry_attempt BETWEEN 0 AND 32767),
    concurrency_key TEXT NOT NULL DEFAULT ''
        CHECK (typeof(concurrency_key) = 'text' AND instr(concurrency_key, char(0)) = 0
               AND length(CAST(concurrency_key AS BLOB)) <= 255),
    trace_id TEXT,
    span_id TEXT,
    start_at INTEGER CHECK (start_at IS NULL OR typeof(start_at) = 'integer'),
    due_at INTEGER GENERATED ALWAYS AS (COALESCE(start_at, created_at)) VIRTUAL,
    root_uuid BLOB               -- the first request of this job; NULL: this one
        CHECK (root_uuid IS NULL
               OR typeof(root_uuid) = 'blob' AND length(root_uuid) = 16 AND root_uuid <> zeroblob(16)),
    retry_of BLOB                -- the attempt (process uuid) that this request continues
        CHECK (retry_of IS NULL
               OR typeof(retry_of) = 'blob' AND length(retry_of) = 16 AND retry_of <> zeroblob(16)),
    run_no INTEGER,              -- NULL: 1; rises on retries and deferrals
    crash_count INTEGER,         -- NULL: 0; attempts of this job whose runner died
    lost_count INTEGER,          -- NULL: 0; attempts that were lost with their worker or its host
    timeout_ms INTEGER,          -- the longest run; NULL: none of its own
    key_shared INTEGER           -- 1: the class counts for itself and takes no key row
);

-- All ids that are made follow the greatest that ever was, and there are none behind the last: nobody
-- could enqueue any more. One that is made is not known yet here (-1).
CREATE TRIGGER plainjobs_jobrequest_id BEFORE INSERT ON plainjobs_jobrequest
WHEN NEW.id > 4611686018427387904
BEGIN
    SELECT RAISE(ABORT, 'PJ105: id is too great: leave it out');
END;

-- In claim order: nothing that is pending is sorted.
CREATE INDEX plainjobs_jobrequest_claim
    ON plainjobs_jobrequest (queue, priority DESC, due_at, id);
-- For the next due time of an idle worker; only delayed requests pay for it.
CREATE INDEX plainjobs_jobrequest_delayed
    ON plainjobs_jobrequest (queue, due_at) WHERE start_at IS NOT NULL;

-- The request of a job that waits is its first one, or its retry; most jobs have none.
CREATE INDEX plainjobs_jobrequest_root
    ON plainjobs_jobrequest (root_uuid) WHERE root_uuid <> uuid;
-- By both indexes.
CREATE VIEW plainjobs_pending (root, id) AS
    SELECT uuid, id FROM plainjobs_jobrequest
    UNION ALL
    SELECT root_uuid, id FROM plainjobs_jobrequest WHERE root_uuid <> uuid;

-- A claimed job. Its uuid is the attempt token, fresh for every claim.
CREATE TABLE plainjobs_jobprocess (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    job_request_uuid BLOB NOT NULL,
    requested_at INTEGER,
    start_at INTEGER,            -- of the request, so that it can be put back as it was
    worker_id BLOB NOT NULL,
    job_class TEXT NOT NULL,
    parameters TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT '',
    queue TEXT NOT NULL DEFAULT 'default',
    retries INTEGER NOT NULL DEFAULT 0,
    retry_attempt INTEGER NOT NULL DEFAULT 0,
    concurrency_key TEXT NOT NULL DEFAULT '',
    trace_id TEXT,
    span_id TEXT,
    root_uuid BLOB,
    retry_of BLOB,
    run_no INTEGER,
    crash_count INTEGER,
    lost_count INTEGER,
    timeout_ms INTEGER,
    key_shared INTEGER
);

-- Whether the holder of a key is being processed; only keyed jobs pay for it.
CREATE INDEX plainjobs_jobprocess_keyed
    ON plainjobs_jobprocess (job_request_uuid) WHERE concurrency_key <> '';

-- The end of one attempt.
CREATE TABLE plainjobs_jobresult (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    requested_at INTEGER,
    job_process_uuid BLOB NOT NULL UNIQUE,
    job_request_uuid BLOB NOT NULL,
    retry_job_request_uuid BLOB, -- the request that continues this job
    status TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    job_class TEXT NOT NULL,
    parameters TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT '',
    queue TEXT NOT NULL DEFAULT 'default',
    retries INTEGER NOT NULL DEFAULT 0,
    retry_attempt INTEGER NOT NULL DEFAULT 0,
    concurrency_key TEXT NOT NULL DEFAULT '',
    trace_id TEXT,
    span_id TEXT,
    root_uuid BLOB,
    retry_of BLOB,
    run_no INTEGER,
    crash_count INTEGER,
    lost_count INTEGER,
    timeout_ms INTEGER,
    key_shared INTEGER,
    worker_id BLOB,
    worker_host TEXT,
    worker_pid INTEGER,
    runner_pid INTEGER,
    error_type TEXT,
    error_message TEXT,
    error_fingerprint TEXT,      -- equal for failures that are alike
    exit_code INTEGER,           -- of a runner or executable that ended by itself
    exit_signal INTEGER,         -- that killed it
    cpu_us INTEGER,
    max_rss_kb INTEGER
);
CREATE INDEX plainjobs_jobresult_request ON plainjobs_jobresult (job_request_uuid);
CREATE INDEX plainjobs_jobresult_root ON plainjobs_jobresult (root_uuid);
CREATE INDEX plainjobs_jobresult_failed
    ON plainjobs_jobresult (status, id) WHERE status <> 'SUCCESSFUL';

-- Who holds a concurrency key. The unique key is what makes "at most one" true; the triggers below
-- keep it in step with the two live tables, whoever writes to them.
CREATE TABLE plainjobs_jobkey (
    job_class TEXT NOT NULL,
    concurrency_key TEXT NOT NULL,
    request_uuid BLOB NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (job_class, concurrency_key)
) WITHOUT ROWID;
CREATE INDEX plainjobs_jobkey_request ON plainjobs_jobkey (request_uuid);

-- Results by minute, class, queue and status. shard keeps writers apart; readers sum over it.
CREATE TABLE plainjobs_counter (
    minute INTEGER NOT NULL,
    job_class TEXT NOT NULL,
    queue TEXT NOT NULL,
    status TEXT NOT NULL,
    shard INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (minute, job_class, queue, status, shard)
) WITHOUT ROWID;

-- Refuses a key that is held. RAISE in a BEFORE trigger holds under OR IGNORE and OR REPLACE too. A
-- row whose holder is neither pending nor processing is free: that is how the key passes from an
-- attempt to its retry. A request of the same uuid is the same job while it is pending; while it is
-- processed, it would run a second time beside itself.
CREATE TRIGGER plainjobs_key_insert BEFORE INSERT ON plainjobs_jobrequest
    WHEN NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'PJ501: the concurrency key is held')
      FROM plainjobs_jobkey k
     WHERE k.job_class = NEW.job_class AND k.concurrency_key = NEW.concurrency_key
       AND ((k.request_uuid <> NEW.uuid
             AND EXISTS (SELECT 1 FROM plainjobs_jobrequest r
                          WHERE r.uuid = k.request_uuid AND r.job_class = k.job_class
                            AND r.concurrency_key = k.concurrency_key))
            OR EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                        WHERE p.job_request_uuid = k.request_uuid AND p.concurrency_key <> ''
                          AND p.job_class = k.job_class
                          AND p.concurrency_key = k.concurrency_key));
END;

-- OR REPLACE deletes without telling the triggers: a row that is replaced must be the same request.
CREATE TRIGGER plainjobs_key_replace BEFORE INSERT ON plainjobs_jobrequest
    WHEN EXISTS (SELECT 1 FROM plainjobs_jobrequest r WHERE r.id = NEW.id AND r.uuid <> NEW.uuid)
BEGIN
    SELECT RAISE(ABORT, 'PJ501: the id belongs to another request; leave id out');
END;

-- Takes the key, in one trigger since the order of two is not defined. The first DELETE is for an
-- OR REPLACE of the same uuid: it gives up the key that the replaced row had, unless the uuid is
-- processed under it. DELETE and INSERT, since an OR REPLACE or OR IGNORE in here would take the
-- outer statement's.
CREATE TRIGGER plainjobs_key_inserted AFTER INSERT ON plainjobs_jobrequest
    WHEN (NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1)
      OR EXISTS (SELECT 1 FROM plainjobs_jobkey k WHERE k.request_uuid = NEW.uuid)
BEGIN
    DELETE FROM plainjobs_jobkey
     WHERE request_uuid = NEW.uuid
       AND NOT EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                        WHERE p.job_request_uuid = NEW.uuid AND p.concurrency_key <> ''
                          AND p.job_class = plainjobs_jobkey.job_class
                          AND p.concurrency_key = plainjobs_jobkey.concurrency_key);
    DELETE FROM plainjobs_jobkey
     WHERE job_class = NEW.job_class AND concurrency_key = NEW.concurrency_key
       AND NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1;
    INSERT INTO plainjobs_jobkey (job_class, concurrency_key, request_uuid, taken_at)
    SELECT NEW.job_class, NEW.concurrency_key, NEW.uuid,
           CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000
     WHERE NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1;
END;

CREATE TRIGGER plainjobs_key_update
    BEFORE UPDATE OF job_class, concurrency_key, uuid, key_shared ON plainjobs_jobrequest
    WHEN NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'PJ501: the concurrency key is held')
      FROM plainjobs_jobkey k
     WHERE k.job_class = NEW.job_class AND k.concurrency_key = NEW.concurrency_key
       AND ((k.request_uuid NOT IN (OLD.uuid, NEW.uuid)
             AND EXISTS (SELECT 1 FROM plainjobs_jobrequest r
                          WHERE r.uuid = k.request_uuid AND r.job_class = k.job_class
                            AND r.concurrency_key = k.concurrency_key))
            OR EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                        WHERE p.job_request_uuid = k.request_uuid AND p.concurrency_key <> ''
                          AND p.job_class = k.job_class
                          AND p.concurrency_key = k.concurrency_key));
END;

CREATE TRIGGER plainjobs_key_updated
    AFTER UPDATE OF job_class, concurrency_key, uuid, key_shared ON plainjobs_jobrequest
BEGIN
    DELETE FROM plainjobs_jobkey
     WHERE job_class = OLD.job_class AND concurrency_key = OLD.concurrency_key
       AND request_uuid = OLD.uuid AND OLD.key_shared IS NOT 1;
    DELETE FROM plainjobs_jobkey
     WHERE job_class = NEW.job_class AND concurrency_key = NEW.concurrency_key
       AND NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1;
    INSERT INTO plainjobs_jobkey (job_class, concurrency_key, request_uuid, taken_at)
    SELECT NEW.job_class, NEW.concurrency_key, NEW.uuid,
           CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000
     WHERE NEW.concurrency_key <> '' AND NEW.key_shared IS NOT 1;
END;

-- Frees the key of a deleted request, unless it was claimed (its process holds on) or passed on.
-- A claim inserts the process row before it deletes the request.
CREATE TRIGGER plainjobs_key_delete AFTER DELETE ON plainjobs_jobrequest
    WHEN OLD.concurrency_key <> '' AND OLD.key_shared IS NOT 1
BEGIN
    DELETE FROM plainjobs_jobkey
     WHERE job_class = OLD.job_class AND concurrency_key = OLD.concurrency_key
       AND request_uuid = OLD.uuid
       AND NOT EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                        WHERE p.job_request_uuid = OLD.uuid AND p.concurrency_key <> ''
                          AND p.job_class = OLD.job_class
                          AND p.concurrency_key = OLD.concurrency_key);
END;

-- Frees the key of an ended attempt, unless it was passed on.
CREATE TRIGGER plainjobs_key_ended AFTER DELETE ON plainjobs_jobprocess
    WHEN OLD.concurrency_key <> '' AND OLD.key_shared IS NOT 1
BEGIN
    DELETE FROM plainjobs_jobkey
     WHERE job_class = OLD.job_class AND concurrency_key = OLD.concurrency_key
       AND request_uuid = OLD.job_request_uuid;
END;

CREATE VIEW plainjobs_request_view AS
SELECT id, lower(hex(uuid)) AS uuid,
       strftime('%Y-%m-%d %H:%M:%f', created_at / 1000000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%d %H:%M:%f', due_at / 1000000.0, 'unixepoch') AS due_at,
       job_class, parameters, queue, priority, retries, retry_attempt, concurrency_key, source
  FROM plainjobs_jobrequest;
CREATE VIEW plainjobs_process_view AS
SELECT id, lower(hex(uuid)) AS uuid, lower(hex(job_request_uuid)) AS job_request_uuid,
       strftime('%Y-%m-%d %H:%M:%f', created_at / 1000000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%d %H:%M:%f', started_at / 1000000.0, 'unixepoch') AS started_at,
       lower(hex(worker_id)) AS worker_id,
       job_class, parameters, queue, priority, retries, retry_attempt, concurrency_key, source
  FROM plainjobs_jobprocess;
CREATE VIEW plainjobs_result_view AS
SELECT id, lower(hex(job_process_uuid)) AS job_process_uuid,
       lower(hex(job_request_uuid)) AS job_request_uuid,
       lower(hex(retry_job_request_uuid)) AS retry_job_request_uuid, status,
       strftime('%Y-%m-%d %H:%M:%f', requested_at / 1000000.0, 'unixepoch') AS requested_at,
       strftime('%Y-%m-%d %H:%M:%f', started_at / 1000000.0, 'unixepoch') AS started_at,
       strftime('%Y-%m-%d %H:%M:%f', ended_at / 1000000.0, 'unixepoch') AS ended_at,
       job_class, parameters, queue, priority, retries, retry_attempt, concurrency_key, source,
       error_type, error_message, error, lower(hex(worker_id)) AS worker_id, worker_host,
       worker_pid, runner_pid
  FROM plainjobs_jobresult;

-- In the file, so that `plain migrate --sql` into any client leaves the same database.
INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (1, 'queue', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
