INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (8, 'operators', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
