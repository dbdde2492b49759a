-- The life of a job: enqueue, claim, end, release. uuids are blobs of 16 bytes, times microseconds
-- since 1970 UTC.

-- :name enqueue
-- ?1 blob uuid
-- ?2 integer created_at
-- ?3 text job_class
-- ?4 text parameters
-- ?5 integer priority
-- ?6 text source
-- ?7 text queue
-- ?8 integer retries
-- ?9 text concurrency_key
-- ?10 integer start_at, or null
-- ?11 integer key_shared, or null
-- ?12 integer timeout_ms, or null
-- The triggers of the table judge the key.
INSERT INTO plainjobs_jobrequest
       (uuid, created_at, job_class, parameters, priority, source, queue, retries, concurrency_key,
        start_at, root_uuid, run_no, crash_count, key_shared, timeout_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?1, 1, 0, ?11, ?12);

-- :name key_holder
-- ?1 text job_class
-- ?2 text concurrency_key
-- Who holds a key, whether it is being processed, and since when it is in the queue.
SELECT k.request_uuid, p.id IS NOT NULL, COALESCE(p.requested_at, r.created_at, k.taken_at)
  FROM plainjobs_jobkey k
  LEFT JOIN plainjobs_jobrequest r ON r.uuid = k.request_uuid
  LEFT JOIN plainjobs_jobprocess p
       ON p.job_request_uuid = k.request_uuid AND p.concurrency_key <> ''
 WHERE k.job_class = ?1 AND k.concurrency_key = ?2;

-- :name find_repeated
-- ?1 blob request_uuid
-- Whether the request was made before, whatever became of it; its retries tell when its own result is
-- deleted. Processes are few: no index.
SELECT EXISTS (SELECT 1 FROM plainjobs_jobrequest WHERE uuid = ?1)
    OR EXISTS (SELECT 1 FROM plainjobs_jobrequest WHERE root_uuid = ?1 AND root_uuid <> uuid)
    OR EXISTS (SELECT 1 FROM plainjobs_jobresult WHERE job_request_uuid = ?1)
    OR EXISTS (SELECT 1 FROM plainjobs_jobresult WHERE root_uuid = ?1)
    OR EXISTS (SELECT 1 FROM plainjobs_jobprocess WHERE job_request_uuid = ?1 OR root_uuid = ?1);

-- :name next_priority
-- ?1 text queue
-- ?2 integer priority
-- The next lower priority that occurs: one seek. Picking goes from level to level, so that delayed
-- jobs, of which there may be millions, are never walked over on the way to a lower level.
SELECT max(priority) FROM plainjobs_jobrequest WHERE queue = ?1 AND priority < ?2;

-- :name pick_jobs
-- ?1 text queue
-- ?2 integer priority
-- ?3 integer now
-- ?4 integer due_at
-- ?5 integer id
-- One level of one queue in claim order, behind the place of ?4 and ?5: a walk of the index that
-- ends where jobs are not yet due.
SELECT id, due_at, job_class
  FROM plainjobs_jobrequest INDEXED BY plainjobs_jobrequest_claim
 WHERE queue = ?1 AND priority = ?2 AND due_at <= ?3 AND (due_at, id) > (?4, ?5)
 ORDER BY due_at, id;

-- :name claim_jobs
-- ?1 integer id
-- ?2 blob token
-- ?3 integer now
-- ?4 blob worker_id
-- Before delete_claimed: the request's key stays held when there is a process.
INSERT INTO plainjobs_jobprocess
       (uuid, created_at, started_at, job_request_uuid, requested_at, start_at, worker_id,
        job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
        trace_id, span_id, root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms,
        lost_count)
SELECT ?2, ?3, ?3, uuid, created_at, start_at, ?4,
       job_class, parameters, priority, source, queue, retries, retry_attempt, concurrency_key,
       trace_id, span_id, COALESCE(root_uuid, uuid), retry_of, COALESCE(run_no, 1),
       COALESCE(crash_count, 0), key_shared, timeout_ms, lost_count
  FROM plainjobs_jobrequest WHERE id = ?1;

-- :name delete_claimed
-- ?1 integer id
DELETE FROM plainjobs_jobrequest WHERE id = ?1
RETURNING id, uuid, COALESCE(root_uuid, uuid), job_class, parameters, queue, concurrency_key, source,
          priority, retries, retry_attempt, COALESCE(run_no, 1), COALESCE(crash_count, 0), created_at,
          due_at, COALESCE(timeout_ms, 0), COALESCE(lost_count, 0);

-- :name next_due
-- ?1 text queue
-- ?2 integer now
SELECT min(due_at) FROM plainjobs_jobrequest INDEXED BY plainjobs_jobrequest_delayed
 WHERE queue = ?1 AND start_at IS NOT NULL AND due_at > ?2;

