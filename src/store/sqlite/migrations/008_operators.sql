-- What one does for all, as deleting old results: who does it, and until when nobody else may.
-- done_at: when it was last done; of 'purge' it tells which jobs may be gone.
CREATE TABLE plainjobs_duty (
    name TEXT PRIMARY KEY,
    holder BLOB,
    until_at INTEGER,
    done_at INTEGER
) WITHOUT ROWID;

INSERT INTO plainjobs_migration (version, name, applied_at)
VALUES (8, 'operators', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000);
