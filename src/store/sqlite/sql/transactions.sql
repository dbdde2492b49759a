-- Transactions of the application, and what its connection says of itself.

-- :name savepoint
-- In a transaction of the application, under a name that is not one of its own.
SAVEPOINT plain_jobs_savepoint_e7c1;

-- :name release
RELEASE plain_jobs_savepoint_e7c1;

-- :name rollback_to
ROLLBACK TO plain_jobs_savepoint_e7c1;

-- :name lock_write
-- Takes the write lock in a transaction that was begun without it, and writes nothing.
DELETE FROM main.plainjobs_migration WHERE false;

-- :name encoding
PRAGMA main.encoding;

-- :name query_only
PRAGMA query_only;

-- :name autocheckpoint
-- 0 also when the connection has a hook of its own.
PRAGMA wal_autocheckpoint;
