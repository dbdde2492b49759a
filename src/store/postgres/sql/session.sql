-- session.sql - what a connection says before its work

-- :name session_settings
-- Once for each connection. Returns the schema that is used when the URL names none: NULL when the
-- search path leads nowhere. Every statement is planned once for all parameters: for LIMIT $1 the
-- server would otherwise plan each claim anew. statement_timeout ends what a client that has gone
-- left running, before the client's own deadline.
SELECT current_schema()::text,
       set_config('lock_timeout', '2s', false),
       set_config('statement_timeout', '20s', false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('jit', 'off', false);

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
