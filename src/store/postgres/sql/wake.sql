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

-- :name is_direct
-- $1 int4  the process that the server named when the connection was made
-- Behind a pooler it is another one, and what is told to a connection goes to whoever has it then.
SELECT pg_backend_pid() = $1::int4;

-- :name listen
-- The trigger plainjobs_wake tells; the schema stands in what it says.
LISTEN plainjobs_wake;
