-- lease.sql - the rows of living workers, and the jobs of dead ones
--
-- A claim locks its worker's row FOR KEY SHARE and reads that nobody rescues it; a rescuer locks
-- the row FOR UPDATE before it writes rescuer_id. The two exclude each other: a claim that comes
-- first is waited for (or the row is skipped until the next look), and its processes are seen by
-- the statements behind; one that comes later waits, reads the row again, and claims nothing.
-- Heartbeats only change columns that are in no key, so they and claims do not wait for each other.
-- A first pause, and the end of the last, lock the rows of the living for a moment: see
-- plainjobs_note_pauses().

-- :name register_worker
-- $1 uuid   worker
-- $2 text   host
-- $3 int4   pid
-- $4 text[] queues
-- $5 int8   lease in ms
-- $6 text   version of the program
-- $7 int4   capacity
-- $8 text[] job classes
-- $9 uuid   id that it had before
-- Behind claim_gate, so that no pause is overlooked. Repeating it is harmless. No row comes back when somebody rescues the worker's jobs.
INSERT INTO {schema}.plainjobs_workerheartbeat AS h
       (worker_id, hostname, pid, queues, lease_ms, version, capacity, classes, wish,
        queue_patterns, has_pauses)
VALUES ($1::uuid, $2::text, $3::int4, to_jsonb(COALESCE($4::text[], '{}')), $5::int8, $6::text,
        $7::int4, to_jsonb(COALESCE($8::text[], '{}')),
        (SELECT wish FROM {schema}.plainjobs_workerheartbeat WHERE worker_id = $9::uuid),
        ARRAY(SELECT regexp_replace(regexp_replace(q, '([%_\\])', '\\\1', 'g'), '\*$', '%')
                FROM unnest($4::text[]) AS q),
        EXISTS (SELECT 1 FROM {schema}.plainjobs_pause))
    ON CONFLICT (worker_id) DO UPDATE
   SET last_heartbeat_at = statement_timestamp(), queues = excluded.queues,
       lease_ms = excluded.lease_ms, capacity = excluded.capacity, classes = excluded.classes,
       queue_patterns = excluded.queue_patterns, has_pauses = excluded.has_pauses
 WHERE h.rescuer_id IS NULL
RETURNING 1;

-- :name beat
-- $1 uuid  worker
-- $2 bool  it stops, whoever asked it to
-- No row comes back when its lease is over: somebody deleted its row or rescues its jobs.
UPDATE {schema}.plainjobs_workerheartbeat
   SET last_heartbeat_at = statement_timestamp(), wish = CASE WHEN $2::bool THEN 'stop' ELSE wish END
 WHERE worker_id = $1::uuid AND rescuer_id IS NULL
RETURNING 1;

-- :name leave
-- $1 uuid  worker
DELETE FROM {schema}.plainjobs_workerheartbeat WHERE worker_id = $1::uuid;

-- :name give_up_rescues
-- $1 uuid  worker
-- What it rescued is anybody's at once.
UPDATE {schema}.plainjobs_workerheartbeat SET last_heartbeat_at = '-infinity'
 WHERE rescuer_id = $1::uuid;

-- :name need_rescue
-- $1 uuid    worker that asks
-- $2 uuid[]  workers that are known to be dead
-- Whether there is anything to write: mostly there is not, and one query is enough. With it the time
-- and, as in next_lapse, when the next lease of another worker is over.
SELECT EXISTS (SELECT 1 FROM {schema}.plainjobs_workerheartbeat
                WHERE worker_id <> $1::uuid
                  AND (rescuer_id = $1::uuid
                       OR last_heartbeat_at < statement_timestamp()
                              - COALESCE(lease_ms, 300000) * interval '1 ms'
                       OR worker_id = ANY ($2::uuid[])))
       OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                   WHERE NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_workerheartbeat h
                                      WHERE h.worker_id = p.worker_id)),
       statement_timestamp(),
       (SELECT min(last_heartbeat_at + COALESCE(lease_ms, 300000) * interval '1 ms')
          FROM {schema}.plainjobs_workerheartbeat
         WHERE worker_id <> $1::uuid AND rescuer_id IS DISTINCT FROM $1::uuid);

