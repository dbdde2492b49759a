-- stops.sql - cancelling, watching, and completing in a transaction

-- :name cancel_pending
-- ?1 blob root_uuid
-- ?2 blob token, made for the result
-- ?3 integer now
-- ?4 text who cancels
-- The result of a request that nobody runs; cancel_request deletes it next. worker_id is zero: its end
-- is counted, and no worker's.
INSERT INTO plainjobs_jobresult
       (uuid, created_at, ended_at, requested_at, job_process_uuid, job_request_uuid, status, error,
        job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
        trace_id, span_id, root_uuid, retry_of, run_no, crash_count, key_shared, worker_id,
        error_type, error_message, timeout_ms, lost_count, aborted_hook_at)
SELECT ?2, ?3, ?3, created_at, ?2, uuid, 'CANCELLED', '',
       job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
       trace_id, span_id, ?1, retry_of, COALESCE(run_no, 1), crash_count, key_shared, zeroblob(16),
       'Cancelled', 'cancelled' || COALESCE(' by ' || NULLIF(?4, ''), ''), timeout_ms, lost_count, ?3
  FROM plainjobs_jobrequest
 WHERE id IN (SELECT id FROM plainjobs_pending WHERE root = ?1)
 LIMIT 1
RETURNING job_class;

-- :name cancel_request
-- ?1 blob token of the result
DELETE FROM plainjobs_jobrequest
 WHERE uuid = (SELECT job_request_uuid FROM plainjobs_jobresult WHERE job_process_uuid = ?1);

-- :name cancel_running
-- ?1 blob root_uuid
-- ?2 integer now
-- ?3 text who cancels
-- Who asks first stays. Returns since when, and the class.
UPDATE plainjobs_jobprocess
   SET cancel_at = COALESCE(cancel_at, ?2), cancel_by = COALESCE(cancel_by, ?3)
 WHERE COALESCE(root_uuid, job_request_uuid) = ?1
RETURNING cancel_at, job_class;

-- :name cancel_claimed
-- ?1 integer now
-- ?2 text who cancels
UPDATE plainjobs_jobprocess SET cancel_at = ?1, cancel_by = ?2 WHERE cancel_at IS NULL;

-- :name cancel_released
-- ?1 blob token
-- ?2 integer now
-- The result of a claim that is put back and that somebody cancelled; no row when nobody did.
INSERT INTO plainjobs_jobresult
       (uuid, created_at, ended_at, requested_at, job_process_uuid, job_request_uuid, status, error,
        job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
        trace_id, span_id, root_uuid, retry_of, run_no, crash_count, key_shared, worker_id,
        error_type, error_message, timeout_ms, lost_count, aborted_hook_at)
SELECT uuid, ?2, ?2, requested_at, uuid, job_request_uuid, 'CANCELLED', '',
       job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
       trace_id, span_id, COALESCE(root_uuid, job_request_uuid), retry_of, COALESCE(run_no, 1),
       crash_count, key_shared, worker_id, 'Cancelled',
       'cancelled' || COALESCE(' by ' || NULLIF(cancel_by, ''), ''), timeout_ms, lost_count, ?2
  FROM plainjobs_jobprocess WHERE uuid = ?1 AND cancel_at IS NOT NULL;

-- :name watch_jobs
-- ?1 blob token of an attempt that is running
-- Whether somebody cancelled it (1), and who; whether its row is gone because it completed in a
-- transaction of its own (2), or for another reason (0). No row when it goes on.
SELECT 1, cancel_by FROM plainjobs_jobprocess WHERE uuid = ?1 AND cancel_at IS NOT NULL
UNION ALL
SELECT CASE WHEN EXISTS (SELECT 1 FROM plainjobs_jobresult
                          WHERE job_process_uuid = ?1 AND status = 'SUCCESSFUL') THEN 2 ELSE 0 END,
       NULL
 WHERE NOT EXISTS (SELECT 1 FROM plainjobs_jobprocess WHERE uuid = ?1);

-- :name complete_job
-- ?1 blob token
-- ?2 integer now
-- The result of an attempt that ends in a transaction of the application's own; no row when it is not
-- running any more. delete_process is next.
INSERT INTO plainjobs_jobresult
       (uuid, created_at, started_at, ended_at, requested_at, job_process_uuid, job_request_uuid,
        status, error, job_class, parameters, priority, source, queue, retries, retry_attempt,
        concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no, crash_count, key_shared,
        worker_id, worker_host, worker_pid, timeout_ms, lost_count)
SELECT uuid, ?2, COALESCE(started_at, created_at), ?2, requested_at, uuid, job_request_uuid,
       'SUCCESSFUL', '', job_class, parameters, priority, source, queue, retries, retry_attempt,
       concurrency_key, trace_id, span_id, COALESCE(root_uuid, job_request_uuid), retry_of,
       COALESCE(run_no, 1), crash_count, key_shared, worker_id,
       (SELECT h.hostname FROM plainjobs_workerheartbeat h
         WHERE h.worker_id = plainjobs_jobprocess.worker_id),
       (SELECT h.pid FROM plainjobs_workerheartbeat h
         WHERE h.worker_id = plainjobs_jobprocess.worker_id),
       timeout_ms, lost_count
  FROM plainjobs_jobprocess WHERE uuid = ?1;

-- :name note_figures
-- ?1 blob token
-- ?2 integer runner_pid
-- ?3 integer cpu_us, or NULL
-- ?4 integer max_rss_kb, or NULL
-- ?5 text output, or NULL
-- What its worker knows of an attempt that completed in a transaction of its own.
UPDATE plainjobs_jobresult SET runner_pid = ?2, cpu_us = ?3, max_rss_kb = ?4, output = ?5
 WHERE job_process_uuid = ?1 AND status = 'SUCCESSFUL' AND runner_pid IS NULL;

-- :name delete_result
-- ?1 blob token
DELETE FROM plainjobs_jobresult WHERE job_process_uuid = ?1
RETURNING job_class, root_uuid, job_request_uuid, retry_job_request_uuid;

-- :name close_gap
-- ?1 blob root_uuid
-- ?2 blob request of an attempt that was deleted
-- ?3 blob request that continued it
-- The attempt before it is continued by the one behind it, so that the job stays one chain.
UPDATE plainjobs_jobresult SET retry_job_request_uuid = ?3
 WHERE root_uuid = ?1 AND retry_job_request_uuid = ?2;

-- :name delete_request
-- ?1 blob root_uuid
DELETE FROM plainjobs_jobrequest
 WHERE id IN (SELECT id FROM plainjobs_pending WHERE root = ?1)
RETURNING job_class;

-- :name delete_results
-- ?1 blob root_uuid
DELETE FROM plainjobs_jobresult
 WHERE root_uuid = ?1 OR (root_uuid IS NULL AND job_request_uuid = ?1)
RETURNING job_class;
