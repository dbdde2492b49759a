-- lease.sql - the rows of living workers, and the jobs of dead ones
--
-- A claim reads its worker's row and a rescuer writes it, each in a transaction that began with the
-- write lock: the one that comes later sees what the first did.

-- :name register_worker
-- ?1 blob worker
-- ?2 text host
-- ?3 integer pid
-- ?4 text queues, as JSON
-- ?5 integer lease in ms
-- ?6 text version of the program
-- ?7 integer capacity
-- ?8 text job classes, as JSON
-- ?9 integer now
-- ?10 blob id that it had before
-- Repeating it is harmless. Changes no row when somebody rescues the worker's jobs.
INSERT INTO plainjobs_workerheartbeat
       (worker_id, hostname, pid, queues, lease_ms, version, capacity, classes, started_at,
        last_heartbeat_at, wish)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9,
        (SELECT wish FROM plainjobs_workerheartbeat WHERE worker_id = ?10))
    ON CONFLICT (worker_id) DO UPDATE
   SET last_heartbeat_at = excluded.last_heartbeat_at, queues = excluded.queues,
       lease_ms = excluded.lease_ms, capacity = excluded.capacity, classes = excluded.classes
 WHERE rescuer_id IS NULL;

-- :name beat
-- ?1 blob worker
-- ?2 integer now
-- ?3 integer whether it stops, whoever asked it to
-- Changes no row when its lease is over: somebody deleted its row or rescues its jobs.
UPDATE plainjobs_workerheartbeat
   SET last_heartbeat_at = ?2, wish = CASE WHEN ?3 THEN 'stop' ELSE wish END
 WHERE worker_id = ?1 AND rescuer_id IS NULL;

-- :name leave
-- ?1 blob worker
DELETE FROM plainjobs_workerheartbeat WHERE worker_id = ?1;

-- :name give_up_rescues
-- ?1 blob worker
-- What it rescued is anybody's at once.
UPDATE plainjobs_workerheartbeat SET last_heartbeat_at = 0 WHERE rescuer_id = ?1;

-- :name is_registered
-- ?1 blob worker
-- ?2 integer now
-- Whether it may claim: its lease is young enough, nobody rescues its jobs, and nobody asked it to be
-- quiet or to stop.
SELECT EXISTS (SELECT 1 FROM plainjobs_workerheartbeat
                WHERE worker_id = ?1 AND rescuer_id IS NULL AND wish IS NULL
                  AND last_heartbeat_at >= ?2 - COALESCE(lease_ms, 300000) * 1000);

-- :name need_rescue
-- ?1 blob worker that asks
-- ?2 integer now
-- ?3 text workers that are known to be dead, as JSON of hexadecimal uuids
-- Whether there is anything to write, so that a look takes no lock when there is not.
SELECT EXISTS (SELECT 1 FROM plainjobs_workerheartbeat
                WHERE worker_id <> ?1
                  AND (rescuer_id = ?1
                       OR last_heartbeat_at < ?2 - COALESCE(lease_ms, 300000) * 1000
                       OR hex(worker_id) IN (SELECT value FROM json_each(?3))))
    OR EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                WHERE NOT EXISTS (SELECT 1 FROM plainjobs_workerheartbeat h
                                   WHERE h.worker_id = p.worker_id));

-- :name adopt_orphans
-- ?1 integer ms until they may be rescued
-- ?2 integer now
-- Processes whose worker has no row (somebody deleted it) get one, which lapses like any other: the
-- worker may live, and learns of it with its next heartbeat.
INSERT INTO plainjobs_workerheartbeat
       (worker_id, lease_ms, rescuer_id, started_at, last_heartbeat_at)
SELECT DISTINCT p.worker_id, ?1, zeroblob(16), ?2, ?2
  FROM plainjobs_jobprocess p
 WHERE NOT EXISTS (SELECT 1 FROM plainjobs_workerheartbeat h WHERE h.worker_id = p.worker_id);

-- :name seize_workers
-- ?1 blob rescuer
-- ?2 text workers that are known to be dead, as JSON of hexadecimal uuids
-- ?3 text workers that are known to live, whatever the clock says, likewise
-- ?4 integer ms that the rescuer has
-- ?5 integer now
-- Takes rows that lapsed, and those of dead workers that nobody else who lives rescues.
UPDATE plainjobs_workerheartbeat
   SET rescuer_id = ?1, last_heartbeat_at = ?5, lease_ms = ?4
 WHERE worker_id <> ?1 AND rescuer_id IS NOT ?1
   AND ((last_heartbeat_at < ?5 - COALESCE(lease_ms, 300000) * 1000
            AND hex(worker_id) NOT IN (SELECT value FROM json_each(?3)))
        OR (hex(worker_id) IN (SELECT value FROM json_each(?2))
            AND (rescuer_id IS NULL OR rescuer_id = zeroblob(16)
                 OR hex(rescuer_id) IN (SELECT value FROM json_each(?2)))));

-- :name hold_workers
-- ?1 blob rescuer
-- ?2 integer now
-- What it rescues already goes on being its own.
UPDATE plainjobs_workerheartbeat SET last_heartbeat_at = ?2 WHERE rescuer_id = ?1;

-- :name forget_workers
-- ?1 blob rescuer
-- Dead workers of which nothing is left.
DELETE FROM plainjobs_workerheartbeat
 WHERE rescuer_id = ?1
   AND NOT EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                    WHERE p.worker_id = plainjobs_workerheartbeat.worker_id);

-- :name find_orphans
-- ?1 blob rescuer
-- ?2 integer most
-- The processes of the workers that this one rescues, oldest first.
SELECT p.uuid, p.job_request_uuid, COALESCE(p.root_uuid, p.job_request_uuid), p.job_class,
       p.parameters, p.queue, p.concurrency_key, p.source, p.priority, p.retries,
       p.retry_attempt, COALESCE(p.run_no, 1), COALESCE(p.crash_count, 0),
       COALESCE(p.requested_at, p.created_at), COALESCE(p.start_at, p.requested_at, p.created_at),
       p.id, COALESCE(p.timeout_ms, 0), COALESCE(p.lost_count, 0), p.started_at, p.worker_id,
       h.hostname, h.pid
  FROM plainjobs_jobprocess p
  JOIN plainjobs_workerheartbeat h ON h.worker_id = p.worker_id
 WHERE h.rescuer_id = ?1
 ORDER BY p.id LIMIT ?2;

-- :name next_lapse
-- ?1 blob worker that asks
-- ?2 text dead workers, as JSON of hexadecimal uuids
-- The time at which the next lease of another worker is over, and which of the dead ones still have
-- a row.
SELECT (SELECT min(last_heartbeat_at + COALESCE(lease_ms, 300000) * 1000)
          FROM plainjobs_workerheartbeat
         WHERE worker_id <> ?1 AND rescuer_id IS NOT ?1),
       d.worker_id
  FROM (SELECT 1) AS one LEFT JOIN plainjobs_workerheartbeat d
       ON hex(d.worker_id) IN (SELECT value FROM json_each(?2));
