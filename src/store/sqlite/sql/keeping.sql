-- Deleting in slices, and what `plain jobs stats` shows beside the counts.

-- :name clear_results
-- ?1 integer created before
-- ?2 integer most
DELETE FROM plainjobs_jobresult WHERE id IN
    (SELECT id FROM plainjobs_jobresult WHERE created_at < ?1 ORDER BY created_at, id LIMIT ?2);

-- :name last_request
SELECT COALESCE(max(id), 0) FROM plainjobs_jobrequest NOT INDEXED;

-- :name purge_requests
-- ?1 integer up to this id
-- ?2 integer most
-- The table's trigger frees their keys.
DELETE FROM plainjobs_jobrequest WHERE id IN
    (SELECT id FROM plainjobs_jobrequest NOT INDEXED WHERE id <= ?1 ORDER BY id LIMIT ?2);

-- :name count_since
-- ?1 integer first minute
SELECT status, sum(n) FROM plainjobs_counter WHERE minute >= ?1 GROUP BY status;

-- :name count_queues
-- ?1 integer most rows that are counted
-- ?2 integer most queues
-- By queue: pending, processing, and the earliest time at which what is pending was due. Queues and
-- their priorities are found one by one, each by one seek in the claim index; the first row of a
-- priority is the earliest.
WITH RECURSIVE pending (queue) AS (
    SELECT (SELECT min(queue) FROM plainjobs_jobrequest)
    UNION ALL
    SELECT (SELECT min(r.queue) FROM plainjobs_jobrequest r WHERE r.queue > pending.queue)
      FROM pending WHERE queue IS NOT NULL LIMIT ?2)
SELECT queue, sum(pending), sum(processing), min(due_at) FROM (
    SELECT p.queue,
           (SELECT count(*) FROM
               (SELECT 1 FROM plainjobs_jobrequest r WHERE r.queue = p.queue LIMIT ?1)) AS pending,
           0 AS processing,
           (WITH RECURSIVE level (priority) AS (
                SELECT (SELECT max(r.priority) FROM plainjobs_jobrequest r
                         WHERE r.queue = p.queue)
                UNION ALL
                SELECT (SELECT max(r.priority) FROM plainjobs_jobrequest r
                         WHERE r.queue = p.queue AND r.priority < level.priority)
                  FROM level WHERE priority IS NOT NULL LIMIT 1000)
            SELECT min((SELECT min(r.due_at) FROM plainjobs_jobrequest r
                         WHERE r.queue = p.queue AND r.priority = level.priority))
              FROM level) AS due_at
      FROM pending p WHERE p.queue IS NOT NULL
    UNION ALL
    SELECT queue, 0, count(*), NULL
      FROM (SELECT queue FROM plainjobs_jobprocess LIMIT ?1) GROUP BY queue)
 GROUP BY queue ORDER BY queue LIMIT ?2;

-- :name take_duty
-- ?1 text name
-- ?2 blob holder
-- ?3 integer now
-- ?4 integer until
-- Changes no row while another has it; one that has it for longer than anybody would now took it by a
-- clock that was ahead.
INSERT INTO plainjobs_duty AS d (name, holder, until_at) VALUES (?1, ?2, ?4)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
 WHERE d.holder = excluded.holder OR d.until_at IS NULL OR d.until_at <= ?3
    OR (?4 > ?3 AND d.until_at > ?4 + (?4 - ?3));

-- :name duty_done
-- ?1 text name
-- ?2 integer now
INSERT INTO plainjobs_duty (name, done_at) VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET done_at = excluded.done_at;
