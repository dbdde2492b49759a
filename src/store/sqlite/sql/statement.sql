-- For other drivers.

-- :name enqueue_statement
-- ?1 text job_class
-- ?2 text parameters, in the stored form
-- ?3 text queue
-- ?4 text priority
-- ?5 text retries
-- ?6 text concurrency_key
-- ?7 text source
-- ?8 text delay in microseconds, or null
-- ?9 text start_at in microseconds since 1970, or null
-- ?10 text timeout in milliseconds, or null
-- The zero uuid, here and as bytes, is replaced: a driver that has only texts cannot give bytes. A
-- uuid that was used before, whatever became of it, is the same job, and gives no row. Processes are
-- few: no index.
INSERT INTO plainjobs_jobrequest (uuid, root_uuid, run_no, crash_count, job_class, parameters,
    queue, priority, retries, concurrency_key, source, start_at, timeout_ms)
SELECT made.uuid, made.uuid, 1, 0, ?1, ?2, ?3, CAST(?4 AS INTEGER), CAST(?5 AS INTEGER), ?6, ?7,
       COALESCE((CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                + CAST(?8 AS INTEGER), CAST(?9 AS INTEGER)),
       CAST(?10 AS INTEGER)
  FROM (SELECT x'00000000000000000000000000000000' AS uuid) made
 WHERE NOT EXISTS (SELECT 1 FROM plainjobs_jobrequest r
                    WHERE r.root_uuid = made.uuid AND r.root_uuid <> r.uuid)
   AND NOT EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                    WHERE p.job_request_uuid = made.uuid OR p.root_uuid = made.uuid)
   AND NOT EXISTS (SELECT 1 FROM plainjobs_jobresult t WHERE t.job_request_uuid = made.uuid)
   AND NOT EXISTS (SELECT 1 FROM plainjobs_jobresult t WHERE t.root_uuid = made.uuid)
    ON CONFLICT (uuid) DO NOTHING
RETURNING '00000000-0000-0000-0000-000000000000' AS uuid;
