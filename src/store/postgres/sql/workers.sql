-- workers.sql - what operators see of workers, and ask of them

-- :name list_workers
-- $1 int4  most
-- Oldest first. Stale: its lease is over, or somebody rescues its jobs.
SELECT h.worker_id, h.hostname, h.pid, h.queues::text, h.classes::text, h.capacity,
       COALESCE(h.lease_ms, 300000)::int8, h.version, h.wish, h.started_at, h.last_heartbeat_at,
       h.rescuer_id IS NOT NULL
       OR h.last_heartbeat_at < statement_timestamp()
                - COALESCE(h.lease_ms, 300000) * interval '1 ms',
       (SELECT count(*) FROM {schema}.plainjobs_jobprocess p WHERE p.worker_id = h.worker_id)
  FROM {schema}.plainjobs_workerheartbeat h ORDER BY h.started_at, h.id LIMIT $1::int4;

-- :name ask_worker
-- $1 uuid  worker
-- $2 text  wish, quiet or stop
-- $3 text  who asks
-- Who was asked to stop is not made to stay. Returns how many were asked, and tells the worker: a tab
-- stands where a queue has a space.
WITH asked AS (
    UPDATE {schema}.plainjobs_workerheartbeat
       SET wish = CASE WHEN wish = 'stop' THEN wish ELSE $2::text END
     WHERE worker_id = $1::uuid AND rescuer_id IS NULL
    RETURNING worker_id, hostname, pid),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid)
    SELECT $3::text, 'worker.' || $2::text, hostname || ':' || pid, worker_id FROM asked)
SELECT count(*),
       pg_notify('plainjobs_wake', trim(both '"' from '{schema}') || chr(9) || $1::uuid::text)
  FROM asked;

-- :name wish_of_worker
-- $1 uuid  worker
SELECT wish FROM {schema}.plainjobs_workerheartbeat WHERE worker_id = $1::uuid;
