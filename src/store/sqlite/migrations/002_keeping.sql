-- Keeping house: results go, and what the counters say of them stays true.

-- What results were there, less n_removed, is what is stored. Rows with shard -1 are those of
-- removals, so that no worker waits for one.
ALTER TABLE plainjobs_counter ADD COLUMN n_removed INTEGER NOT NULL DEFAULT 0;

-- In order of age, for clearing them and for pages.
CREATE INDEX plainjobs_jobresult_created ON plainjobs_jobresult (created_at);

-- Whoever deletes a result. One without a worker was written by a program that counts nothing.
CREATE TRIGGER plainjobs_result_deleted AFTER DELETE ON plainjobs_jobresult
    WHEN OLD.worker_id IS NOT NULL
BEGIN
    INSERT INTO plainjobs_counter (minute, job_class, queue, status, shard, n, n_removed)
    VALUES (COALESCE(OLD.ended_at, OLD.created_at) / 60000000 * 60000000, OLD.job_class, OLD.queue,
            OLD.status, -1, 0, 1)
        ON CONFLICT (minute, job_class, queue, status, shard)
        DO UPDATE SET n_removed = n_removed + 1;
END;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (2, 'keeping', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
