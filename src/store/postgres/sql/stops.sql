-- stops.sql - cancelling, and completing in a transaction

-- :name cancel_job
-- $1 uuid  of a request, an attempt or the first request
-- $2 text  who cancels
SELECT {schema}.plain_jobs_cancel($1::uuid, $2::text);

-- :name cancel_claimed
-- $1 text         who cancels
-- $2 timestamptz  as the last look returned it, or NULL
-- Returns how many jobs are asked to end that were not before; how many were not, of those that were
-- claimed by $2, since somebody has locked their rows: their worker, which ends them, or a
-- transaction that completes the job; and the time.
WITH free AS MATERIALIZED (
    SELECT ctid AS row FROM {schema}.plainjobs_jobprocess WHERE cancel_at IS NULL
       FOR UPDATE SKIP LOCKED),
asked AS (
    UPDATE {schema}.plainjobs_jobprocess SET cancel_at = statement_timestamp(), cancel_by = $1::text
     WHERE ctid = ANY (ARRAY(SELECT row FROM free))
    RETURNING uuid),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, detail, n)
    SELECT $1::text, 'job.cancel', '*', 'running', count(*) FROM asked HAVING count(*) > 0)
SELECT count(*),
       (SELECT count(*) FROM {schema}.plainjobs_jobprocess p
         WHERE p.cancel_at IS NULL AND p.created_at <= COALESCE($2::timestamptz, statement_timestamp())
           AND p.uuid NOT IN (SELECT uuid FROM asked)),
       COALESCE($2::timestamptz, statement_timestamp())
  FROM asked;

-- :name delete_job
-- $1 uuid  of a request, an attempt or the first request
-- $2 text  who deletes
SELECT {schema}.plain_jobs_delete($1::uuid, $2::text);

-- :name note_figures
-- Arrays with one item for each end, as of finish_jobs.
-- $1 uuid[]  tokens
-- $2 int4[]  runner_pid
-- $3 int8[]  cpu_us
-- $4 int8[]  max_rss_kb
-- $5 text[]  output
-- What their worker knows of attempts that completed in a transaction of their own.
UPDATE {schema}.plainjobs_jobresult t
   SET runner_pid = e.runner_pid, cpu_us = e.cpu_us, max_rss_kb = e.max_rss_kb, output = e.output
  FROM unnest($1::uuid[], $2::int4[], $3::int8[], $4::int8[], $5::text[])
    AS e (token, runner_pid, cpu_us, max_rss_kb, output)
 WHERE t.job_process_uuid = e.token AND t.status = 'SUCCESSFUL' AND t.runner_pid IS NULL;

-- :name complete_job
-- $1 uuid  attempt
SELECT {schema}.plain_jobs_complete($1::uuid);
