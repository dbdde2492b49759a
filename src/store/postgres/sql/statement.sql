-- statement.sql - for other drivers

-- :name enqueue_statement
-- $1 text   job_class
-- $2 jsonb  parameters, in the stored form
-- $3 text   queue
-- $4 int4   priority
-- $5 int4   retries
-- $6 text   concurrency_key
-- $7 text   source
-- $8 int8   delay in microseconds, or NULL
-- $9 int8   start_at in microseconds since 1970, or NULL
-- $10 int8  timeout in milliseconds, or NULL
-- $11 uuid  uuid
-- Each value once and in order, so that a driver that counts its placeholders can take it too.
SELECT {schema}.plain_jobs_enqueue(job_class => $1::text, parameters => $2::jsonb,
           queue => $3::text, priority => $4::int4, retries => $5::int4,
           concurrency_key => $6::text, source => $7::text,
           delay => $8::int8 * interval '1 microsecond',
           start_at => timestamptz 'epoch' + $9::int8 * interval '1 microsecond',
           timeout => $10::int8 * interval '1 millisecond',
           uuid => $11::uuid) AS uuid;
