-- stops.sql - cancelling, and completing in a transaction

-- :name cancel_job
-- $1 uuid  of a request, an attempt or the first request
-- $2 text  who cancels
SELECT {schema}.plain_jobs_cancel($1::uuid, $2::text);

-- :name cancel_claimed
-- $1 text  who cancels
-- Returns how many jobs are asked to end that were not before.
WITH asked AS (
    UPDATE {schema}.plainjobs_jobprocess SET cancel_at = statement_timestamp(), cancel_by = $1::text
     WHERE cancel_at IS NULL
    RETURNING 1),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, detail, n)
    SELECT $1::text, 'job.cancel', '*', 'running', count(*) FROM asked HAVING count(*) > 0)
SELECT count(*) FROM asked;

-- :name delete_job
-- $1 uuid  of a request, an attempt or the first request
-- $2 text  who deletes
SELECT {schema}.plain_jobs_delete($1::uuid, $2::text);

-- :name complete_job
-- $1 uuid  attempt
SELECT {schema}.plain_jobs_complete($1::uuid);
