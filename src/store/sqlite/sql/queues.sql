-- The queues that have requests, and what is paused.

-- :name queue_names
-- ?1 text behind this name
-- ?2 integer most
-- Each is found by one seek in the claim index.
WITH RECURSIVE found (queue) AS (
    SELECT (SELECT min(r.queue) FROM plainjobs_jobrequest r WHERE r.queue > ?1)
    UNION ALL
    SELECT (SELECT min(r.queue) FROM plainjobs_jobrequest r WHERE r.queue > found.queue)
      FROM found WHERE queue IS NOT NULL LIMIT ?2)
SELECT queue FROM found WHERE queue IS NOT NULL;

-- :name count_pauses
SELECT count(*) FROM plainjobs_pause;

-- :name list_pauses
SELECT kind, name, paused_at, reason, paused_by FROM plainjobs_pause ORDER BY kind DESC, name;

-- :name pause
-- ?1 text kind
-- ?2 text name
-- ?3 integer now
-- ?4 text reason
-- ?5 text paused_by
-- Pausing again keeps when and by whom, and takes a reason when there is one. Returns since when.
INSERT INTO plainjobs_pause AS p (kind, name, paused_at, reason, paused_by)
VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (kind, name)
    DO UPDATE SET reason = CASE WHEN excluded.reason <> '' THEN excluded.reason
                                ELSE p.reason END
RETURNING paused_at;

-- :name resume
-- ?1 text kind
-- ?2 text name
DELETE FROM plainjobs_pause WHERE kind = ?1 AND name = ?2;