-- :name insert_result
-- ?1 blob token
-- ?2 blob uuid
-- ?3 integer now
-- ?4 integer started_at, or null
-- ?5 integer ended_at
-- ?6 blob retry_job_request_uuid, or null
-- ?7 text status
-- ?8 text error
-- ?9 integer crash_count
-- ?10 blob worker_id
-- ?11 text worker_host
-- ?12 integer worker_pid
-- ?13 integer runner_pid, or null
-- ?14 text error_type, or null
-- ?15 text error_message, or null
-- ?16 text error_fingerprint, or null
-- ?17 integer exit_code, or null
-- ?18 integer exit_signal, or null
-- ?19 integer cpu_us, or null
-- ?20 integer max_rss_kb, or null
-- ?21 integer lost_count
-- ?22 text output, or null
-- No row when the attempt is no longer ours: then nothing else is done for it. The result names the
-- worker that had claimed the attempt; it may be another, that was rescued. What somebody cancelled
-- ends CANCELLED without a successor, unless it succeeded; its text gets to
-- say by whom here.
INSERT INTO plainjobs_jobresult
       (uuid, created_at, started_at, ended_at, requested_at, job_process_uuid, job_request_uuid,
        retry_job_request_uuid, status, error, job_class, parameters, priority, source, queue,
        retries, retry_attempt, concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no,
        crash_count, key_shared, worker_id, worker_host, worker_pid, runner_pid, error_type,
        error_message, error_fingerprint, exit_code, exit_signal, cpu_us, max_rss_kb,
        timeout_ms, lost_count, output)
SELECT ?2, ?3, ?4, ?5, requested_at, uuid, job_request_uuid,
       CASE WHEN cancel_at IS NULL OR ?7 = 'SUCCESSFUL' THEN ?6 END,
       CASE WHEN cancel_at IS NULL OR ?7 = 'SUCCESSFUL' THEN ?7 ELSE 'CANCELLED' END,
       CASE WHEN cancel_at IS NOT NULL AND substr(?8, 1, 20) = 'Cancelled: cancelled'
            THEN 'Cancelled: cancelled' || COALESCE(' by ' || NULLIF(cancel_by, ''), '')
                 || substr(?8, 21)
            ELSE ?8 END,
       job_class, parameters, priority, source, queue,
       retries, retry_attempt, concurrency_key, trace_id, span_id,
       COALESCE(root_uuid, job_request_uuid), retry_of, COALESCE(run_no, 1),
       ?9, key_shared, worker_id,
       CASE WHEN worker_id = ?10 THEN ?11
            ELSE (SELECT h.hostname FROM plainjobs_workerheartbeat h
                   WHERE h.worker_id = plainjobs_jobprocess.worker_id) END,
       CASE WHEN worker_id = ?10 THEN ?12
            ELSE (SELECT h.pid FROM plainjobs_workerheartbeat h
                   WHERE h.worker_id = plainjobs_jobprocess.worker_id) END,
       ?13,
       CASE WHEN cancel_at IS NULL OR ?7 = 'SUCCESSFUL' THEN ?14 ELSE 'Cancelled' END,
       CASE WHEN cancel_at IS NULL OR ?7 = 'SUCCESSFUL' THEN ?15
            ELSE 'cancelled' || COALESCE(' by ' || NULLIF(cancel_by, ''), '') END,
       ?16, ?17, ?18, ?19, ?20,
       timeout_ms, ?21, ?22
  FROM plainjobs_jobprocess WHERE uuid = ?1;

-- :name delete_process
-- ?1 blob token
DELETE FROM plainjobs_jobprocess WHERE uuid = ?1;

-- :name insert_successor
-- ?1 blob token, of the result that is continued
-- ?2 blob uuid
-- ?3 integer created_at
-- ?4 integer start_at, or null
-- ?5 integer retry_attempt
-- ?6 integer crash_count
-- ?7 integer lost_count
-- After delete_process: the process frees the key, and the successor takes it, in one transaction.
-- No row when the attempt was cancelled.
INSERT INTO plainjobs_jobrequest
       (uuid, created_at, start_at, job_class, parameters, priority, source, queue, retries,
        retry_attempt, concurrency_key, trace_id, span_id, root_uuid, retry_of, run_no,
        crash_count, key_shared, timeout_ms, lost_count)
SELECT ?2, ?3, ?4, job_class, parameters, priority, source, queue, retries,
       ?5, concurrency_key, trace_id, span_id, COALESCE(root_uuid, job_request_uuid),
       job_process_uuid, COALESCE(run_no, 1) + 1, ?6, key_shared, timeout_ms, ?7
  FROM plainjobs_jobresult WHERE job_process_uuid = ?1 AND retry_job_request_uuid = ?2;