-- :name adopt_orphans
-- $1 int8  ms until they may be rescued
-- Processes whose worker has no row (somebody deleted it) get one, which lapses like any other: the
-- worker may live, and learns of it with its next heartbeat.
INSERT INTO {schema}.plainjobs_workerheartbeat (worker_id, lease_ms, rescuer_id)
SELECT DISTINCT p.worker_id, $1::int8, '00000000-0000-0000-0000-000000000000'::uuid
  FROM {schema}.plainjobs_jobprocess p
 WHERE NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_workerheartbeat h
                    WHERE h.worker_id = p.worker_id)
 ORDER BY 1
    ON CONFLICT (worker_id) DO NOTHING;

-- :name seize_workers
-- $1 uuid    rescuer
-- $2 uuid[]  workers that are known to be dead
-- $3 uuid[]  workers that are known to live, whatever the clock says
-- $4 int8    ms that the rescuer has
-- Takes rows that lapsed, those of dead workers that nobody else who lives rescues, and again what
-- this rescuer has. A locked row is skipped: it is claimed for or seized right now. Returns what is
-- new.
WITH dead AS MATERIALIZED (
    SELECT worker_id, rescuer_id FROM {schema}.plainjobs_workerheartbeat
     WHERE worker_id <> $1::uuid
       AND (rescuer_id = $1::uuid
            OR (last_heartbeat_at < statement_timestamp()
                    - COALESCE(lease_ms, 300000) * interval '1 ms'
                AND NOT COALESCE(worker_id = ANY ($3::uuid[]), false))
            OR (worker_id = ANY ($2::uuid[])
                AND (rescuer_id IS NULL OR rescuer_id = '00000000-0000-0000-0000-000000000000'
                     OR rescuer_id = ANY ($2::uuid[]))))
     ORDER BY worker_id
       FOR UPDATE SKIP LOCKED)
UPDATE {schema}.plainjobs_workerheartbeat h
   SET rescuer_id = $1::uuid, last_heartbeat_at = statement_timestamp(), lease_ms = $4::int8
  FROM dead WHERE h.worker_id = dead.worker_id
RETURNING h.worker_id, h.hostname, h.pid, dead.rescuer_id IS DISTINCT FROM $1::uuid;

-- :name forget_workers
-- $1 uuid  rescuer
-- Dead workers of which nothing is left.
DELETE FROM {schema}.plainjobs_workerheartbeat h
 WHERE h.rescuer_id = $1::uuid
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p WHERE p.worker_id = h.worker_id)
RETURNING h.worker_id;

-- :name find_orphans
-- $1 uuid  rescuer
-- $2 int4  most
-- The processes of the workers that this one rescues, oldest first.
SELECT p.uuid, p.job_request_uuid, COALESCE(p.root_uuid, p.job_request_uuid), p.job_class,
       p.parameters::text, p.queue, p.concurrency_key, p.source, p.priority, p.retries,
       p.retry_attempt, COALESCE(p.run_no, 1), COALESCE(p.crash_count, 0),
       COALESCE(p.requested_at, p.created_at), COALESCE(p.start_at, p.requested_at, p.created_at),
       p.id, COALESCE(p.timeout_ms, 0), COALESCE(p.lost_count, 0), p.started_at, p.worker_id,
       h.hostname, h.pid
  FROM {schema}.plainjobs_jobprocess p
  JOIN {schema}.plainjobs_workerheartbeat h ON h.worker_id = p.worker_id
 WHERE h.rescuer_id = $1::uuid
 ORDER BY p.id LIMIT $2::int4;

-- :name next_lapse
-- $1 uuid    worker that asks
-- $2 uuid[]  dead workers
-- The time, the time at which the next lease of another worker is over, and which of the dead ones
-- still have a row.
SELECT statement_timestamp(),
       (SELECT min(last_heartbeat_at + COALESCE(lease_ms, 300000) * interval '1 ms')
          FROM {schema}.plainjobs_workerheartbeat
         WHERE worker_id <> $1::uuid AND rescuer_id IS DISTINCT FROM $1::uuid),
       d.worker_id
  FROM (SELECT 1) AS one LEFT JOIN {schema}.plainjobs_workerheartbeat d
       ON d.worker_id = ANY ($2::uuid[]);
