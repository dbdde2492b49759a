-- What a connection says for itself.

-- :name begin_read
-- Several reads of one moment.
BEGIN DEFERRED;

-- :name begin_write
-- The write lock at once: a reader that wants to write later fails when somebody wrote meanwhile,
-- and no waiting helps it.
BEGIN IMMEDIATE;

-- :name commit
COMMIT;

-- :name rollback
ROLLBACK;

-- :name journal_mode
PRAGMA journal_mode;

-- :name journal_wal
PRAGMA journal_mode = wal;

-- :name journal_delete
PRAGMA journal_mode = delete;

-- :name synchronous
-- A commit is on the disk when it returns. (In WAL mode NORMAL would lose the last ones.)
PRAGMA synchronous = full;

-- :name temp_memory
-- What a statement with triggers keeps, to undo it alone, would else go to a temporary file: five
-- times the time of a keyed request.
PRAGMA temp_store = memory;

-- :name touch
-- Reads the file's header, so that a file that is no database is found out; and opens the WAL.
SELECT count(*) FROM sqlite_schema;

-- :name has_schema
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'plainjobs_migration';

-- :name schema_version
SELECT COALESCE(max(version), 0) FROM plainjobs_migration;
