-- hooks.sql - on_aborted: results that wait for it

-- :name want_hooks
-- $1 blob  token of an attempt that this cycle ended
-- $2 int   now
-- One that somebody cancelled before may have ended otherwise than its worker thought.
UPDATE plainjobs_jobresult SET aborted_hook_at = ?2
 WHERE job_process_uuid = ?1 AND status IN ('LOST', 'CANCELLED');

-- :name hooks_done
-- $1 blob  token whose hook was called
UPDATE plainjobs_jobresult SET aborted_hook_at = NULL WHERE job_process_uuid = ?1;

-- :name take_hooks
-- $1 text  job classes whose hooks the worker can call, a JSON array
-- $2 int   limit
-- $3 int   now
-- $4 int   until when they are the worker's alone
-- The partial index holds only results that wait, by class, so its walk is short.
UPDATE plainjobs_jobresult SET aborted_hook_at = ?4
 WHERE id IN (SELECT id FROM plainjobs_jobresult
               WHERE aborted_hook_at <= ?3 AND job_class IN (SELECT value FROM json_each(?1))
               ORDER BY aborted_hook_at LIMIT ?2)
RETURNING job_process_uuid, job_request_uuid, root_uuid, job_class, parameters, queue,
          concurrency_key, source, priority, retries, retry_attempt, COALESCE(run_no, 1), status,
          COALESCE(error_type, ''), COALESCE(error_message, ''),
          retry_job_request_uuid IS NOT NULL;
