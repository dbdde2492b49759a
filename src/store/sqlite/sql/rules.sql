-- Enqueueing by a class's own rule.

-- :name rule_counts
-- ?1 text job_class
-- ?2 text concurrency_key
-- ?3 blob the attempt in which the enqueue is being made, or null
-- The condition on the key is that of the indexes: a job without a key that was enqueued past the
-- rule is not counted.
SELECT live.source, live.is_retry, live.is_self, count(*)
  FROM (SELECT 0 AS source, retry_attempt > 0 AS is_retry, 0 AS is_self
          FROM plainjobs_jobrequest INDEXED BY plainjobs_jobrequest_key
         WHERE job_class = ?1 AND concurrency_key = ?2
           AND (concurrency_key <> '' OR key_shared)
        UNION ALL
        SELECT 1, retry_attempt > 0, uuid IS ?3
          FROM plainjobs_jobprocess INDEXED BY plainjobs_jobprocess_key
         WHERE job_class = ?1 AND concurrency_key = ?2
           AND (concurrency_key <> '' OR key_shared)) live
 GROUP BY 1, 2, 3;
