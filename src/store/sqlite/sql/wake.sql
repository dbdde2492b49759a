-- What a worker that waits asks.

-- :name data_version
-- Changes when another connection commits, in whatever process.
PRAGMA data_version;

-- :name look
-- ?1 text queue
-- ?2 integer now
-- ?3 text classes, a JSON array of names
-- Whether a claim would find something. Level by level, so that delayed jobs are not walked over.
WITH RECURSIVE level (priority) AS (
    SELECT max(priority) FROM plainjobs_jobrequest WHERE queue = ?1
    UNION ALL
    SELECT (SELECT max(r.priority) FROM plainjobs_jobrequest r
             WHERE r.queue = ?1 AND r.priority < level.priority)
      FROM level WHERE priority IS NOT NULL)
SELECT EXISTS (
    SELECT 1 FROM level WHERE EXISTS (
        SELECT 1 FROM plainjobs_jobrequest r INDEXED BY plainjobs_jobrequest_claim
         WHERE r.queue = ?1 AND r.priority = level.priority AND r.due_at <= ?2
           AND r.job_class IN (SELECT value FROM json_each(?3))));
