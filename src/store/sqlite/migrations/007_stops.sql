-- Cancelling, and ends in a transaction of the application's own: functions on PostgreSQL, statements
-- of the program here.

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (7, 'stops', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