-- :name count_result
-- ?1 integer id, of the first result of this transaction
-- ?2 integer shard
-- All results of a cycle at once: nobody else writes between them.
INSERT INTO plainjobs_counter (minute, job_class, queue, status, shard, n)
SELECT COALESCE(ended_at, created_at) / 60000000 * 60000000, job_class, queue, status, ?2, count(*)
  FROM plainjobs_jobresult WHERE id >= ?1
 GROUP BY 1, 2, 3, 4
    ON CONFLICT (minute, job_class, queue, status, shard) DO UPDATE SET n = n + excluded.n;

-- :name fold_counters
-- ?1 integer shard
-- ?2 integer time before which minutes are folded
-- ?3 integer most
-- Minutes that nobody asks for any more become one, of minute 0: else they would be ever more, and
-- all of them are summed. A removal of so old a result writes its minute again, until the next time.
INSERT INTO plainjobs_counter (minute, job_class, queue, status, shard, n, n_removed)
SELECT 0, job_class, queue, status, ?1, sum(n), sum(n_removed)
  FROM (SELECT * FROM plainjobs_counter WHERE minute > 0 AND minute < ?2
         ORDER BY minute, job_class, queue, status, shard LIMIT ?3)
 GROUP BY job_class, queue, status
    ON CONFLICT (minute, job_class, queue, status, shard)
    DO UPDATE SET n = n + excluded.n, n_removed = n_removed + excluded.n_removed;

-- :name forget_folded
-- ?1 integer time before which minutes were folded
-- ?2 integer most
DELETE FROM plainjobs_counter
 WHERE (minute, job_class, queue, status, shard) IN (
        SELECT minute, job_class, queue, status, shard FROM plainjobs_counter
         WHERE minute > 0 AND minute < ?1
         ORDER BY minute, job_class, queue, status, shard LIMIT ?2);

-- :name take_process
-- ?1 blob token
-- The values that release_jobs takes, in its order.
DELETE FROM plainjobs_jobprocess WHERE uuid = ?1
RETURNING job_request_uuid, COALESCE(requested_at, created_at), job_class, parameters, priority,
          source, queue, retries, retry_attempt, concurrency_key, trace_id, span_id, start_at,
          root_uuid, retry_of, run_no, crash_count, key_shared, timeout_ms, lost_count;

-- :name release_jobs
-- ?1 blob uuid
-- ?2 integer created_at
-- ?3 text job_class
-- ?4 text parameters
-- ?5 integer priority
-- ?6 text source
-- ?7 text queue
-- ?8 integer retries
-- ?9 integer retry_attempt
-- ?10 text concurrency_key
-- ?11 text trace_id
-- ?12 text span_id
-- ?13 integer start_at
-- ?14 blob root_uuid
-- ?15 blob retry_of
-- ?16 integer run_no
-- ?17 integer crash_count
-- ?18 integer key_shared
-- ?19 integer timeout_ms
-- ?20 integer lost_count
-- After take_process: to the triggers a request whose process still exists would be a second job. A
-- request of that uuid that somebody made meanwhile is this job.
INSERT INTO plainjobs_jobrequest
       (uuid, created_at, job_class, parameters, priority, source, queue, retries, retry_attempt,
        concurrency_key, trace_id, span_id, start_at, root_uuid, retry_of, run_no, crash_count,
        key_shared, timeout_ms, lost_count)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
        ?19, ?20)
    ON CONFLICT (uuid) DO NOTHING;

-- :name find_result
-- ?1 blob token
-- What a retry by hand needs to know of the attempt. A link whose request is nowhere any more ties
-- nothing: it was purged, or deleted with what became of it. A successor that ran counts for as long
-- as its result is there: it is younger than this one, so that by age this one goes first, and who
-- deletes it alone wants it out of the way.
SELECT CASE WHEN EXISTS (SELECT 1 FROM plainjobs_jobrequest q
                          WHERE q.uuid = plainjobs_jobresult.retry_job_request_uuid)
              OR EXISTS (SELECT 1 FROM plainjobs_jobresult o
                          WHERE o.job_request_uuid = plainjobs_jobresult.retry_job_request_uuid)
              OR EXISTS (SELECT 1 FROM plainjobs_jobprocess p
                          WHERE p.job_request_uuid = plainjobs_jobresult.retry_job_request_uuid)
            THEN retry_job_request_uuid END,
       retry_attempt, job_class, concurrency_key, COALESCE(root_uuid, job_request_uuid)
  FROM plainjobs_jobresult WHERE job_process_uuid = ?1;

-- :name link_retry
-- ?1 blob token
-- ?2 blob retry_job_request_uuid
UPDATE plainjobs_jobresult SET retry_job_request_uuid = ?2 WHERE job_process_uuid = ?1;
