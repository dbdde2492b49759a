-- on_aborted: when it is to be called for a result. NULL: never, or it was called. Taking it moves the
-- time forward, so that a hook whose worker dies is called again by another.
ALTER TABLE {schema}.plainjobs_jobresult ADD COLUMN aborted_hook_at timestamptz;
-- Who cancels does not know which classes have an on_aborted: a result of one that has none waits in
-- this index for ever, where nobody walks over it.
CREATE INDEX plainjobs_jobresult_hook
    ON {schema}.plainjobs_jobresult (job_class, aborted_hook_at) WHERE aborted_hook_at IS NOT NULL;

INSERT INTO {schema}.plainjobs_migration (version, name) VALUES (3, 'hooks');
