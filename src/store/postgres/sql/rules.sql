-- rules.sql - enqueueing by a class's own rule

-- :name rule_lock
-- $1 text  name of the lock
-- Returns whether the transaction sees what others commit; only then it takes the lock, to its end.
-- The number is the one that the Python package locks: the first 8 bytes of the md5 of the name.
SELECT CASE WHEN current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
            THEN false
            ELSE pg_advisory_xact_lock(
                     ('x' || left(md5(convert_to($1::text, 'UTF8')), 16))::bit(64)::bigint)
                 IS NOT NULL
       END;

-- :name rule_counts
-- $1 text  job_class
-- $2 text  concurrency_key
-- $3 uuid  the attempt in which the enqueue is being made, or NULL
-- Both tables in one statement, so of one moment. The condition on the key is that of the indexes:
-- a job without a key that was enqueued past the rule is not counted.
SELECT live.source, live.is_retry, live.is_self, count(*)
  FROM (SELECT 0 AS source, retry_attempt > 0 AS is_retry, false AS is_self
          FROM {schema}.plainjobs_jobrequest
         WHERE job_class = $1::text AND concurrency_key = $2::text
           AND (concurrency_key <> '' OR key_shared)
        UNION ALL
        SELECT 1, retry_attempt > 0, uuid IS NOT DISTINCT FROM $3::uuid
          FROM {schema}.plainjobs_jobprocess
         WHERE job_class = $1::text AND concurrency_key = $2::text
           AND (concurrency_key <> '' OR key_shared)) live
 GROUP BY 1, 2, 3;

-- :name is_repeated
-- $1 uuid  of a request
SELECT {schema}.plainjobs_is_repeated($1::uuid);

-- :name take_back
-- $1 uuid  of a request that was made now
-- Takes it back when it was there before, and claimed meanwhile; returns whether it was.
SELECT {schema}.plainjobs_take_back($1::uuid);

-- :name enqueue_shared
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
-- A request that was admitted by its class's rule, and takes no key row.
INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, queue, start_at, priority,
    retries, concurrency_key, source, root_uuid, key_shared, timeout_ms)
VALUES ($1::uuid, $2::text, $3::jsonb, $4::text,
        COALESCE($6::timestamptz, statement_timestamp() + $5::int8 * interval '1 microsecond'),
        $7::int4, $8::int4, $9::text, $10::text, $1::uuid, true, $11::int8)
    ON CONFLICT ON CONSTRAINT plainjobs_jobrequest_unique_uuid DO NOTHING;
