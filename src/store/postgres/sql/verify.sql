-- verify.sql - whether the tables keep what the queue guarantees
--
-- Each block looks at the rows of one table with ids above $1 and up to $2, and returns at most $3
-- of the uuids that are wrong, with their classes. A block whose table has no id looks at all of it.

-- :name verify_ended_twice
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Results.
SELECT r.job_request_uuid, r.job_class FROM {schema}.plainjobs_jobresult r
 WHERE r.id > $1::int8 AND r.id <= $2::int8
   AND EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult o
                WHERE o.job_request_uuid = r.job_request_uuid AND o.id < r.id)
 ORDER BY r.id LIMIT $3::int4;

-- :name verify_ended_pending
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Requests.
SELECT q.uuid, q.job_class FROM {schema}.plainjobs_jobrequest q
 WHERE q.id > $1::int8 AND q.id <= $2::int8
   AND EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult r WHERE r.job_request_uuid = q.uuid)
 ORDER BY q.id LIMIT $3::int4;

-- :name verify_processing_twice
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Processes: pending, ended, or processed by another too.
SELECT p.uuid, p.job_class FROM {schema}.plainjobs_jobprocess p
 WHERE p.id > $1::int8 AND p.id <= $2::int8
   AND (EXISTS (SELECT 1 FROM {schema}.plainjobs_jobrequest q WHERE q.uuid = p.job_request_uuid)
        OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult r
                    WHERE r.job_request_uuid = p.job_request_uuid)
        OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult r WHERE r.job_process_uuid = p.uuid)
        OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess o
                    WHERE o.job_request_uuid = p.job_request_uuid AND o.id <> p.id))
 ORDER BY p.id LIMIT $3::int4;

-- :name verify_successor_gone
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Results whose continuation is nowhere, and was neither purged after them nor deleted.
SELECT r.job_process_uuid, r.job_class FROM {schema}.plainjobs_jobresult r
 WHERE r.id > $1::int8 AND r.id <= $2::int8 AND r.retry_job_request_uuid IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobrequest q
                    WHERE q.uuid = r.retry_job_request_uuid)
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult o
                    WHERE o.job_request_uuid = r.retry_job_request_uuid)
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                    WHERE p.job_request_uuid = r.retry_job_request_uuid)
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_duty d
                    WHERE d.name = 'purge' AND d.done_at >= r.created_at)
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_audit a
                    WHERE a.uuid = r.retry_job_request_uuid AND a.action = 'job.delete')
 ORDER BY r.id LIMIT $3::int4;

-- :name verify_no_successor
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Results: deferred, or failed with retries left, and not continued. What kills its process may be
-- stopped by JOBS_MAX_CRASHES, and what a person cancelled is not continued.
SELECT r.job_process_uuid, r.job_class FROM {schema}.plainjobs_jobresult r
 WHERE r.id > $1::int8 AND r.id <= $2::int8 AND r.retry_job_request_uuid IS NULL
   AND r.worker_id IS NOT NULL
   AND (r.status = 'DEFERRED' OR (r.status = 'ERRORED' AND r.retry_attempt < r.retries))
 ORDER BY r.id LIMIT $3::int4;

-- :name verify_request_link
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Requests that an attempt is continued by although it names another, or that are not its next
-- run.
SELECT x.uuid, x.job_class FROM {schema}.plainjobs_jobrequest x
  JOIN {schema}.plainjobs_jobresult r ON r.job_process_uuid = x.retry_of
 WHERE x.id > $1::int8 AND x.id <= $2::int8
   AND (r.retry_job_request_uuid IS NULL OR r.retry_job_request_uuid <> x.uuid
        OR COALESCE(x.root_uuid, x.uuid) <> COALESCE(r.root_uuid, r.job_request_uuid)
        OR x.run_no <> COALESCE(r.run_no, 1) + 1
        OR x.retry_attempt NOT BETWEEN r.retry_attempt AND r.retry_attempt + 1)
 ORDER BY x.id LIMIT $3::int4;

-- :name verify_process_link
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Processes that an attempt is continued by although it names another, or that are not its next
-- run.
SELECT x.uuid, x.job_class FROM {schema}.plainjobs_jobprocess x
  JOIN {schema}.plainjobs_jobresult r ON r.job_process_uuid = x.retry_of
 WHERE x.id > $1::int8 AND x.id <= $2::int8
   AND (r.retry_job_request_uuid IS NULL OR r.retry_job_request_uuid <> x.job_request_uuid
        OR COALESCE(x.root_uuid, x.job_request_uuid) <> COALESCE(r.root_uuid, r.job_request_uuid)
        OR x.run_no <> COALESCE(r.run_no, 1) + 1
        OR x.retry_attempt NOT BETWEEN r.retry_attempt AND r.retry_attempt + 1)
 ORDER BY x.id LIMIT $3::int4;

