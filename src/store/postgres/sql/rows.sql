-- rows.sql - reading for people: lists, the life of a job, counts
--
-- Every list and find_job return the same columns, in the order of the table in rows.c; what a
-- kind of row lacks is NULL. Lists walk the primary key backwards from the last page.

-- :name list_requests
-- $1 text  job_class, or NULL for any
-- $2 text  queue, or NULL for any
-- $3 int8  below this id
-- $4 int4  limit
SELECT 0, r.id, r.uuid, NULL::uuid, COALESCE(r.root_uuid, r.uuid), r.retry_of, NULL::uuid,
       NULL::uuid, r.job_class, r.parameters::text, r.queue, r.concurrency_key, r.key_shared,
       r.source, r.priority, r.retries, r.retry_attempt, COALESCE(r.run_no, 1) AS run,
       COALESCE(r.crash_count, 0), r.created_at, r.start_at, NULL::timestamptz, NULL::timestamptz,
       NULL::timestamptz, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
       NULL::int4, NULL::int4, NULL::int4, NULL::int4, NULL::int8, NULL::int8, NULL::text,
       NULL::timestamptz, NULL::text
  FROM {schema}.plainjobs_jobrequest r
 WHERE r.id < $3::int8
   AND ($1::text IS NULL OR r.job_class = $1::text)
   AND ($2::text IS NULL OR r.queue = $2::text)
 ORDER BY r.id DESC LIMIT $4::int4;

-- :name list_processes
-- $1 text  job_class, or NULL for any
-- $2 text  queue, or NULL for any
-- $3 int8  below this id
-- $4 int4  limit
SELECT 1, p.id, p.job_request_uuid, p.uuid, COALESCE(p.root_uuid, p.job_request_uuid), p.retry_of,
       NULL::uuid, p.worker_id, p.job_class, p.parameters::text, p.queue, p.concurrency_key,
       p.key_shared, p.source, p.priority, p.retries, p.retry_attempt, COALESCE(p.run_no, 1) AS run,
       COALESCE(p.crash_count, 0), p.requested_at, p.start_at, p.created_at, p.started_at,
       NULL::timestamptz, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
       NULL::int4, NULL::int4, NULL::int4, NULL::int4, NULL::int8, NULL::int8, NULL::text,
       p.cancel_at, p.cancel_by
  FROM {schema}.plainjobs_jobprocess p
 WHERE p.id < $3::int8
   AND ($1::text IS NULL OR p.job_class = $1::text)
   AND ($2::text IS NULL OR p.queue = $2::text)
 ORDER BY p.id DESC LIMIT $4::int4;

-- :name list_results
-- $1 text  job_class, or NULL for any
-- $2 text  queue, or NULL for any
-- $3 int8  below this id
-- $4 int4  limit
-- $5 text  status, or NULL for any
-- Failures are few among many: they have an index of their own, which only a condition that stands
-- in the text of the statement can use. So one of the two branches runs, the other costs nothing.
WITH page AS (
    (SELECT t.id FROM {schema}.plainjobs_jobresult t
      WHERE COALESCE($5::text, 'SUCCESSFUL') = 'SUCCESSFUL'
        AND ($5::text IS NULL OR t.status = 'SUCCESSFUL')
        AND t.id < $3::int8
        AND ($1::text IS NULL OR t.job_class = $1::text)
        AND ($2::text IS NULL OR t.queue = $2::text)
      ORDER BY t.id DESC LIMIT $4::int4)
    UNION ALL
    (SELECT t.id FROM {schema}.plainjobs_jobresult t
      WHERE $5::text <> 'SUCCESSFUL' AND t.status = $5::text AND t.status <> 'SUCCESSFUL'
        AND t.id < $3::int8
        AND ($1::text IS NULL OR t.job_class = $1::text)
        AND ($2::text IS NULL OR t.queue = $2::text)
      ORDER BY t.id DESC LIMIT $4::int4))
SELECT 2, t.id, t.job_request_uuid, t.job_process_uuid, COALESCE(t.root_uuid, t.job_request_uuid),
       t.retry_of, t.retry_job_request_uuid, t.worker_id, t.job_class, t.parameters::text, t.queue,
       t.concurrency_key, t.key_shared, t.source, t.priority, t.retries, t.retry_attempt,
       COALESCE(t.run_no, 1) AS run, COALESCE(t.crash_count, 0), t.requested_at, NULL::timestamptz,
       NULL::timestamptz, t.started_at, t.ended_at, t.status, t.error, t.error_type,
       t.error_message, t.error_fingerprint, t.worker_host, t.worker_pid, t.runner_pid, t.exit_code,
       t.exit_signal, t.cpu_us, t.max_rss_kb, t.output, NULL::timestamptz, NULL::text
  FROM page JOIN {schema}.plainjobs_jobresult t USING (id)
 ORDER BY t.id DESC;

