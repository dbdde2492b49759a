-- keeping.sql - deleting in slices, and what `plain jobs stats` shows beside the counts

-- :name clear_results
-- $1 timestamptz  created before
-- $2 int4         most
-- Oldest first. Returns how many. The rows are locked in one order, so that two who clear cannot
-- block each other; a row that is gone when its lock is there makes room for the next.
WITH old AS MATERIALIZED (
    SELECT id FROM {schema}.plainjobs_jobresult WHERE created_at < $1::timestamptz
     ORDER BY created_at, id LIMIT $2::int4 FOR UPDATE),
gone AS (
    DELETE FROM {schema}.plainjobs_jobresult WHERE id = ANY (ARRAY(SELECT id FROM old))
    RETURNING 1)
SELECT count(*) FROM gone;

-- :name last_request
SELECT COALESCE(max(id), 0) FROM {schema}.plainjobs_jobrequest;

-- :name purge_requests
-- $1 int8  above this id: what was deleted before is not walked over again
-- $2 int8  up to this id
-- $3 int4  most
-- Returns how many, and the last id. What is being claimed is waited for, and then gone.
WITH pending AS MATERIALIZED (
    SELECT id FROM {schema}.plainjobs_jobrequest WHERE id > $1::int8 AND id <= $2::int8
     ORDER BY id LIMIT $3::int4 FOR UPDATE),
gone AS (
    DELETE FROM {schema}.plainjobs_jobrequest WHERE id = ANY (ARRAY(SELECT id FROM pending))
    RETURNING id)
SELECT count(*), max(id) FROM gone;

-- :name now
SELECT clock_timestamp();

-- :name identify
-- Server, database and schema, as they are also on a standby that was promoted.
SELECT format('postgres %s %s %s', c.system_identifier, d.oid, t.relnamespace)
  FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d, pg_catalog.pg_class t
 WHERE d.datname = current_database() AND t.oid = '{schema}.plainjobs_jobrequest'::regclass;

-- :name count_since
-- $1 timestamptz  first minute
SELECT status, sum(n)::int8 FROM {schema}.plainjobs_counter
 WHERE minute >= $1::timestamptz GROUP BY status;

-- :name count_queues
-- $1 int4  most rows that are counted
-- $2 int4  most queues
-- By queue: pending, processing, and the earliest time at which what is pending was due. Queues and
-- their priorities are found one by one, each by one probe of the claim index; the first row of a
-- priority is the earliest.
WITH RECURSIVE pending (queue) AS (
    SELECT (SELECT r.queue FROM {schema}.plainjobs_jobrequest r ORDER BY r.queue LIMIT 1)
    UNION ALL
    SELECT (SELECT r.queue FROM {schema}.plainjobs_jobrequest r
             WHERE r.queue > pending.queue ORDER BY r.queue LIMIT 1)
      FROM pending WHERE pending.queue IS NOT NULL),
counted AS (
    SELECT p.queue,
           (SELECT count(*) FROM
               (SELECT 1 FROM {schema}.plainjobs_jobrequest r
                 WHERE r.queue = p.queue LIMIT $1::int4) q) AS pending,
           0 AS processing, l.due_at
      FROM (SELECT queue FROM pending WHERE queue IS NOT NULL LIMIT $2::int4) p
     CROSS JOIN LATERAL (
        WITH RECURSIVE level (priority) AS (
            SELECT (SELECT r.priority FROM {schema}.plainjobs_jobrequest r
                     WHERE r.queue = p.queue ORDER BY r.priority DESC LIMIT 1)
            UNION ALL
            SELECT (SELECT r.priority FROM {schema}.plainjobs_jobrequest r
                     WHERE r.queue = p.queue AND r.priority < level.priority
                     ORDER BY r.priority DESC LIMIT 1)
              FROM level WHERE level.priority IS NOT NULL)
        SELECT min((SELECT r.due_at FROM {schema}.plainjobs_jobrequest r
                     WHERE r.queue = p.queue AND r.priority = f.priority
                     ORDER BY r.due_at LIMIT 1)) AS due_at
          FROM (SELECT priority FROM level WHERE priority IS NOT NULL LIMIT 1000) f) l
    UNION ALL
    SELECT queue, 0, count(*), NULL
      FROM (SELECT queue FROM {schema}.plainjobs_jobprocess LIMIT $1::int4) c GROUP BY queue)
SELECT queue, sum(pending)::int8, sum(processing)::int8, min(due_at)
  FROM counted GROUP BY queue ORDER BY queue LIMIT $2::int4;

-- :name take_duty
-- $1 text  name
-- $2 uuid  holder
-- $3 int8  ms
-- No row comes back while another has it; one that has it for longer than anybody would now took it by
-- a clock that was ahead.
INSERT INTO {schema}.plainjobs_duty AS d (name, holder, until_at)
VALUES ($1::text, $2::uuid, statement_timestamp() + $3::int8 * interval '1 ms')
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
 WHERE d.holder = excluded.holder OR d.until_at IS NULL OR d.until_at <= statement_timestamp()
    OR ($3::int8 > 0 AND d.until_at > excluded.until_at + $3::int8 * interval '1 ms')
RETURNING 1;

-- :name duty_done
-- $1 text  name
INSERT INTO {schema}.plainjobs_duty (name, done_at) VALUES ($1::text, statement_timestamp())
    ON CONFLICT (name) DO UPDATE SET done_at = excluded.done_at;

-- :name tidy_requests
-- What claims have deleted stays in the index that they walk until it is vacuumed, which autovacuum
-- does after a minute or more. The index always, since few of its pages may be concerned; no end of
-- the file is cut off, since that locks claims out. Whoever does not own the table is warned only.
VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON, TRUNCATE OFF) {schema}.plainjobs_jobrequest;

-- :name tidy_processes
-- The place of ended attempts is for new ones then: in a rush that is worth a tenth, since a table
-- that grows is written to new pages, which every connection has to map.
VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON, TRUNCATE OFF) {schema}.plainjobs_jobprocess;
