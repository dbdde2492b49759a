-- migrations.sql - which steps of the schema a database has

-- :name begin_write
-- A transaction that spans several round trips; only migrations need one.
BEGIN;

-- :name commit
COMMIT;

-- :name rollback
ROLLBACK;

-- :name lock_migrations
-- Held to the end of the transaction: the second of two programs that migrate waits for the first,
-- longer than lock_timeout lets others wait, and then finds nothing to do.
SELECT set_config('lock_timeout', '15s', true),
       pg_advisory_xact_lock(hashtextextended('plain-jobs {schema}', 0));

-- :name has_schema
-- Asked of the catalogue's rows: to_regclass() may go by what the session remembers from before the
-- lock, that there is no such table.
SELECT EXISTS (
    SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = 'plainjobs_migration' AND '"' || n.nspname || '"' = '{schema}');

-- :name schema_version
SELECT COALESCE(max(version), 0)::int4 FROM {schema}.plainjobs_migration;
