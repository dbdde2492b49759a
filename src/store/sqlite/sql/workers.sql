-- What operators see of workers, and ask of them.

-- :name list_workers
-- ?1 integer now
-- ?2 integer most
-- Oldest first. Stale: its lease is over, or somebody rescues its jobs.
SELECT h.worker_id, h.hostname, h.pid, h.queues, h.classes, h.capacity,
       COALESCE(h.lease_ms, 300000), h.version, h.wish, h.started_at, h.last_heartbeat_at,
       h.rescuer_id IS NOT NULL
       OR h.last_heartbeat_at < ?1 - COALESCE(h.lease_ms, 300000) * 1000,
       (SELECT count(*) FROM plainjobs_jobprocess p WHERE p.worker_id = h.worker_id)
  FROM plainjobs_workerheartbeat h ORDER BY h.started_at, h.id LIMIT ?2;

-- :name ask_worker
-- ?1 blob worker
-- ?2 text wish, quiet or stop
-- Who was asked to stop is not made to stay.
UPDATE plainjobs_workerheartbeat SET wish = CASE WHEN wish = 'stop' THEN wish ELSE ?2 END
 WHERE worker_id = ?1 AND rescuer_id IS NULL
RETURNING hostname || ':' || pid;

-- :name wish_of_worker
-- ?1 blob worker
SELECT wish FROM plainjobs_workerheartbeat WHERE worker_id = ?1;
