-- many.sql - enqueueing many at once, in one transaction

-- :name many_repeated
-- $1 uuid[]  of requests
-- $2 bool    whether pending ones count
-- The numbers, from 1 and rising, of those that were made before, whatever became of them.
SELECT u.n FROM unnest($1::uuid[]) WITH ORDINALITY AS u(uuid, n)
  JOIN {schema}.plainjobs_jobrequest r ON r.uuid = u.uuid WHERE $2::bool
UNION
SELECT u.n FROM unnest($1::uuid[]) WITH ORDINALITY AS u(uuid, n)
  JOIN {schema}.plainjobs_jobrequest r ON r.root_uuid = u.uuid AND r.root_uuid <> r.uuid
UNION
SELECT u.n FROM unnest($1::uuid[]) WITH ORDINALITY AS u(uuid, n)
  JOIN {schema}.plainjobs_jobresult t ON t.job_request_uuid = u.uuid
UNION
SELECT u.n FROM unnest($1::uuid[]) WITH ORDINALITY AS u(uuid, n)
  JOIN {schema}.plainjobs_jobresult t ON t.root_uuid = u.uuid AND t.root_uuid <> t.job_request_uuid
UNION
SELECT u.n FROM unnest($1::uuid[]) WITH ORDINALITY AS u(uuid, n)
  JOIN {schema}.plainjobs_jobprocess p ON p.job_request_uuid = u.uuid
UNION
SELECT u.n FROM unnest($1::uuid[]) WITH ORDINALITY AS u(uuid, n)
  JOIN {schema}.plainjobs_jobprocess p ON p.root_uuid = u.uuid
 ORDER BY 1;

-- :name see_commits
-- Fails where the transaction does not see what others commit.
SELECT {schema}.plainjobs_see_commits();

-- :name many_keys
-- $1 text[]  job_class
-- $2 text[]  concurrency_key, in the order of both
-- $3 uuid[]  of the requests
-- Takes the keys that nobody has, before the requests come: their trigger then finds its own row.
-- None where one that came behind the snapshot would end the transaction (40001): there the trigger
-- takes them, which can tell.
-- Returns the requests that have theirs, in order.
INSERT INTO {schema}.plainjobs_jobkey (job_class, concurrency_key, request_uuid)
SELECT k.job_class, k.concurrency_key, k.uuid
  FROM unnest($1::text[], $2::text[], $3::uuid[])
       WITH ORDINALITY AS k(job_class, concurrency_key, uuid, n)
 WHERE current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable')
 ORDER BY k.n
    ON CONFLICT (job_class, concurrency_key) DO NOTHING
RETURNING request_uuid;

-- :name many_holders
-- $1 text[]  job_class
-- $2 text[]  concurrency_key
-- Returns the number, from 1, of each key that a live job holds, and what key_holder returns.
SELECT w.n, k.request_uuid, (CASE WHEN p.uuid IS NULL THEN 1 ELSE 2 END)::int4,
       CASE WHEN isfinite(COALESCE(p.requested_at, p.created_at, r.created_at))
            THEN (extract(epoch FROM statement_timestamp()
                          - COALESCE(p.requested_at, p.created_at, r.created_at)) * 1000)::int8
            ELSE 0 END
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(job_class, concurrency_key, n)
  JOIN {schema}.plainjobs_jobkey k USING (job_class, concurrency_key)
  LEFT JOIN {schema}.plainjobs_jobrequest r ON r.uuid = k.request_uuid
  LEFT JOIN {schema}.plainjobs_jobprocess p
       ON p.job_request_uuid = k.request_uuid AND p.concurrency_key <> ''
 WHERE r.uuid IS NOT NULL OR p.uuid IS NOT NULL;

