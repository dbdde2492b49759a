-- Who rescues the jobs of a dead worker. A row with a rescuer is nobody's lease any more: its worker
-- claims nothing and cannot renew it. Its last_heartbeat_at and lease_ms are then the rescuer's time
-- to finish; zero stands for a row that was made since its worker had none.
ALTER TABLE plainjobs_workerheartbeat ADD COLUMN rescuer_id BLOB;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (10, 'rescue', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