-- :name verify_result_link
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Results that an attempt is continued by although it names another, or that are not its next
-- run.
SELECT x.job_process_uuid, x.job_class FROM {schema}.plainjobs_jobresult x
  JOIN {schema}.plainjobs_jobresult r ON r.job_process_uuid = x.retry_of
 WHERE x.id > $1::int8 AND x.id <= $2::int8
   AND (r.retry_job_request_uuid IS NULL OR r.retry_job_request_uuid <> x.job_request_uuid
        OR COALESCE(x.root_uuid, x.job_request_uuid) <> COALESCE(r.root_uuid, r.job_request_uuid)
        OR x.run_no <> COALESCE(r.run_no, 1) + 1
        OR x.retry_attempt NOT BETWEEN r.retry_attempt AND r.retry_attempt + 1)
 ORDER BY x.id LIMIT $3::int4;

-- :name verify_key_leaked
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Keys whose holder neither waits nor runs.
SELECT k.request_uuid, k.job_class FROM {schema}.plainjobs_jobkey k
 WHERE $1::int8 <= $2::int8
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobrequest q
                    WHERE q.uuid = k.request_uuid AND q.job_class = k.job_class
                      AND q.concurrency_key = k.concurrency_key)
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                    WHERE p.job_request_uuid = k.request_uuid AND p.concurrency_key <> ''
                      AND p.job_class = k.job_class
                      AND p.concurrency_key = k.concurrency_key) LIMIT $3::int4;

-- :name verify_request_key
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Requests with a key that is not theirs.
SELECT x.uuid, x.job_class FROM {schema}.plainjobs_jobrequest x
 WHERE x.id > $1::int8 AND x.id <= $2::int8 AND x.concurrency_key <> ''
   AND x.key_shared IS NOT TRUE
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobkey k
                    WHERE k.job_class = x.job_class AND k.concurrency_key = x.concurrency_key
                      AND k.request_uuid = x.uuid)
 ORDER BY x.id LIMIT $3::int4;

-- :name verify_process_key
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Processes with a key that is not theirs.
SELECT x.uuid, x.job_class FROM {schema}.plainjobs_jobprocess x
 WHERE x.id > $1::int8 AND x.id <= $2::int8 AND x.concurrency_key <> ''
   AND x.key_shared IS NOT TRUE
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobkey k
                    WHERE k.job_class = x.job_class AND k.concurrency_key = x.concurrency_key
                      AND k.request_uuid = x.job_request_uuid)
 ORDER BY x.id LIMIT $3::int4;

-- :name verify_orphan
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Processes whose worker has no row.
SELECT p.uuid, p.job_class FROM {schema}.plainjobs_jobprocess p
 WHERE p.id > $1::int8 AND p.id <= $2::int8
   AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_workerheartbeat h
                    WHERE h.worker_id = p.worker_id)
 ORDER BY p.id LIMIT $3::int4;

-- :name verify_times
-- $1 int8 above
-- $2 int8 up to
-- $3 int4 most
-- Results that ended before they started, or at no time.
SELECT r.job_process_uuid, r.job_class FROM {schema}.plainjobs_jobresult r
 WHERE r.id > $1::int8 AND r.id <= $2::int8 AND r.worker_id IS NOT NULL
   AND (r.ended_at IS NULL OR r.started_at > r.ended_at)
 ORDER BY r.id LIMIT $3::int4;

-- :name verify_results
-- $1 int8 above
-- $2 int8 up to
-- Results that a worker wrote, by status.
SELECT r.status, count(*) FROM {schema}.plainjobs_jobresult r
 WHERE r.id > $1::int8 AND r.id <= $2::int8 AND r.worker_id IS NOT NULL GROUP BY r.status;

-- :name verify_counters
-- What the counters say of that.
SELECT status, sum(n - n_removed)::int8 FROM {schema}.plainjobs_counter GROUP BY status;

-- :name verify_next
-- $1 int4  table: 0 requests, 1 processes, 2 results
-- $2 int8  id
-- The least id from there on, or NULL.
SELECT CASE $1::int4 WHEN 0 THEN (SELECT min(id) FROM {schema}.plainjobs_jobrequest WHERE id >= $2::int8)
               WHEN 1 THEN (SELECT min(id) FROM {schema}.plainjobs_jobprocess WHERE id >= $2::int8)
               ELSE (SELECT min(id) FROM {schema}.plainjobs_jobresult WHERE id >= $2::int8) END;

-- :name begin_snapshot
-- All that follows is of one moment.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
