-- What people look at. The three tables give the same columns in the same order (enum row_column of
-- rows.c); what a table lacks is NULL. Lists go down the primary key from a known id, never by
-- offset. NOT INDEXED says that it is the primary key: with the statistics of an ANALYZE of nearly
-- empty tables SQLite would scan another index, and sort.

-- :name list_requests
-- ?1 integer before_id
-- ?2 text job_class, or null for any
-- ?3 text queue, or null for any
-- ?4 text status: unused
-- ?5 integer limit
SELECT id, uuid, NULL, COALESCE(root_uuid, uuid), retry_of, NULL, NULL,
       job_class, parameters, queue, concurrency_key, key_shared, source,
       priority, retries, retry_attempt, COALESCE(run_no, 1), COALESCE(crash_count, 0),
       created_at, start_at, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM plainjobs_jobrequest NOT INDEXED
 WHERE id < ?1 AND (?2 IS NULL OR job_class = ?2) AND (?3 IS NULL OR queue = ?3) AND ?4 IS NULL
 ORDER BY id DESC LIMIT ?5;

-- :name list_processes
-- ?1 integer before_id
-- ?2 text job_class, or null for any
-- ?3 text queue, or null for any
-- ?4 text status: unused
-- ?5 integer limit
SELECT id, job_request_uuid, uuid, COALESCE(root_uuid, job_request_uuid), retry_of, NULL, worker_id,
       job_class, parameters, queue, concurrency_key, key_shared, source,
       priority, retries, retry_attempt, COALESCE(run_no, 1), COALESCE(crash_count, 0),
       requested_at, start_at, created_at, started_at, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       cancel_at, cancel_by
  FROM plainjobs_jobprocess NOT INDEXED
 WHERE id < ?1 AND (?2 IS NULL OR job_class = ?2) AND (?3 IS NULL OR queue = ?3) AND ?4 IS NULL
 ORDER BY id DESC LIMIT ?5;

-- :name list_results
-- ?1 integer before_id
-- ?2 text job_class, or null for any
-- ?3 text queue, or null for any
-- ?4 text status, or null for any
-- ?5 integer limit
SELECT id, job_request_uuid, job_process_uuid, COALESCE(root_uuid, job_request_uuid), retry_of,
       retry_job_request_uuid, worker_id,
       job_class, parameters, queue, concurrency_key, key_shared, source,
       priority, retries, retry_attempt, COALESCE(run_no, 1), COALESCE(crash_count, 0),
       requested_at, NULL, NULL, started_at, ended_at,
       status, error, error_type, error_message, error_fingerprint, worker_host, worker_pid,
       runner_pid, exit_code, exit_signal, cpu_us, max_rss_kb, output, NULL, NULL
  FROM plainjobs_jobresult NOT INDEXED
 WHERE id < ?1 AND (?2 IS NULL OR job_class = ?2) AND (?3 IS NULL OR queue = ?3)
   AND (?4 IS NULL OR status = ?4)
 ORDER BY id DESC LIMIT ?5;

-- :name list_failed
-- ?1 integer before_id
-- ?2 text job_class, or null for any
-- ?3 text queue, or null for any
-- ?4 text status, any but SUCCESSFUL
-- ?5 integer limit
-- The same down the index of failures: they may be few among millions.
SELECT id, job_request_uuid, job_process_uuid, COALESCE(root_uuid, job_request_uuid), retry_of,
       retry_job_request_uuid, worker_id,
       job_class, parameters, queue, concurrency_key, key_shared, source,
       priority, retries, retry_attempt, COALESCE(run_no, 1), COALESCE(crash_count, 0),
       requested_at, NULL, NULL, started_at, ended_at,
       status, error, error_type, error_message, error_fingerprint, worker_host, worker_pid,
       runner_pid, exit_code, exit_signal, cpu_us, max_rss_kb, output, NULL, NULL
  FROM plainjobs_jobresult INDEXED BY plainjobs_jobresult_failed
 WHERE status <> 'SUCCESSFUL' AND status = ?4 AND id < ?1
   AND (?2 IS NULL OR job_class = ?2) AND (?3 IS NULL OR queue = ?3)
 ORDER BY id DESC LIMIT ?5;

-- :name find_root
-- ?1 blob uuid, of a request, of an attempt, or the root
SELECT COALESCE(root_uuid, uuid) FROM plainjobs_jobrequest
 WHERE id IN (SELECT id FROM plainjobs_pending WHERE root = ?1)
UNION ALL
SELECT COALESCE(root_uuid, job_request_uuid) FROM plainjobs_jobprocess
 WHERE uuid = ?1 OR job_request_uuid = ?1 OR root_uuid = ?1
UNION ALL
SELECT COALESCE(root_uuid, job_request_uuid) FROM plainjobs_jobresult
 WHERE job_process_uuid = ?1 OR job_request_uuid = ?1 OR root_uuid = ?1
 LIMIT 1;

-- :name find_job
-- ?1 blob root_uuid
-- Table (as enum job_table) and id of every row of a job.
SELECT 2, id, run_no FROM plainjobs_jobresult WHERE root_uuid = ?1
UNION ALL
SELECT 2, id, COALESCE(run_no, 1) FROM plainjobs_jobresult
 WHERE job_request_uuid = ?1 AND root_uuid IS NULL
UNION ALL
SELECT 1, id, run_no FROM plainjobs_jobprocess WHERE root_uuid = ?1
UNION ALL
SELECT 1, id, COALESCE(run_no, 1) FROM plainjobs_jobprocess
 WHERE job_request_uuid = ?1 AND root_uuid IS NULL
UNION ALL
SELECT 0, id, COALESCE(run_no, 1) FROM plainjobs_jobrequest NOT INDEXED
 WHERE id IN (SELECT id FROM plainjobs_pending WHERE root = ?1)
 ORDER BY 3, 1 DESC, 2;

-- :name count_live
-- ?1 integer most
-- Bounded: nobody waits for a count of millions.
SELECT (SELECT count(*) FROM (SELECT 1 FROM plainjobs_jobrequest LIMIT ?1)),
       (SELECT count(*) FROM (SELECT 1 FROM plainjobs_jobprocess LIMIT ?1));

-- :name count_results
SELECT status, sum(n - n_removed) FROM plainjobs_counter GROUP BY status;