-- :name many_requests
-- $1 uuid[]         uuid
-- $2 text[]         job_class, or NULL when all are
-- $3 text           this one
-- $4 jsonb[]        parameters, in the stored form
-- $5 text[]         queue, likewise
-- $6 text           for all
-- $7 int8[]         delay in microseconds, 0 for none; NULL for none of them
-- $8 timestamptz[]  start_at, or NULL
-- $9 int4[]         priority
-- $10 int4          for all
-- $11 int4[]        retries
-- $12 int4          for all
-- $13 text[]        concurrency_key
-- $14 text          for all
-- $15 text[]        source
-- $16 text          for all
-- $17 int8[]        timeout in milliseconds, or NULL
-- For uuids that were just made: there is no conflict to look for, which takes time for each row.
-- unnest() in FROM would write each array to a buffer of its own first.
INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, queue, start_at, priority,
    retries, concurrency_key, source, root_uuid, timeout_ms)
SELECT i.uuid, COALESCE(i.job_class, $3::text), i.parameters, COALESCE(i.queue, $6::text),
       COALESCE(i.start_at,
                statement_timestamp() + NULLIF(i.delay, 0) * interval '1 microsecond'),
       COALESCE(i.priority, $10::int4), COALESCE(i.retries, $12::int4),
       COALESCE(i.concurrency_key, $14::text), COALESCE(i.source, $16::text), i.uuid,
       i.timeout_ms
  FROM (SELECT unnest($1::uuid[]) AS uuid, unnest($2::text[]) AS job_class,
               unnest($4::jsonb[]) AS parameters, unnest($5::text[]) AS queue,
               unnest($7::int8[]) AS delay, unnest($8::timestamptz[]) AS start_at,
               unnest($9::int4[]) AS priority, unnest($11::int4[]) AS retries,
               unnest($13::text[]) AS concurrency_key, unnest($15::text[]) AS source,
               unnest($17::int8[]) AS timeout_ms) AS i;

-- :name many_repeatable
-- $1 uuid[]         uuid
-- $2 text[]         job_class, or NULL when all are
-- $3 text           this one
-- $4 jsonb[]        parameters, in the stored form
-- $5 text[]         queue, likewise
-- $6 text           for all
-- $7 int8[]         delay in microseconds, 0 for none; NULL for none of them
-- $8 timestamptz[]  start_at, or NULL
-- $9 int4[]         priority
-- $10 int4          for all
-- $11 int4[]        retries
-- $12 int4          for all
-- $13 text[]        concurrency_key
-- $14 text          for all
-- $15 text[]        source
-- $16 text          for all
-- $17 int8[]        timeout in milliseconds, or NULL
-- The same for uuids that may exist.
INSERT INTO {schema}.plainjobs_jobrequest (uuid, job_class, parameters, queue, start_at, priority,
    retries, concurrency_key, source, root_uuid, timeout_ms)
SELECT i.uuid, COALESCE(i.job_class, $3::text), i.parameters, COALESCE(i.queue, $6::text),
       COALESCE(i.start_at,
                statement_timestamp() + NULLIF(i.delay, 0) * interval '1 microsecond'),
       COALESCE(i.priority, $10::int4), COALESCE(i.retries, $12::int4),
       COALESCE(i.concurrency_key, $14::text), COALESCE(i.source, $16::text), i.uuid,
       i.timeout_ms
  FROM (SELECT unnest($1::uuid[]) AS uuid, unnest($2::text[]) AS job_class,
               unnest($4::jsonb[]) AS parameters, unnest($5::text[]) AS queue,
               unnest($7::int8[]) AS delay, unnest($8::timestamptz[]) AS start_at,
               unnest($9::int4[]) AS priority, unnest($11::int4[]) AS retries,
               unnest($13::text[]) AS concurrency_key, unnest($15::text[]) AS source,
               unnest($17::int8[]) AS timeout_ms) AS i
    ON CONFLICT ON CONSTRAINT plainjobs_jobrequest_unique_uuid DO NOTHING;

-- :name many_taken_back
-- $1 uuid[]  of requests that were made now, and turned out to be there already
-- One that has no attempt beside it any more was not made now: its claim was released.
DELETE FROM {schema}.plainjobs_jobrequest r
 WHERE r.uuid = ANY ($1::uuid[])
   AND (EXISTS (SELECT 1 FROM {schema}.plainjobs_jobresult t WHERE t.job_request_uuid = r.uuid)
        OR EXISTS (SELECT 1 FROM {schema}.plainjobs_jobprocess p
                    WHERE p.job_request_uuid = r.uuid));
