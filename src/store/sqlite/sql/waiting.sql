-- What waits, and what is in front of it.

-- :name waiting_classes
-- ?1 text queue
-- ?2 integer priority
-- ?3 integer now
-- ?4 integer most rows
-- Of the first rows of a level: what nobody takes stays there, in front of all that comes later.
SELECT job_class, count(*), min(due_at), min(source)
  FROM (SELECT job_class, due_at, source
          FROM plainjobs_jobrequest INDEXED BY plainjobs_jobrequest_claim
         WHERE queue = ?1 AND priority = ?2 AND due_at <= ?3 ORDER BY due_at, id LIMIT ?4)
 GROUP BY job_class ORDER BY job_class;

-- :name count_ahead
-- ?1 blob uuid
-- ?2 integer now
-- ?3 integer most
-- Due requests of its queue that are claimed before it: of higher priorities, of its own due earlier,
-- and of those due at the same time. Each is a range of the claim index, so what is due behind it is
-- not read.
SELECT count(*) FROM (
    SELECT 1 FROM plainjobs_jobrequest o, plainjobs_jobrequest r
     WHERE o.uuid = ?1 AND r.queue = o.queue AND r.priority > o.priority AND r.due_at <= ?2
    UNION ALL
    SELECT 1 FROM plainjobs_jobrequest o, plainjobs_jobrequest r
     WHERE o.uuid = ?1 AND r.queue = o.queue AND r.priority = o.priority
       AND r.due_at < min(o.due_at, ?2 + 1)
    UNION ALL
    SELECT 1 FROM plainjobs_jobrequest o, plainjobs_jobrequest r
     WHERE o.uuid = ?1 AND r.queue = o.queue AND r.priority = o.priority
       AND r.due_at = o.due_at AND r.due_at <= ?2 AND r.id < o.id
     LIMIT ?3);
