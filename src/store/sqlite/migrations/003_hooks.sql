-- on_aborted: when it is to be called for a result. NULL: never, or it was called. Taking it moves the
-- time forward, so that a hook whose worker dies is called again by another.
ALTER TABLE plainjobs_jobresult ADD COLUMN aborted_hook_at INTEGER;
-- Who cancels does not know which classes have an on_aborted: a result of one that has none waits in
-- this index for ever, where nobody walks over it.
CREATE INDEX plainjobs_jobresult_hook
    ON plainjobs_jobresult (job_class, aborted_hook_at) WHERE aborted_hook_at IS NOT NULL;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (3, 'hooks', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
