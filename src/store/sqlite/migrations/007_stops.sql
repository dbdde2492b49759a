-- Jobs that are stopped: by their timeout or by somebody; and jobs that end in a transaction of the
-- application's own.

-- Who cancels does not know which classes have an on_aborted: a result of one that has none waits in
-- this index for ever, where nobody walks over it.
DROP INDEX plainjobs_jobresult_hook;
CREATE INDEX plainjobs_jobresult_hook
    ON plainjobs_jobresult (job_class, aborted_hook_at) WHERE aborted_hook_at IS NOT NULL;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (7, 'stops', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
