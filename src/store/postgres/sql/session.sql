-- session.sql - what a connection says before its work

-- :name session_settings
-- $1 int4  the process that the server named when the connection was made
-- Once for each connection. Returns the schema that is used when the URL names none: NULL when the
-- search path leads nowhere; and whether the server itself is at the other end: behind a pooler that
-- lends its connections it is another process. There what is set lasts for this transaction only, since
-- the next one on that connection may be anybody's: see pooled_settings. Every statement is planned
-- once for all parameters: for LIMIT $1 the server would otherwise plan each claim anew.
-- statement_timeout ends what a client that has gone left running, before the client's own deadline.
-- The others end a transaction whose client stands still, or has gone without a word, and would
-- else keep its locks for hours. plainjobs.tells_ids: see plainjobs_wake().
SELECT current_schema()::text, pg_backend_pid() = $1::int4,
       set_config('lock_timeout', '2s', pg_backend_pid() <> $1::int4),
       set_config('statement_timeout', '20s', pg_backend_pid() <> $1::int4),
       set_config('idle_in_transaction_session_timeout', '60s', pg_backend_pid() <> $1::int4),
       set_config('tcp_keepalives_idle', '30', pg_backend_pid() <> $1::int4),
       set_config('tcp_keepalives_interval', '10', pg_backend_pid() <> $1::int4),
       set_config('tcp_keepalives_count', '3', pg_backend_pid() <> $1::int4),
       set_config('plan_cache_mode', 'force_generic_plan', pg_backend_pid() <> $1::int4),
       set_config('default_transaction_isolation', 'read committed', pg_backend_pid() <> $1::int4),
       set_config('jit', 'off', pg_backend_pid() <> $1::int4),
       set_config('plainjobs.tells_ids', 'on', pg_backend_pid() <> $1::int4);

-- :name pooled_settings
-- Behind a pooler, at the head of each transaction: what session_settings sets for good elsewhere.
SELECT set_config('lock_timeout', '2s', true),
       set_config('statement_timeout', '20s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true),
       set_config('plan_cache_mode', 'force_generic_plan', true),
       set_config('jit', 'off', true);

-- :name end_lost
-- $1 int4  the process of a connection of ours that was lost
-- $2 int8  for how many microseconds it is there, at least: a younger one is another's
-- Tells it to end: what it has not read yet it never will. Returns whether it is still there.
SELECT COALESCE(bool_or(pg_terminate_backend(pid)), false)
  FROM pg_stat_activity
 WHERE pid = $1::int4 AND usename = session_user AND datname = current_database()
   AND backend_start < clock_timestamp() - $2::int8 * interval '1 microsecond';

-- :name plan_switches
-- First in every transaction whose statements must walk an index whatever the statistics say: the
-- tables are empty when the first plan is made, and hold a million rows when it is used. It ends
-- with the transaction; SET LOCAL would do nothing in the implicit transaction of a pipeline.
-- Returns the time by which the transaction is reported.
SELECT statement_timestamp(),
       set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'off', true),
       set_config('enable_sort', 'off', true),
       set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true),
       set_config('enable_material', 'off', true);
