-- waiting.sql - what waits, and what is in front of it

-- :name waiting_classes
-- $1 int4  most queues
-- $2 int4  most levels of priority of each
-- $3 int4  most rows of each level
-- What is due, by queue and class, of the first rows of each level: what nobody takes stays there, in
-- front of all that comes later. Queues and levels are found one by one, each by one probe.
WITH RECURSIVE queues (queue, n) AS (
    SELECT (SELECT r.queue FROM {schema}.plainjobs_jobrequest r ORDER BY r.queue LIMIT 1), 1
    UNION ALL
    SELECT (SELECT r.queue FROM {schema}.plainjobs_jobrequest r WHERE r.queue > queues.queue
             ORDER BY r.queue LIMIT 1), n + 1
      FROM queues WHERE queues.queue IS NOT NULL AND n < $1::int4)
SELECT q.queue, w.job_class, count(*), min(w.due_at), min(w.source)
  FROM (SELECT queue FROM queues WHERE queue IS NOT NULL) q
 CROSS JOIN LATERAL (
    WITH RECURSIVE level (priority, n) AS (
        SELECT (SELECT r.priority FROM {schema}.plainjobs_jobrequest r
                 WHERE r.queue = q.queue ORDER BY r.priority DESC LIMIT 1), 1
        UNION ALL
        SELECT (SELECT r.priority FROM {schema}.plainjobs_jobrequest r
                 WHERE r.queue = q.queue AND r.priority < level.priority
                 ORDER BY r.priority DESC LIMIT 1), n + 1
          FROM level WHERE level.priority IS NOT NULL AND n < $2::int4)
    SELECT priority FROM level WHERE priority IS NOT NULL) l
 CROSS JOIN LATERAL (
    SELECT r.job_class, r.due_at, r.source FROM {schema}.plainjobs_jobrequest r
     WHERE r.queue = q.queue AND r.priority = l.priority AND r.due_at <= statement_timestamp()
     ORDER BY r.due_at, r.id LIMIT $3::int4) w
 GROUP BY q.queue, w.job_class ORDER BY q.queue, w.job_class;

-- :name count_ahead
-- $1 uuid  of a request
-- $2 int4  most
-- Due requests of its queue that are claimed before it. Those of its own priority are a range of the
-- claim index that ends at it, so what is due behind it is not read; those of higher ones are another.
SELECT count(*) FROM (
    SELECT 1 FROM {schema}.plainjobs_jobrequest o
      JOIN {schema}.plainjobs_jobrequest r
        ON r.queue = o.queue AND r.priority > o.priority AND r.due_at <= statement_timestamp()
     WHERE o.uuid = $1::uuid
    UNION ALL
    SELECT 1 FROM {schema}.plainjobs_jobrequest o
      JOIN {schema}.plainjobs_jobrequest r
        ON r.queue = o.queue AND r.priority = o.priority AND r.due_at <= statement_timestamp()
       AND (r.due_at, r.id) < (o.due_at, o.id)
     WHERE o.uuid = $1::uuid
     LIMIT $2::int4) a;
