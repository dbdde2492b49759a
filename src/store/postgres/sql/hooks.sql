-- hooks.sql - on_aborted: results that wait for it

-- :name want_hooks
-- $1 uuid[]  tokens of attempts that this cycle ended
-- One that somebody cancelled before may have ended otherwise than its worker thought.
UPDATE {schema}.plainjobs_jobresult SET aborted_hook_at = statement_timestamp()
 WHERE job_process_uuid = ANY ($1::uuid[]) AND status IN ('LOST', 'CANCELLED');

-- :name hooks_done
-- $1 uuid[]  tokens whose hook was called
UPDATE {schema}.plainjobs_jobresult SET aborted_hook_at = NULL
 WHERE job_process_uuid = ANY ($1::uuid[]);

-- :name take_hooks
-- $1 text[]  job classes whose hooks the worker can call
-- $2 int4    limit
-- $3 int4    seconds that they are the worker's alone
-- The partial index holds only results that wait, by class, so its walk is short.
WITH due AS MATERIALIZED (
    SELECT id FROM {schema}.plainjobs_jobresult
     WHERE aborted_hook_at <= statement_timestamp() AND job_class = ANY ($1::text[])
     ORDER BY aborted_hook_at LIMIT $2::int4 FOR UPDATE SKIP LOCKED)
UPDATE {schema}.plainjobs_jobresult t
   SET aborted_hook_at = statement_timestamp() + make_interval(secs => $3::int4)
  FROM due WHERE t.id = due.id
RETURNING t.job_process_uuid, t.job_request_uuid, t.root_uuid, t.job_class, t.parameters::text,
          t.queue, t.concurrency_key, t.source, t.priority, t.retries, t.retry_attempt,
          COALESCE(t.run_no, 1), t.status, COALESCE(t.error_type, ''),
          COALESCE(t.error_message, ''), t.retry_job_request_uuid IS NOT NULL;
