-- requests.sql - enqueueing, and who holds a key

-- :name enqueue
-- $1 uuid         uuid
-- $2 text         job_class
-- $3 jsonb        parameters, in the stored form
-- $4 text         queue
-- $5 int8         delay in microseconds, or NULL
-- $6 timestamptz  start_at, or NULL
-- $7 int4         priority
-- $8 int4         retries
-- $9 text         concurrency_key
-- $10 text        source
-- $11 int8        timeout in milliseconds, or NULL
-- $12 bool        whether that uuid may have been used already
-- NULL comes back when the key is held. A uuid that was just made needs no look at where it could
-- stand already, which would scan the claimed jobs.
SELECT CASE WHEN $12::bool THEN
           {schema}.plain_jobs_enqueue($2::text, $3::jsonb, $4::text,
               $5::int8 * interval '1 microsecond', $6::timestamptz, $7::int4, $8::int4, $9::text,
               $1::uuid, $10::text, $11::int8 * interval '1 millisecond')
       ELSE
           {schema}.plainjobs_insert_request($1::uuid, $2::text, $3::jsonb, $4::text,
               COALESCE($6::timestamptz,
                        statement_timestamp() + $5::int8 * interval '1 microsecond'),
               $7::int4, $8::int4, $9::text, $10::text, $11::int8)
       END;

-- :name enqueue_new
-- $1 uuid         uuid, just made
-- $2 text         job_class
-- $3 jsonb        parameters, in the stored form
-- $4 text         queue
-- $5 int8         delay in microseconds, or NULL
-- $6 timestamptz  start_at, or NULL
-- $7 int4         priority
-- $8 int4         retries
-- $9 text         concurrency_key: none
-- $10 text        source
-- $11 int8        timeout in milliseconds, or NULL
-- Nothing is in the way of such a request: a plain INSERT, a tenth less work than enqueue.
INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, queue, start_at, priority,
    retries, concurrency_key, source, root_uuid, timeout_ms)
VALUES ($1::uuid, $2::text, $3::jsonb, $4::text,
        COALESCE($6::timestamptz, statement_timestamp() + $5::int8 * interval '1 microsecond'),
        $7::int4, $8::int4, $9::text, $10::text, $1::uuid, $11::int8)
RETURNING uuid;

-- :name key_holder
-- $1 text  job_class
-- $2 text  concurrency_key
-- $3 uuid  or NULL and NULL, and the attempt whose result has that class and key
-- Returns the holder, 1 for pending or 2 for processing (enum plain_holder), and its age in ms
-- since it was enqueued. No row when nobody holds it any more.
WITH wanted AS (
    SELECT $1::text AS job_class, $2::text AS concurrency_key WHERE $3::uuid IS NULL
    UNION ALL
    SELECT t.job_class, t.concurrency_key FROM {schema}.plainjobs_jobresult t
     WHERE t.job_process_uuid = $3::uuid),
live AS (
    SELECT k.request_uuid, 1 AS state, r.created_at AS since
      FROM wanted w
      JOIN {schema}.plainjobs_jobkey k USING (job_class, concurrency_key)
      JOIN {schema}.plainjobs_jobrequest r ON r.uuid = k.request_uuid
    UNION ALL
    SELECT k.request_uuid, 2, COALESCE(p.requested_at, p.created_at)
      FROM wanted w
      JOIN {schema}.plainjobs_jobkey k USING (job_class, concurrency_key)
      JOIN {schema}.plainjobs_jobprocess p
        ON p.job_request_uuid = k.request_uuid AND p.concurrency_key <> '')
SELECT request_uuid, state::int4,
       CASE WHEN isfinite(since)
            THEN (extract(epoch FROM statement_timestamp() - since) * 1000)::int8 ELSE 0 END
  FROM live LIMIT 1;

-- :name retry_result
-- $1 uuid  the attempt
-- $2 uuid  of the request that is to continue it
-- $3 text  who retries
-- Copies the options of the result and links both ways, all in one statement: the lock on the
-- result lets a second call see the link. No row without such a result; else the request that
-- continued it before, or NULL, and the one that was made now, or NULL.
-- A link whose request is nowhere any more ties nothing: it was purged, or deleted with what became
-- of it. A successor that ran counts for as long as its result is there: it is younger than this one,
-- so that by age this one goes first, and who deletes it alone wants it out of the way. `gone` is of
-- the statement's snapshot, and `ended` what the lock found later: where the links differ, a request
-- was made between, that the snapshot does not have.
WITH gone AS MATERIALIZED (
    SELECT t.retry_job_request_uuid AS link FROM {schema}.plainjobs_jobresult t
     WHERE t.job_process_uuid = $1::uuid
       AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobrequest r
                        WHERE r.uuid = t.retry_job_request_uuid)
       AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult o
                        WHERE o.job_request_uuid = t.retry_job_request_uuid)
       AND NOT EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                        WHERE p.job_request_uuid = t.retry_job_request_uuid)),
ended AS (
    SELECT * FROM {schema}.plainjobs_jobresult WHERE job_process_uuid = $1::uuid FOR UPDATE),
made AS (
    INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, priority, source, queue,
        retries, retry_attempt, concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no,
        key_shared, timeout_ms)
    SELECT $2::uuid, job_class, parameters, priority, source, queue, retries,
           LEAST(retry_attempt + 1, 32767), concurrency_key, trace_id, span_id,
           COALESCE(root_uuid, job_request_uuid), job_process_uuid,
           LEAST(COALESCE(run_no, 1), 2147483646) + 1,
           key_shared, timeout_ms
      FROM ended
     WHERE retry_job_request_uuid IS NULL OR retry_job_request_uuid = (SELECT link FROM gone)
    RETURNING uuid, retry_of, job_class, root_uuid),
noted AS (
    INSERT INTO {schema}.plainjobs_audit (actor, action, target, uuid)
    SELECT $3::text, 'job.retry', job_class, root_uuid FROM made),
linked AS (
    UPDATE {schema}.plainjobs_jobresult t SET retry_job_request_uuid = made.uuid
      FROM made WHERE t.job_process_uuid = made.retry_of)
SELECT ended.retry_job_request_uuid, (SELECT uuid FROM made) FROM ended;
