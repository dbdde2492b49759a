INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (10, 'rescue', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
