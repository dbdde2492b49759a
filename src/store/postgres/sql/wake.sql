-- wake.sql - what a worker that waits says and asks

-- :name mark_idle
-- $1 uuid  worker
-- $2 bool  whether it waits
UPDATE {schema}.plainjobs_workerheartbeat
   SET idle_at = CASE WHEN $2::bool THEN statement_timestamp() END
 WHERE worker_id = $1::uuid AND (idle_at IS NULL) = $2::bool;

-- :name look
-- $1 text[]  queues
-- $2 text[]  job classes that the runners know
SELECT seen_at, is_due, next_due, oldest, newest
  FROM {schema}.plainjobs_look($1::text[], $2::text[]);

-- :name listen_settings
-- A session that listens is a worker's. Its claim_told is one statement without plan_switches in front
-- of it; what it needs of them holds for all that is asked there, which is by index too.
SELECT set_config('enable_seqscan', 'off', false);

-- :name listen
-- The trigger plainjobs_wake tells; the schema stands in what it says.
LISTEN plainjobs_wake;