-- :name find_job
-- $1 uuid  of a request, an attempt or the root
-- $2 int8  at most so many attempts that have ended, the last ones
-- The root is looked for in all three tables; the rows of the job are those that name it.
WITH root AS (
    SELECT COALESCE(
        (SELECT COALESCE(r.root_uuid, r.uuid) FROM {schema}.plainjobs_jobrequest r
          WHERE r.uuid = $1::uuid),
        (SELECT COALESCE(p.root_uuid, p.job_request_uuid) FROM {schema}.plainjobs_jobprocess p
          WHERE p.uuid = $1::uuid),
        (SELECT COALESCE(t.root_uuid, t.job_request_uuid) FROM {schema}.plainjobs_jobresult t
          WHERE t.job_process_uuid = $1::uuid),
        (SELECT COALESCE(t.root_uuid, t.job_request_uuid) FROM {schema}.plainjobs_jobresult t
          WHERE t.job_request_uuid = $1::uuid LIMIT 1),
        (SELECT COALESCE(p.root_uuid, p.job_request_uuid) FROM {schema}.plainjobs_jobprocess p
          WHERE p.job_request_uuid = $1::uuid LIMIT 1),
        $1::uuid) AS uuid),
ended AS MATERIALIZED (
    SELECT t.id FROM root CROSS JOIN LATERAL {schema}.plainjobs_attempts(root.uuid) t
     ORDER BY COALESCE(t.run_no, 1) DESC, t.id DESC LIMIT $2::int8)
SELECT 0, r.id, r.uuid, NULL::uuid, COALESCE(r.root_uuid, r.uuid), r.retry_of, NULL::uuid,
       NULL::uuid, r.job_class, r.parameters::text, r.queue, r.concurrency_key, r.key_shared,
       r.source, r.priority, r.retries, r.retry_attempt, COALESCE(r.run_no, 1) AS run,
       COALESCE(r.crash_count, 0), r.created_at, r.start_at, NULL::timestamptz, NULL::timestamptz,
       NULL::timestamptz, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
       NULL::int4, NULL::int4, NULL::int4, NULL::int4, NULL::int8, NULL::int8, NULL::text,
       NULL::timestamptz, NULL::text
  FROM root CROSS JOIN LATERAL {schema}.plainjobs_pending(root.uuid) r
UNION ALL
SELECT 1, p.id, p.job_request_uuid, p.uuid, COALESCE(p.root_uuid, p.job_request_uuid), p.retry_of,
       NULL::uuid, p.worker_id, p.job_class, p.parameters::text, p.queue, p.concurrency_key,
       p.key_shared, p.source, p.priority, p.retries, p.retry_attempt, COALESCE(p.run_no, 1) AS run,
       COALESCE(p.crash_count, 0), p.requested_at, p.start_at, p.created_at, p.started_at,
       NULL::timestamptz, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
       NULL::int4, NULL::int4, NULL::int4, NULL::int4, NULL::int8, NULL::int8, NULL::text,
       p.cancel_at, p.cancel_by
  FROM {schema}.plainjobs_jobprocess p
 WHERE COALESCE(p.root_uuid, p.job_request_uuid) = (SELECT uuid FROM root)
UNION ALL
SELECT 2, t.id, t.job_request_uuid, t.job_process_uuid, COALESCE(t.root_uuid, t.job_request_uuid),
       t.retry_of, t.retry_job_request_uuid, t.worker_id, t.job_class, t.parameters::text, t.queue,
       t.concurrency_key, t.key_shared, t.source, t.priority, t.retries, t.retry_attempt,
       COALESCE(t.run_no, 1) AS run, COALESCE(t.crash_count, 0), t.requested_at, NULL::timestamptz,
       NULL::timestamptz, t.started_at, t.ended_at, t.status, t.error, t.error_type,
       t.error_message, t.error_fingerprint, t.worker_host, t.worker_pid, t.runner_pid, t.exit_code,
       t.exit_signal, t.cpu_us, t.max_rss_kb, t.output, NULL::timestamptz, NULL::text
  FROM ended JOIN {schema}.plainjobs_jobresult t USING (id)
 ORDER BY run, 1 DESC, 2;

-- :name count_live
-- $1 int8  where counting stops
SELECT (SELECT count(*) FROM
           (SELECT 1 FROM {schema}.plainjobs_jobrequest LIMIT $1::int8) r),
       (SELECT count(*) FROM
           (SELECT 1 FROM {schema}.plainjobs_jobprocess LIMIT $1::int8) p);

-- :name count_results
-- The counters, not the rows: there may be millions of those.
SELECT status, sum(n - n_removed)::int8 FROM {schema}.plainjobs_counter GROUP BY status;
