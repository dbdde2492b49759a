INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (6, 'wakeup', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
