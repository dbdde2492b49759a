-- transactions.sql - transactions over several round trips, and those of the application

-- :name begin_committed
-- Whatever the connection's default is: other levels cannot see who took a key meanwhile.
BEGIN ISOLATION LEVEL READ COMMITTED;

-- :name savepoint
-- In a transaction of the application, under a name that is not one of its own.
SAVEPOINT plain_jobs_savepoint_e7c1;

-- :name release
RELEASE SAVEPOINT plain_jobs_savepoint_e7c1;

-- :name rollback_to
ROLLBACK TO SAVEPOINT plain_jobs_savepoint_e7c1;

-- :name adopt
-- What a connection of the application says of itself: where its search path leads, '' for
-- nowhere, and whether triggers are switched off.
SELECT COALESCE(current_schema()::text, ''), current_setting('session_replication_role');
